"""One file to one value and back: photographs, radiance, pictures for the display, response curves.

Folders are not known here.
"""
