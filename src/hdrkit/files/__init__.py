"""Files whatever they hold: whole or not at all, locked, listed in a manifest, brought from place to place.

No format is known here.
"""
