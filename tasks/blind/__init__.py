"""Blind comparisons: people vote on two answers without knowing whose they are; in the broker."""
