"""What the page shows of the library, as trees of elements: a card in words, what deleting takes, the receipt."""
