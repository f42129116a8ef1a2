"""Object detectors, one a file. Each is called with the RGB pixels of a picture and gives the objects in it."""
