"""What a worker does for a job, a file for each queue, and the Celery tasks that call it."""
