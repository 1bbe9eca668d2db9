"""What the page shows of the library, as trees: its frame, cards, what a search found, what deleting takes, the receipt."""
