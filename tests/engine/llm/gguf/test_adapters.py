"""LoRA adapters on a base model: they change what it writes, are named in its facts, and are refused elsewhere."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from engine.errors import InputError
from engine.llm import open_model
from engine.llm.base import Request
from engine.llm.gguf.adapters import Adapter, fingerprint_with
from engine.llm.gguf.facts import read_facts
from engine.llm.gguf.fit import Room, choose
from engine.llm.local.model import LocalModel
from engine.types import AdapterInfo, Message
from tests.engine.llm.gguf.make_gguf import lora_adapter, random_model

REQUEST = Request((Message("user", "How long is the notice period?"),), 40)


@pytest.fixture
def text(open_local, random_gguf) -> Callable[..., str]:
    """What the model writes with some adapters."""
    return lambda *adapters: open_local(random_gguf, adapters=adapters).submit(REQUEST).result().text


def test_an_adapter_changes_the_text_and_at_scale_zero_it_does_not(text, tmp_path):
    path = lora_adapter(tmp_path / "law.gguf")
    plain, changed = text(), text(Adapter(path))
    assert changed != plain
    assert text(Adapter(path, 0.0)) == plain
    assert text(Adapter(path)) == changed


def test_several_adapters_add_up(text, tmp_path):
    first, second = (lora_adapter(tmp_path / f"{n}.gguf", seed=n) for n in range(2))
    both = text(Adapter(first), Adapter(second))
    assert both not in (text(Adapter(first)), text(Adapter(second)))
    assert both == text(Adapter(first), Adapter(second))


def test_the_facts_of_a_model_name_its_adapters_also_after_a_crash(open_local, random_gguf, tmp_path):
    path = lora_adapter(tmp_path / "law.gguf")
    model = open_local(random_gguf, adapters=[Adapter(path, 0.5)])
    before = model.submit(REQUEST).result().text
    (found,) = model.info.adapters
    assert (found.name, found.file, found.scale, len(found.fingerprint)) == ("law", "law.gguf", 0.5, 32)
    os.kill(model.pid, 9)
    assert model.submit(REQUEST).result().text == before
    assert model.info.adapters == (found,) and isinstance(found, AdapterInfo)


def test_adapters_count_in_the_memory_that_is_needed(random_gguf):
    facts, room = read_facts(random_gguf), Room(8 << 30)
    assert choose(facts, room, extra=9 << 20).need.ram - choose(facts, room).need.ram == 9 << 20


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"architecture": "qwen3"}, "architecture qwen3, and random is llama"),
        ({"kind": "ia3"}, "another kind than LoRA"),
        (
            {"layers": (7, 8, 9, 10, 11)},
            r"blk.10.attn_output.weight, .* and 2 more, which random does not",
        ),
        ({"layers": ()}, "changes nothing"),
        ({"rows": 32}, r"blk.0.attn_output.weight.lora_a, .* not in this size"),
        ({"sides": "a"}, "llama.cpp cannot put the adapter"),
    ],
)
def test_an_adapter_that_does_not_belong_on_the_model_is_refused(options, reason, random_gguf, tmp_path):
    path = lora_adapter(tmp_path / "odd.gguf", **options)
    with pytest.raises(InputError, match=reason):
        LocalModel(random_gguf, adapters=[Adapter(path)])


def test_files_that_are_no_adapters_are_refused(random_gguf, tmp_path):
    cut = tmp_path / "cut.gguf"
    cut.write_bytes(lora_adapter(tmp_path / "whole.gguf").read_bytes()[:-100])
    (tmp_path / "text.gguf").write_text("no")
    for path, reason in (
        (random_model(tmp_path / "other.gguf"), "is no adapter"),
        (cut, "cut off"),
        (tmp_path / "text.gguf", "not a GGUF"),
        (tmp_path / "absent.gguf", "no model at"),
    ):
        with pytest.raises(InputError, match=reason):
            LocalModel(random_gguf, adapters=[Adapter(path)])
    with pytest.raises(InputError, match="is a LoRA adapter; choose the model"):
        LocalModel(tmp_path / "whole.gguf")
    with pytest.raises(InputError, match="Adapters are put on a GGUF file"):
        open_model("http://127.0.0.1:9/v1", adapters=[Adapter(cut)])


def test_an_adapter_is_named_with_or_without_its_scale():
    assert Adapter.read("/m/a.gguf") == Adapter(Path("/m/a.gguf"), 1.0)
    assert Adapter.read("/m/a.gguf:0.5") == Adapter(Path("/m/a.gguf"), 0.5)
    assert Adapter.read("/m/a:b.gguf:-2") == Adapter(Path("/m/a:b.gguf"), -2.0)
    for wrong in ("/m/a.gguf:half", "/m/a.gguf:nan", "/m/a.gguf:1e9", "/m/a.gguf:"):
        with pytest.raises(InputError, match="scale"):
            Adapter.read(wrong)


def test_an_adapter_is_named_with_its_scope_and_an_at_of_its_name_stays():
    root, odd = Adapter(Path("/m/a.gguf"), scope="root"), Path("/m@home/law@work.gguf")
    assert Adapter.read("/m/a.gguf@root") == root
    assert Adapter.read("/m/a.gguf:0.5@sub") == Adapter(Path("/m/a.gguf"), 0.5, "sub")
    assert Adapter.read("/m/a.gguf:0.5@both") == Adapter(Path("/m/a.gguf"), 0.5)
    assert Adapter.read(str(odd)) == Adapter(odd)
    assert Adapter.read(f"{odd}:2@sub") == Adapter(odd, 2.0, "sub")
    assert Adapter.read("/m/law@@root") == Adapter(Path("/m/law@root"))
    assert Adapter.read("/m/law@@root@root") == Adapter(Path("/m/law@root"), scope="root")
    assert Adapter.read("/m/a.gguf@@old") == Adapter(Path("/m/a.gguf@old"))
    for wrong in (
        "/m/a.gguf@rot",
        "/m/a.gguf:0.5@Root",
        "/m/a.gguf@",
        "/m/a.gguf@root:0.5",
        "@home/a.gguf@all",
    ):
        with pytest.raises(InputError, match=r"is no scope of an adapter; write FILE.gguf@root"):
            Adapter.read(wrong)


def test_a_fingerprint_names_the_file_with_its_adapters_their_scales_and_scopes():
    one = AdapterInfo("law", "law.gguf", 1.0, "f")
    others = [[], [one], [replace(one, scope="root")], [replace(one, scale=0.5)], [one, one]]
    found = [fingerprint_with("base", adapters) for adapters in others]
    assert found[0] == "base" and len(set(found)) == len(found)
