"""Who people are by what Slack says of them: the language they read, and what they may do."""
