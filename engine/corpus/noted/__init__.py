"""What was noted of documents before a question: as cells find it, and by which text it is known."""
