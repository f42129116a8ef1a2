"""Faces: found, aligned, embedded, measured, joined into persons, and photographs scored by them."""
