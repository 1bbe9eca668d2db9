"""Live events: `broadcast.Hub` tells followers at once, `trace` makes events compact, `stream` sends them to a tab."""
