"""Adapters for one role alone: the other is answered as if they were not there, whatever is asked beside it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from engine.llm.base import Request
from engine.llm.gguf.adapters import Adapter, check_adapters
from engine.llm.gguf.facts import read_facts
from engine.llm.local.batch.turns import TURN_SECONDS, Turns
from engine.llm.local.load.native import Native
from engine.types import AdapterInfo, Message
from tests.engine.llm.gguf.make_gguf import lora_adapter
from tests.engine.llm.gguf.shapes import Shape, dense_model, hybrid_model
from tests.engine.llm.local.batch.host import Host, text

SHARED = 300
ALIKE = 0.85  # share of replies that must be those of an empty memory; batches change the last bits
OTHER = {"root": "sub", "sub": "root"}


class Trio:
    """A file loaded three times: without an adapter, with it for all, and for one role. `plain` and `adapted` say what
    the first two write after prompts, in strict mode: as an empty memory would.
    """

    def __init__(self, path: Path, adapter: Path):
        self.path, self._adapter = path, adapter
        self.scoped = {scope: self._load(scope) for scope in OTHER}
        self._plain, self._full = (
            Host(path, native=self._load(scope), strict=True) for scope in ("", "both")
        )

    def plain(self, prompts: list[list[int]], count: int) -> list[list[int]]:
        return [self._plain.ask(prompt, count).tokens() for prompt in prompts]

    def adapted(self, prompts: list[list[int]], count: int) -> list[list[int]]:
        return [self._full.ask(prompt, count).tokens() for prompt in prompts]

    def sets(self) -> list[int]:
        """How many sets of adapters each needs: plain, for all, for one role."""
        natives = (self._plain.native, self._full.native, self.scoped["root"])
        return [len(native.adapters) for native in natives]

    def close(self) -> None:
        self._plain.close()
        self._full.close()

    def _load(self, scope) -> Native:
        info = AdapterInfo("law", "law.gguf", 1.0, "", scope)
        adapters = [(self._adapter, info)] if scope else []
        return Native(
            read_facts(self.path), gpu_layers=0, adapters=adapters, on_progress=lambda fraction: None
        )


@pytest.fixture(scope="module")
def trios(tmp_path_factory) -> Iterator[dict[str, Trio]]:
    folder = tmp_path_factory.mktemp("scope")
    law = lora_adapter(folder / "dense-law.gguf", width=256, architecture="qwen3", layers=range(4))
    deep = lora_adapter(folder / "hybrid-law.gguf", width=256, architecture="qwen35", layers=(3,))
    made = {
        "dense": Trio(dense_model(folder / "dense.gguf"), law),
        "hybrid": Trio(hybrid_model(folder / "hybrid.gguf", Shape(layers=8)), deep),
    }
    yield made
    for trio in made.values():
        trio.close()


@pytest.fixture
def open_host() -> Iterator:
    opened: list[Host] = []

    def open_one(trio: Trio, scope: str, **options) -> Host:
        opened.append(Host(trio.path, native=trio.scoped[scope], **options))
        return opened[-1]

    yield open_one
    for host in opened:
        host.close()


def ask(host: Host, role: str, tokens: list[int], count: int, **options):
    return host.ask(tokens, count, adapters=host.native.adapters.number(role), **options)


def share_alike(found: list[list[int]], expected: list[list[int]]) -> float:
    return sum(a == b for a, b in zip(found, expected, strict=True)) / len(expected)


@pytest.mark.parametrize("scope", ["root", "sub"])
@pytest.mark.parametrize("shape", ["dense", "hybrid"])
def test_each_role_gets_the_very_tokens_of_its_adapters_between_requests_of_the_other(
    trios, open_host, shape, scope
):
    trio = trios[shape]
    host = open_host(trio, scope, strict=True)
    prompts: dict[str, list[list[int]]] = {"root": [], "sub": []}
    found: dict[str, list[list[int]]] = {"root": [], "sub": []}
    reused = {"root": 0, "sub": 0}
    talk = text(0, SHARED)
    for turn in range(4):
        leaves = [text(0, SHARED) + text(100 * turn + n, 20) for n in range(3)]
        asked = [
            ("sub", leaf, ask(host, "sub", leaf, 12, key=f"run/0.{turn}.{n}"))
            for n, leaf in enumerate(leaves)
        ]
        root = ask(host, "root", talk, 12, key="run/0", pinned=True, start=SHARED)
        for role, prompt, one in [*asked[:1], ("root", list(talk), root), *asked[1:]]:
            prompts[role].append(prompt)
            found[role].append(one.tokens())
            reused[role] += one.report()["reused_tokens"]
        talk += found["root"][-1] + text(500 + turn, 40)
    adapted, plain = scope, OTHER[scope]
    assert found[adapted] == trio.adapted(prompts[adapted], 12)
    assert found[plain] == trio.plain(prompts[plain], 12)
    assert found[plain] != trio.adapted(prompts[plain], 12), "the adapter would have shown"
    assert min(reused.values()) >= SHARED // 128 * 128, "prefixes were used again"


@pytest.mark.parametrize("scope", ["root", "sub"])
@pytest.mark.parametrize("shape", ["dense", "hybrid"])
def test_replies_of_both_roles_written_at_once_share_no_batch_and_no_prefix(trios, open_host, shape, scope):
    trio = trios[shape]
    host = open_host(trio, scope)
    context, steps = host.compute.context, []
    decode = context.decode

    def watched(parts, adapters=0):
        steps.append((adapters, {part.sequence for part in parts}))
        return decode(parts, adapters)

    context.decode = watched  # type: ignore[method-assign]
    roots = [text(0, SHARED) + text(n, 40) for n in range(1, 5)]
    leaves = [text(0, SHARED) + text(n, 40) for n in range(50, 58)]
    ask(
        host, "root", text(0, SHARED) + text(99, 40), 1, key="run/8", pinned=True, start=SHARED
    ).tokens()  # what leaves must not take
    steps.clear()
    with host.at_once():
        asked = {
            "root": [
                ask(host, "root", p, 24, key=f"run/{n}", pinned=True, start=SHARED)
                for n, p in enumerate(roots)
            ],
            "sub": [ask(host, "sub", p, 24, key=f"run/9.{n}") for n, p in enumerate(leaves)],
        }
    found = {role: [one.tokens() for one in some] for role, some in asked.items()}
    prompts = {"root": roots, "sub": leaves}
    adapted, plain = scope, OTHER[scope]
    assert share_alike(found[adapted], trio.adapted(prompts[adapted], 24)) >= ALIKE
    assert share_alike(found[plain], trio.plain(prompts[plain], 24)) >= ALIKE
    assert share_alike(found[plain], trio.adapted(prompts[plain], 24)) < 1 - ALIKE
    for role, some in asked.items():
        evaluated = sum(one.report()["evaluated_tokens"] for one in some)
        least = SHARED * (role == "sub") + 40 * len(prompts[role])
        assert least - len(some) <= evaluated <= least + len(some), "each role reads the shared start once"
    by_set = [{s for adapters, some in steps if adapters == one for s in some} for one in (0, 1)]
    assert all(by_set) and not by_set[0] & by_set[1], "no sequence was evaluated with both"


def test_a_request_does_not_wait_for_what_it_cannot_use(trios, open_host):
    host = open_host(trios["dense"], "root")
    prompt = text(0, 1500)
    with host.at_once():
        root = ask(host, "root", prompt, 4, key="run/0", pinned=True)
        leaf = ask(host, "sub", prompt, 4, key="run/0.1")
        sister = ask(host, "sub", prompt, 4, key="run/0.2")
    reports = [one.report() for one in (root, leaf, sister)]
    assert leaf.job.started < root.job.written_from, "it was let in while the other still read"
    assert [report["evaluated_tokens"] for report in reports] == [1500, 1500, 1], (
        "and its sister waited for it"
    )


@pytest.mark.parametrize("saved", [0, 512 << 20])
def test_a_memory_too_small_for_both_roles_mixes_nothing_up(trios, open_host, saved):
    trio = trios["dense"]
    host = open_host(trio, "root", pool=1024, window=1024, saved=saved)
    roots, leaves = ([text(0, 150) + text(n, 100) for n in range(m, m + 4)] for m in (1, 50))
    found: dict[str, list[list[int]]] = {"root": [], "sub": []}
    for _ in range(2):  # the second time what was saved comes back
        asked = [
            (role, ask(host, role, prompt, 40, key=f"run/{role}{n}", pinned=role == "root", start=150))
            for n, pair in enumerate(zip(roots, leaves, strict=True))
            for role, prompt in zip(("root", "sub"), pair, strict=True)
        ]
        for role, one in asked:
            found[role].append(one.tokens())
    assert share_alike(found["root"], 2 * trio.adapted(roots, 40)) >= 0.6
    assert share_alike(found["sub"], 2 * trio.plain(leaves, 40)) >= 0.6


def test_one_set_serves_both_roles_where_no_adapter_is_for_one_alone(trios):
    assert trios["dense"].sets() == [1, 1, 2]


QUESTION = (Message("system", "You answer briefly. " * 12), Message("user", "How long is the notice period?"))


def test_requests_say_their_role_and_a_loaded_model_its_scopes(open_local, random_gguf, tmp_path):
    law, style = lora_adapter(tmp_path / "law.gguf"), lora_adapter(tmp_path / "style.gguf", seed=1)

    def write(*adapters: Adapter) -> tuple[SimpleNamespace, str, str]:
        model = open_local(random_gguf, adapters=adapters, strict=True)
        streams = {
            role: [
                model.submit(Request(QUESTION, 30, conversation=f"run/{role}{n}", role=role))
                for n in range(3)
            ]
            for role in ("root", "sub")
        }
        texts = {role: {stream.result().text for stream in some} for role, some in streams.items()}
        (root,), (sub,) = texts["root"], texts["sub"]
        return model.info, root, sub

    base, plain, same = write()
    full, adapted, everywhere = write(Adapter(law))
    assert plain == same and adapted == everywhere != plain
    info, root, sub = write(Adapter(law, scope="root"))
    assert (root, sub) == (adapted, plain)
    assert [one.scope for one in info.adapters] == ["root"]
    assert (info.pool, info.n_ctx, info.slots) == (full.pool, full.n_ctx, full.slots)
    assert len({info.fingerprint, full.fingerprint, base.fingerprint}) == 3
    _, root, sub = write(Adapter(law, scope="sub"))
    assert (root, sub) == (plain, adapted)
    _, styled, _ = write(Adapter(style))
    _, root, sub = write(Adapter(law, scope="root"), Adapter(style, scope="sub"))
    assert (root, sub) == (adapted, styled)


def test_a_scope_changes_nothing_of_the_memory_that_is_needed(random_gguf, tmp_path):
    path, facts = lora_adapter(tmp_path / "law.gguf"), read_facts(random_gguf)
    sizes = {check_adapters([Adapter(path, scope=scope)], facts)[1] for scope in ("root", "sub", "both")}  # type: ignore[arg-type]
    assert sizes == {check_adapters([Adapter(path)], facts)[1]} != {0}


# --- turns ------------------------------------------------------------------------------------------------


def test_sets_take_turns_while_both_are_needed_and_the_one_that_waited_longest_is_next():
    now = 0.0
    turns = Turns(clock=lambda: now)
    jobs = [SimpleNamespace(adapters=n) for n in (0, 1, 2, 1)]

    def take(*some) -> tuple[set[int], bool]:
        taken = turns.take([jobs[n] for n in some])
        return {job.adapters for job in taken}, turns.changed

    assert take(0) == ({0}, False)
    now = 5.0
    assert take(0, 1) == ({1}, True), "one that comes to a set at work for long has its turn at once"
    now += TURN_SECONDS / 2
    assert take(0, 1) == ({1}, False)
    assert len(turns.take([jobs[1], jobs[0], jobs[3]])) == 2
    now += TURN_SECONDS
    assert take(0, 1, 2) == ({2}, True), "the one that never had a turn"
    now += TURN_SECONDS
    assert take(0, 1, 2) == ({0}, True)
    assert take(1, 2) == ({1}, True), "nothing is left for the set whose turn it was"
    assert take() == (set(), False)
