"""Sources of firstwords."""
