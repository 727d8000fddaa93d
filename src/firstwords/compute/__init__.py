"""Compute of firstwords."""
