"""A worker's attempts at jobs: taken, kept alive, ended."""
