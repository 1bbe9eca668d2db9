"""A real corpus in a real worker: searching, evidence, references, and where sub-call text came from."""

from __future__ import annotations

import pytest

from engine.corpus.ingest import ingest
from engine.kernel.host import WorkerLimits
from tests.engine.kernel.conftest import Session

pytestmark = pytest.mark.sandbox

LEASE = "Lease of Mill Lane 4\n\nThe notice period is six months.\n\nThe rent is 900 crowns.\n"
LOAN = "Loan of a boat\n\nThe notice period is one week.\n"
WHOLE = {"kind": "corpus", "documents": None}


@pytest.fixture(scope="module")
def corpus_path(tmp_path_factory):
    folder = tmp_path_factory.mktemp("papers")
    (folder / "lease.md").write_text(LEASE)
    (folder / "loan.md").write_text(LOAN)
    (folder / "long.md").write_text("".join(f"Paragraph {i} tells nothing new.\n\n" for i in range(1000)))
    return ingest([folder], tmp_path_factory.mktemp("corpora"), progress=None, cancel=None).path


@pytest.fixture
def session(kernels, corpus_path):
    with kernels.worker(corpus_path, WHOLE) as worker:
        yield Session(worker)


def test_a_corpus_is_searched_from_the_sandbox(session):
    ran = session.run("print(context)\ncontext.grep('notice period')")
    assert ran.printed.startswith("Corpus of 3 documents")
    assert "lease.md:3: The notice period is six months." in ran.echoed
    assert "loan.md" in session.run("context.search('boat loan')").echoed


def test_passages_are_read_and_cited_from_the_sandbox(session):
    ran = session.run("found = context.passages('How long is the notice period of the lease?', 2)\nfound")
    assert ran.echoed.startswith("[0] lease.md:") and "six months" in ran.echoed
    ran = session.run("FINAL('six months', found[0])")
    ((document, start, end),) = ran.result.final["sources"]
    assert document == 0 and "six months" in LEASE[start:end]


def test_re_on_a_corpus_is_explained(session):
    error = session.run("import re\nre.findall('x', context)").error
    assert "expected string or bytes-like object" in error
    assert "Hint: a Corpus is a sequence of documents" in error
    assert "Hint: a Corpus" in session.run("context.split()").error


def test_a_document_is_a_str(session):
    assert (
        session.run("import re\nre.findall('[a-z]+ months', context['lease.md'])").echoed == "['six months']"
    )


def test_hits_are_sources_of_the_answer(session):
    ran = session.run("hits = context.grep('notice period')\nFINAL('six months', hits[0])")
    start = LEASE.index("The notice")
    assert ran.result.final["sources"] == [[0, start, start + len("The notice period is six months.")]]


@pytest.mark.parametrize(
    "code",
    [
        "FINAL('x', context.grep('rent is'))",
        "FINAL('x', [[context.grep('rent is')[0]]])",
        "cite(context.grep('rent is')[0])\nFINAL('x')",
        "cite(context['lease.md'], 'The rent is 900 crowns.')\nFINAL('x')",
        "answer['sources'].append(context.grep('rent is')[0])\nanswer['content'] = 'x'\nanswer['ready'] = True",
        "answer = {'content': 'x', 'ready': True, 'sources': context.grep('rent is')}",
        "FINAL(context.grep('rent is')[0])",
        "FINAL(context.grep('rent is'))",
    ],
)
def test_sources_may_be_given_in_every_form(session, code):
    start = LEASE.index("The rent")
    sources = session.run(code).result.final["sources"]
    assert sources == [[0, start, start + len("The rent is 900 crowns.")]]


def test_documents_and_views_and_names_are_sources(session):
    whole = [[0, 0, len(LEASE)], [1, 0, len(LOAN)]]
    assert session.run("FINAL('x', context[:2])").result.final["sources"] == whole
    assert session.run("FINAL('x', context[0], context[1])").result.final["sources"] == whole
    assert session.run("FINAL('x', 'lease.md', 'nowhere.md')").result.final["sources"] == whole[:1]


def test_citing_words_that_are_not_there_is_an_error(session):
    assert "not in the source" in session.run("cite(context[0], 'seven months')").error
    assert "cite needs a hit" in session.run("cite('some words')").error


def test_children_get_their_data_by_reference(session):
    calls = []

    def on_call(call):
        calls.append(call.arguments)
        return ["x"] * len(call.arguments["questions"])

    session.run("rlm_query('q', context[1:])\nrlm_query('q', context[0][22:40])", on_call=on_call)
    session.run("rlm_query_batched('q', context)", on_call=on_call)
    assert calls[0]["contexts"] == [{"kind": "corpus", "documents": [[1, 3]]}]
    assert calls[1]["contexts"] == [{"kind": "document", "document": 0, "start": 22, "end": 40}]
    assert [c["document"] for c in calls[2]["contexts"]] == [0, 1, 2]


