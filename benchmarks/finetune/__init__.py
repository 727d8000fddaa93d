"""Lines of `make bench-finetune`."""
