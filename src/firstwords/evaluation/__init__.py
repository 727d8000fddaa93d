"""Evaluation of firstwords."""
