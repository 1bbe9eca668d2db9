"""A conversation only grows, until it is compacted; the log is told each message once."""

from engine.prompt import Conversation
from engine.types import Message

OPENING = (Message("system", "rules"), Message("user", "question"))


def filled(turns):
    conversation = Conversation(OPENING)
    conversation.take_new()
    for n in range(1, turns + 1):
        conversation.append(f"reply {n}", Message("user", f"output {n}"))
        conversation.take_new()
    return conversation


def test_new_messages_are_reported_once_and_replies_not_at_all():
    conversation = Conversation(OPENING)
    assert conversation.take_new() == OPENING
    conversation.append("reply 1", Message("user", "output 1"))
    assert conversation.take_new() == (Message("user", "output 1"),)
    assert conversation.take_new() == ()
    assert [m.role for m in conversation.messages] == ["system", "user", "assistant", "user"]


def test_amending_changes_only_the_message_not_yet_sent():
    conversation = filled(1)
    conversation.append("reply 2", Message("user", "output 2"))
    conversation.amend("Stop here.")
    assert conversation.messages[-1].content == "output 2\nStop here."
    assert conversation.messages[3].content == "output 1"


def test_compaction_drops_the_older_half_and_names_the_variables_that_stay():
    conversation = filled(4)
    sentence = conversation.compact(("hits", "docs"))
    assert "turns 1 to 2" in sentence
    contents = [m.content for m in conversation.messages]
    assert "hits, docs" in contents[1]
    assert contents[2:] == ["reply 3", "output 3", "reply 4", "output 4"]
    assert conversation.take_new() == conversation.messages


def test_a_single_long_output_is_cut_before_its_turn_is_dropped():
    conversation = Conversation(OPENING)
    conversation.append("reply", Message("user", "x" * 2000))
    assert "cut to" in conversation.compact(())
    while conversation.compact(()) is not None:
        pass
    assert len(conversation.messages) == 2
    assert "Left out" in conversation.messages[1].content


def test_nothing_left_to_compact_is_said():
    assert Conversation(OPENING).compact(()) is None
