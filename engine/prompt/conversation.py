"""One node's conversation: an opening, then turns of reply and feedback. Grows only, until it must be compacted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from engine.prompt.outputs import clip, left_out
from engine.types import Message


class Conversation:
    """Messages of a node that writes cells. `take_new()` yields what the log has not recorded yet."""

    def __init__(self, opening: tuple[Message, Message]):
        self._opening = opening
        self._turns: list[tuple[Message, Message]] = []
        self._dropped = 0
        self._left_out = ""
        self._recorded = 0

    @classmethod
    def restored(
        cls, opening: tuple[Message, Message], turns: Sequence[tuple[Message, Message]]
    ) -> Conversation:
        """A conversation that was recorded: its opening as it was sent last, and the turns that were still in it."""
        self = cls(opening)
        self._turns = [*turns]
        self._recorded = len(self.messages)
        return self

    def forget(self, messages: int) -> None:
        """Take the last messages for ones that the log has not recorded yet."""
        self._recorded = max(0, self._recorded - messages)

    @property
    def messages(self) -> tuple[Message, ...]:
        """Everything the next request sends, in order."""
        system, user = self._opening
        if self._left_out:
            user = replace(user, content=f"{user.content}\n{self._left_out}")
        return (system, user, *(m for turn in self._turns for m in turn))

    def take_new(self) -> tuple[Message, ...]:
        """Messages added since the last call; all of them after a compaction."""
        messages = self.messages
        new = messages[self._recorded :]
        self._recorded = len(messages)
        return new

    def append(self, reply: str, feedback: Message, *, last: bool = True) -> None:
        """Add one turn: the model's own text, exactly, and the user message that answers it. `last`: the log has this reply
        as the text of the last turn, so that only the user message is new.
        """
        self._turns.append((Message("assistant", reply), feedback))
        self._recorded += last

    def amend(self, text: str) -> None:
        """Add a line to the last user message, which has not been sent yet."""
        if self._turns:
            reply, feedback = self._turns[-1]
            self._turns[-1] = (reply, replace(feedback, content=f"{feedback.content}\n{text}"))
        else:
            system, user = self._opening
            self._opening = (system, replace(user, content=f"{user.content}\n{text}"))

    def compact(self, variables: Sequence[str]) -> str | None:
        """Drop the older half of the turns, or shorten the last output when only one turn is left.

        Variables of the kernel stay alive; their names are told in place of what was dropped. Returns one
        sentence for the log, or None when nothing more can be taken out.
        """
        self._recorded = 0
        if len(self._turns) > 1:
            gone = (len(self._turns) + 1) // 2
            self._turns = self._turns[gone:]
            self._dropped += gone
            self._left_out = left_out(1, self._dropped, variables)
            return f"turns 1 to {self._dropped} were left out of the prompt to fit the window; variables stay"
        if self._turns and len(self._turns[0][1].content) > 400:
            reply, feedback = self._turns[0]
            shorter = clip(feedback.content, len(feedback.content) // 2)
            self._turns[0] = (reply, replace(feedback, content=shorter))
            return f"the last output was cut to {len(shorter):,} characters to fit the window"
        if self._turns:
            self._turns = []
            self._dropped += 1
            self._left_out = left_out(1, self._dropped, variables)
            return "the last turn was left out of the prompt to fit the window; variables stay"
        return None
