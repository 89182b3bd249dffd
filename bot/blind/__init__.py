"""Blind comparisons in Slack: two answers without names, votes on them, and the reveal."""
