"""Commands that let other programs in: `key` for the endpoint of the app, `mcp` for clients of the Model Context Protocol."""
