"""Other programs: `openai` is an endpoint as OpenAI's, `mcp` a server of tools, `keys` the key that lets a script in."""
