"""Formats that are text already, and what in them hides from a reader: escapes, quoted line ends, markup."""
