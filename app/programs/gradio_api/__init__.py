"""What `gradio_client` can call: `endpoints` are the names and their types, `calls` is what they do."""
