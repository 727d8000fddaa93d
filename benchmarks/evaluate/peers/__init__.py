"""Programs that run in the peers' environments."""
