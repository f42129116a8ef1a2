"""Radiance to a picture for the display, by global operators. Writing the picture is in `formats`."""
