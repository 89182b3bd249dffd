"""What the local workspace sends: envelopes to the bot, events to the page."""
