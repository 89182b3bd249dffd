"""Who is in the local workspace and what was said: kept in memory, written to SQLite."""
