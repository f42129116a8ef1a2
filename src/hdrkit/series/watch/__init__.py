"""Watches a folder for years: finds new photographs, merges complete brackets, and recovers from failures."""
