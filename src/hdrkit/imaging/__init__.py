"""Arithmetic that several stages share: warping, resampling, codes, colour, weighting, peaks, rising curves, threads, memory.

This room knows no stage.
"""
