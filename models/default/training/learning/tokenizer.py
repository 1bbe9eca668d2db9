"""The tokenizer of a GGUF whose vocabulary is byte-level BPE with single digits (SmolLM), as `tokenizers` runs it."""

from __future__ import annotations

from pathlib import Path

import gguf
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

CONTROL = 3  # the kind of a token that only templates write


def tokenizer(path: Path | str) -> Tokenizer:
    """Build the tokenizer from the tokens and merges in the file."""
    fields = gguf.GGUFReader(path).fields

    def fact(key: str) -> list:
        return fields[f"tokenizer.ggml.{key}"].contents()

    tokens, merges = fact("tokens"), [tuple(merge.split(" ", 1)) for merge in fact("merges")]
    made = Tokenizer(models.BPE(vocab={token: i for i, token in enumerate(tokens)}, merges=merges))
    digits = pre_tokenizers.Digits(individual_digits=True)
    made.pre_tokenizer = pre_tokenizers.Sequence([digits, pre_tokenizers.ByteLevel(add_prefix_space=False)])
    made.decoder = decoders.ByteLevel()
    kinds = zip(tokens, fact("token_type"), strict=True)
    made.add_special_tokens(
        [AddedToken(t, special=True, normalized=False) for t, kind in kinds if kind == CONTROL]
    )
    return made
