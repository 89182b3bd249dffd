"""What a training will do, fixed before it starts: options, memory, speed, plan."""
