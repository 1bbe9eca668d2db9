"""Write trained weights as a GGUF file that llama.cpp loads: F16, own vocabulary, own chat template.

python -m models.starter.export RUN models/starter/taproot-starter.gguf
"""

from __future__ import annotations

import argparse
from pathlib import Path

import gguf
import numpy as np
import torch

from models.starter.network import Shape
from models.starter.tokenizer import END, PAD, SPECIAL, Tokenizer

CONTEXT = 4096  # tokens; sequences of training had 512, longer prompts are rare and at its own risk
# The comment tells the engine that this model was trained without a system message.
CHAT_TEMPLATE = (
    "{# no system message #}"
    "{% for message in messages %}"
    "{% if message['role'] == 'user' %}<|user|>{{ message['content'] }}<|assistant|>"
    "{% elif message['role'] == 'assistant' %}{{ message['content'] }}<|end|>{% endif %}"
    "{% endfor %}"
)


def export(run: Path, target: Path) -> int:
    """Write the GGUF file; returns its size in bytes."""
    saved = torch.load(run / "weights.pt", map_location="cpu")
    shape, weights = Shape(**saved["shape"]), saved["weights"]
    tokenizer = Tokenizer.load(run / "merges.json")
    writer = gguf.GGUFWriter(target, "llama")
    writer.add_name("taproot-starter")
    writer.add_description("Drives Taproot's loop: looks up, counts, lists, fans out. Does not reason.")
    writer.add_license("MIT")
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(shape.width)
    writer.add_block_count(shape.layers)
    writer.add_feed_forward_length(shape.hidden)
    writer.add_head_count(shape.heads)
    writer.add_head_count_kv(shape.heads)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(shape.head)
    writer.add_rope_freq_base(shape.rope_base)
    writer.add_vocab_size(shape.vocabulary)
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_F16)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("smollm")
    writer.add_token_list(tokenizer.tokens)
    control = [gguf.TokenType.CONTROL] * len(SPECIAL)
    writer.add_token_types([*control, *[gguf.TokenType.NORMAL] * (len(tokenizer.tokens) - len(SPECIAL))])
    writer.add_token_merges([f"{a} {b}" for a, b in tokenizer.merges])
    writer.add_eos_token_id(END)
    writer.add_pad_token_id(PAD)
    writer.add_add_bos_token(False)
    writer.add_chat_template(CHAT_TEMPLATE)

    def put(name: str, tensor: torch.Tensor) -> None:
        array = tensor.float().numpy()
        writer.add_tensor(name, array.astype(np.float16 if array.ndim == 2 else np.float32))

    put("token_embd.weight", weights["embed.weight"] * shape.width**0.5)
    put("output.weight", weights["embed.weight"])
    put("output_norm.weight", weights["norm.weight"])
    for i in range(shape.layers):
        block = {
            k.removeprefix(f"blocks.{i}."): v for k, v in weights.items() if k.startswith(f"blocks.{i}.")
        }
        q, k, v = block["qkv.weight"].chunk(3)
        gate, up = block["gate_up.weight"].chunk(2)
        put(f"blk.{i}.attn_norm.weight", block["attn_norm.weight"])
        put(f"blk.{i}.attn_q.weight", q)
        put(f"blk.{i}.attn_k.weight", k)
        put(f"blk.{i}.attn_v.weight", v)
        for letter, bias in zip("qkv", block["qkv.bias"].chunk(3), strict=True):
            put(f"blk.{i}.attn_{letter}.bias", bias)
        put(f"blk.{i}.attn_output.weight", block["out.weight"])
        put(f"blk.{i}.ffn_norm.weight", block["ffn_norm.weight"])
        put(f"blk.{i}.ffn_gate.weight", gate)
        put(f"blk.{i}.ffn_up.weight", up)
        put(f"blk.{i}.ffn_down.weight", block["down.weight"])
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return target.stat().st_size


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("run", type=Path)
    parser.add_argument("target", type=Path)
    options = parser.parse_args()
    print(f"{export(options.run, options.target):,} bytes")


if __name__ == "__main__":
    main()
