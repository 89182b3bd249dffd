"""Learning from few rows that people taught: other words, replay, recipe, best point."""
