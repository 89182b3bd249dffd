"""How a training is asked for: by words or in a form, both read in the same way."""
