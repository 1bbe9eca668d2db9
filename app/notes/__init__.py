"""Notes that the model makes of documents while nobody asks anything."""
