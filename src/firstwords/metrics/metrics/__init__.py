"""Metrics of firstwords, one file each."""
