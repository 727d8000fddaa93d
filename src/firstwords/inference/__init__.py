"""Inference of firstwords."""
