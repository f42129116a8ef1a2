"""What was computed of photographs before, kept by content in the user's cache folder.

What is computed is the caller's affair.
"""
