"""All that is in Redis: the job records, their scripts, claims, workers; and Celery over it."""
