"""What other programs do with the library and the runs of a workbench, by MCP and by Gradio. No word of a protocol.

What documents say comes back as values of JSON, in fields that are named for it, and never becomes a description.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import TYPE_CHECKING

from app.errors import NotFound
from app.programs import following, names
from app.programs.openai.requests import clean
from engine.errors import InputError
from engine.types import Json

if TYPE_CHECKING:
    from app.workbench import Workbench

MOST_CHARS = 60_000  # of the text of one answer
LOADING_SECONDS = 1.0  # between two looks whether the model is there


class Tools:
    """Thread-safe; all but `ask` return at once. `workbench` is started elsewhere."""

    def __init__(self, workbench: Workbench):
        self._workbench = workbench
        self._library = workbench.library

    def list_corpora(self) -> Json:
        """{"corpora": [{"corpus", "name", "documents", "characters", "not_read"}]}"""
        cards = names.named(self._library.cards())
        return {
            "corpora": [
                {
                    "corpus": name.removeprefix(names.PREFIX),
                    "name": card["name"],
                    "documents": card["documents"],
                    "characters": card["chars"],
                    "not_read": card["skipped"],
                }
                for name, card in cards.items()
            ]
        }

    def search(self, corpus: str, words: str, limit: int) -> Json:
        """{"hits": [{"document", "name", "line", "page", "cell", "text"}]}, best first. Raises NotFound, InputError."""
        if not words.strip():
            raise InputError("No words to search for were given.")
        found = self._library.documents.search(self.card(corpus)["id"], clean(words), limit)
        kept = ("document", "name", "line", "page", "cell", "text")
        return {"hits": [{key: hit[key] for key in kept} for hit in found["hits"]]}

    def open_source(self, corpus: str, document: str, line: int, lines: int) -> Json:
        """The text of a document around a line: {"document", "name", "lines", "from", "to", "text"}, lines numbered.

        `document` is a number or a name as `search` gives them, or the end of a name; what may be both is the number.
        Raises NotFound.
        """
        opened = self._library.documents.open(self.card(corpus)["id"]).corpus
        number = int(document) if document.isdecimal() and len(document) < 10 else -1
        try:
            piece = opened.document(number if number in opened.numbers else document)
        except KeyError as error:
            raise NotFound(f"There is {error.args[0]}.") from error
        first = max(1, line - lines // 3)
        shown = str(piece).split("\n")[first - 1 : first - 1 + lines]
        text = "\n".join(f"{number}: {words}" for number, words in enumerate(shown, first))
        cut = text[:MOST_CHARS]
        return {
            "document": piece.id,
            "name": piece.name,
            "lines": str(piece).count("\n") + 1,
            "from": first,
            "to": first + cut.count("\n") if cut else first,
            "cut": len(text) > len(cut),
            "text": cut,
        }

    async def ask(
        self, corpus: str, question: str, follows: str | None, settings: dict[str, Json]
    ) -> AsyncGenerator[str | Json, None]:
        """What happens, a line each, and at last the row of the run. Who leaves earlier stops the run. Raises TaprootError.

        Close it (`contextlib.aclosing`). `settings` as in `app.runs.service.Runs.start`.
        """
        card = await asyncio.to_thread(self.card, corpus)
        async for line in self.loading():
            yield line
        if follows is not None:
            names.check_follows(await asyncio.to_thread(self._workbench.runs.row, clean(follows)), card)
        run = await following.begin(self._workbench, clean(question), card["id"], settings, follows)
        async with aclosing(following.steps(self._workbench, run)) as steps:
            async for line in steps:
                if line:
                    yield line
        yield await asyncio.to_thread(self._workbench.runs.row, run)

    async def loading(self) -> AsyncGenerator[str, None]:
        """A line each second until no model is on its way."""
        while self._workbench.models.loading():
            yield "the model is being loaded"
            await asyncio.sleep(LOADING_SECONDS)

    def card(self, corpus: str) -> Json:
        """The card of a corpus that is named as `list_corpora` does, or by an id. Raises NotFound."""
        return names.find(self._library.cards(), clean(corpus))
