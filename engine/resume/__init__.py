"""Runs that ended without an answer go on from their last committed event: resume(engine, run) gives the answer.

open_nodes.py  what was under way, and what is known of its sub-calls      going_on.py  a node brought to where it was
resuming.py    may a run go on, with which limits; and what asks for it
"""

from engine.resume.resuming import check, may_go_on, resume

__all__ = ["check", "may_go_on", "resume"]
