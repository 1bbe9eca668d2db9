"""Any span of a text gives a place that gives back the span, in every format that has places."""

from __future__ import annotations

import json
import tempfile
from email.message import EmailMessage
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.corpus import Corpus
from engine.corpus.archive import Archive
from engine.corpus.place import json_path, sheet_cell, spoken
from engine.corpus.place.place import Place, part_of, place_of, span_of
from engine.documents.ingest import ingest
from tests.engine.conftest import stored
from tests.fixtures.hostile import zipped

FOLDER = Path(__file__).parents[3] / "fixtures" / "documents"
BOOK = Path("libreoffice/ships.xlsx")


def message() -> bytes:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "Åse <a@example.org>", "b@example.org", "Rent: due"
    mail.set_content("Subject: not a header\n\nThe rent is due.\n")
    return mail.as_bytes()


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    """One document of every format that has places, through the real parsers."""
    root = tmp_path_factory.mktemp("places")
    files = {
        "a.json": json.dumps(
            {"ships": [{"name": "Ålesund", "a b": [1, 2.5, None]}] * 3, "x": "y" * 400}
        ).encode(),
        "b.jsonl": b'{"n": 1, "n": 2}\n{"n": [true]}\n"text"\n',
        "c.eml": message(),
        "d.txt": "Zeile\r\n\r\nübernächste\n".encode(),
        "e.csv": b"a,b\n1,2\n",
        "f.srt": "".join(
            f"{n}\n00:{n:02}:01,5 --> 00:{n:02}:03,0\nWord {n} of Åse.\nMore.\n\n" for n in range(1, 30)
        ).encode(),
        "box.zip": zipped({"in/f.json": '{"deep": {"er": "ü"}}'}),
    }
    for name in ("libreoffice/ships.xlsx", "gnumeric/ships.ods", "libreoffice/ships.xls", "libreoffice/slides.odp",
                 "pandoc/letter.pptx", "libreoffice/right-to-left.pdf", "groff/two-columns.pdf", "mail/formail.mbox"):  # fmt: skip
        files[name] = (FOLDER / name).read_bytes()
    files["sheets.xlsx"] = two_sheets()
    for name, data in files.items():
        (root / "in" / name).parent.mkdir(parents=True, exist_ok=True)
        (root / "in" / name).write_bytes(data)
    return Corpus.open(ingest([root / "in"], root / "corpora").path)


def two_sheets() -> bytes:
    import io

    import openpyxl

    book = openpyxl.Workbook()
    for title, rows in (
        ("Fees", [("Ship", "Fee"), ("Halcyon", 1250), ("# Odd", 3)]),
        ("Crew", [("Name",), ("Åse",)]),
    ):
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    del book["Sheet"]
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def at(corpus: Corpus, name: str, words: str) -> Place:
    number = corpus.names.index(name)
    start = str(corpus[number]).index(words)
    return place_of(corpus.archive, number, start, start + len(words))


def test_every_span_gives_a_place_that_gives_it_back(corpus: Corpus) -> None:
    kinds: set[str] = set()

    @settings(max_examples=400)
    @given(st.data())
    def check(data: st.DataObject) -> None:
        number = data.draw(st.integers(0, corpus.archive.count - 1))
        size = corpus.archive.chars(number)
        start = data.draw(st.integers(0, size - 1))
        end = data.draw(st.integers(start, min(size, start + 300)))
        place = place_of(corpus.archive, number, start, end)
        assert span_of(corpus.archive, number, place) == (start, end)
        first, last = part_of(corpus.archive, number, place)
        assert first <= start < last
        kinds.update(kind for kind in ("cell", "header", "path", "page", "time") if getattr(place, kind))

    check()
    assert kinds == {"cell", "header", "path", "page", "time"}


