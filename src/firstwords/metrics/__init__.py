"""Metrics of firstwords."""
