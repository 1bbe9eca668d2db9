"""Weights of an adapter as PyTorch keeps them -> a LoRA GGUF that llama.cpp loads beside the base.

python -m models.default.training.learning.export weights.pt models/default/adapter.gguf
"""

from __future__ import annotations

import argparse
from pathlib import Path

import gguf
import numpy as np
import torch

TITLE = "Taproot's adapter for SmolLM2-135M-Instruct"


def export(weights: dict[str, torch.Tensor], path: Path, alpha: float = 64) -> None:
    """Write matrices named NAME.a (rank, in) and NAME.b (out, rank), NAME as in the base's GGUF, in half precision."""
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_type(gguf.GGUFType.ADAPTER)
    writer.add_name(TITLE)
    writer.add_license("apache-2.0")
    writer.add_string(gguf.Keys.Adapter.TYPE, "lora")
    writer.add_float32(gguf.Keys.Adapter.LORA_ALPHA, alpha)
    for name, tensor in weights.items():
        matrix, part = name.rsplit(".", 1)
        writer.add_tensor(f"{matrix}.lora_{part}", tensor.float().numpy().astype(np.float16))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("weights", type=Path)
    parser.add_argument("out", type=Path)
    options = parser.parse_args()
    export(torch.load(options.weights), options.out)
    print(f"{options.out}: {options.out.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
