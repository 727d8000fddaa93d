"""Data of firstwords."""
