"""The smallest model that answers, for tests that need llama.cpp and not what a model knows: it always writes one cell.

The weights are made on the spot, in a tenth of a second. Whatever it is asked, it looks for the question's words, hands
the question to a child for each document found, and answers with what they say; a child says its best line.
"""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path

from tests.engine.llm.gguf.make_gguf import chain_model

NAME = "small"
CELL = """hits = context.search(question, 3)
docs = [] if isinstance(context, str) else [*hits.documents]
said = rlm_query_batched(question, docs) if docs else []
lines = [f'{doc.name}: {answer}' for doc, answer in zip(docs, said)] or [hit.text for hit in hits[:1]]
FINAL('\\n'.join(lines) or 'not in these documents', *hits)
"""
WINDOW = 24_576  # tokens, most of which are single bytes
PIECE = 24  # characters of a token: llama-cpp-python's own server leaves out those of more than 32 bytes
_folder = tempfile.TemporaryDirectory(prefix="taproot-small-")  # removed when the tests end


@cache
def small_model() -> Path:
    """The GGUF of the model, the same file for the whole session."""
    pieces = [CELL[at : at + PIECE] for at in range(0, len(CELL), PIECE)]
    return chain_model(Path(_folder.name) / f"{NAME}.gguf", ["```repl\n", *pieces, "```"], n_ctx=WINDOW)
