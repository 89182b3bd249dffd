"""Whether the verdict is right where it is known what a training can have taught."""
