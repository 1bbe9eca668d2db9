"""The oracle: writes the replies that the starter is to learn, in the model's place, through the real engine.

It sees the messages that the model will see. From the episode's plan it takes only what a careful reader of
those messages could know: which words of the question name the thing, and which shown line holds the value.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence

from engine.types import Message
from models.starter.episode import NOT_THERE, Episode

HIT = re.compile(r"^\[(\d+)\] (.*)$")
LEAF_END = "\nAnswer from the text above only. If it is not there, say NONE."
HITS = 5


def quoted(text: str) -> str:
    """A Python literal in double quotes."""
    return json.dumps(text, ensure_ascii=False)


def cell(*lines: str) -> str:
    return "```repl\n" + "\n".join(lines) + "\n```"


def name_line(name: str) -> str:
    return f'name = r"(?i)\\b" + r"\\s+".join({quoted(name)}.split()) + r"s?\\b"'


class Oracle:
    """Replies for one episode. Call it with a node id and the messages of a request."""

    def __init__(self, episode: Episode):
        self.episode = episode
        self.plan = episode.plan

    def __call__(self, node: str, messages: Sequence[Message]) -> str:
        talk = [m for m in messages if m.role != "system"]
        last = talk[-1].content
        if not talk[0].content.startswith("Context: "):
            return self.leaf(last)
        if node != "0":
            return self.child(talk, last)
        if len(talk) == 1:
            return FIRST[self.plan["act"]](self, last)
        return SECOND[self.plan["act"]](self, talk, last)

    # --- looking up ---------------------------------------------------------------------------------------

    def search(self, opening: str) -> str:
        return cell(*search_lines(self.plan["name"], self.plan["beside"], opening))

    def read_value(self, talk: Sequence[Message], shown: str) -> str:
        """Finish with the value of the line that holds it; look around a line that is cut; else say no."""
        value, sentence = self.plan.get("value"), self.plan.get("sentence", "")
        if value is None:
            return not_there()
        found = hits_of(talk)
        if len(talk) > 3:
            at = int(re.findall(r"hits\[(\d+)\]", talk[-2].content)[0])
            return final(quoted(value), f"hits[{at}]") if value in " ".join(shown.split()) else not_there()
        for strict in (True, False):
            for at, line in found:
                if value in line and self._is_place(line, sentence, strict):
                    return final(quoted(value), f"hits[{at}]")
        for at, line in found:
            if self.plan["document"] in line and _cut_short(line, sentence):
                return cell(f"print(hits[{at}].around(1))")
        return not_there()

    def _is_place(self, line: str, sentence: str, strict: bool) -> bool:
        if not line.startswith(self.plan["document"] + ":"):
            return False
        if self.plan.get("row"):
            return self.plan["row"] in line.replace(";", ",")
        return not strict or sentence in line

    # --- quoting, counting, listing -----------------------------------------------------------------------

    def quote(self, talk: Sequence[Message], shown: str) -> str:
        for at, line in hits_of(talk):
            if self.plan["topic"].lower() in line.lower():
                return final(f"hits[{at}].text", f"hits[{at}]")
        return not_there()

    def count_documents(self, opening: str) -> str:
        return cell(name_line(self.plan["name"]), "docs = context.matching(name)", "FINAL(len(docs), docs)")

    def count_times(self, opening: str) -> str:
        return cell(name_line(self.plan["name"]), "hits = context.grep(name, None)", "FINAL(len(hits), hits)")

    def list_documents(self, opening: str) -> str:
        return cell(
            name_line(self.plan["name"]),
            "docs = context.matching(name)",
            f"FINAL(docs.names or {quoted(NOT_THERE)}, docs)",
        )

    def whether(self, opening: str) -> str:
        return cell(
            name_line(self.plan["name"]),
            "docs = context.matching(name)",
            'FINAL("yes" if len(docs) else "no", docs)',
        )

    def in_kind(self, opening: str) -> str:
        """Count or list within the documents whose name or first lines name their kind."""
        act = self.plan["act"]
        lines = [kind_line(self.plan["kind"]), name_line(self.plan["name"])]
        if act == "kind lines":
            lines += ["import re", "lines = [x for d in docs for x in d.lines() if re.search(name, x)]"]
            lines.append("FINAL(len(lines), lines)")
        elif act == "kind times":
            lines += ["hits = [h for d in docs for h in d.grep(name, None)]", "FINAL(len(hits), hits)"]
        else:
            lines.append("docs = [d for d in docs if d.count(name)]")
            lines.append(
                "FINAL(len(docs), docs)"
                if act == "kind documents"
                else f"FINAL([d.name for d in docs] or {quoted(NOT_THERE)}, docs)"
            )
        return cell(*lines)

    def values_about(self, opening: str) -> str:
        return cell(
            name_line(self.plan["name"]),
            "docs = context.matching(name)",
            f'hits = docs.grep(r"{self.plan["regex"]}", None)',
            f"FINAL(list(dict.fromkeys(h.match for h in hits)) or {quoted(NOT_THERE)}, hits)",
        )

    def status(self, opening: str) -> str:
        return cell(
            name_line(self.plan["name"]),
            'rows = [h for h in context.grep(name, None) if h.name.endswith(".csv")]',
            "FINAL(len(rows), rows)",
        )

    def values(self, opening: str) -> str:
        return cell(
            f'hits = context.grep(r"{self.plan["regex"]}", None)',
            f"FINAL(list(dict.fromkeys(h.match for h in hits)) or {quoted(NOT_THERE)}, hits)",
        )

    # --- tables -------------------------------------------------------------------------------------------

    def rows(self, opening: str) -> str:
        return cell(name_line(self.plan["name"]), "hits = context.grep(name, None)", "hits")

    def rows_end(self, talk: Sequence[Message], shown: str) -> str:
        if not any(line.startswith(self.plan["document"]) for _, line in hits_of(talk)):
            return not_there()
        act = self.plan["act"]
        lines = ['rows = [h for h in hits if h.name.endswith(".csv")]']
        if act == "rows count":
            lines.append("FINAL(len(rows), rows)")
        elif act == "rows list":
            lines = [
                "import re",
                *lines,
                f'FINAL([re.split("[,;]", h.text)[{self.plan["column"]}] for h in rows], rows)',
            ]
        else:
            lines = ["import re", *lines]
            lines.append(r'total = sum(float(re.findall(r"\b\d+\.\d\d\b", h.text)[0]) for h in rows)')
            lines.append("FINAL(round(total, 2), rows)")
        return cell(*lines)

    # --- fanning out --------------------------------------------------------------------------------------

    def fan(self, opening: str) -> str:
        return cell(
            kind_line(self.plan["noun"]),
            f"hits = [h for d in docs for h in d.search({quoted(self.plan['terms'])}, 3)]",
            f"found = map_query({quoted(self.plan['ask'])}, hits)",
            "pairs, used = {}, []",
            "for h, a in zip(hits, found):",
            '    if a != "NONE" and h.name not in pairs:',
            "        pairs[h.name] = a",
            "        used.append(h)",
            "pairs",
        )

    def deep(self, opening: str) -> str:
        return cell(
            kind_line(self.plan["noun"]),
            f"found = rlm_query_batched({quoted(self.plan['ask'])}, docs)",
            f'pairs = {{d.name: a for d, a in zip(docs, found) if "{NOT_THERE}" not in a}}',
            "used = [d for d in docs if d.name in pairs]",
            "pairs",
        )

    def pairs_end(self, talk: Sequence[Message], shown: str) -> str:
        return not_there() if shown.endswith("{}") else cell("FINAL(pairs, used)")

    def child(self, talk: Sequence[Message], last: str) -> str:
        """A child of `deep`: looks up its own document, which its first message names."""
        if len(talk) == 1:
            return cell(*search_lines("", self.plan["terms"], last))
        for at, line in hits_of(talk):
            document = line.split(":", 1)[0]
            value = self.plan["values"].get(document)
            if value and value in line and _cut_short(line, self.plan["sentences"][document]):
                return final(quoted(value), f"hits[{at}]")
        return not_there()

    def leaf(self, prompt: str) -> str:
        """A one-shot sub-call: the value when the text states it, else NONE."""
        text = prompt.rsplit("\n\nQuestion: ", 1)[0]
        if "leaf" in self.plan:
            return self.plan["leaf"]
        for document, sentence in self.plan["sentences"].items():
            if sentence in text or (self.plan["values"][document] in text and _cut_short(text, sentence)):
                return self.plan["values"][document]
        return "NONE"


def kind_line(words: str) -> str:
    """Choose the documents of a kind by their names and first lines."""
    if not words:
        return "docs = context"
    return f"docs = [d for d in context if all(w in (d.name + d[:200]).lower() for w in {quoted(words)}.split())]"


def search_lines(name: str, beside: str, opening: str) -> list[str]:
    """Restrict to the documents that hold the words of the name, then search twice: for the whole question, and
    for its words beside the subject, which finds lines that do not repeat the subject.
    """
    where, lines = "context", []
    if name and opening.startswith("Context: Corpus"):
        where = "docs"
        lines = [
            "docs = context",
            f"for word in {quoted(name)}.split():",
            '    docs = docs.matching("(?i)" + word)',
        ]
    if not beside:
        return [*lines, f"hits = {where}.search(question, {HITS})", "hits"]
    return [
        *lines,
        f"hits = [*{where}.search(question, 4), *{where}.search({quoted(beside)}, 3)]",
        "hits = list(dict.fromkeys(hits))",
        "for i, h in enumerate(hits):",
        '    print(f"[{i}] {h}")',
    ]


def hits_of(talk: Sequence[Message]) -> list[tuple[int, str]]:
    """The hits that the first output of a conversation shows: their numbers and lines."""
    found = (HIT.match(line) for line in talk[2].content.splitlines())
    return [(int(m.group(1)), m.group(2)) for m in found if m]


def _cut_short(line: str, sentence: str) -> bool:
    """Whether a line shows the beginning or the end of a sentence, at least."""
    return any(part in line for part in (sentence[:30], sentence[-20:]))


def final(value: str, *sources: str) -> str:
    return cell(f"FINAL({', '.join((value, *sources))})")


def not_there() -> str:
    return final(quoted(NOT_THERE))


FIRST: dict[str, Callable[[Oracle, str], str]] = {
    "search": Oracle.search,
    "about": Oracle.search,
    "count documents": Oracle.count_documents,
    "count times": Oracle.count_times,
    "list documents": Oracle.list_documents,
    "whether": Oracle.whether,
    "values": Oracle.values,
    "values about": Oracle.values_about,
    "kind lines": Oracle.in_kind,
    "kind times": Oracle.in_kind,
    "kind documents": Oracle.in_kind,
    "kind list": Oracle.in_kind,
    "rows status": Oracle.status,
    "rows count": Oracle.rows,
    "rows list": Oracle.rows,
    "rows sum": Oracle.rows,
    "fan": Oracle.fan,
    "deep": Oracle.deep,
}
SECOND: dict[str, Callable[[Oracle, Sequence[Message], str], str]] = {
    "search": Oracle.read_value,
    "about": Oracle.quote,
    "rows count": Oracle.rows_end,
    "rows list": Oracle.rows_end,
    "rows sum": Oracle.rows_end,
    "fan": Oracle.pairs_end,
    "deep": Oracle.pairs_end,
}
