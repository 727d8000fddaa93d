"""Tasks of firstwords, one file each."""
