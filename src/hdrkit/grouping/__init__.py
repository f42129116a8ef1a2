"""Which photographs belong together."""
