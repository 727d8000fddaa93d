"""Training kinds, one file each."""
