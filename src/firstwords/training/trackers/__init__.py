"""Trackers of firstwords."""
