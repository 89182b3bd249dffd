"""The exam: which corrections an adapter has learned, and what it answers as well as before."""
