"""Adapters on disk: their names, their files, and the checks before one is used."""
