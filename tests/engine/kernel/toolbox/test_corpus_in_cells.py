"""A real corpus in a real worker: searching, evidence, references, and where sub-call text came from."""

from __future__ import annotations

import pytest

from engine.documents.ingest import ingest
from engine.kernel.cell import Answered
from engine.kernel.host.host import WorkerLimits
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


def test_a_quoted_answer_knows_where_it_stands_and_cites_itself(session):
    def on_call(call):
        assert call.arguments["quotes"] == [
            [11, 11 + len(LEASE)],
            [10, 10 + len(LOAN)],
        ]  # after "[lease.md]\n"
        assert call.arguments["asked"]
        return [Answered("six months", -0.1, quoted=True), Answered("NONE", -0.01, quoted=True)]

    code = "found = map_query('How long?', context[:2], quote=True)\n"
    code += "print([(a.source and a.source.start, a.number and round(a.number, 2), a.confidence) for a in found])\nFINAL(best(found))"
    ran = session.run(code, on_call=on_call)
    start = LEASE.index("six months")
    assert ran.printed == f"[({start}, 182.64, -0.1), (None, None, -0.01)]\n"
    assert (ran.final, ran.result.final["sources"]) == ("six months", [[0, start, start + len("six months")]])


def test_a_quoted_yes_rests_on_its_whole_piece_and_hits_are_pieces(session):
    code = "a = map_query('Is it long?', context.grep('notice period'), quote=True)[1]\nFINAL(a)"
    ran = session.run(code, on_call=lambda call: [Answered("yes", -0.1, quoted=True)] * 2)
    start = LOAN.index("The notice")
    assert ran.result.final["sources"] == [[1, start, len(LOAN) - 1]]


def test_an_answer_that_does_not_stand_in_its_piece_has_no_source(session):
    code = "a = llm_query('How long?', quote=context[0])\nprint(a.source, a.piece.name)\nFINAL(a)"
    ran = session.run(code, on_call=lambda call: [Answered("7 months", None, quoted=True)])
    assert ran.printed == "None lease.md\n" and ran.result.final["sources"] == []


def test_a_text_to_quote_is_put_before_the_question_unless_it_is_in_it(session):
    calls = []

    def on_call(call):
        calls.append(call.arguments)
        return ["x"]

    code = (
        "llm_query('How long?', quote=context[1])\nllm_query('Read: one two', quote='one two', choices=['a'])"
    )
    session.run(
        code + "\nllm_query('x')\nmap_query('q', ['t'], quote=False)\nmap_query('q', ['t'])", on_call=on_call
    )
    assert calls[0]["prompts"][0].startswith("[loan.md]\n" + LOAN) and calls[0]["quotes"] == [
        [10, 10 + len(LOAN)]
    ]
    assert calls[0]["spans"] == [[[1, 0, len(LOAN)]]]
    assert (calls[1]["quotes"], calls[1]["choices"]) == ([[6, 13]], ["a"])
    assert "quotes" not in calls[2] and "quotes" not in calls[3]
    assert (calls[4]["quotes"], calls[4]["asked"]) == ([[0, 1]], False)


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
    assert prompt.startswith(f"[pumps.csv]\nnumber,what,holds\n{text}\n")


def test_several_pieces_are_read_together_and_the_answer_knows_its_piece(session):
    calls = []

    def on_call(call):
        calls.append(call.arguments)
        return [Answered("six months", -0.2, quoted=True)]

    code = "told = llm_query('How long?', context.grep('notice period'))\nprint(told.piece.name, told.source.start)\nFINAL(told)"
    ran = session.run(code, on_call=on_call)
    start = LEASE.index("six months")
    assert ran.printed == f"lease.md {start}\n" and ran.result.final["sources"] == [[0, start, start + 10]]
    (prompt,), ((first, last),) = calls[0]["prompts"], calls[0]["quotes"]
    assert prompt[first:last].startswith("[lease.md]\n") and "\n\n[loan.md]\n" in prompt[first:last]
    assert prompt[last:].startswith("\n\nQuestion: How long?") and len(calls[0]["spans"][0]) == 2


def test_a_yes_about_several_pieces_rests_on_all_of_them_and_no_pieces_say_nothing(session):
    code = "told = llm_query('Is it long?', context.grep('notice period'))\nFINAL(told)"
    ran = session.run(code, on_call=lambda call: [Answered("yes", -0.1, quoted=True)])
    assert [span[0] for span in ran.result.final["sources"]] == [0, 1]
    assert session.run("print(llm_query('Is it long?', context.grep('nowhere')))").printed == "NONE\n"


def test_what_is_asked_about_may_be_anything_and_a_quote_must_stand_in_its_prompt(session):
    seen = []

    def on_call(call):
        seen.extend(call.arguments["prompts"])
        return ["x"] * len(call.arguments["prompts"])

    session.run("map_query('How many?', [3, ('a', 1)])", on_call=on_call)
    assert [text.split("\n")[0] for text in seen] == ["3", "('a', 1)"]
    ran = session.run("llm_query('q', quote='far away', context=context[0])")
    assert "ValueError" in ran.error and "neither in the prompt" in ran.error


def test_number_says_what_a_text_a_hit_or_a_number_amounts_to(session):
    assert session.run(
        "print(number('1,250.50 EUR'), number(3), number('none'), number('6 weeks'))"
    ).printed == ("1250.5 3.0 None 42.0\n")
