"""What commands leave in a folder: layouts, lists, records and pages. How a folder is replaced as a whole is in `files`."""
