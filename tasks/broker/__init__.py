"""What is in Redis (jobs, leases, claims, workers), how it is reached, and Celery on top of it."""
