"""A question, from the words of a message to the final form of its answer."""
