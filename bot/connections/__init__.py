"""How what people do in Slack reaches the listeners, over a socket or HTTP, and whether it does."""
