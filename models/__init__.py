"""The models that come with Taproot: the default."""
