"""A question, from the text of a message and what surrounds it to the final form of its answer."""
