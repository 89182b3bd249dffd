"""The commands of `swallow`, a file for each; light to import."""
