"""GGUF files: their facts and weights, adapters on them, and whether one fits this machine."""
