"""Alignment of the frames of one bracket: the motion of each frame, as a matrix.

Resampling is in `imaging`, and nothing here reads a file.
"""