@pytest.mark.parametrize(
    ("name", "words", "said"),
    [
        ("d.txt", "nächste", "line 3"),
        ("groff/two-columns.pdf", "lighthouse", "page 1"),
        ("libreoffice/right-to-left.pdf", "ستة", "page 2"),
        ("libreoffice/slides.odp", "berth fee", "slide 2"),
        ("libreoffice/ships.xlsx", "2400", "line 4, ships!D4, column Fee"),
        ("sheets.xlsx", "1250", "line 5, Fees!B2, column Fee"),
        ("sheets.xlsx", "# Odd", "Fees!A3, column Ship"),
        ("sheets.xlsx", "Åse", "Crew!A2, column Name"),
        ("a.json", "2.5", '$.ships[0]["a b"][1]'),
        ("b.jsonl", "2}", "line 1, $.n~2"),
        ("b.jsonl", "true", "line 2, $#2.n[0]"),
        ("b.jsonl", "text", "line 3, $#3"),
        ("c.eml", "Rent", "line 3, header Subject"),
        ("c.eml", "not a header", "line 5"),
        ("f.srt", "Word 3 of", "line 8, 00:03:01"),
        ("f.srt", "Åse. More.\n\n[00:03", "line 5, 00:02:01"),
        ("mail/formail.mbox/3", "note 3", "line 2, header Subject"),
        ("box.zip/in/f.json", "ü", "$.deep.er"),
    ],
)
def test_places_are_said_as_people_say_them(corpus: Corpus, name: str, words: str, said: str) -> None:
    assert at(corpus, name, words).said().endswith(said)


def test_the_part_of_a_time_is_what_is_said_below_it(corpus: Corpus) -> None:
    number = corpus.names.index("f.srt")
    for words in ("[00:03:01]", "3 of", "More.\n\n[00:04"):
        first, last = part_of(corpus.archive, number, at(corpus, "f.srt", words))
        said = str(corpus[number])[first:last]
        assert said.startswith("[00:0") and said.endswith(".\n\n") and said.count("[") == 1
    far = "x" * 5000
    assert spoken.time_at(f"[01:00]\n{far}", 5000) == "" and spoken.time_at("a [01:00]\nx", 10) == ""


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=300)
@given(JSON_VALUES, st.sampled_from([None, 0, 1]), st.data())
def test_paths_of_json_lead_back_and_are_those_of_the_value(value, indent, data) -> None:
    text = json.dumps(value, indent=indent, ensure_ascii=False)
    spans = [*json_path.parts(text)]
    assert len({path for _, _, path in spans}) == len(spans)
    for start, end, path in spans:
        assert json_path.part_at(text, path) == (start, end)
    for start, end, path in spans:
        member = (path != "$" and text[end - 1 : end] and path[-1] != "]") or path.endswith('"]')
        json.loads("{" + text[start:end] + "}" if member else text[start:end])
    at = data.draw(st.integers(0, len(text) - 1))
    path = json_path.path_at(text, at)
    found = json_path.part_at(text, path)
    assert found is not None and found[0] <= at < found[1]


@settings(max_examples=200)
@given(st.text(alphabet='{}[]:,"\\ a1\n', max_size=60), st.integers(0, 59))
def test_any_text_at_all_has_paths_and_cells_that_lead_back(text: str, at: int) -> None:
    path = json_path.path_at(text, at)
    if path:
        found = json_path.part_at(text, path)
        assert found is not None
    cell = sheet_cell.cell_at(text, at)
    if cell:
        assert sheet_cell.part_at(text, cell) is not None


def test_json_that_is_very_deep_has_the_path_of_what_holds_it() -> None:
    text = "[" * 5000 + "1" + "]" * 5000
    path = json_path.path_at(text, 5000)
    assert path.count("[0]") == json_path.DEEPEST - 1
    assert json_path.part_at(text, path) == (99, 9902)


@settings(max_examples=60)
@given(st.text(max_size=200), st.data())
def test_lines_and_columns_of_any_text_lead_back(text: str, data: st.DataObject) -> None:
    from engine.documents.formats.detect import normal

    text = normal(text) or "x"
    with tempfile.TemporaryDirectory() as folder:
        archive: Archive = stored(Path(folder), {"a.txt": text}).archive
        start = data.draw(st.integers(0, len(text)))
        end = data.draw(st.integers(start, len(text)))
        assert span_of(archive, 0, place_of(archive, 0, start, end)) == (start, end)
