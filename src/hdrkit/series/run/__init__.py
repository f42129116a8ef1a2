"""Brackets of a series to files, resumable: the ledger in each folder of results, and what it has replaced."""
