"""Which photographs show one view, and which of them are one bracket, told from their content.

Rules by name or folder are in `inputs`.
"""
