"""A model on a server with the OpenAI interface: vLLM, llama-server, vLLM on Ray, or a service. Text leaves Taproot.

The client runs in a process of its own (`engine.llm.remote.process`), which may reach that one server and nothing else.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Sequence
from typing import Any

from engine.errors import ModelError, TaprootError
from engine.llm.base import Request
from engine.llm.broadcast import LiveStream
from engine.llm.remote.endpoint import KEY_VARIABLE, Endpoint
from engine.llm.request_queue import Outbox
from engine.llm.supervised import HANG_SECONDS, Supervised
from engine.sandbox.frames import Writer
from engine.stop import Stop
from engine.types import Json, Message, to_json

AT_ONCE = 8  # requests; servers that batch take many, `slots` says how many
BYTES_PER_TOKEN = 3.0  # until replies have told; English has about four
MESSAGE_TOKENS = 8  # what a template adds around one message
CAUTION = 0.95  # counts are to be too high rather than too low
LEARNING = 0.3  # weight of the newest reply


class RemoteModel(Supervised):
    """The Model protocol over a server. Tokens are estimated from bytes, by what the server counted before.

    `window`: tokens, where the server does not say; `at_once`: requests it gets at the same time. The API key is
    taken from the variable TAPROOT_API_KEY of the environment. Raises InputError when the server has no such model,
    ModelError when it cannot be reached, Cancelled when `stop` is requested before that. Forms of answers are not promised; conversations are sent whole each time.
    """

    module = "engine.llm.remote.process"
    variables = (KEY_VARIABLE, "SSL_CERT_FILE", "SSL_CERT_DIR")

    def __init__(
        self,
        endpoint: Endpoint,
        *,
        window: int | None = None,
        at_once: int | None = None,
        hang_seconds: float = HANG_SECONDS,
        on_progress: Callable[[float], None] | None = None,
        stop: Stop | None = None,
    ):
        self._endpoint = endpoint
        self._bytes_per_token = BYTES_PER_TOKEN
        self._learning = threading.Lock()
        self._counts = dict.fromkeys(("read_tokens", "read_seconds", "alone_tokens", "alone_seconds"), 0.0)
        at_once = at_once or AT_ONCE
        order = {"endpoint": to_json(endpoint), "window": window, "at_once": at_once, "notices": []}
        super().__init__(
            order, outbox=Outbox(at_once), hang_seconds=hang_seconds, on_progress=on_progress, stop=stop
        )

    def count(self, text: str) -> int:
        """Return about how many tokens `text` has, rather too many."""
        return math.ceil(len(text.encode("utf-8", "replace")) / (self._bytes_per_token * CAUTION))

    def fits(self, messages: Sequence[Message]) -> int:
        """Return about how many tokens a prompt of `messages` has, rather too many."""
        return sum(self.count(message.content) + MESSAGE_TOKENS for message in messages)

    def submit(self, request: Request) -> LiveStream:
        """Queue a request and return at once. Raises ModelError when the model was closed."""
        work = {
            "messages": [[m.role, m.content] for m in request.messages],
            "max_tokens": request.max_tokens,
            "sampling": to_json(request.sampling),
            "stop_at_cell": request.stop_at_cell,
            "estimate": self.fits(request.messages),
        }
        group = "" if request.pinned else request.conversation.partition("/")[0] or "-"
        return self._send({"submit": work}, group, retryable=request.sampling.temperature <= 0)

    def prove(self) -> int:
        """Find out whether prompts as long as the window reach the model whole, and return the window that is true.

        It costs a few prompts of that length; requests do it by themselves as prompts grow. Raises ModelError.
        """
        return self._send({"prove": True}, retryable=True).result().usage.prompt_tokens

    def counts(self) -> Json:
        """Return the tokens and seconds of all replies; those written at the same time count once each."""
        with self._learning:
            return dict(self._counts)

    def _ready(self, info: dict[str, Any], writer: Writer) -> None:
        """Take what the process says of the model, also when it has found a smaller window."""
        if self._loaded:  # a process that is started later is to know it too
            known = set(self.info.notices)
            self._order["notices"] += [notice for notice in info["notices"] if notice not in known]
            if info["n_ctx"] < self.info.n_ctx:
                self._order["window"] = info["n_ctx"]
        super()._ready(info, writer)

    def _learn(self, reply: Json) -> None:
        """Note how long a reply took, and from what the server counted how many bytes a token has."""
        with self._learning:
            self._counts["read_tokens"] += reply["evaluated_tokens"]
            self._counts["read_seconds"] += reply["prefill_seconds"]
            self._counts["alone_tokens"] += max(0, reply["completion_tokens"] - 1)
            self._counts["alone_seconds"] += reply["decode_seconds"]
        if reply["counted"] and reply["content_tokens"] > 0:
            found = min(6.0, max(1.0, reply["prompt_bytes"] / reply["content_tokens"]))
            with self._learning:
                self._bytes_per_token += LEARNING * (found - self._bytes_per_token)

    def _why(self, code: int, words: str) -> TaprootError:
        hung = f"it made no progress for {self._hang_seconds:g} seconds" if self._hung else ""
        detail = hung or words or f"exit code {code}"
        return ModelError(
            f"The connection to {self._endpoint.url} stopped ({detail}). Ask again: the next request opens it anew."
        )
