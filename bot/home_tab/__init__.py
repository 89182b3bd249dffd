"""The Home tab: what answers and trains, a person's questions and rows, and what admins decide."""
