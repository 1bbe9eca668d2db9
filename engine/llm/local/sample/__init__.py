"""Drawing the next token: samplers, and replies that can only copy."""
