"""Finding what a question is about: by words, by pattern, as passages to read."""
