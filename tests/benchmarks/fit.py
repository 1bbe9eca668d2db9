"""How near the estimate of memory comes to what a model process really takes (RSS after loading).

.venv/bin/python -m tests.benchmarks.fit [--json] [--keep FOLDER]

Loads a tiny model and random weights in the shape of a 0.6B model (28 layers of width 1024, 151,936 tokens), in 8 and
4 bits. The files are written once, into `--keep` or a folder that is removed. Needs 2 GB of disk, 5 GB of memory.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import math
import os
import re
import tempfile
from pathlib import Path

import gguf
import numpy as np
import psutil

from engine.llm.gguf.facts import read_facts
from engine.llm.gguf.fit import Wish
from engine.llm.gguf.memory import MIB, estimate
from engine.llm.local.model import LocalModel
from tests.engine.llm.gguf.make_gguf import CHATML, vocabulary
from tests.small_model import small_model

LAYERS, WIDTH, INNER, HEADS, KV_HEADS, HEAD, TOKENS = 28, 1024, 3072, 16, 8, 128, 151_936
FOUR_BITS = {"q4_k_m": 15, "q4_0": 2}  # llama.cpp's file types


def shape_06b(path: Path) -> Path:
    """Write random weights in 8 bits, in the shape of a dense 0.6B model."""
    writer = gguf.GGUFWriter(str(path), "qwen3")
    writer.add_name(path.stem)
    writer.add_context_length(40_960)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(LAYERS)
    writer.add_feed_forward_length(INNER)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(KV_HEADS)
    writer.add_key_length(HEAD)
    writer.add_value_length(HEAD)
    writer.add_layer_norm_rms_eps(1e-6)
    writer.add_rope_freq_base(1e6)
    tokens, types, merges = vocabulary()
    spare = TOKENS - len(tokens)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(tokens + [f"<spare {i}>" for i in range(spare)])
    writer.add_token_types(types + [1] * spare)
    writer.add_token_merges(merges)
    writer.add_bos_token_id(tokens.index("<|endoftext|>"))
    writer.add_eos_token_id(tokens.index("<|im_end|>"))
    writer.add_chat_template(CHATML)
    random = np.random.default_rng(0)

    def matrix(name: str, rows: int, columns: int) -> None:
        values = random.standard_normal((rows, columns), dtype=np.float32) / math.sqrt(columns)
        kind = gguf.GGMLQuantizationType.Q8_0
        writer.add_tensor(name, gguf.quants.quantize(values, kind), raw_dtype=kind)

    def norm(name: str, length: int) -> None:
        writer.add_tensor(name, np.ones(length, np.float32))

    matrix("token_embd.weight", TOKENS, WIDTH)
    norm("output_norm.weight", WIDTH)
    for layer in range(LAYERS):
        at = f"blk.{layer}."
        for name, length in (("attn", WIDTH), ("ffn", WIDTH), ("attn_q", HEAD), ("attn_k", HEAD)):
            norm(f"{at}{name}_norm.weight", length)
        matrix(at + "attn_q.weight", HEADS * HEAD, WIDTH)
        matrix(at + "attn_k.weight", KV_HEADS * HEAD, WIDTH)
        matrix(at + "attn_v.weight", KV_HEADS * HEAD, WIDTH)
        matrix(at + "attn_output.weight", WIDTH, HEADS * HEAD)
        matrix(at + "ffn_gate.weight", INNER, WIDTH)
        matrix(at + "ffn_up.weight", INNER, WIDTH)
        matrix(at + "ffn_down.weight", WIDTH, INNER)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def quantized(source: Path, name: str) -> Path:
    """Let llama.cpp write the same weights in another type."""
    from llama_cpp import llama_cpp as native

    target = source.with_name(f"{source.stem.removesuffix('-q8_0')}-{name}.gguf")
    options = native.llama_model_quantize_default_params()
    options.ftype, options.allow_requantize = FOUR_BITS[name], True
    if native.llama_model_quantize(os.fsencode(source), os.fsencode(target), ctypes.byref(options)):
        raise OSError(f"{target} could not be written")
    return target


def measure(path: Path, window: int) -> dict[str, object]:
    """Load a model and compare."""
    facts = read_facts(path)
    with LocalModel(path, wish=Wish(window=window)) as model:
        taken = psutil.Process(model.pid).memory_info().rss
        pool = model.info.pool
    need = estimate(facts, window, pool=pool)
    return {
        "model": path.stem,
        "window": window,
        "pool": pool,
        "measured_rss_mib": round(taken / MIB),
        "estimated_rss_mib": round(need.resident / MIB),
        "error_percent": round(100 * (need.resident - taken) / taken, 1),
        "asked_of_free_memory_mib": round(need.ram / MIB),
    }


def main() -> None:
    """Print the rows."""
    parser = argparse.ArgumentParser(description=re.split(r"\n\n", __doc__ or "")[0])
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--keep", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.keep or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        eight = folder / "shape-0.6b-q8_0.gguf"
        paths = [eight if eight.exists() else shape_06b(eight)]
        for name in FOUR_BITS:
            made = folder / f"shape-0.6b-{name}.gguf"
            paths.append(made if made.exists() else quantized(eight, name))
        rows = [measure(small_model(), 4096)]
        rows += [measure(path, window) for path in paths for window in (4096, 16384)]
    worst = max(abs(float(str(row["error_percent"]))) for row in rows)
    if options.json:
        print(json.dumps({"rows": rows, "worst_error_percent": worst}))
        return
    for row in rows:
        print("  ".join(f"{key} {value}" for key, value in row.items()))
    print(f"worst error {worst} %")


if __name__ == "__main__":
    main()
