"""The results that commands write to a folder: layouts, lists, records and pages. `files` replaces a folder as a whole."""
