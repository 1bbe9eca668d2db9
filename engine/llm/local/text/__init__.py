"""Text and tokens: chat templates, append-only token logs, tokenizing and detokenizing."""
