"""What a run is doing and what it has spent, reckoned from its compact events and live text. Pure."""

from __future__ import annotations

from collections import deque

from engine.store.log.trace import Compact

WINDOW = 4.0  # seconds over which the speed of writing is measured
CHARS_PER_TOKEN = 3.5  # where the model's own mean is not known
DOING = {
    "reading": "the model reads",
    "writing": "the model writes",
    "cell": "a cell runs",
    "between": "the cell is prepared",
}


class Progress:
    """Fold events with `take`, live text with `draft`; all else tells how things stand. Moments are Unix seconds."""

    def __init__(self, chars_per_token: float = CHARS_PER_TOKEN):
        self.tokens = 0  # read and written
        self.calls = 0
        self.limit: float | None = None  # seconds, once somebody changed the time limit
        self.before = 0.0  # seconds of work before the run was resumed; limits count from there
        self.ended: float | None = None
        self._chars_per_token = chars_per_token
        self._last = 0
        self._began: float | None = None
        self._worked = 0.0
        self._nodes = 0
        self._turn = 0
        self._doing: dict[str, str] = {}  # node -> a key of DOING
        self._open: dict[str, tuple[int, int]] = {}  # node -> (asked, answered) of its call
        self._parent: dict[str, str | None] = {}
        self._written: deque[tuple[float, int]] = deque()  # (moment, characters) of live text

    def take(self, event: Compact) -> None:
        """Fold the next event; one that was taken already changes nothing."""
        if event["s"] <= self._last:
            return
        self._last = event["s"]
        if self._began is None:
            self._began = event["ts"]
        node = event["n"]
        match event["k"]:
            case "node":
                self._nodes += 1
                self._parent[node] = event.get("p")
                self._doing[node] = "reading"
            case "turn":
                if node == "0":
                    self._turn = event["i"]
                self._doing[node] = "reading"
            case "reply":
                self.tokens += event.get("tok", 0) + event.get("in", 0)
                self._doing[node] = "between"
            case "cell":
                self._doing[node] = "cell"
            case "call":
                asked = event.get("m", 1)
                self.calls += asked
                self._open[node] = (asked, 0)
                self._doing[node] = "calls"
            case "ret":
                self._open.pop(node, None)
                self._doing[node] = "cell"
            case "done":
                self._doing[node] = "between"
            case "note":
                self.limit = event.get("lim", self.limit)
            case "end":
                self._doing.pop(node, None)
                self._answered(self._parent.get(node))
            case "again":
                self.before = self._worked
                self._began = event["ts"] - self.before
                self.ended = self.limit = None
                self.tokens = self.calls = 0
            case "fin":
                self.ended = event["ts"]
                self._worked = event.get("sec", event["ts"] - self._began)
                self._doing.clear()

    def _answered(self, caller: str | None) -> None:
        if caller in self._open:
            asked, answered = self._open[caller]
            self._open[caller] = (asked, min(asked, answered + 1))

    def draft(self, node: str, characters: int, now: float) -> None:
        """A node wrote so many characters more."""
        self._doing[node] = "writing"
        self._written.append((now, characters))
        while self._written[0][0] < now - WINDOW:
            self._written.popleft()

    def rate(self, now: float) -> float | None:
        """Tokens per second that are being written; None when nothing is."""
        recent = [(at, size) for at, size in self._written if at >= now - WINDOW]
        if self.ended is not None or "writing" not in self._doing.values() or len(recent) < 2:
            return None
        span = max(0.4, now - recent[0][0])
        return sum(size for _, size in recent) / self._chars_per_token / span

    def seconds(self, now: float) -> float:
        """Seconds of work so far."""
        return 0.0 if self._began is None else max(0.0, (self.ended or now) - self._began)

    @property
    def phase(self) -> str:
        """A few words for what goes on; "" once the run has ended."""
        if self.ended is not None:
            return ""
        asked = sum(call[0] for call in self._open.values())
        answered = sum(call[1] for call in self._open.values())
        now = DOING.get(self._doing.get("0", ""), "")
        if asked:
            now = f"{answered} of {asked} sub-call{'' if asked == 1 else 's'} answered"
        turn = f"Turn {self._turn}" if self._turn else ""
        return " · ".join(part for part in (turn, now) if part) or "Starting"
