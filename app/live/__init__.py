"""Live events: `broadcast.Hub` tells followers at once, `trace` makes events compact, `stream` sends them to a tab. `job`
is work in a thread that is followed so."""
