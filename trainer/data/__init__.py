"""Training data: rows, their token ids, packs, and the order of steps."""
