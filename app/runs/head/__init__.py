"""The head of a run: what it is, what can be done with it, and while it goes on what it does and has spent."""
