"""The steps of `pipeline.rank`: shots to takes, takes to sharpness, stars to sidecars."""
