"""Slack's Web API as far as the bot uses it, one file a family of methods."""
