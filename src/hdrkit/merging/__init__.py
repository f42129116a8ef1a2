"""Frames to radiance: weights, estimators, ghosts and the loops that run them. Frames come aligned and calibrated."""
