"""Two runs side by side: what each did, aligned by calls and content, and where they part first. Pure over their events.

stored.py      two runs of a store
comparison.py  the whole comparison          texts.py    a turn as the texts that are compared
alignment.py   which turns and nodes belong together      answers.py  whether two answers say the same
"""

from engine.compare.answers import same_answer
from engine.compare.comparison import Comparison, Part, compare

__all__ = ["Comparison", "Part", "compare", "same_answer"]
