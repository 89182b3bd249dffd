"""What the texts of the slash commands mean. Pure: nothing here asks Slack, Redis or the disk."""
