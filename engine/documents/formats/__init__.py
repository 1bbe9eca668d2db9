"""Bytes of one file to normal text, one module a format. Runs in the parser process only."""
