"""Pre-training beside its peers: learning in equal time."""
