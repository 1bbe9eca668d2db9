"""What was evaluated is used again, and nothing of one conversation reaches another."""

from __future__ import annotations

from engine.llm.local.model import LocalModel
from engine.types import Message, Sampling
from tests.engine.llm.gguf.make_gguf import random_model, recurrent_model
from tests.engine.llm.local.conftest import QUESTION, SYSTEM, ask


def test_a_seed_repeats_a_reply_and_another_changes_it(model):
    def text(seed: int) -> str:
        sampling = Sampling(temperature=1.0, top_p=0.95, seed=seed)
        return model.submit(ask(QUESTION, sampling=sampling)).result().text

    assert text(1) == text(1)
    assert len({text(seed) for seed in range(5)}) > 1


# The cache


def test_every_turn_reuses_all_that_was_evaluated(model):
    messages: tuple[Message, ...] = (SYSTEM, QUESTION)
    held = 0
    for turn in range(5):
        reply = model.submit(ask(*messages, key="root", pinned=True)).result()
        usage = reply.usage
        assert reply.log_extended == (turn > 0)
        assert usage.reused_tokens in (held, max(0, held - 1))  # the last sampled token was not evaluated
        held = usage.prompt_tokens + usage.completion_tokens
        messages = (*messages, Message("assistant", reply.text), Message("user", f"Turn {turn}?"))
    assert held > 250


def test_sub_calls_between_turns_do_not_cost_the_conversation_its_cache(model):
    opening = (SYSTEM, QUESTION)
    first = model.submit(ask(*opening, key="root", pinned=True)).result()
    for number in range(12):
        model.submit(ask(Message("user", f"{number} {'word ' * 60}"), key=f"leaf {number}")).result()
    messages = (*opening, Message("assistant", first.text), Message("user", "And now?"))
    second = model.submit(ask(*messages, key="root", pinned=True)).result()
    assert second.usage.reused_tokens >= first.usage.prompt_tokens


def test_sub_calls_share_the_text_they_have_in_common(model):
    document = "clause " * 60
    first = model.submit(ask(Message("user", f"{document} Who?"), key="a")).result()
    second = model.submit(ask(Message("user", f"{document} When?"), key="b")).result()
    assert first.usage.reused_tokens == 0
    assert second.usage.reused_tokens >= model.count(document)


def test_cached_and_fresh_replies_are_the_same(open_local, tmp_path):
    model = open_local(random_model(tmp_path / "m.gguf", seed=3))
    fresh = [model.submit(ask(Message("user", f"{'x ' * 50}{n}"), key=f"a{n}")).result() for n in range(4)]
    cached = [model.submit(ask(Message("user", f"{'x ' * 50}{n}"), key=f"b{n}")).result() for n in range(4)]
    assert [r.text for r in fresh] == [r.text for r in cached]
    assert all(r.usage.reused_tokens > 90 for r in cached)


def test_conversations_that_do_not_fit_together_make_room_for_each_other(open_local, tmp_path):
    model = open_local(random_model(tmp_path / "m.gguf", n_ctx=1024), n_ctx=512)
    for number in range(12):
        text = f"{number} " + "ab " * 120
        reply = model.submit(ask(Message("user", text), key=f"node {number}", pinned=True)).result()
        assert reply.usage.prompt_tokens > 350
        assert reply.finish in ("stop", "length")


def test_a_recurrent_model_continues_and_never_mixes_conversations(open_local, tmp_path):
    path = recurrent_model(tmp_path / "r.gguf")

    def talk(model: LocalModel, key: str, between: int) -> tuple[list[str], int]:
        messages: tuple[Message, ...] = (SYSTEM, QUESTION)
        texts, reused = [], 0
        for turn in range(3):
            reply = model.submit(ask(*messages, key=key, pinned=True)).result()
            texts.append(reply.text)
            reused += reply.usage.reused_tokens
            messages = (*messages, Message("assistant", reply.text), Message("user", f"Turn {turn}?"))
            for number in range(between):
                model.submit(ask(SYSTEM, Message("user", f"{number}"), key=f"{key} {turn} {number}")).result()
        return texts, reused

    plain, reused = talk(open_local(path), "a", 0)
    mixed, reused_too = talk(open_local(path), "a", 5)
    assert plain == mixed
    assert reused == reused_too > 0


def test_a_conversation_that_has_ended_is_forgotten(model):
    request = ask(SYSTEM, QUESTION, key="run/0", pinned=True)
    model.submit(request).result()
    assert model.submit(request).result().usage.reused_tokens > 0
    model.forget("run")
    assert model.submit(request).result().usage.reused_tokens == 0


def test_the_app_remembers_nothing_of_conversations_that_have_ended(model):
    for key in ("done/0", "done/0.1", "done/1.4", "done2/0"):
        model.submit(ask(QUESTION, key=key, tokens=1)).result()
    model.forget("done")
    assert not [key for key in model._days if key.startswith("done/")]
    assert "done2/0" in model._days
    assert not model._outbox._sent


def test_strict_replies_do_not_depend_on_what_else_is_asked(open_local, random_gguf):
    model = open_local(random_gguf, strict=True)
    request = ask(SYSTEM, QUESTION)
    alone = model.submit(request).result().text
    streams = [model.submit(ask(SYSTEM, Message("user", f"{n} {'x ' * 90}"), key=f"a/{n}")) for n in range(9)]
    assert model.submit(request).result().text == alone
    for stream in streams:
        stream.result()
