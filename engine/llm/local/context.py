"""One context of llama.cpp: whole batches, the memory of its sequences, and the tokens drawn after a batch.

Used by one thread only, but for `abort`.
"""

from __future__ import annotations

import ctypes
import math
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from llama_cpp import llama_cpp as native

from engine.llm.local.adapter_sets import AdapterSets
from engine.llm.local.load.threads import Threads
from engine.llm.local.text.tokens import Vocabulary

DECODED, FULL, ABORTED = 0, 1, 2  # what llama_decode returns; below zero: an error
PARTIAL = native.LLAMA_STATE_SEQ_FLAGS_PARTIAL_ONLY

State = Any  # a ctypes array of bytes
CANDIDATE = np.dtype([("id", np.int32), ("logit", np.float32), ("p", np.float32)])


@dataclass(frozen=True, slots=True)
class Part:
    """Tokens of one sequence from position `start` on; `want` asks for what may follow the last of them."""

    sequence: int
    start: int
    tokens: Sequence[int]
    want: bool


class Context:
    """A llama.cpp context and its memory. Its sequences share cells (one unified pool). `batch`: most tokens of one
    call. `adapters`: the sets that a batch may be evaluated with. Raises InputError when llama.cpp refuses one.
    """

    def __init__(
        self,
        handle: Any,
        model: object,
        vocabulary: Vocabulary,
        *,
        exact: bool,
        batch: int,
        adapters: AdapterSets,
    ):
        self._model = model  # must live as long as the context
        self.vocabulary = vocabulary
        self._handle = handle
        self._exact = exact
        self._memory = native.llama_get_memory(handle)
        self._abort_flag = ctypes.create_string_buffer(2)
        self._set_abort_callback()
        self.batch = batch
        self._tokens = np.zeros(batch, np.int32)
        self._positions = np.zeros(batch, np.int32)
        self._counts = np.ones(batch, np.int32)
        self._sequences = np.zeros(batch, np.int32)
        # Each token of a batch has a list of sequences; ours are of length one and lie side by side.
        self._lists = (ctypes.POINTER(ctypes.c_int32) * batch)()
        for i in range(batch):
            address = self._sequences.ctypes.data + 4 * i
            self._lists[i] = ctypes.cast(address, ctypes.POINTER(ctypes.c_int32))
        self._wanted = np.zeros(batch, np.int8)
        self._candidates: np.ndarray | None = None
        self._scratch = np.zeros(0, np.float32)
        self._adapters = adapters
        self._put_on = 0
        adapters.put_on(handle, 0)

    @property
    def sets(self) -> int:
        """How many sets of adapters there are; `decode` takes their numbers."""
        return len(self._adapters)

    def decode(self, parts: Sequence[Part], adapters: int = 0) -> int:
        """Evaluate up to `batch` tokens, all with one set of adapters. Returns DECODED, FULL, ABORTED or a negative
        error.

        After FULL nothing was written. After ABORTED or an error what was written is unknown.
        """
        if adapters != self._put_on:
            self._adapters.put_on(self._handle, adapters)
            self._put_on = adapters
        at = 0
        self._wanted[:] = 0
        for part in parts:
            end = at + len(part.tokens)
            self._tokens[at:end] = part.tokens
            self._positions[at:end] = np.arange(part.start, part.start + len(part.tokens))
            self._sequences[at:end] = part.sequence
            self._wanted[end - 1] = part.want
            at = end
        batch = native.llama_batch(
            at,
            _pointer(self._tokens, ctypes.c_int32),
            None,
            _pointer(self._positions, ctypes.c_int32),
            _pointer(self._counts, ctypes.c_int32),
            ctypes.cast(self._lists, ctypes.POINTER(ctypes.POINTER(ctypes.c_int32))),
            _pointer(self._wanted, ctypes.c_int8),
        )
        self._abort_flag[0] = b"\0"
        result = int(native.llama_decode(self._handle, batch))
        native.llama_synchronize(self._handle)
        return result

    def abort(self) -> None:
        """Make a running `decode` return ABORTED soon. The one method that other threads may call."""
        self._abort_flag[0] = b"\1"

    # --- memory -----------------------------------------------------------------------------------------

    def remove(self, sequence: int, start: int) -> bool:
        """Remove the tokens of a sequence from position `start`; False when the model cannot."""
        return bool(native.llama_memory_seq_rm(self._memory, sequence, start if start else -1, -1))

    def copy(self, source: int, target: int, count: int) -> None:
        """Let `target` share the first `count` tokens of `source`; of all its tokens in an exact model."""
        end = -1 if self._exact else count
        native.llama_memory_seq_cp(self._memory, source, target, -1 if self._exact else 0, end)

    def clear(self) -> None:
        """Forget the tokens of all sequences."""
        native.llama_memory_clear(self._memory, False)

    def save(self, sequence: int) -> State | None:
        """Return all that the memory holds of a sequence; None when that cannot be had."""
        return self._get(sequence, 0)

    def load(self, sequence: int, state: State) -> bool:
        """Fill an empty sequence with a saved one; False when there is no room."""
        return self._set(sequence, state, 0)

    def mark(self, sequence: int) -> State | None:
        """Return what cannot be cut off from a sequence of an exact model: its recurrent state."""
        return self._get(sequence, PARTIAL)

    def unmark(self, sequence: int, state: State, count: int) -> bool:
        """Bring a sequence of an exact model back to its first `count` tokens, where `mark` was called."""
        return self._set(sequence, state, PARTIAL) and self.remove(sequence, count)

    def _get(self, sequence: int, flags: int) -> State | None:
        size = int(native.llama_state_seq_get_size_ext(self._handle, sequence, flags))
        try:
            buffer = (ctypes.c_uint8 * size)()
        except MemoryError:
            return None
        written = native.llama_state_seq_get_data_ext(self._handle, buffer, size, sequence, flags)
        return buffer if written == size else None

    def _set(self, sequence: int, state: State, flags: int) -> bool:
        size = len(state)
        return bool(native.llama_state_seq_set_data_ext(self._handle, state, size, sequence, flags) == size)

    # --- what follows a batch ---------------------------------------------------------------------------

    def sample(self, chain: Any, row: int) -> int:
        """Draw the token that follows row `row` of the last batch; the row must have asked for it."""
        return int(native.llama_sampler_sample(chain, self._handle, row))

    def candidates(self, row: int) -> np.ndarray:
        """Return every token with its logit after row `row`, as an array of CANDIDATE that is used again."""
        size = self.vocabulary.size
        if self._candidates is None:
            self._candidates = np.zeros(size, CANDIDATE)
        found = self._candidates
        found["id"] = np.arange(size, dtype=np.int32)
        found["logit"] = self.logits(row)
        found["p"] = 0
        return found

    def logits(self, row: int) -> np.ndarray:
        """Return the logits of every token after row `row` of the last batch, in llama.cpp's own memory."""
        logits = native.llama_get_logits_ith(self._handle, row)
        return np.ctypeslib.as_array(logits, (self.vocabulary.size,))

    def log_probability(self, row: int, token: int) -> float:
        """Return the natural log-probability of a token after row `row`, by the model's own distribution."""
        logits = self.logits(row)
        if not len(self._scratch):
            self._scratch = np.zeros(self.vocabulary.size, np.float32)
        top = logits.max()
        np.subtract(logits, top, out=self._scratch)
        np.exp(self._scratch, out=self._scratch)
        return float(logits[token] - top) - math.log(float(self._scratch.sum()))

    # --- life -------------------------------------------------------------------------------------------

    def set_threads(self, threads: Threads) -> None:
        """Use this many threads from the next batch on."""
        native.llama_set_n_threads(self._handle, threads.alone, threads.together)

    @property
    def facts(self) -> dict[str, Any]:
        """What llama.cpp says of this context: tokens in memory, tokens of one step, threads for one token and for more."""
        return {
            "pool": int(native.llama_n_ctx(self._handle)),
            "batch": int(native.llama_n_batch(self._handle)),
            "threads": int(native.llama_n_threads(self._handle)),
            "burst_threads": int(native.llama_n_threads_batch(self._handle)),
        }

    def close(self) -> None:
        """Free the context and its memory."""
        native.llama_free(self._handle)

    def _set_abort_callback(self) -> None:
        """Let `strlen` of a flag be the abort callback: it needs no Python and so costs nothing.

        The flag is an empty string, whose length is 0 (go on), until `abort` writes one character into it.
        """
        try:
            strlen = ctypes.CDLL(None).strlen if os.name != "nt" else ctypes.cdll.msvcrt.strlen
        except (OSError, AttributeError):
            return  # cancelling then waits for the end of a batch
        callback = ctypes.cast(strlen, native.ggml_abort_callback)
        native.llama_set_abort_callback(
            self._handle, callback, ctypes.cast(self._abort_flag, ctypes.c_void_p)
        )


def _pointer(array: np.ndarray, kind: Any) -> Any:
    return array.ctypes.data_as(ctypes.POINTER(kind))
