"""Between the bot and the workers: which jobs it follows, how events come and requests go."""
