"""Adapters taken to other programs, and brought from them: merged weights, GGUF, PEFT folders."""
