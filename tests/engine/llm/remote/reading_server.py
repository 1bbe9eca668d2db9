"""What a model on a server makes of prompts: it reads what arrives, which some servers make less than was sent."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Literal

from tests.engine.llm.remote.openai_server import pieces

Cut = Literal["head", "middle", "tail", "refuse"]
Counts = Literal["what is left", "what was sent", "nothing", "what was not cached"]


def tokens_of(text: str) -> list[str]:
    """A tokenizer of about four bytes a token."""
    return re.findall(r" ?[A-Za-z]{1,5}|\d|\s|[^\sA-Za-z\d]", text)


def words_of(text: str) -> list[str]:
    """One that knows all words."""
    return re.findall(r"\S+\s*|\s", text)


class Reader:
    """The `answer` of an OpenAiServer with a window of `window` tokens.

    Asked for code words it names those that it sees; `names` says which of them it can, given all of them and the number of
    characters between.
    Otherwise its reply is the first and the last word of what it sees.
    """

    def __init__(
        self,
        window: int,
        cut: Cut = "refuse",
        counts: Counts = "what is left",
        *,
        tokens: Callable[[str], list[str]] = tokens_of,
        names: Callable[[list[str], int], list[str]] = lambda words, seen: words,
    ):
        self.window, self.cut, self.counts = window, cut, counts
        self.tokens, self.names = tokens, names
        self.cached: list[str] = []

    def __call__(self, request: dict[str, Any]) -> Any:
        text = "\n".join(message["content"] for message in request["messages"])
        sent = self.tokens(text)
        if len(sent) > self.window and self.cut == "refuse":
            error = (
                f"maximum context length is {self.window} tokens, however you requested {len(sent)} tokens"
            )
            return 400, {"error": {"message": error}}
        read = self._left(sent)
        return pieces(self._reply("".join(read)), usage=self._usage(sent, read))

    def _left(self, sent: list[str]) -> list[str]:
        over = len(sent) - self.window
        if over <= 0:
            return sent
        if self.cut == "tail":
            return sent[: self.window]
        first = self.window // 2 if self.cut == "middle" else 4
        return sent[:first] + sent[first + over :]

    def _reply(self, text: str) -> str:
        if "code words" not in text:
            words = text.split()
            return f"{words[0]} ... {words[-1]}"
        return ", ".join(self.names(re.findall(r"Code word \d: (\w+)\n", text), len(text)))

    def _usage(self, sent: list[str], read: list[str]) -> dict[str, int] | None:
        counted = {"what is left": len(read), "what was sent": len(sent), "what was not cached": 0}
        if self.counts == "what was not cached":
            same = next((n for n, (a, b) in enumerate(zip(self.cached, read, strict=False)) if a != b), None)
            same = min(len(self.cached), len(read)) if same is None else same
            counted[self.counts] = max(1, len(read) - same)
            self.cached = read
        if self.counts == "nothing":
            return None
        return {"prompt_tokens": counted[self.counts], "completion_tokens": 5, "total_tokens": 0}
