"""The steps of `pipeline.rank`: files to shots, shots to takes and series, takes to sharpness, stars to sidecars."""
