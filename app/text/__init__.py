"""Text of models and documents as trees of elements, which the page builds without ever reading HTML."""
