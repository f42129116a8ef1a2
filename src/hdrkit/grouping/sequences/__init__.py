"""A view -> its exposure sequences: order, copies, kinds and flags. They are the clusters of the result."""
