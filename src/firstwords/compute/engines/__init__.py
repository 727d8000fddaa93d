"""Ways to run a training step, one file each."""
