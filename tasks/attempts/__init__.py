"""A worker's attempts at jobs: claimed, kept alive by its heartbeat, ended."""
