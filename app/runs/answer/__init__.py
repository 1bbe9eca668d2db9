"""The answer of a run as a person reads it in the app, and as text for the clipboard."""
