"""Sessions: a first run and its follow-ups. Listed, searched, renamed, deleted."""

from __future__ import annotations

from typing import Any

from app.errors import Conflict, NotFound
from app.live.broadcast import Hub
from app.live.trace import head
from engine.errors import InputError
from engine.store import Store
from engine.types import Json

MOST = 1000  # sessions of one answer
ANSWER_BYTES = 400
TITLE_CHARS = 200

Hits = dict[str, list[Json]]  # by session


class Sessions:
    """Thread-safe. A session has the id of its first run."""

    def __init__(self, store: Store, hub: Hub):
        self._store, self._hub = store, hub

    def list(self, query: str = "", corpus: str | None = None, limit: int = 100) -> list[Json]:
        """Newest first, or those in which `query` stands: in questions, answers, code, outputs or titles.

        [{"id", "title", "question", "answer": its head, "status", "corpus", "corpus_name", "model": name, "started",
        "seconds", "forced", "forked", "runs": [ids], "hits": [{"run", "node", "kind", "seq", "excerpt", "marks": [[start, end]]}]}],
        where question, started and forked are those of the first run, answer, status and forced those of the last.
        """
        limit = max(1, min(MOST, limit))
        titles = self._store.titles()
        hits: Hits = {}
        if query.strip():
            hits = self._hits(query, titles, limit if corpus is None else MOST)
        found = []
        for session, runs in self._store.sessions(list(hits) if query.strip() else None, corpus, limit):
            found.append(_session(session, runs, titles.get(session, ""), hits.get(session, [])))
        return found

    def _hits(self, query: str, titles: dict[str, str], most: int) -> Hits:
        hits: Hits = {}
        wanted = query.casefold().split()
        for session, title in titles.items():
            if all(word in title.casefold() for word in wanted):
                whole = {"kind": "title", "excerpt": title, "marks": []}
                hits[session] = [{"run": session, "node": "0", "seq": 0, **whole}]
        for hit in self._store.find(query, most):
            marks = [list(mark) for mark in hit.marks]
            place = {"run": hit.run, "node": hit.node, "kind": hit.kind, "seq": hit.seq}
            hits.setdefault(hit.session, []).append({**place, "excerpt": hit.excerpt, "marks": marks})
        return hits

    def thread(self, session: str) -> Json:
        """The questions of a session, oldest first, with the heads of their answers. Raises NotFound.

        {"id", "title", "runs": [{"run", "question", "answer", "status", "started"}]}
        """
        runs = self._store.session(session)
        if not runs:
            raise NotFound(f"There is no session {session!r}; it may have been deleted.")
        told = [
            {
                **{name: run[name] for name in ("run", "question", "status", "started")},
                "answer": None if run["answer"] is None else head(run["answer"], ANSWER_BYTES),
            }
            for run in runs
        ]
        return {"id": session, "title": self._store.titles().get(session, ""), "runs": told}

    def rename(self, session: str, title: str) -> str:
        """Give a session a title, on one line; "" takes it away. Returns it as stored. Raises NotFound."""
        title = " ".join(title.split())[:TITLE_CHARS].strip()
        try:
            self._store.name_session(session, title)
        except InputError as error:
            raise NotFound(str(error)) from error
        self._hub.tell("runs", session=session, title=title)
        return title

    def delete(self, session: str) -> Json:
        """Delete all runs of a session; return a receipt. Raises NotFound, Conflict while one of them runs."""
        runs = self._store.session(session)
        if not runs:
            raise NotFound(f"There is no session {session!r}; it may have been deleted.")
        if any(run["status"] == "running" for run in runs):
            raise Conflict("A run of this session is still going on. Stop it first, then delete the session.")
        receipt = self._store.delete_session(session)
        self._hub.tell("runs", session=session, status="deleted")
        return receipt


def _session(session: str, runs: list[dict[str, Any]], title: str, hits: Json) -> Json:
    first, last = runs[0], runs[-1]
    model = last["model"]
    return {
        "id": session,
        "title": title,
        "question": first["question"],
        "answer": None if last["answer"] is None else head(last["answer"], ANSWER_BYTES),
        "status": last["status"],
        "forced": last["forced"],
        "forked": first["forked"],
        "corpus": last["corpus"],
        "corpus_name": last["corpus_name"],
        "model": model.get("name") if isinstance(model, dict) else None,
        "started": first["started"],
        "seconds": sum(run["seconds"] or 0.0 for run in runs),
        "runs": [run["run"] for run in runs],
        "hits": hits,
    }
