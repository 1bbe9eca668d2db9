"""The model process that says a quarter is loaded, and then nothing for ever, where the file is called slow."""

from __future__ import annotations

import threading

from engine.llm.local import process
from engine.llm.local.process import Server
from engine.sandbox.frames import Writer
from engine.types import Json


class Slow(Server):
    """Loads all files but those."""

    def __init__(self, order: Json, writer: Writer):
        if "slow" in order["path"].rpartition("/")[2]:
            writer.send({"progress": 0.25})
            threading.Event().wait()
        super().__init__(order, writer)


if __name__ == "__main__":
    process.Server = Slow  # type: ignore[misc]
    process.main()
