"""Ratings in XMP sidecars beside photographs, the journal that can take them back, and ratings inside a photograph."""
