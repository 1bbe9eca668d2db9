"""The smallest model in the tree, for tests that need some real model and are not about the default."""

from pathlib import Path

STARTER = Path(__file__).parents[1] / "models" / "starter" / "taproot-starter.gguf"
