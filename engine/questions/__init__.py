"""Lists of questions: read from a file, asked one after the other, gone on with after a stop, written as a table."""
