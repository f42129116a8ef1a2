"""One file to one value and back: photographs, radiance, pictures for the display, response curves.

This room knows no folders.
"""
