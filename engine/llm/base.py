"""What the engine knows of a language model: a request goes in, a stream of text and one reply come out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol, runtime_checkable

from engine.llm.forms import Form
from engine.types import CallRole, Message, ModelInfo, Sampling, Usage

Finish = Literal["stop", "length", "cancelled", "error", "output", "blocks", "loop"]


@dataclass(frozen=True, slots=True)
class Request:
    """One reply asked of a model.

    `max_tokens`: the most tokens to write; the room left in the window may cut it further. `conversation`:
    key of the token log in the model; messages that extend those of the key's last request continue its log
    and its cache. `stop_at_cell`: end the reply with its cell. Every reply ends where
    `engine.reply.find_ending` says so.
    `pinned`: a node that will come back; its cache is the last to be given up. `form`: what the answer (after
    thinking) must look like; a model that cannot promise it does without. `role`: "root" for a node that writes cells,
    "sub" for a one-shot call; adapters may be for one of them alone.
    """

    messages: tuple[Message, ...]
    max_tokens: int
    sampling: Sampling = field(default_factory=Sampling)
    conversation: str = ""
    stop_at_cell: bool = False
    pinned: bool = False
    form: Form | None = None
    role: CallRole = "root"


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole reply. `text` holds the thinking too, between `<think>` and `</think>`, for every family.

    `finish`: "stop" at the model's own end or at the end of a cell, "length" at `max_tokens` or a full window;
    "output", "blocks" and "loop" are those of `engine.reply.find_ending`.
    `log_extended`: the prompt continued the conversation's token log; nothing earlier was written anew.
    `confidence`: mean natural log-probability, by the model's own distribution, of the tokens of the answer (thoughts
    left out) and of the one that ended it; None where it is not known. Of a `Quote`: log(1 - the probability that it
    begins as NONE) plus the mean of its tokens given that. `quote`: of a `Quote` that was held to, the
    reply up to its last whole word, "" where it has none; None where the model could not promise it.
    `notice`: one sentence for a person about how the reply came about, "" mostly.
    """

    text: str
    finish: Finish
    usage: Usage
    log_extended: bool = False
    notice: str = ""
    confidence: float | None = None
    quote: str | None = None


class Stream(Protocol):
    """A reply being written. Iterate it for text as it comes; `result()` waits for the whole.

    The text of `result()` is the one that counts: where a reply stops at a cell's end, the deltas may run past
    it by the white space of the last token, and where a model stopped and wrote the reply again, they may hold
    words of both. Iterating and `result()` raise ModelError when the model stopped,
    ContextOverflow when the request never fitted. `cancel()` may be called from any thread, any number of
    times; the reply then ends with finish "cancelled" and the text so far.
    """

    def __iter__(self) -> Iterator[str]: ...

    def result(self) -> Reply: ...

    def cancel(self) -> None: ...


def forget(model: Model, conversation: str) -> None:
    """Tell a model that keeps conversations that one, with those below it ("run" has "run/0"), has ended."""
    keeper = getattr(model, "forget", None)
    if keeper is not None:
        keeper(conversation)


@runtime_checkable
class Model(Protocol):
    """A loaded model. All methods may be called from any thread; many requests may be outstanding at once."""

    info: ModelInfo

    def count(self, text: str) -> int:
        """Return the exact number of tokens of `text` as message content."""
        ...

    def fits(self, messages: Sequence[Message]) -> int:
        """Return the tokens of the prompt that `messages` make, template included."""
        ...

    def submit(self, request: Request) -> Stream:
        """Queue a request and return at once."""
        ...

    def close(self) -> None:
        """Stop the model. Outstanding streams raise ModelError."""
        ...
