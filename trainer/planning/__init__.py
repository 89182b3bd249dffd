"""What a training will do, decided before it starts: options, rows, memory, speed, plan."""
