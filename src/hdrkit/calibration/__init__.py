"""Response curves, noise and exposures, learned from frames. Reading the frames and writing the curve happen elsewhere."""
