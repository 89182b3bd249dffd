"""A worker's attempts at jobs: run, kept alive by the worker's heartbeat, stopped."""
