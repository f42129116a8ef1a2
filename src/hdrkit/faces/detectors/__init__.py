"""Face detectors, one a file. Each is called with RGB pixels and gives the faces in them; `detection.py` prepares the pixels."""
