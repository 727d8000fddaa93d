"""Pools of firstwords."""
