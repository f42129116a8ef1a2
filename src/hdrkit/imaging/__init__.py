"""Pixel arithmetic that several stages share: warping, resampling, weighting, compiled loops, threads.

No stage is known here.
"""
