"""The base model on disk: finding it by name, fetching or unpacking it, and loading it."""
