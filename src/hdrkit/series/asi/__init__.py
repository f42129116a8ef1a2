"""The documented functions for sky cameras, with pandas objects, thin over calibration and merging."""
