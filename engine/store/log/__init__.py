"""The event log: appended in a hash chain, with the tables and words derived from it."""
