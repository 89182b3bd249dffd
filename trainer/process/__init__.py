"""The operating-system process of a training: its signals, its parent, the other ranks."""
