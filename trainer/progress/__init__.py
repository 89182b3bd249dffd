"""What a training reports, and the terminal that shows it."""
