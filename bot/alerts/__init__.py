"""What goes wrong without anybody asking, told in the channel `SWALLOW_ALERT_CHANNEL`: once, and
once more when it is well again."""
