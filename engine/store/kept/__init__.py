"""Questions kept as checks, with their accepted answers and what asking them again came to."""
