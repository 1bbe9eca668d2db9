"""What a program asks of /v1/chat/completions, read from the bytes it sent. Pure; nothing in them is believed."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any, NoReturn

from engine.errors import TaprootError
from engine.types import Json

MOST_BYTES = 4 << 20  # of a request
MOST_MESSAGES = 2000
MOST_SEED = 1_000_000_000
SHOWN = 20  # parameters that are named as ignored
ROLES = ("system", "developer", "user", "assistant", "tool", "function")
REFUSED = {  # parameters whose answer would be another than the one asked for, and what they are called
    "tools": "tools",
    "functions": "functions",
    "logprobs": "log probabilities",
    "top_logprobs": "log probabilities",
    "audio": "audio",
    "web_search_options": "a search of the web",
}
KNOWN = {"model", "messages", "stream", "stream_options", "temperature", "seed", "n", "taproot", *REFUSED}
NEUTRAL = {"tool_choice": ("none", "auto"), "function_call": ("none", "auto"), "modalities": (["text"],)}


class Refusal(TaprootError):
    """A request that is not answered: its HTTP status, the parameter that is wrong, and OpenAI's code for it."""

    def __init__(self, message: str, param: str | None = None, *, status: int = 400, code: str | None = None):
        super().__init__(message)
        self.status, self.param, self.code = status, param, code


@dataclass(frozen=True, slots=True)
class Asked:
    """A request. `earlier` are the questions before with what was answered, None where that is not said.

    `settings` are those of `app.runs.service.to_settings`; `usage`: the tokens are wanted at the end of a stream;
    `ignored` names what was sent and changes nothing.
    """

    model: str
    question: str
    earlier: tuple[tuple[str, str | None], ...] = ()
    settings: dict[str, Json] = field(default_factory=dict)
    follows: str | None = None
    stream: bool = False
    usage: bool = False
    ignored: tuple[str, ...] = ()


def read(body: bytes) -> Asked:
    """Read the body of a request. Raises Refusal."""
    value = _json(body)
    if not isinstance(value, dict):
        raise Refusal("The body has to be a JSON object with model and messages.")
    value = {name: found for name, found in value.items() if found is not None}
    for name, what in REFUSED.items():
        if value.get(name):
            raise Refusal(
                f"Taproot has no {what}: it answers from documents with its own cells. Leave {name} out.",
                name,
                code="unsupported_parameter",
            )
    model = value.get("model")
    if not isinstance(model, str) or not model.strip():
        raise Refusal("model has to name a corpus, as GET /v1/models lists them.", "model")
    if not _is_whole(n := value.get("n", 1)) or n != 1:
        raise Refusal("Taproot gives one answer to a question; leave n out.", "n", code="unsupported_value")
    _check_form(value.get("response_format"))
    stream = _flag(value, "stream")
    options = value.get("stream_options", {})
    if not isinstance(options, dict):
        raise Refusal("stream_options has to be an object.", "stream_options")
    system, exchanges = _conversation(value.get("messages"))
    settings, follows = _settings(value)
    left = [name for name in value if name not in KNOWN and value[name] not in NEUTRAL.get(name, ())]
    left = [name for name in left if name != "response_format"] + ["system messages"] * system
    return Asked(
        model=clean(model),
        question=exchanges[-1][0],
        earlier=tuple(exchanges[:-1]),
        settings=settings,
        follows=follows,
        stream=stream,
        usage=options.get("include_usage") is True,
        ignored=tuple(clean(name)[:60] for name in left[:SHOWN]),
    )


def clean(text: str) -> str:
    """Text as it can be stored: without NUL, and without halves of characters."""
    return re.sub("[\0\ud800-\udfff]", "\N{REPLACEMENT CHARACTER}", text)


def _json(body: bytes) -> Json:
    try:
        return json.loads(body.decode("utf-8-sig"), parse_constant=_no_number)
    except UnicodeDecodeError:
        raise Refusal("The body is not UTF-8.") from None
    except RecursionError:
        raise Refusal("The body is nested too deeply.") from None
    except ValueError as error:
        raise Refusal(f"The body is not JSON: {clean(str(error))[:200]}.") from None


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number")


def _conversation(messages: Json) -> tuple[bool, list[tuple[str, str | None]]]:
    """Whether there are system messages; the questions with their answers, the last of which is asked now."""
    if not isinstance(messages, list) or not messages:
        raise Refusal("messages has to be a list that ends with the question, a user message.", "messages")
    if len(messages) > MOST_MESSAGES:
        raise Refusal(f"At most {MOST_MESSAGES:,} messages can be sent; leave out the oldest.", "messages")
    system, role, found = False, None, list[tuple[str, str | None]]()
    for number, message in enumerate(messages):
        where = f"messages[{number}]"
        role = message.get("role") if isinstance(message, dict) else None
        if role not in ROLES:
            raise Refusal(f"{where} has to be an object whose role is one of {', '.join(ROLES)}.", where)
        text = _text(message.get("content"), where, optional=role != "user")
        if role == "user":
            found.append((text, None))
        elif role == "assistant" and found:
            question, before = found[-1]
            found[-1] = (question, text if before is None else before + text)
        system = system or role in ("system", "developer")
    if role != "user":
        raise Refusal("The last message has to be the question, with the role user.", "messages")
    if not found[-1][0].strip():
        raise Refusal("The question is empty; write what you want to know.", "messages")
    return system, found


def _text(content: Json, where: str, *, optional: bool) -> str:
    if isinstance(content, str):
        return clean(content)
    if content is None and optional:
        return ""
    if not isinstance(content, list):
        raise Refusal(f"The content of {where} has to be text.", f"{where}.content")
    texts = []
    for part in content:
        text = part.get("text") if isinstance(part, dict) and part.get("type") == "text" else None
        if not isinstance(text, str):
            raise Refusal(
                f"Taproot takes text alone, and {where} holds something else. Pictures and files become readable "
                "as documents of the library.",
                f"{where}.content",
                code="unsupported_value",
            )
        texts.append(text)
    return clean("\n".join(texts))


def _settings(value: dict[str, Any]) -> tuple[dict[str, Json], str | None]:
    """Settings of the run, and the run that `taproot` says the question follows."""
    own = value.get("taproot", {})
    if not isinstance(own, dict):
        raise Refusal('taproot has to be an object, as in {"max_seconds": 120}.', "taproot")
    settings = {clean(name): found for name, found in own.items() if name != "follows"}
    follows = own.get("follows")
    if follows is not None and not isinstance(follows, str):
        raise Refusal("taproot.follows has to be the id of a run.", "taproot.follows")
    if "temperature" in value:
        settings["temperature"] = value["temperature"]
    if (seed := value.get("seed")) is not None:
        if not _is_whole(seed):
            raise Refusal("seed has to be a whole number.", "seed")
        settings["seed"] = seed % MOST_SEED
    return settings, None if follows is None else clean(follows)


def _check_form(form: Json) -> None:
    if form is None or (isinstance(form, dict) and form.get("type") == "text"):
        return
    raise Refusal(
        "Taproot answers in text; the parts of an answer are in the field taproot. Leave response_format out.",
        "response_format",
        code="unsupported_value",
    )


def _flag(value: dict[str, Any], name: str) -> bool:
    found = value.get(name, False)
    if not isinstance(found, bool):
        raise Refusal(f"{name} has to be true or false.", name)
    return found


def _is_whole(value: Json) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
