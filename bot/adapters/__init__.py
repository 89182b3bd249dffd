"""/swallow-adapter: its words, its buttons, and how an evaluation reads."""
