"""Model of firstwords."""
