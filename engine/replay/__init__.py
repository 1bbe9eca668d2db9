"""Recorded cells executed again: read_record, replay_node (compare), restore (a session that goes on), and what calls them.

loading.py     the record of a run, see engine/events/record.py       places.py      its nodes, cells and calls
origin.py      what a node worked on
answers.py     sub-calls answered from the record                     execution.py   the cells of a node, again
comparison.py  is it what was recorded, and why not                   restore.py     a session where a recorded one was
fork.py        a new run from one of its cells (not imported here: it needs engine.engine)
"""

from engine.events.record import NodeRecord, RunRecord
from engine.replay.answers import RecordedAnswers
from engine.replay.comparison import Comparison
from engine.replay.execution import Executed, execute_again, replay_node
from engine.replay.loading import read_record
from engine.replay.origin import corpus_of, open_worker, text_problem
from engine.replay.places import ReplayError
from engine.replay.restore import restore

__all__ = [
    "Comparison",
    "Executed",
    "NodeRecord",
    "RecordedAnswers",
    "ReplayError",
    "RunRecord",
    "corpus_of",
    "execute_again",
    "open_worker",
    "read_record",
    "replay_node",
    "restore",
    "text_problem",
]
