"""A view to its exposure sequences: order, copies, kinds and flags, as the clusters of the result."""
