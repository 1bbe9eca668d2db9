"""A GGUF model in llama.cpp, in a process of its own. `model` is the app's side, `process` the other."""
