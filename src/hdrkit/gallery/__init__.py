"""Persons that last: their faces, embeddings and labels, in a store that can be a folder or object storage.

Everything that hdrkit keeps of faces between runs is here, and nowhere else.
"""
