"""Other programs: `openai` is an endpoint as OpenAI's, `mcp` a server of tools, `gradio_api` what `gradio_client` calls.

`keys` is the key that lets a script in, `tools` what all of them do.
"""
