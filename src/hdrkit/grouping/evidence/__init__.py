"""The evidence that two photographs show one view: descriptors, comparisons and metadata. Nothing is decided here."""
