"""One real run over hostile documents with everything that an export has to carry, made once for all tests of this room."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from engine.engine import Engine
from engine.events import Event
from engine.events.record import RunRecord
from engine.exchange.export import read_record
from engine.llm.base import Request
from engine.llm.scripted import ScriptedModel, ScriptedReply
from engine.store import Store
from engine.types import Settings
from tests.engine.run.conftest import cell

HOSTILE = "</script><script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">"
FENCES = "```\n~~~\n# Not a heading\n[click](javascript:alert(1)) \x1b[31mred\x1b[0m \x1b]0;title\x07"
FILES = {
    "letters/anna.txt": "Dear Tom,\nthe ferry to Halden leaves at noon.\nAnna Brisk\n",
    "letters/tom & <b>.txt": f"Dear Anna,\nHalden can wait. {HOSTILE}\n{FENCES}\nTom Reed\n",
    "notes.md": "# Notes\n\nThe deposit is 450 crowns.\n\nNothing else.\n",
    "prices.csv": 'item,price\nrope,"12,50"\nsail,"1.200,00"\nnaïve café,3\n',
}
QUESTION = f"How many letters mention Halden? {HOSTILE}"
CELLS = (
    "print(len(context), context.names)\ncontext.search('ferry to Halden')",
    "docs = context.matching('Halden')\nfor d in docs: print(d.grep('(?i)halden')[0].around(1))\ndocs.passages('when does the ferry leave')",
    "said = map_query('Does it leave at noon?', docs)\nsaid, [context.count(w) for w in ('ferry', 'Halden')]",
    "1/0",
    "child = rlm_query('What is the deposit?', context.document('notes.md'))\nprint(child, llm_query('Greet ' + str(len(child))))",
    "import random\nprint(random.random(), [number(h) for h in context.column('price')], SHOW_VARS())",
    "import matplotlib.pyplot as plt\n_ = plt.plot([1, 2])\nplt.show()",
    "llm_query('x' * 100_000)",
    "FINAL(len(docs), docs.grep('Halden'))",
)
CHILD = (
    "found = context.grep(r'deposit is (\\d+)')\nprint(found)",
    "FINAL(found[0].groups[0] + ' crowns', found)",
)


def reply(request: Request) -> ScriptedReply | str:
    """What the model of the run says."""
    last = request.messages[-1].content
    if "Does it leave at noon?" in last and "Question:" in last:
        return ScriptedReply("yes" if "noon." in last else "NONE", confidence=-0.125)
    if last.startswith("Greet"):
        return f"Hello {HOSTILE}"
    said = sum(message.role == "assistant" for message in request.messages)
    if "What is the deposit?" in request.messages[1].content:
        return cell(CHILD[said])
    return f"<think>Turn {said}.</think>I try {HOSTILE}\n" + cell(CELLS[said])


@dataclass(frozen=True)
class Made:
    """A data folder with one run."""

    data: Path
    run: str
    events: list[Event]

    @property
    def record(self) -> RunRecord:
        return read_record(self.events)


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory, kernels) -> Made:
    """The run, with a real kernel over a real corpus."""
    root = tmp_path_factory.mktemp("exchange")
    for name, text in FILES.items():
        (root / "papers" / name).parent.mkdir(parents=True, exist_ok=True)
        (root / "papers" / name).write_text(text)
    data = root / "data"
    with Engine(data, ScriptedModel(reply), kernels) as engine:
        answer = engine.ask(QUESTION, engine.add([root / "papers"]), Settings())
        assert (answer.status, answer.answer) == ("answered", "2"), answer
        return Made(data, answer.run, engine.store.events(answer.run))


@pytest.fixture
def store(made: Made):
    with Store(made.data) as opened:
        yield opened
