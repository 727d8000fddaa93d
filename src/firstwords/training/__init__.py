"""Training: one loop, and what differs between kinds of training."""
