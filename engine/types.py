"""The nouns of a run as frozen values: messages, usage, spans, settings. Pure data, no behaviour."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from typing import Any, Literal

Role = Literal["system", "user", "assistant"]
CallRole = Literal["root", "sub"]  # of a request: a node that writes cells, or a one-shot sub-call that reads
Scope = Literal["root", "sub", "both"]  # of an adapter: the requests that it works for
Json = Any  # what json.dumps takes: None, bool, int, float, str, list, dict with str keys


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a conversation. `content` is plain text; chat-template markers in it are only text."""

    role: Role
    content: str


@dataclass(frozen=True, slots=True)
class Usage:
    """What model calls cost: tokens of the prompts, those taken from cache, tokens written, seconds.

    `first_seconds` is how much of `seconds` passed before the first text; 0 where it was not measured.
    `evaluated_tokens` of the prompts were really read, some again when the memory was short; `queue_seconds`
    passed before `seconds` began, `prefill_seconds` of it until the first token, `decode_seconds` from there.
    """

    calls: int = 0
    prompt_tokens: int = 0
    reused_tokens: int = 0
    completion_tokens: int = 0
    seconds: float = 0.0
    first_seconds: float = 0.0
    evaluated_tokens: int = 0
    queue_seconds: float = 0.0
    prefill_seconds: float = 0.0
    decode_seconds: float = 0.0

    def __add__(self, other: Usage) -> Usage:
        return Usage(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(Usage)))

    @property
    def prefill_rate(self) -> float:
        """Tokens of prompts read per second; 0 where it was not measured."""
        return self.evaluated_tokens / self.prefill_seconds if self.prefill_seconds else 0.0

    @property
    def decode_rate(self) -> float:
        """Tokens written per second, after the first of each reply; 0 where it was not measured."""
        written = self.completion_tokens - self.calls
        return written / self.decode_seconds if self.decode_seconds and written > 0 else 0.0


@dataclass(frozen=True, slots=True)
class Span:
    """Half-open character range [start, end) in the stored text of document number `document` of a corpus."""

    document: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Citation:
    """A source of an answer, checked against the stored text.

    `status`: "exact" when `text` is the stored text of the span; "folded" when it differs only in white
    space, hyphenation or quote glyphs; "missing" when it is not there (`nearest` may hold the closest passage).
    `line` counts from 1; `page` counts from 1 and is None where the format has no pages. `cell` is the address of the cells
    of a workbook that hold the span, as in "Fees!C14" or "Fees!B2:C4", "" where there is none.
    """

    document: int
    name: str
    start: int
    end: int
    line: int
    page: int | None
    text: str
    status: Literal["exact", "folded", "missing"] = "exact"
    nearest: str | None = None
    cell: str = ""


@dataclass(frozen=True, slots=True)
class Sampling:
    """How tokens are drawn. Temperature 0 is greedy.

    `top_k` 0, `min_p` 0 and `penalty` 1 change nothing; `penalty` is on tokens of the reply that came before.
    """

    temperature: float = 0.0
    top_p: float = 0.95
    seed: int = 0
    top_k: int = 0
    min_p: float = 0.0
    penalty: float = 1.0


@dataclass(frozen=True, slots=True)
class Settings:
    """Limits and choices of one run. Seconds are wall time; depth counts levels of children.

    `reply_tokens`: the longest reply; None: see `Run.turn_tokens`. `temperature` None: as the model's publisher
    recommends.
    `max_seconds` is the limit that a run begins with; it can be changed while it runs.
    """

    depth: int = 1
    max_turns: int = 12
    max_calls: int = 200
    max_nodes: int = 64
    max_tokens: int = 1_000_000
    max_seconds: float = 600.0
    cell_seconds: float = 60.0
    reply_tokens: int | None = None
    parallel: int = 4
    temperature: float | None = None
    seed: int = 0


@dataclass(frozen=True, slots=True)
class AdapterInfo:
    """A LoRA adapter that a model was loaded with. `scope`: the requests that it works for; the others are answered
    as if it were not there.
    """

    name: str
    file: str
    scale: float
    fingerprint: str
    scope: Scope = "both"

    def serves(self, role: CallRole) -> bool:
        """Whether requests of a role are answered with this adapter."""
        return self.scope in ("both", role)


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """Facts of the loaded model. `n_ctx` in tokens; `chars_per_token` a measured mean for English text.

    How it was loaded: `pool`: tokens kept in memory; `gpu_layers`: blocks on the GPU; `cache_type`; `threads` of the
    processor for one reply, `burst_threads` for several and for prompts; `batch`: tokens of one step; `slots`:
    replies written at once. `remote`: the address of the server
    that text is sent to, "" for a model on this machine. `adapters` change the weights of the file, and their contents,
    scales and scopes its `fingerprint`.

    What its first tokens showed, in tokens per second: `read_rate`, `write_rate` of one reply, `burst_rate` of
    several together; 0 where it was not measured. `load_seconds` passed until then, `probe_seconds` on them.
    `sampling`: how its publisher says its tokens are to be drawn, greedily where `sampling_source` is "";
    `thinks`: it may think before it answers; `short_readings`: it was taught to read short pieces, without standing
    instructions (its template says so), and is given longer texts piece by piece.
    """

    name: str
    path: str
    fingerprint: str
    n_ctx: int
    chars_per_token: float = 3.5
    architecture: str = ""
    parameters: int = 0
    template: str = "own"
    notices: tuple[str, ...] = ()
    pool: int = 0
    gpu_layers: int = 0
    cache_type: str = ""
    threads: int = 0
    burst_threads: int = 0
    batch: int = 0
    slots: int = 0
    remote: str = ""
    adapters: tuple[AdapterInfo, ...] = ()
    read_rate: float = 0.0
    write_rate: float = 0.0
    burst_rate: float = 0.0
    load_seconds: float = 0.0
    probe_seconds: float = 0.0
    sampling: Sampling = field(default_factory=Sampling)
    sampling_source: str = ""
    thinks: bool = False
    short_readings: bool = False

    @classmethod
    def from_json(cls, value: Json) -> ModelInfo:
        """Take back what `to_json` made of it."""
        adapters = tuple(AdapterInfo(**adapter) for adapter in value.get("adapters", ()))
        sampling = Sampling(**value.get("sampling", {}))
        return cls(
            **{**value, "notices": tuple(value["notices"]), "adapters": adapters, "sampling": sampling}
        )


def to_json(value: Any) -> Json:
    """Turn a dataclass of this module into plain JSON values."""
    return asdict(value)
