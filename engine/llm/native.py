"""llama.cpp through its C interface: one loaded model, from which contexts are made."""

from __future__ import annotations

import ctypes
import os
from collections import deque
from collections.abc import Callable
from typing import Any

from llama_cpp import llama_cpp as native

from engine.errors import InputError, ModelError
from engine.llm.context import MAX_BATCH, Context
from engine.llm.gguf_facts import GgufFacts
from engine.llm.tokens import Vocabulary

LOG_ERROR = 3  # ggml's level

_lines: deque[str] = deque(maxlen=8)  # llama.cpp's last errors


@native.llama_log_callback
def _keep_line(level: int, text: bytes, _: Any) -> None:
    if level == LOG_ERROR:
        _lines.append(text.decode("utf-8", "replace").strip())


def _reason() -> str:
    """Return llama.cpp's own first words on the last error."""
    line = next((line for line in _lines if line), "it gave no reason")
    return line.partition(": ")[2].strip().rstrip(".") or line


class Native:
    """A loaded model. `exact`: it cannot forget the end of a text (recurrent and hybrid models). `offloads`:
    a GPU computes for it.

    Raises InputError when llama.cpp does not accept the file.
    """

    def __init__(
        self,
        facts: GgufFacts,
        *,
        gpu_layers: int | None,
        on_progress: Callable[[float], None],
    ):
        native.llama_log_set(_keep_line, ctypes.c_void_p(0))
        native.llama_backend_init()
        self.offloads = bool(native.llama_supports_gpu_offload()) and gpu_layers != 0
        self._model = self._load(facts, gpu_layers, on_progress)
        self.vocabulary = Vocabulary(native.llama_model_get_vocab(self._model))
        model = self._model
        self.exact = bool(native.llama_model_is_recurrent(model) or native.llama_model_is_hybrid(model))

    def context(self, cells: int, sequences: int, threads: int, *, flash: bool | None) -> Context:
        """Make a context whose memory holds `cells` tokens of at most `sequences` sequences.

        `flash`: flash attention, or None to let llama.cpp choose. Raises ModelError when there is not enough
        memory.
        """
        parameters = native.llama_context_default_params()
        parameters.n_ctx = cells
        parameters.n_batch = parameters.n_ubatch = MAX_BATCH
        parameters.n_seq_max = sequences
        parameters.n_threads = parameters.n_threads_batch = threads
        parameters.kv_unified = True
        parameters.swa_full = True
        if flash is not None:
            parameters.flash_attn_type = int(flash)
        handle = native.llama_init_from_model(self._model, parameters)
        if not handle:
            raise ModelError(
                f"There is not enough memory for a window of {cells:,} tokens ({_reason()}). "
                "Choose a smaller window or a smaller model."
            )
        return Context(handle, self, self.vocabulary, exact=self.exact)

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
                f"llama.cpp cannot load the model {facts.path}: {_reason()}. Choose another file, or update "
                "llama-cpp-python if the model is newer than it."
            )
        if native.llama_model_has_encoder(model) or not native.llama_model_has_decoder(model):
            raise InputError(f"The model {facts.path} cannot write text on its own. Choose a chat model.")
        return model
