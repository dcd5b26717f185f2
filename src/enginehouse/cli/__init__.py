"""The command line: one file per command. Results go to standard output, progress to standard error."""
