"""The command line. Each command parses its arguments, calls the pipeline and prints the report. It computes nothing itself."""
