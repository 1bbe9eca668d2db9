"""llama.cpp through its C interface: one model, one context, whole batches. Called by one thread only."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from llama_cpp import llama_cpp as native

from engine.errors import InputError, ModelError
from engine.llm.gguf_facts import GgufFacts
from engine.llm.tokens import Vocabulary
from engine.types import Sampling

MAX_BATCH = 512  # tokens of one call
SLOTS = 8
SLOTS_EXACT = 4  # a recurrent state costs megabytes per sequence
KEPT_LINES = 8
LOG_ERROR = 3  # ggml's level

DECODED, FULL, ABORTED = 0, 1, 2  # what llama_decode returns; below zero: an error


@dataclass(frozen=True, slots=True)
class Row:
    """One token of a batch: `want` asks for the next token's probabilities after it."""

    token: int
    position: int
    slot: int
    want: bool


class Native:
    """A loaded model with its context and memory.

    Raises InputError when llama.cpp does not accept the file, ModelError when there is not enough memory.
    """

    def __init__(
        self,
        facts: GgufFacts,
        *,
        pool: int,
        threads: int,
        gpu_layers: int | None,
        on_progress: Callable[[float], None],
    ):
        self._lines: list[str] = []
        self._log = native.llama_log_callback(self._keep_line)
        native.llama_log_set(self._log, ctypes.c_void_p(0))
        native.llama_backend_init()
        self.offloads = bool(native.llama_supports_gpu_offload()) and gpu_layers != 0
        self._model = self._load(facts, gpu_layers, on_progress)
        self.vocabulary = Vocabulary(native.llama_model_get_vocab(self._model))
        model = self._model
        self.exact = bool(native.llama_model_is_recurrent(model) or native.llama_model_is_hybrid(model))
        self.slots = SLOTS_EXACT if self.exact else SLOTS
        self._context = self._make_context(pool, threads)
        self._memory = native.llama_get_memory(self._context)
        self._batch = native.llama_batch_init(MAX_BATCH, 0, 1)
        self._abort_flag = ctypes.create_string_buffer(2)
        self._set_abort_callback()

    def decode(self, rows: Sequence[Row]) -> int:
        """Evaluate up to MAX_BATCH tokens. Returns DECODED, FULL, ABORTED or a negative error."""
        batch = self._batch
        for i, row in enumerate(rows):
            batch.token[i], batch.pos[i] = row.token, row.position
            batch.n_seq_id[i], batch.seq_id[i][0] = 1, row.slot
            batch.logits[i] = row.want
        batch.n_tokens = len(rows)
        self._abort_flag[0] = b"\0"
        return int(native.llama_decode(self._context, batch))

    def abort(self) -> None:
        """Make a running `decode` return ABORTED soon. The one method that other threads may call."""
        self._abort_flag[0] = b"\1"

    def remove(self, sequence: int, start: int) -> bool:
        """Remove the tokens of a sequence from position `start`; False when the model cannot."""
        return bool(native.llama_memory_seq_rm(self._memory, sequence, start if start else -1, -1))

    def copy(self, source: int, target: int, count: int) -> None:
        """Let `target` share the first `count` tokens of `source`; of all its tokens in an exact model."""
        end = -1 if self.exact else count
        native.llama_memory_seq_cp(self._memory, source, target, -1 if self.exact else 0, end)

    def sampler(self, sampling: Sampling) -> Any:
        """Make a chain that draws tokens: greedy at temperature 0. Give it back with `free_sampler`."""
        chain = native.llama_sampler_chain_init(native.llama_sampler_chain_default_params())
        if sampling.temperature <= 0:
            native.llama_sampler_chain_add(chain, native.llama_sampler_init_greedy())
            return chain
        native.llama_sampler_chain_add(chain, native.llama_sampler_init_top_p(sampling.top_p, 1))
        native.llama_sampler_chain_add(chain, native.llama_sampler_init_temp(sampling.temperature))
        native.llama_sampler_chain_add(chain, native.llama_sampler_init_dist(sampling.seed & 0xFFFFFFFF))
        return chain

    def sample(self, chain: Any, row: int) -> int:
        """Draw the token that follows row `row` of the last batch; the row must have asked for it."""
        return int(native.llama_sampler_sample(chain, self._context, row))

    def free_sampler(self, chain: Any) -> None:
        """Free a chain of `sampler`."""
        native.llama_sampler_free(chain)

    def set_threads(self, threads: int) -> None:
        """Use this many threads from the next batch on."""
        native.llama_set_n_threads(self._context, threads, threads)

    def _load(self, facts: GgufFacts, gpu_layers: int | None, on_progress: Callable[[float], None]) -> Any:
        def progress(fraction: float, _: Any) -> bool:
            on_progress(fraction)
            return True

        parameters = native.llama_model_default_params()
        parameters.n_gpu_layers = (-1 if gpu_layers is None else gpu_layers) if self.offloads else 0
        callback = native.llama_progress_callback(progress)
        parameters.progress_callback = callback
        model = native.llama_model_load_from_file(os.fsencode(facts.path), parameters)
        if not model:
            raise InputError(
                f"llama.cpp cannot load the model {facts.path}: {self._reason()}. Choose another file, or update "
                "llama-cpp-python if the model is newer than it."
            )
        if native.llama_model_has_encoder(model) or not native.llama_model_has_decoder(model):
            raise InputError(f"The model {facts.path} cannot write text on its own. Choose a chat model.")
        return model

    def _make_context(self, pool: int, threads: int) -> Any:
        parameters = native.llama_context_default_params()
        parameters.n_ctx = pool
        parameters.n_batch = parameters.n_ubatch = MAX_BATCH
        parameters.n_seq_max = self.slots
        parameters.n_threads = parameters.n_threads_batch = threads
        parameters.kv_unified = True
        parameters.swa_full = True
        if not self.offloads:
            parameters.flash_attn_type = 0  # slower for single sequences on a CPU
        context = native.llama_init_from_model(self._model, parameters)
        if not context:
            raise ModelError(
                f"There is not enough memory for a window of {pool:,} tokens ({self._reason()}). "
                "Choose a smaller window or a smaller model."
            )
        return context

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
            self._context, callback, ctypes.cast(self._abort_flag, ctypes.c_void_p)
        )

    def _keep_line(self, level: int, text: bytes, _: Any) -> None:
        if level >= LOG_ERROR and level <= LOG_ERROR:
            self._lines = [*self._lines, text.decode("utf-8", "replace").strip()][-KEPT_LINES:]

    def _reason(self) -> str:
        """Return llama.cpp's own first words on the last error."""
        line = next((line for line in self._lines if line), "it gave no reason")
        return line.partition(": ")[2].strip().rstrip(".") or line
