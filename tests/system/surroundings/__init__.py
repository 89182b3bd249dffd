"""Where and beside what a system is started."""
