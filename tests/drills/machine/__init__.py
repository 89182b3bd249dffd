"""The drill "machine": what a machine gives a system breaks: its disk, its clock, its memory."""
