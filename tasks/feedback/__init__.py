"""Feedback: rows of training data that people propose and an admin approves, kept in the broker."""
