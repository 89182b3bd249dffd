"""The process of a training: its signals, its parent, its fellow ranks."""
