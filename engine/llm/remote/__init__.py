"""A model behind the OpenAI interface. `model` is the app's side, `process` the one that reaches the server."""
