"""Prompts: the styles, rendering a question within a token limit, and training examples."""
