"""What the local workspace sends: events over Socket Mode, and the feed of the page."""
