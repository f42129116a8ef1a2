"""Merges one bracket to its files, and many brackets: in this process, in worker processes, or on a Dask cluster."""
