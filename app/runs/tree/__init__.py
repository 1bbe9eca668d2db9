"""What the tree of a run is laid out as."""
