"""Objectives of firstwords."""
