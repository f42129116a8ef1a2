"""Frames of one bracket laid on each other: how each moved, as a matrix.

Resampling is in `imaging`, and nothing here reads a file.
"""
