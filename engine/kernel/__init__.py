"""Where cells run: `host` makes sandboxed workers, `toolbox` is what a cell finds in them, `sandbox` holds them."""
