"""Training of firstwords."""
