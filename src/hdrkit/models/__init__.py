"""Weights of neural networks by their role: which there are, where they lie, how they are fetched and run."""
