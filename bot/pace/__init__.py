"""At which pace the bot calls the Web API: the rates that Slack publishes, and who uses them."""
