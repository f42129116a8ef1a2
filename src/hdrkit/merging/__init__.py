"""Many exposures of a pixel into one radiance."""
