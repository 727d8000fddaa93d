"""Datasets of firstwords."""
