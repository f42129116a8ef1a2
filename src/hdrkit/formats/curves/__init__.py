"""Response curves as files: our NPZ, and the tables and polynomials of other programs."""
