"""The default model: SmolLM2-135M-Instruct with Taproot's own LoRA adapter, merged once on each machine.

This is the one place that says which model answers where a person names none. `model_file()` is where it lies,
`provide()` makes it when it is not there, `problem()` says what it lacks.
"""

from models.default.model import ADAPTER, NAME, base_file, is_merged, model_file, problem, provide

__all__ = ["ADAPTER", "NAME", "base_file", "is_merged", "model_file", "problem", "provide"]
