"""The link between a client and the broker: encrypted, silent, or losing replies."""
