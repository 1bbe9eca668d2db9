"""Chat templates cut into pieces, so that a conversation can grow without being written anew.

A template is rendered once per day with placeholders as contents and cut at them. What stands between the
placeholders is template text, tokenized with its control tokens; message contents are put between the pieces
and never pass through the template. The template comes from the model file: it is a program by a stranger,
and runs in a sandboxed environment under limits of time and memory.
"""

from __future__ import annotations

import json
import secrets
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from jinja2 import nodes
from jinja2.exceptions import SecurityError
from jinja2.ext import Extension, loopcontrols
from jinja2.parser import Parser
from jinja2.sandbox import ImmutableSandboxedEnvironment

from engine.types import Message

RENDER_SECONDS = 2.0
RENDER_BYTES = 256 << 20
MAX_REPEAT = 1 << 20  # items of one `text * number`
MAX_TEMPLATE = 1 << 20  # characters
# The markers of thought that families use; replies show all of them as <think> and </think>.
THINK_OPEN = (
    *("<think>", "[THINK]", "<|channel>", "<|START_THINKING|>", "<seed:think>", "<mm:think>"),
    "<think:opensource>",
)
THINK_CLOSE = (
    *("</think>", "[/THINK]", "<channel|>", "<|END_THINKING|>", "</seed:think>", "</mm:think>"),
    "</think:opensource>",
)


class TemplateError(Exception):
    """A template that cannot be used; the message ends the sentence "its chat template ..."."""


@dataclass(frozen=True, slots=True)
class Pieces:
    """Template text around the contents of a conversation.

    `opening_system` + system + `system_user` + user, or `opening_user` + user; then `reply` opens an answer
    about to be written, `history` one that was written before; `next_user` closes it and opens the next user
    message. `folds_system`: there is no system role, its text goes in front of the first user message;
    `drops_system`: the model was trained without one and says so (see NO_SYSTEM), so it is left out.
    `opens_thinking`: the answer begins inside a thought. `harmony`: answers come in channels. `stops`: texts
    that end an answer, for templates whose markers are no tokens of the model.
    """

    opening_system: str
    system_user: str
    opening_user: str
    reply: str
    history: str
    next_user: str
    folds_system: bool = False
    drops_system: bool = False
    opens_thinking: bool = False
    harmony: bool = False
    stops: tuple[str, ...] = ()


NO_SYSTEM = "{# no system message #}"  # a template with this comment belongs to a model that needs none


GENERIC = Pieces(
    opening_system="<|im_start|>system\n",
    system_user="<|im_end|>\n<|im_start|>user\n",
    opening_user="<|im_start|>user\n",
    reply="<|im_end|>\n<|im_start|>assistant\n",
    history="<|im_end|>\n<|im_start|>assistant\n",
    next_user="<|im_end|>\n<|im_start|>user\n",
    stops=("<|im_end|>", "<|im_start|>"),
)


def cut_template(source: str, *, bos: str = "", eos: str = "", day: date | None = None) -> Pieces:
    """Render a Jinja chat template with placeholders and cut it into pieces.

    `bos` and `eos` are the texts of these tokens; `day` is what the template sees as today. Raises
    TemplateError when the template is broken, takes too long, or does not show the messages in their order.
    """
    if len(source) > MAX_TEMPLATE:
        raise TemplateError("is longer than any real one")
    render = _renderer(source, bos, eos, day or date.today())
    marks = [f"MARK{secrets.token_hex(8)}" for _ in range(6)]
    users = [("user", marks[1]), ("assistant", marks[2]), ("user", marks[3]), ("assistant", marks[4])]
    users.append(("user", marks[5]))
    alone = _cut(render([users[0]]), marks[1:2])
    try:
        whole = _cut(render([("system", marks[0]), *users]), marks)
        opening_system, system_user, *between, reply = whole
        folds = False
    except TemplateError:
        _, *between, reply = _cut(render(users), marks[1:])
        opening_system, system_user, folds = "", "", True
    return Pieces(
        opening_system=opening_system,
        system_user=system_user,
        opening_user=alone[0],
        reply=reply,
        history=between[2],
        next_user=between[3],
        folds_system=folds and NO_SYSTEM not in source,
        drops_system=NO_SYSTEM in source,
        opens_thinking=reply.rstrip().endswith(THINK_OPEN),
        harmony="<|channel|>" in source and "<|message|>" in source,
    )


