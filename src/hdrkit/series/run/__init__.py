"""Resumable merges of a series: the ledger in each folder of results, and results that a later merge replaces."""
