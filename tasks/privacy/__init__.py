"""What is kept of people goes again, from the broker and from its disk."""
