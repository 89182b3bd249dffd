"""The log of every process: set up once, and lines of others made like its own."""
