"""Notes that a model makes of documents while it has nothing else to do: what they are about, and their key facts."""
