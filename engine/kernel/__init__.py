"""Where cells run: `host` makes sandboxed workers, `worker` is one, `toolbox` is what a cell finds in it."""
