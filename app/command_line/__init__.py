"""The command line: `main.run` parses and runs one command; `terminal` and `progress` print."""
