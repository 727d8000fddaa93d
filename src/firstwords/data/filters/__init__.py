"""Filters of firstwords."""
