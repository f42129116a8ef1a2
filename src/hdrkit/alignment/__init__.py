"""Alignment: bringing the frames of a bracket onto its reference without ever making them worse."""
