"""`/swallow-channel`: its words, its form and its actions, and what Slack shows of the settings."""
