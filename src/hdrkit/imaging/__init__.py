"""Arithmetic that several stages share: warping, resampling, codes, colour, weighting, peaks, rising curves, loops, threads.

This room knows no stage.
"""
