"""/swallow-train: its words, the plan, the progress, the end."""
