"""Commands on linked folders."""
