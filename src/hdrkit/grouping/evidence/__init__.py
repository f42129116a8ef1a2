"""What two photographs say about being of one view: descriptors, comparisons, and metadata. Nothing is decided here."""
