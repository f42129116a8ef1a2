"""Ratings beside photographs: XMP, its journal and its steps, and ratings that stand inside a photograph."""
