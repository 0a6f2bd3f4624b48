"""Putting back what an interrupted drill left behind, and saying what is open."""
