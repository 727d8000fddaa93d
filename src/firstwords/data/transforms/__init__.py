"""Transforms of firstwords."""
