"""The SQLite file: opened, migrated, written by one thread, large values stored once."""
