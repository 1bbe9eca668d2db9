"""Lists of questions in the app: asked row by row, followed, stopped, gone on with, saved as a table."""
