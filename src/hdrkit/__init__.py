"""hdrkit turns a folder of photographs into radiance."""
