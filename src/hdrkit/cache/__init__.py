"""Values that were computed from photographs, kept by content in the user's cache folder.

The caller decides which values these are.
"""
