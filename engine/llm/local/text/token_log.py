"""Conversations as append-only lists of tokens: what was evaluated and sampled stays, new messages are added.

Rendering a conversation anew each turn would change its past under most templates (thinking is removed, dates
move), and so waste the cache. A log is written anew only when the messages themselves changed, or when it no
longer fits the window.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Protocol

from engine.llm.local.cache.saved_sequences import below
from engine.llm.local.text.template import Pieces, normalise, piece_before
from engine.types import Message

MAX_LOGS = 512


class Tokenizer(Protocol):
    """What a log needs of a vocabulary."""

    bos: int
    adds_bos: bool

    def template(self, text: str) -> list[int]: ...

    def content(self, text: str) -> list[int]: ...


@dataclass(slots=True)
class Log:
    """Tokens of one conversation. `ends[i]` is the number of tokens up to the end of message i's content."""

    pieces: Pieces
    turns: list[Message] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)
    tokens: list[int] = field(default_factory=list)

    @property
    def starts(self) -> list[int]:
        """Lengths of what other conversations begin with too: the system message."""
        return self.ends[:1] if self.turns and self.turns[0].role == "system" else []


@dataclass(frozen=True, slots=True)
class Prompt:
    """The tokens of a request. `extended`: they continue the conversation's log."""

    tokens: list[int]
    extended: bool
    log: Log


class Logs:
    """The logs of all conversations, the least recently used given up first.

    One thread makes prompts; another may add the reply of a prompt it was given.
    """

    def __init__(self, tokenizer: Tokenizer, pieces: Callable[[date], Pieces], window: int):
        self._tokenizer = tokenizer
        self._pieces = pieces
        self._window = window
        self._logs: OrderedDict[str, Log] = OrderedDict()

    def prompt(self, key: str, messages: Sequence[Message], day: date, max_tokens: int) -> Prompt:
        """Turn messages into tokens, continuing the log of `key` as far as it agrees with them.

        Where the continued log leaves less than `max_tokens` of the window, the conversation is written anew
        if that is shorter (thinking of earlier turns goes).
        """
        old = self._logs.get(key)
        if old is not None:
            log, extended = self._continue(old, messages)
            if len(log.tokens) + max_tokens <= self._window:
                return self._keep(key, log, extended)
        fresh = self.fresh(messages, old.pieces if old else self._pieces(day))
        if old is not None and len(fresh.tokens) >= len(log.tokens):
            return self._keep(key, log, extended)
        return self._keep(key, fresh, False)

    def fresh(self, messages: Sequence[Message], pieces: Pieces) -> Log:
        """Write a conversation from its start."""
        return self._extend(Log(pieces), normalise(messages, pieces))

    def add_reply(self, prompt: Prompt, sampled: Sequence[int], text: str) -> None:
        """Append a reply to the log of its prompt: exactly the tokens sampled, and the text they stand for."""
        prompt.log.tokens = prompt.tokens + list(sampled)
        prompt.log.turns.append(Message("assistant", text))
        prompt.log.ends.append(len(prompt.log.tokens))

    def forget(self, conversation: str) -> None:
        """Drop the logs of a conversation that has ended, and of those below it."""
        for key in [key for key in self._logs if below(key, conversation)]:
            del self._logs[key]

    def _keep(self, key: str, log: Log, extended: bool) -> Prompt:
        if key:
            self._logs[key] = log
            self._logs.move_to_end(key)
            while len(self._logs) > MAX_LOGS:
                self._logs.popitem(last=False)
        return Prompt(log.tokens, extended, log)

    def _continue(self, old: Log, messages: Sequence[Message]) -> tuple[Log, bool]:
        turns = normalise(messages, old.pieces)
        same = 0
        for before, now in zip(old.turns, turns, strict=False):
            if not _same(before, now):
                break
            same += 1
        same = min(same, len(turns) - 1)
        kept = old.ends[same - 1] if same else 0
        log = Log(old.pieces, old.turns[:same], old.ends[:same], old.tokens[:kept])
        return self._extend(log, turns), same == len(old.turns)

    def _extend(self, log: Log, turns: list[Message]) -> Log:
        """Append the messages that the log does not hold yet, then open the reply."""
        tokenizer = self._tokenizer
        for number in range(len(log.turns), len(turns)):
            turn = turns[number]
            previous = turns[number - 1].role if number else None
            log.tokens += tokenizer.template(piece_before(log.pieces, previous, turn.role))
            if number == 0 and tokenizer.adds_bos and log.tokens[:1] != [tokenizer.bos]:
                log.tokens.insert(0, tokenizer.bos)
            text = without_thinking(turn.content) if turn.role == "assistant" else turn.content
            log.tokens += tokenizer.content(text)
            log.turns.append(turn)
            log.ends.append(len(log.tokens))
        log.tokens += tokenizer.template(log.pieces.reply)
        return log


def without_thinking(text: str) -> str:
    """Return a reply without its leading thought, as templates write earlier answers."""
    if not text.lstrip().startswith("<think>"):
        return text
    _, closed, rest = text.partition("</think>")
    return rest.lstrip() if closed else ""


def _same(before: Message, now: Message) -> bool:
    """Whether a message of the log is the one now given; a reply may come back without its thought."""
    if before == now:
        return True
    if before.role != "assistant" or now.role != "assistant":
        return False
    return without_thinking(before.content).strip() == without_thinking(now.content).strip()
