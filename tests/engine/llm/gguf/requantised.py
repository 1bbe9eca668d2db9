"""`python -m tests.engine.llm.gguf.requantised SOURCE.gguf FOLDER [KIND...]`: a model in other quantisations, by llama.cpp."""

from __future__ import annotations

import ctypes
import subprocess
import sys
from pathlib import Path

# The numbers of llama.cpp's enum llama_ftype.
KINDS = {
    "F16": 1,
    "Q4_0": 2,
    "Q4_1": 3,
    "Q8_0": 7,
    "Q5_0": 8,
    "Q5_1": 9,
    "Q2_K": 10,
    "Q3_K_M": 12,
    "Q4_K_M": 15,
    "Q5_K_M": 17,
    "Q6_K": 18,
    "IQ4_NL": 25,
    "BF16": 32,
}


def requantised(source: Path, folder: Path, kind: str) -> Path:
    """Return the file of `source` in quantisation `kind`, made in a process of its own unless it is there."""
    target = folder / f"{source.stem.partition('.')[0]}.{kind}.gguf"
    if not target.exists():
        command = [sys.executable, "-m", "tests.engine.llm.gguf.requantised", str(source), str(folder), kind]
        subprocess.run(command, check=True, capture_output=True)
    return target


def main() -> None:
    """Write the kinds that are named, all without a name."""
    from llama_cpp import llama_cpp as native

    source, folder, *kinds = sys.argv[1:]
    for kind in kinds or KINDS:
        target = Path(folder) / f"{Path(source).stem.partition('.')[0]}.{kind}.gguf"
        parameters = native.llama_model_quantize_default_params()
        parameters.ftype, parameters.nthread, parameters.allow_requantize = KINDS[kind], 2, True
        partial = target.with_suffix(".new")
        if native.llama_model_quantize(source.encode(), str(partial).encode(), ctypes.byref(parameters)):
            raise SystemExit(f"{source} could not be made {kind}")
        partial.rename(target)
        print(target)


if __name__ == "__main__":
    main()
