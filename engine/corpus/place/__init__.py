"""Places as a person says them: page and line, sheet and cell, slide, header of a message, path in JSON."""
