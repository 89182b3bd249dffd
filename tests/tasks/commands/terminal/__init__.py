"""Mirrors `tasks.commands.terminal`."""
