"""Prompts: the template of each style, rendering within a token limit, training examples, and the
thought before an answer."""
