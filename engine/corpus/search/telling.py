"""How much a word tells by itself. No language is known: the words of which sentences are made are short in any."""

from __future__ import annotations

import math

from engine.corpus.search.forms import ALONE

LENGTH, STEEP = 3.5, 0.8  # letters at which a word is worth half, and how sharply that changes
HALF = 0.5  # of that worth: words that count in a line beside those asked for
UNSPACED_LETTERS = 2  # letters that a character counts as where each is a word of the index


def telling(word: str) -> float:
    """From 0 to 1: how much a word tells by its length alone; all of it where it holds a digit."""
    if any(map(str.isdigit, word)):
        return 1.0
    letters = len(word) + (UNSPACED_LETTERS - 1) * len(ALONE.findall(word))
    return 1 / (1 + math.exp(STEEP * (LENGTH - letters)))
