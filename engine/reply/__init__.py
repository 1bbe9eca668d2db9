"""Text of a model -> thinking, prose, code, final. Pure.

A reply is one act: the first cell in it, or else a final answer in its text. What follows the first cell was
written before its output existed, so it neither runs nor ends anything; only a variable named as the final
answer is kept, because it is looked up after the cell has run. `find_ending` lets generation stop at the same
place, so that a reply means the same whether or not its model could be stopped.
"""

from engine.reply.ending import Ending, Why, end_of_cell, find_ending, say_cut
from engine.reply.loops import without_loop
from engine.reply.reading import Final, ParsedReply, parse

__all__ = [
    "Ending",
    "Final",
    "ParsedReply",
    "Why",
    "end_of_cell",
    "find_ending",
    "parse",
    "say_cut",
    "without_loop",
]
