"""Files in: which ones a person meant, parsed outside the app process, stored as a corpus whole or not at all."""
