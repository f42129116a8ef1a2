"""Photographs -> views: nominate pairs, link by their evidence, and give each view its confidence."""
