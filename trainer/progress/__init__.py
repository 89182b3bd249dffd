"""What a training reports while it runs, and how a terminal shows it."""
