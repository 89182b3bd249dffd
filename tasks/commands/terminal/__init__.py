"""The terminal that every command reads from and prints to: options, output, repeated output."""
