"""The doors: files to values and values to files, every write atomic."""
