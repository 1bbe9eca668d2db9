"""Taproot's engine: a Recursive Language Model over private documents. Imports no user interface."""
