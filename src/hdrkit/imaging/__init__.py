"""Arithmetic that several stages share: warping, resampling, codes, colour, weighting, peaks, rising curves, loops, threads.

No stage is known here.
"""
