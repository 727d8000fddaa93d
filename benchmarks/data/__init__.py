"""Stage 1, collection and cleaning: speed, memory and quality beside datatrove and presidio."""