def normalise(messages: Sequence[Message], pieces: Pieces) -> list[Message]:
    """Bring messages into the form that the template takes: one system message first if at all, then user
    and assistant in turns, beginning with the user. Neighbours of one role become one message.
    """
    system: list[str] = []
    turns: list[Message] = []
    for message in messages:
        role = message.role
        if role == "system":
            if not turns:
                system.append(message.content)
                continue
            role = "user"
        if turns and turns[-1].role == role:
            turns[-1] = Message(role, f"{turns[-1].content}\n\n{message.content}")
        else:
            turns.append(Message(role, message.content))
    if not turns or turns[0].role != "user":
        turns.insert(0, Message("user", ""))
    if turns[-1].role == "assistant":
        turns.append(Message("user", ""))
    if not system or pieces.drops_system:
        return turns
    text = "\n\n".join(system)
    if pieces.folds_system:
        first = turns[0].content
        return [Message("user", f"{text}\n\n{first}" if first else text), *turns[1:]]
    return [Message("system", text), *turns]


def piece_before(pieces: Pieces, previous: str | None, role: str) -> str:
    """Return the template text between a message of role `previous` (None at the start) and the next one."""
    if role == "system":
        return pieces.opening_system
    if role == "assistant":
        return pieces.history
    if previous is None:
        return pieces.opening_user
    return pieces.system_user if previous == "system" else pieces.next_user


def _cut(text: str, marks: Sequence[str]) -> list[str]:
    """Split a rendered text at the placeholders. Raises TemplateError unless each is there once, in order."""
    found = []
    for mark in marks:
        before, mark_found, text = text.partition(mark)
        if not mark_found or mark in text:
            raise TemplateError("does not show the messages one after the other")
        found.append(before)
    return [*found, text]


class _Sandbox(ImmutableSandboxedEnvironment):
    """Jinja's sandbox, which also refuses to multiply texts without bound."""

    intercepted_binops = frozenset(["*", "**"])

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        if operator == "**" or any(
            isinstance(side, int) and abs(side) > MAX_REPEAT for side in (left, right)
        ):
            raise SecurityError("a number too large")
        for side, times in ((left, right), (right, left)):
            if isinstance(side, str | list | tuple) and len(side) * times > MAX_REPEAT:
                raise SecurityError("a text too long")
        return super().call_binop(context, operator, left, right)


class _Generation(Extension):
    """`{% generation %}` marks the assistant's text for training; here it changes nothing."""

    tags = {"generation"}  # noqa: RUF012 - Jinja reads it from the class

    def parse(self, parser: Parser) -> nodes.Node | list[nodes.Node]:
        next(parser.stream)
        return parser.parse_statements(("name:endgeneration",), drop_needle=True)


def _renderer(source: str, bos: str, eos: str, day: date) -> Callable[[list[tuple[str, str]]], str]:
    """Compile a template as Hugging Face's `apply_chat_template` does; tools stay undefined."""

    def raise_exception(message: str) -> None:
        raise TemplateError(f"refuses the conversation ({str(message)[:120]})")

    environment = _Sandbox(trim_blocks=True, lstrip_blocks=True, extensions=[loopcontrols, _Generation])
    environment.filters["tojson"] = lambda value, **options: json.dumps(value, ensure_ascii=False, **options)
    environment.globals["raise_exception"] = raise_exception
    noon = datetime(day.year, day.month, day.day, 12)
    environment.globals["strftime_now"] = noon.strftime

    def render(turns: list[tuple[str, str]]) -> str:
        messages = [{"role": role, "content": content} for role, content in turns]
        with _limited():
            return template.render(
                messages=messages, add_generation_prompt=True, bos_token=bos, eos_token=eos, now=noon
            )

    with _errors():
        template = environment.from_string(source)

    def guarded(turns: list[tuple[str, str]]) -> str:
        with _errors():
            return render(turns)

    return guarded


@contextmanager
def _errors() -> Iterator[None]:
    try:
        yield
    except TemplateError:
        raise
    except MemoryError:
        raise TemplateError("needs too much memory") from None
    except RecursionError:
        raise TemplateError("is nested too deeply") from None
    except Exception as error:  # a stranger's program may raise anything
        raise TemplateError(f"fails ({type(error).__name__}: {str(error)[:120]})") from error


@contextmanager
def _limited() -> Iterator[None]:
    """Stop Python code in this block after RENDER_SECONDS of its own work, or once it has taken RENDER_BYTES.

    A trace function works in every thread and on every system, and it is gone when the block ends.
    """
    deadline = time.thread_time() + RENDER_SECONDS
    most = _peak_bytes() + RENDER_BYTES

    def trace(frame: Any, event: str, argument: Any) -> Any:
        if time.thread_time() > deadline:
            raise TemplateError(f"takes longer than {RENDER_SECONDS:g} seconds")
        if _peak_bytes() > most:
            raise TemplateError("needs too much memory")
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        yield
    finally:
        sys.settrace(before)


def _peak_bytes() -> int:
    """Return the most memory this process has held; 0 where the system does not tell."""
    if sys.platform == "win32":
        return 0
    import resource  # absent on Windows

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
