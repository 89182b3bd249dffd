"""Slack's rules for the text and the blocks of a message: lengths, fields and identifiers."""
