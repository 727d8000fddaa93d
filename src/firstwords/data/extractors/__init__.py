"""Extractors of firstwords."""
