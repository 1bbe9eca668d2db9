"""All of one node, laid out for the page: its turns, cells and outputs, each piece with the event that brought it."""
