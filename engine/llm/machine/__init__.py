"""What this machine offers a model, and what was measured on it."""
