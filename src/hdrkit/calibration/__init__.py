"""Response curves, noise and exposures, measured from frames. Other rooms read the frames and write the curve."""
