"""`/swallow-train`: its words and actions, and what Slack shows of a plan and of a training."""
