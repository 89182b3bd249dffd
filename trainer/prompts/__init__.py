"""Prompts: the template of each style, rendering within a token limit, and training examples."""
