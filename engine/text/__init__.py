"""What can be told of a text by itself, in any language: sentences, passages, quotes, amounts, columns, patterns. Pure."""
