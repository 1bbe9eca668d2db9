"""What is written of a reading, and what the next one takes over from it."""
