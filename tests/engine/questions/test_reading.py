"""Files of questions, good and bad: what is taken out of them, and what a person is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.errors import InputError
from engine.questions.reading import MOST_QUESTIONS, parse, read, typed


@pytest.mark.parametrize(
    ("name", "data", "questions"),
    [
        ("q.txt", b"Who?\nWhen?\n", ("Who?", "When?")),
        ("q.txt", b"Who,\twhen;  and where?\r\nWhy?", ("Who, when; and where?", "Why?")),
        ("q.csv", b"Who?\nWhen?\n", ("Who?", "When?")),
        ("q.csv", b"Question\nWho?\n", ("Who?",)),
        ("q.csv", b"id,question\n1,Who?\n2,\"When, and why?\"\n3,\n", ("Who?", "When, and why?")),
        ("q.csv", b"id;questions;by\n1;Who?;me\n", ("Who?",)),
        ("q.tsv", b"question\tid\nWho?\t1\n", ("Who?",)),
        ("q.csv", b"question\n\"Who\nsigned?\"\n", ("Who signed?",)),
        ("q.csv", b"\n\nquestion,id\nWho?,1\n", ("Who?",)),
        ("q.txt", "Wer prüft?\n".encode("utf-16"), ("Wer prüft?",)),
        ("q.txt", "\ufeffWer prüft?\n".encode(), ("Wer prüft?",)),
        ("q.txt", "Wer prüft die Brücke?\nWas kostet die Miete für März?\n".encode("cp1252"), ("Wer prüft die Brücke?", "Was kostet die Miete für März?")),
    ],
)  # fmt: skip
def test_each_line_or_row_is_a_question(name: str, data: bytes, questions: tuple[str, ...]) -> None:
    assert parse(data, name).questions == questions


def test_a_column_is_named_where_it_has_another_name() -> None:
    data = b"Nr,Frage\n1,Wer?\n"
    assert parse(data, "q.csv", "frage").questions == ("Wer?",)
    with pytest.raises(InputError) as told:
        parse(data, "q.csv")
    assert str(told.value) == (
        "q.csv has no column called 'question'; its first row holds 'Nr', 'Frage'. Call the column of the questions "
        "'question', or name another one."
    )


def test_empty_lines_and_questions_that_stand_there_again_are_told() -> None:
    found = parse(b"Who?\n\n\nWhen?\nWho?\n Who?  \n\n", "q.txt")
    assert found.questions == ("Who?", "When?")
    assert found.notices == (
        "2 empty lines were left out.",
        "2 questions stand there again; each is asked once.",
    )
    assert parse(b"Who?\n", "q.txt").notices == ()


def test_another_encoding_is_told() -> None:
    (notice,) = parse(
        "Wer prüft die Brücke?\nWas kostet März für Müller?\n".encode("cp1252"), "q.txt"
    ).notices
    assert notice == "q.txt is not in UTF-8; it was read as cp1252."


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "There is no question in q.csv. Write one on each line."),
        (b" \n\n", "There is no question in q.csv. Write one on each line."),
        (b"question\n", "There is no question in q.csv. Write one on each line."),
        (bytes(range(256)) * 50, "q.csv is no text ("),
        (b"x" * 20_001, "A question in q.csv has 20,001 characters, and the longest may have 20,000: 'xxx"),
        (b"\n".join(b"Who is number %d?" % n for n in range(MOST_QUESTIONS + 1)), "q.csv holds 10,001 questions; a list holds at most 10,000. Split it into several."),
    ],
)  # fmt: skip
def test_what_is_no_list_is_refused_in_a_sentence(data: bytes, sentence: str) -> None:
    with pytest.raises(InputError) as told:
        parse(data, "q.csv")
    assert str(told.value).startswith(sentence)


def test_ten_thousand_questions_are_taken() -> None:
    data = b"\n".join(b"Who is number %d?" % n for n in range(MOST_QUESTIONS))
    assert len(parse(data, "q.txt").questions) == MOST_QUESTIONS


def test_a_file_that_is_not_there_and_nothing_typed_are_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read: No such file"):
        read(tmp_path / "none.csv")
    with pytest.raises(InputError, match="There is no question in what you typed"):
        typed(" \n ")


def test_a_table_that_is_damaged_is_a_sentence_and_no_traceback() -> None:
    for data in (b'question\n"Who?', b'"""\n', b"question,x\n" + b'"a' * 300_000, b"a\0b,question\nx,Who?\n"):
        try:
            parse(data, "q.csv")
        except InputError as told:
            assert "q.csv" in str(told)


@pytest.mark.parametrize(
    "data", [b"question\nWho?\nWhen, and why?\n", b'id,question\n1,Who?\n2, "When, and why?"\n']
)
def test_a_question_that_its_commas_would_cut_is_refused(data: bytes) -> None:
    with pytest.raises(
        InputError, match=r"Row 3 of q\.csv has more cells than its first row: .*in double quotes"
    ):
        parse(data, "q.csv")
    assert parse(data.replace(b"When, and why?", b"When?,,"), "q.csv").questions[0] == "Who?"
