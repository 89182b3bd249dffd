"""What the training queue needs beside the trainer: data sets, pauses, the trainer process."""
