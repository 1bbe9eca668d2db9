"""What a set-up tells: its progress, on stderr, for stdout belongs to the command; and what it ends with."""

import sys
import time


class Problem(Exception):
    """A set-up stopped. The message says what happened, to which thing, and what to do next."""


def say(text: str) -> None:
    """Print one line of progress."""
    print("taproot: " + text, file=sys.stderr, flush=True)


class Progress:
    """How far a long step is: one line that is rewritten on a terminal, elsewhere a line for each tenth."""

    def __init__(self, what: str) -> None:
        """`what` begins the line, as "compiling llama.cpp"."""
        self._what = what
        self._started = time.monotonic()
        self._tenth = -1
        self._on_terminal = sys.stderr.isatty()

    def show(self, done: int, total: int) -> None:
        """Say that `done` of `total` pieces are finished."""
        seconds = int(time.monotonic() - self._started)
        elapsed = f"{seconds // 60}:{seconds % 60:02d}"
        text = f"{self._what}: {100 * done // total} % ({done} of {total}), {elapsed}"
        if self._on_terminal:
            print("\r\033[Ktaproot: " + text, end="", file=sys.stderr, flush=True)
        elif 10 * done // total > self._tenth:
            self._tenth = 10 * done // total
            say(text)

    def close(self) -> None:
        """Leave the line, so that what is printed next begins a new one."""
        if self._on_terminal:
            print(file=sys.stderr, flush=True)
