"""`/swallow-adapter`: its words and actions, and what Slack shows of an adapter's evaluation."""
