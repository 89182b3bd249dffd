"""What is done for a job, one file a queue."""
