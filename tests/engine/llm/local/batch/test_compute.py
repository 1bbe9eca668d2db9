"""Replies written together: what is shared, who makes room, and that nobody reads another's text."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engine.llm.gguf.make_gguf import recurrent_model
from tests.engine.llm.gguf.shapes import dense_model, hybrid_model
from tests.engine.llm.local.batch.host import Asked, Host, alone, text

SHARED = 300
ALIKE = 0.85  # share of replies that must be those of an empty memory; batches change the last bits


@pytest.fixture(scope="session")
def shapes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("shapes")
    return {
        "dense": dense_model(folder / "dense.gguf"),
        "hybrid": hybrid_model(folder / "hybrid.gguf"),
        "dense q4": dense_model(folder / "dense-q4.gguf", kind="q4_k_m"),
        "hybrid q4": hybrid_model(folder / "hybrid-q4.gguf", kind="q4_k_m"),
        "recurrent": recurrent_model(folder / "recurrent.gguf"),
    }


@pytest.fixture
def open_host(shapes) -> Iterator:
    opened: list[Host] = []

    def open_one(shape: str, **options) -> Host:
        opened.append(Host(shapes[shape], **options))
        return opened[-1]

    yield open_one
    for host in opened:
        host.close()


def share_alike(found: list[list[int]], expected: list[list[int]]) -> float:
    return sum(a == b for a, b in zip(found, expected, strict=True)) / len(expected)


def all_tokens(asked: list[Asked]) -> list[list[int]]:
    return [one.tokens() for one in asked]


@pytest.mark.parametrize("shape", ["dense", "hybrid", "recurrent"])
def test_a_burst_reads_what_its_prompts_share_once(open_host, shapes, shape):
    host = open_host(shape)
    prompts = [text(0, SHARED) + text(n, 40) for n in range(1, 17)]
    with host.at_once():
        asked = [host.ask(prompt, 12, key=f"run/{n}") for n, prompt in enumerate(prompts)]
    found = all_tokens(asked)
    evaluated = sum(one.report()["evaluated_tokens"] for one in asked)
    assert evaluated <= SHARED + 16 * 40 + 16
    assert share_alike(found, alone(host, shapes[shape], prompts, 12)) >= ALIKE


@pytest.mark.parametrize("shape", ["dense", "hybrid"])
def test_children_share_the_system_message_one_after_the_other(open_host, shape):
    host = open_host(shape)
    for number in range(1, 4):
        prompt = text(0, SHARED) + text(number, 40)
        report = host.ask(prompt, 4, key=f"run/{number}", pinned=True, start=SHARED).report()
        assert report["reused_tokens"] == (SHARED if number > 1 else 0)


@pytest.mark.parametrize("shape", ["dense", "hybrid", "recurrent"])
def test_a_conversation_reads_only_what_is_new_whatever_comes_between(open_host, shapes, shape):
    host = open_host(shape)
    tokens, held, prompts, found = text(0, SHARED), 0, [], []
    for turn in range(1, 5):
        asked = host.ask(tokens, 12, key="run/0", pinned=True, start=100)
        found.append(asked.tokens())
        prompts.append(list(tokens))
        assert asked.report()["reused_tokens"] in ((held, held - 1) if held else (0,))
        tokens += found[-1]
        held = len(tokens)
        tokens += text(turn, 40)
        all_tokens([host.ask(text(99 + turn, 60) + text(n, 20), 6, key=f"run/{turn}{n}") for n in range(5)])
    assert share_alike(found, alone(host, shapes[shape], prompts, 12)) >= 0.6


@pytest.mark.parametrize("shape", ["dense", "hybrid"])
@pytest.mark.parametrize("pool", [1024, 768])
def test_a_memory_too_small_for_all_makes_them_wait(open_host, shapes, shape, pool):
    host = open_host(shape, pool=pool, window=768)
    prompts = [text(n, 400) for n in range(12)]
    with host.at_once():
        asked = [host.ask(prompt, 24, key=f"run/{n}") for n, prompt in enumerate(prompts)]
    assert share_alike(all_tokens(asked), alone(host, shapes[shape], prompts, 24)) >= ALIKE
    assert host.compute.counts["preempted"] == 0


@pytest.mark.parametrize("budget", ["saved", "read again"])
@pytest.mark.parametrize("shape", ["dense", "hybrid"])
def test_replies_longer_than_usual_make_others_give_way_and_all_finish(open_host, shapes, shape, budget):
    saved = 0 if budget == "read again" else 512 << 20
    host = open_host(shape, pool=1024, window=1024, saved=saved)
    prompts = [text(n, 150) for n in range(3)]
    with host.at_once():
        asked = [host.ask(prompt, 600, key=f"run/{n}") for n, prompt in enumerate(prompts)]
    found = all_tokens(asked)
    assert host.compute.counts["preempted"] > 0
    assert all(one.report()["finish"] in ("stop", "length") for one in asked)
    assert share_alike([f[:60] for f in found], alone(host, shapes[shape], prompts, 60)) >= 0.6


def test_a_full_memory_takes_nobodys_place_twice(open_host):
    host = open_host("dense", pool=768, window=768)
    with host.at_once():
        asked = [host.ask(text(n, 30), 600, key=f"run/{n}") for n in range(5)]
    all_tokens(asked)
    assert 0 < host.compute.counts["preempted"] <= 5


def test_a_node_and_a_short_prompt_do_not_wait_for_a_long_one(open_host):
    host = open_host("dense", pool=8192, window=4096)
    with host.at_once():
        asked = [
            host.ask(text(0, 3000), 2, key="a/1"),
            host.ask(text(1, 50), 2, key="b/1"),
            host.ask(text(2, 50), 2, key="c/0", pinned=True),
        ]
    all_tokens(asked)
    assert host.order[-1] == asked[0].job.id


def test_a_node_starts_although_every_place_is_taken(open_host):
    host = open_host("dense", pool=16384)
    context, nodes = host.compute.context, []
    decode = context.decode

    def watched(parts, adapters=0):
        if len(parts) == 16 and not nodes:
            nodes.append(host.ask(text(99, 30), 3, key="b/0", pinned=True))
        return decode(parts, adapters)

    context.decode = watched  # type: ignore[method-assign]
    with host.at_once():
        leaves = [host.ask(text(n, 30), 250, key=f"a/{n}") for n in range(20)]
    all_tokens(leaves)
    assert nodes[0].report()["finish"] == "length"
    assert host.order[0] == nodes[0].job.id


def test_a_burst_of_one_run_leaves_room_for_the_other_run(open_host):
    host = open_host("dense", pool=16384)
    with host.at_once():
        many = [host.ask(text(n, 30), 30, key=f"a/{n}") for n in range(64)]
        few = [host.ask(text(500 + n, 30), 30, key=f"b/{n}") for n in range(3)]
    all_tokens([*many, *few])
    assert max(host.order.index(one.job.id) for one in few) < 50


@pytest.mark.parametrize("shape", ["dense", "hybrid"])
def test_a_storm_of_cancellations_harms_nobody(open_host, shapes, shape):
    rng = random.Random(5)
    host = open_host(shape, pool=2048, window=1024)
    prompts = [text(0, 150) + text(n, 40) for n in range(1, 41)]
    with host.at_once():
        asked = [host.ask(prompt, 40, key=f"run/{n}", pinned=n % 7 == 0) for n, prompt in enumerate(prompts)]
    kept = [n for n in range(40) if n % 5 == 0]
    for n in rng.sample(range(40), 40):
        if n not in kept:
            asked[n].ended.wait(rng.random() * 0.01)
            host.compute.cancel(asked[n].job.id)
            host.compute.cancel(asked[n].job.id)
    found = [asked[n].tokens() for n in kept]
    expected = alone(host, shapes[shape], [prompts[n] for n in kept], 40)
    assert share_alike(found, expected) >= ALIKE
    assert all(one.report()["finish"] in ("cancelled", "stop", "length") for one in asked)


@pytest.mark.parametrize("shape", ["dense", "dense q4", "hybrid", "hybrid q4", "recurrent"])
def test_strict_replies_are_those_of_an_empty_memory_token_for_token(shapes, shape):
    command = [sys.executable, "-m", "tests.engine.llm.local.batch.strict_replies", str(shapes[shape])]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["different"] == 0
    assert found["reused_tokens"] > 1500
