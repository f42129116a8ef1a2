"""Files of any format: written whole or not at all, locked, listed in a manifest, linked, copied and moved.

This room knows no format.
"""
