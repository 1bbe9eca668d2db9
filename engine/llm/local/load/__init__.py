"""Loading a model: options, memory, a first decode, and what is remembered of all that."""
