"""One module for each command, `calibrate`, `merge`, `group` and `rank`, read from top to bottom; packages hold the steps."""
