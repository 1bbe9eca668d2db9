"""One module a command, each with a function that takes its options and returns the exit status."""
