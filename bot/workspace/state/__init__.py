"""Who and what is in the local workspace, in memory and on disk."""
