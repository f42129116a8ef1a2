"""The documented functions for sky cameras. They take pandas objects and call calibration and merging."""
