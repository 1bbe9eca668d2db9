"""SmolLM2 in PyTorch: network and tokenizer from the GGUF, training of the adapter, its export."""
