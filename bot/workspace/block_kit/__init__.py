"""Slack's rules for the text of a message, for blocks and views: lengths, fields, identifiers."""
