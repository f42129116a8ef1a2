"""One bracket to its files, and many of them: here, in worker processes, or on a Dask cluster."""
