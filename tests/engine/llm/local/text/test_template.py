"""Chat templates of real families are cut into pieces that rebuild a conversation exactly."""

from __future__ import annotations

import time
from datetime import date

import pytest
from jinja2 import Environment

from engine.llm.local.text import template
from engine.llm.local.text.template import (
    GENERIC,
    Pieces,
    TemplateError,
    cut_template,
    normalise,
    piece_before,
)
from engine.types import Message
from tests.engine.llm.conftest import TEMPLATES, template_named

FAMILIES = sorted(path.stem for path in TEMPLATES.glob("*.jinja"))
DAY = date(2026, 3, 14)
SYSTEM, USER, REPLY = (
    Message("system", "Be brief."),
    Message("user", "What is it?"),
    Message("assistant", "It."),
)


def cut(name: str) -> Pieces:
    return cut_template(template_named(name), bos="<s>", eos="</s>", day=DAY)


def rebuilt(pieces: Pieces, messages: list[Message]) -> str:
    text, previous = "", None
    for message in normalise(messages, pieces):
        text += piece_before(pieces, previous, message.role) + message.content
        previous = message.role
    return text + pieces.reply


def rendered(name: str, messages: list[Message]) -> str:
    environment = Environment(trim_blocks=True, lstrip_blocks=True)

    def refuse(why: str) -> None:
        raise AssertionError(why)

    template = environment.from_string(
        template_named(name), globals={"strftime_now": DAY.strftime, "raise_exception": refuse}
    )
    turns = [{"role": m.role, "content": m.content} for m in messages]
    return template.render(messages=turns, add_generation_prompt=True, bos_token="<s>", eos_token="</s>")


@pytest.mark.parametrize("name", FAMILIES)
@pytest.mark.parametrize("turns", [1, 2, 4])
def test_pieces_rebuild_what_the_template_renders(name, turns):
    messages = [
        m for n in range(turns) for m in (Message("user", f"Question {n}?"), Message("assistant", f"{n}."))
    ]
    assert rebuilt(cut(name), messages[:-1]) == rendered(name, messages[:-1])


@pytest.mark.parametrize("name", sorted({*FAMILIES} - {"gemma", "mistral_last_user"}))
def test_pieces_rebuild_a_conversation_with_a_system_message(name):
    messages = [SYSTEM, USER, REPLY, USER]
    assert rebuilt(cut(name), messages) == rendered(name, messages)


@pytest.mark.parametrize("name", ["gemma", "mistral_last_user"])
def test_without_a_system_role_its_text_opens_the_first_user_message(name):
    pieces = cut(name)
    assert pieces.folds_system
    folded = Message("user", "Be brief.\n\nWhat is it?")
    assert rebuilt(pieces, [SYSTEM, USER]) == rendered(name, [folded])


@pytest.mark.parametrize("name", ["gemma", "mistral"])
def test_neighbours_of_one_role_are_merged_for_templates_that_insist_on_turns(name):
    messages = [
        USER,
        Message("user", "And where?"),
        REPLY,
        Message("user", "Good."),
        Message("system", "Hurry."),
    ]
    merged = [Message("user", "What is it?\n\nAnd where?"), REPLY, Message("user", "Good.\n\nHurry.")]
    assert rebuilt(cut(name), messages) == rendered(name, merged)


def test_a_conversation_that_begins_or_ends_with_the_assistant_gets_an_empty_user_message():
    assert [m.role for m in normalise([SYSTEM, REPLY], GENERIC)] == ["system", "user", "assistant", "user"]


def test_an_answer_that_begins_inside_a_thought_is_recognized():
    assert cut("qwen3_thinking").opens_thinking
    assert not cut("qwen3").opens_thinking


def test_harmony_is_recognized():
    assert [name for name in FAMILIES if cut(name).harmony] == ["gpt_oss"]


@pytest.mark.parametrize("name", ["llama3", "gpt_oss"])
def test_a_template_sees_the_day_it_is_given(name):
    source = template_named(name)
    first, second = (cut_template(source, day=date(2026, 3, day)) for day in (14, 15))
    assert first != second
    assert first == cut_template(source, day=date(2026, 3, 14))


def test_a_template_is_not_to_blame_for_a_machine_that_stands_still(monkeypatch):
    waits, peak = iter([0.6]), template._peak_bytes

    def late() -> int:
        time.sleep(next(waits, 0))
        return peak()

    monkeypatch.setattr(template, "RENDER_SECONDS", 0.5)
    monkeypatch.setattr(template, "_peak_bytes", late)
    assert cut_template("{% for m in messages %}<{{ m.role }}>{{ m.content }}{% endfor %}").history
    assert next(waits, None) is None


def test_message_contents_never_pass_through_the_template():
    shout = "{% for m in messages %}[{{ m.role }}]{{ m.content | replace('secret', 'gone') }}{% endfor %}"
    pieces = cut_template(shout)
    assert rebuilt(pieces, [Message("user", "{{ 7 * 7 }} secret")]) == "[user]{{ 7 * 7 }} secret"


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        (
            "{% for a in range(99999) %}{% for b in range(99999) %}{% set x = b %}{% endfor %}{% endfor %}",
            "seconds",
        ),
        (
            "{% set n = namespace(t='x' * 999) %}{% for i in range(99) %}{% set n.t = n.t ~ n.t %}{% endfor %}",
            "memory",
        ),
        ("{{ 'x' * 99999999999 }}", "too large"),
        ("{{ 9 ** 9 ** 9 }}", "too large"),
        ("{{ ''.__class__.__mro__[1].__subclasses__() }}", "fails"),
        ("{% for m in messages %}{{ m.content }}", "fails"),
        ("{{ raise_exception('no') }}", "refuses"),
        ("The same for everyone.", "one after the other"),
        ("{% for m in messages | reverse %}{{ m.content }}{% endfor %}", "one after the other"),
        ("{% for m in messages %}{{ m.content | upper }}{% endfor %}", "one after the other"),
    ],
)
def test_a_template_that_cannot_be_used_is_refused_with_its_reason(source, reason):
    with pytest.raises(TemplateError, match=reason):
        cut_template(source)


def test_generation_tags_for_training_are_ignored():
    source = (
        "{% for m in messages %}<{{ m.role }}>{% generation %}{{ m.content }}{% endgeneration %}{% endfor %}"
    )
    assert cut_template(source).history == "<assistant>"


def test_the_generic_template_is_chatml():
    assert rebuilt(GENERIC, [SYSTEM, USER]) == (
        "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nWhat is it?<|im_end|>\n<|im_start|>assistant\n"
    )


def test_a_model_trained_without_a_system_message_is_given_none():
    source = "{# no system message #}{% for m in messages %}{% if m.role != 'system' %}<{{ m.role }}>{{ m.content }}{% endif %}{% endfor %}{% if add_generation_prompt %}<assistant>{% endif %}"
    pieces = cut_template(source)
    assert pieces.drops_system and not pieces.folds_system
    assert normalise([SYSTEM, USER], pieces) == [USER]
