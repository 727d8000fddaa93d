"""Pages about runs: outermost, nothing imports them."""
