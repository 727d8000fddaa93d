"""Scoring models on tasks, with baselines and intervals, and comparing runs."""
