"""Groups photographs by their content: which ones show one view, and which of them are one bracket.

Rules by name or folder are in `inputs`.
"""
