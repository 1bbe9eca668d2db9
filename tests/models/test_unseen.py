"""Questions and documents of the sample and of the probe are kept out of the training data."""

from __future__ import annotations

import json
import sys

from models.starter import lessons, unseen


def written(folder, monkeypatch, capsys) -> tuple[list[str], dict[str, int]]:
    """The texts of training data of six worlds, and what its writer counted."""
    monkeypatch.setattr(sys, "argv", ["lessons", str(folder), "--worlds", "6", "--seed", "5"])
    lessons.main()
    lines = [line for path in folder.iterdir() for line in path.read_text("utf-8").splitlines()]
    texts = [message["content"] for line in lines for message in json.loads(line)[1]]
    return texts, json.loads(capsys.readouterr().out.replace("'", '"'))


def test_a_sample_document_in_other_case_and_punctuation_is_found():
    lease = (unseen.SAMPLE / "documents/contracts/lease-training-loft.txt").read_text("utf-8")
    line = max(lease.splitlines(), key=len)
    assert unseen.repeats([f"Once more -- {line.upper()}!"]) == unseen.runs(line)
    assert not unseen.repeats(["The otter counted nine yellow kites above the quiet harbour of Lisbon."])


def test_no_run_of_words_of_what_is_held_out_is_in_training_data(tmp_path, monkeypatch, capsys):
    texts, _ = written(tmp_path, monkeypatch, capsys)
    assert len(texts) > 500
    assert not unseen.repeats(texts)


def test_what_repeats_a_held_out_text_is_left_out_and_counted(tmp_path, monkeypatch, capsys):
    common = "Answer from the text above only. If it is not there, say NONE."  # ends every sub-call
    monkeypatch.setattr(unseen, "forbidden", lambda: frozenset(unseen.runs(common)))
    texts, tally = written(tmp_path, monkeypatch, capsys)
    assert tally["left out"] > 50 and "leaf" not in tally
    assert not any(common in text for text in texts)
