"""Lines of `make bench-pretrain`."""