def test_a_child_sees_only_what_it_was_given(kernels, corpus_path):
    with kernels.worker(corpus_path, {"kind": "document", "document": 1, "start": 0, "end": None}) as worker:
        ran = Session(worker).run("context")
        assert ran.echoed == repr(LOAN)
        assert (
            Session(worker).run("print(context.describe())").printed
            == f"Document 1 'loan.md', {len(LOAN)} characters\n"
        )


def test_what_a_last_line_shows_of_a_document_counts_as_shown_and_is_clipped(kernels, corpus_path):
    whole = {"kind": "document", "document": 1, "start": 0, "end": None}
    with kernels.worker(corpus_path, whole) as worker:
        assert [1, 0, len(LOAN)] in Session(worker).run("context[:]").result.spans
    with kernels.worker(corpus_path, whole, WorkerLimits(output_chars=100)) as worker:
        ran = Session(worker).run("context * 1000")
        assert len(ran.echoed) < 3_000 and "characters left out" in ran.echoed


def test_prompts_tell_which_pieces_stand_in_them(session):
    calls = []

    def on_call(call):
        calls.append(call.arguments)
        return ["x"] * len(call.arguments["prompts"])

    session.run(
        "d = context['loan.md']\nllm_query(f'{d}\\n\\nHow long?')\nllm_query('Hello?')", on_call=on_call
    )
    assert calls[0]["spans"] == [[[1, 0, len(LOAN)]]]
    assert calls[1]["spans"] == [[]]


def test_map_query_over_a_corpus_covers_every_character(session):
    calls = []

    def on_call(call):
        calls.append(call.arguments)
        return ["NONE"] * len(call.arguments["prompts"])

    ran = session.run("r = map_query('q', context)\nlen(r), r[0].piece.name", on_call=on_call)
    spans = [span for claimed in calls[0]["spans"] for span in claimed]
    long = sorted({(start, end) for document, start, end in spans if document == 2})
    assert ran.echoed.endswith("'lease.md')")
    covered = 0
    for start, end in long:
        assert start <= covered
        covered = max(covered, end)
    assert covered == sum(len(f"Paragraph {i} tells nothing new.\n\n") for i in range(1000))


def test_printed_pieces_are_claimed_and_unprinted_ones_are_not(session):
    ran = session.run("print(context.grep('six months')[0].text)\nx = context['loan.md']")
    start = LEASE.index("The notice")
    assert [0, start, start + len("The notice period is six months.")] in ran.result.spans
    assert not any(document == 1 for document, _, _ in ran.result.spans)


def test_chunks_keep_their_place_and_peek_shows_text(session):
    ran = session.run(
        "cs = chunks(context['long.md'], 500)\nprint(max(map(len, cs)), cs[1].start, ''.join(cs) == context['long.md'])"
    )
    longest, start, whole = ran.printed.split()
    assert int(longest) <= 500 and 250 < int(start) <= 500 and whole == "True"
    shown = session.run("peek(context)").echoed
    assert f"[0] lease.md, {len(LEASE)} characters" in shown and "Lease of Mill Lane 4" in shown
    assert session.run("peek(context[0], 5)").echoed == f"Lease\n[... {len(LEASE) - 5} more characters]"


def test_the_corpus_folder_cannot_be_changed_from_a_cell(session, corpus_path):
    before = {p.name: p.read_bytes() for p in corpus_path.iterdir() if p.is_file()}
    code = f"import os\nfor name in os.listdir({str(corpus_path)!r}):\n    os.remove({str(corpus_path)!r} + '/' + name)"
    assert session.run(code).result.error["ename"] == "PermissionError"
    assert {p.name: p.read_bytes() for p in corpus_path.iterdir() if p.is_file()} == before


def test_map_query_gives_a_row_with_the_names_of_its_columns_and_claims_the_row(kernels, tmp_path):
    rows = [f"{n},pump {n},{n * 3} litres\n" for n in range(200)]
    (tmp_path / "papers").mkdir()
    (tmp_path / "papers" / "pumps.csv").write_text("number,what,holds\n" + "".join(rows))
    path = ingest([tmp_path / "papers"], tmp_path / "corpora", progress=None, cancel=None).path
    calls = []

    def on_call(call):
        calls.append(call.arguments)
        return ["453 litres"] * len(call.arguments["prompts"])

    with kernels.worker(path, WHOLE) as worker:
        Session(worker).run(
            "map_query(question, context.passages('What does pump 151 hold?', 1, 60))", on_call=on_call
        )
    (prompt,), (((document, start, end),),) = calls[0]["prompts"], calls[0]["spans"]
    text = ("number,what,holds\n" + "".join(rows))[start:end]
    assert document == 0 and "151,pump 151,453 litres" in text
    assert prompt.startswith(f"number,what,holds\n{text}\n")
