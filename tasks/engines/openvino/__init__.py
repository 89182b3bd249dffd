"""The fast engine: converted Llama-family models, batched, in a process of their own."""
