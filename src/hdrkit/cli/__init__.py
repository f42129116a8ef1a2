"""The command line: each command parses its words, calls the pipeline and prints the report. Nothing is computed here."""
