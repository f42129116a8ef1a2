"""One narrative a command: `calibrate`, `merge`, `group` and `rank` read from top to bottom; the packages hold their steps."""
