"""Engines of firstwords."""
