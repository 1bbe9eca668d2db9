"""What the Models view says in words, and its forms."""
