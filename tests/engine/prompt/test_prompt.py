"""Prompts state true numbers, fit the model's strength, and never hold documents."""

from dataclasses import replace

from engine import prompt
from engine.types import ModelInfo

FACTS = prompt.Facts(
    question="Who signed the lease?",
    context="Corpus of 30 documents, 312,480 characters",
    strength="guided",
    n_ctx=8192,
    sub_chars=17_000,
    calls=200,
    seconds=1800,
    turns=12,
    depth=1,
    listing=("0 lease.md", "and 29 more"),
)


def info(**changes):
    return replace(ModelInfo("m", "m.gguf", "f", n_ctx=8192, parameters=4_000_000_000), **changes)


def test_strength_follows_window_and_size():
    assert prompt.strength(info()) == "guided"
    assert prompt.strength(info(parameters=0)) == "guided"
    assert prompt.strength(info(n_ctx=2048)) == "compact"
    assert prompt.strength(info(parameters=3_000_000)) == "compact"
    assert prompt.strength(info(parameters=30_000_000_000)) == "open"


def test_instructions_are_the_system_message_and_numbers_and_question_the_user_message():
    system, user = prompt.opening(FACTS)
    assert system.role == "system" and "context.grep" in system.content
    assert user.role == "user"
    for part in (
        "312,480 characters",
        "8,192 tokens",
        "17,000 characters",
        "200 sub-calls",
        "Who signed the lease?",
    ):
        assert part in user.content
    assert "Who signed" not in system.content


def test_recursion_is_offered_only_while_depth_is_left():
    assert "rlm_query" in prompt.opening(FACTS)[0].content
    assert "rlm_query" not in prompt.opening(replace(FACTS, depth=0))[0].content


def test_a_small_model_gets_few_words_and_no_listing():
    system, user = prompt.opening(replace(FACTS, strength="compact"))
    assert len(system.content) < 600
    assert "lease.md" not in user.content
    assert user.content.endswith("Question: Who signed the lease?")


def test_a_section_can_be_changed_alone():
    kept = [s for s in prompt.SYSTEM if s.name != "example"]
    assert "Ada Fenn" in prompt.join(prompt.SYSTEM, FACTS)
    assert "Ada Fenn" not in prompt.join(kept, FACTS)


def test_clip_keeps_head_and_tail_and_counts_what_it_leaves_out():
    text = "a" * 500 + "b" * 500
    clipped = prompt.clip(text, 100)
    assert clipped.startswith("a" * 60) and clipped.endswith("b" * 30)
    assert "[... 900 characters left out ...]" in clipped
    assert prompt.clip(text, 1000) == text


def test_outputs_become_text_in_order_and_pictures_are_named():
    outputs = [
        {"output_type": "stream", "name": "stdout", "text": "one\n"},
        {
            "output_type": "display_data",
            "data": {"image/png": "...", "text/plain": "<Figure>"},
            "metadata": {},
        },
        {"output_type": "execute_result", "data": {"text/plain": "42"}, "metadata": {}, "execution_count": 1},
        {"output_type": "error", "ename": "ValueError", "evalue": "no", "traceback": ["ValueError: no"]},
    ]
    assert prompt.output_text(outputs) == "one\n[picture] <Figure>\n42\nValueError: no"


def test_feedback_of_a_silent_cell_says_how_to_see_a_value():
    assert "print()" in prompt.feedback("", ()).content
    assert prompt.feedback("7", ("careful",)).content == "Output:\n7\nNote: careful"
