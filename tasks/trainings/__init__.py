"""What the training queue needs beside the trainer: datasets, the trainer process, its pauses."""
