"""Frames to radiance: weights, estimators, ghosts and the loops that run them. Alignment and calibration are done before."""
