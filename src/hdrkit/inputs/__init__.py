"""Files to brackets by rules that a user can name: folders, lists, timestamps. Grouping by content is in `grouping`."""
