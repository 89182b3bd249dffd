"""A job's messages in Slack, each posted exactly once."""
