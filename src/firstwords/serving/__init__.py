"""Using a finished model; outermost, nobody imports it but the command line."""
