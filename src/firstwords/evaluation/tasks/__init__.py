"""Tasks of firstwords."""
