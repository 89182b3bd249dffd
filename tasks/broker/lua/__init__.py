"""The scripts that the broker runs atomically, a folder for each of their subjects."""
