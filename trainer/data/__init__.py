"""Training data: reading rows, encoding and packing them, and the order of steps."""
