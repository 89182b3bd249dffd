"""Feedback in Slack: answers are rated and corrected, messages taught, and admins decide on it."""
