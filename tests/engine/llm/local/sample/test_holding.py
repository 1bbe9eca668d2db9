"""Which cells may be written when their texts are held to what was seen."""

from __future__ import annotations

import pytest

from engine.llm.base import Request
from engine.llm.forms import HeldCell
from engine.llm.local.model import LocalModel
from engine.llm.local.sample.holding import Holder
from engine.types import Message, Sampling

SEEN = (
    "How many documents name Merlin Mutual, and is Milos Vasko paid more than Zoë?\n"
    "Output:\n[0] bees/honey.csv:5: H4,Ursel,heath; 1,250.00 EUR"
)


def written(cell: str) -> str:
    """What of a cell may be written before a letter is refused."""
    holder = Holder(SEEN, ("bees/honey.csv", "orders.csv"), ("NONE", "yes"))
    reply = f"Let's see:\n```repl\n{cell}\n```\n".encode()
    for place, byte in enumerate(reply):
        if not holder.allows(bytes([byte])):
            return reply[:place].decode("utf-8", "ignore").partition("repl\n")[2]
        holder.take(bytes([byte]))
    assert holder.may_end
    return cell


@pytest.mark.parametrize(
    "cell",
    [
        r'docs = context.matching(r"(?i)merlin|\bvask")',
        r'rows = context.document("bees/honey.csv").grep(r"^H\d,[a-z]+,heath$")',
        'rows = context.document("orders.csv").column("heath")',
        'FINAL("Milos Vasko" if number(a) > number(b) else "Zoë")',
        'FINAL({d.name: a for d, a in zip(docs, found) if a != "NONE"}, docs)',
        'a = rlm_query("Where does anybody live?", context)\nb = ", ".join(a)  # don\'t ask again',
        'print(f"sum: {total}")\nFINAL("1,250.00", hits[0])',
        "rows = context.grep('ursel', 5)",
    ],
)
def test_texts_that_were_seen_may_be_written(cell):
    assert written(cell) == cell


@pytest.mark.parametrize(
    ("cell", "until"),
    [
        ('docs = context.matching(r"(?i)Merglin Mutual")', 'docs = context.matching(r"(?i)Mer'),
        ('docs = context.matching(r"me|s")', 'docs = context.matching(r"me'),
        ('rows = context.document("bees/hone.csv")', 'rows = context.document("bees/hone'),
        ('rows = context.document("bees")', 'rows = context.document("bees'),
        ('FINAL("MVS")', 'FINAL("M'),
        ('FINAL("Milos Vas")', 'FINAL("Milos Vas'),
        ('FINAL("250.00")', 'FINAL("'),
        ('FINAL("Milos\nVasko")', 'FINAL("Milos'),
    ],
)
def test_a_text_that_was_not_seen_is_refused_where_it_goes_wrong(cell, until):
    assert written(cell) == until


def test_a_reply_does_not_end_inside_a_text():
    holder = Holder(SEEN, (), ())
    for byte in b'```repl\nFINAL("Milos':
        holder.take(bytes([byte]))
    assert not holder.may_end


def test_a_sign_of_several_bytes_may_come_byte_by_byte():
    holder = Holder(SEEN, (), ())
    for byte in '```repl\nFINAL("Zoë")'.encode():
        assert holder.allows(bytes([byte]))
        holder.take(bytes([byte]))
    assert holder.may_end


@pytest.mark.realmodel
def test_the_cells_of_a_real_model_are_held(default_gguf, tmp_path):
    question = "how many documents talk about Merlin Mutual"
    said = f"Context: Corpus of 26 documents, 31,918 characters\nLimits: 9000 characters, 90 calls, 8 turns, depth 1\nQuestion: {question}"
    form = HeldCell(question.replace("Merlin", "Merlon"), ("a.txt",))
    with LocalModel(default_gguf, data=tmp_path) as model:
        streams = [
            model.submit(
                Request(
                    (Message("system", ""), Message("user", said)),
                    80,
                    Sampling(1.5, 1.0, top_k=4, min_p=0.02, seed=seed) if seed else Sampling(),
                    f"run/{seed}",
                    stop_at_cell=True,
                    form=form,
                )
            )
            for seed in range(4)
        ]
        replies = [stream.result().text for stream in streams]
    assert all("Merlin" not in reply and "repl" in reply for reply in replies), replies
    assert any("merlon" in reply.lower() for reply in replies), replies
