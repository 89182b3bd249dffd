"""Engines: what turns a question into text. One protocol, chosen by `SWALLOW_ENGINE`."""
