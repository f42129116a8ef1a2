"""Photographs to views: pairs are nominated, their evidence is linked, and each view gets its confidence."""
