"""Which jobs this bot follows, and how their events reach it."""
