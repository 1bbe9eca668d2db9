"""The list of all sessions, laid out for the page, and what is said of one that was deleted."""
