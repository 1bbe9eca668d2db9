"""A run as one HTML file that opens from disk: the answer as plain markup, the tree drawn by a script of its own."""
