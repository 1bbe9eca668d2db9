"""Commands on what was done: compare runs, keep questions as checks and ask them again, back up and restore."""
