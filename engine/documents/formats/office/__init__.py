"""Zipped and old office formats to text: Word, Excel, PowerPoint, OpenDocument, EPUB. `opened` holds the doors."""
