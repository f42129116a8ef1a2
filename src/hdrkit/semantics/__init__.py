"""Pictures -> embeddings -> groups of what they show, and a map of three dimensions. Networks come in as values."""
