"""Whether prompts reach the model of a server whole: some servers cut what their window does not hold and say nothing.

Ollama's window, as it comes, holds 2,048 or 4,096 tokens, and of a longer prompt the beginning is dropped (ollama#10368,
ragflow#6163). What the server counts does not prove it either way: some count the tokens before they cut, some only
those that were in no cache, some none. So a text with code words at places that are known is sent, and the model is asked for
the words: those of a piece that was cut away cannot be in its reply.

Only what cannot be chance makes a server one that cuts: twice, with fresh words, one block of words is missing; a text
as long as what arrived comes whole; of one that is a little longer as much arrives, not less. Where a model names no
words, or only the first, the server's counts decide, if it gives any.
"""

from __future__ import annotations

import asyncio
import random
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from engine.errors import TaprootError
from engine.llm.remote.refusal import Overflow

FREE_TOKENS = 512  # no server's window is smaller: shorter prompts need no proof
AHEAD = 1.5  # how many times the prompt at hand a proof is long, so that few are needed while prompts grow
REPLY_TOKENS = 256
COUNT_WORDS = 8
SHORT_BYTES = 900  # of the text that shows whether the model can name words at all, and how the server counts
SURE = 1 - 1 / (COUNT_WORDS - 1)  # of a text with all its words: the rest may be cut from between two of them
BYTES_PER_TOKEN = 4.2  # of the filler, where the server counts nothing; that of SmolLM2
NEARLY = 0.98  # of a text whose first and last word are there: some tokens beside them may be missing
HALVINGS = 4  # of what is not known of the window's size
GROWN = 0.7  # a count that grew by less than this share of what it should have is one of a cut prompt

WORDS = tuple(
    "anchor badger candle dragon ember falcon garnet harbor iguana jacket kettle lantern magnet needle orchid pepper "
    "quartz ribbon saddle tunnel urchin velvet walnut yogurt zipper bamboo cactus dolphin engine ferret goblet hammer".split()
)
FILLER = (
    "The river had been rising since the middle of the week, and by Friday the lower meadow was gone.",
    "Nobody in the village could remember such a spring.",
    "They carried chairs and books upstairs and counted the sheep twice.",
    "The height of the water was written on the wall of the mill, as their parents had done.",
    "When it fell at last, the insurance took another six months to pay.",
    "A letter came from the town, and after it a man who measured every room.",
    "He said little, drank his tea and went away before it was dark.",
    "In the autumn the road was closed for repairs, and the school bus had to go round by the hill.",
    "The baker kept his prices until the new year and then raised all of them.",
    "Some of the younger people found work at the port and came home only for the holidays.",
    "It was a good year for apples, though, and the cellar smelled of them until March.",
    "The old clock in the hall was repaired by a neighbour who would take no money for it.",
)
ASKED = f"List all {COUNT_WORDS} code words in their order, separated by commas. Write nothing else."

# Sends one message of a user and returns the reply and the tokens that the server counted in the prompt, 0 for none.
# Raises Overflow when the server says that it is too long, another TaprootError when it does not answer.
Ask = Callable[[str, int], Awaitable[tuple[str, int]]]


@dataclass(frozen=True, slots=True)
class Planted:
    """A text with code words. `places`: where each word's line begins, in bytes, which are characters here."""

    text: str
    words: tuple[str, ...]
    places: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Look:
    """What came of one text: which words the reply held, and the tokens that the server counted in the prompt."""

    planted: Planted
    found: tuple[bool, ...]
    counted: int

    @property
    def size(self) -> int:
        """The length of the text in bytes."""
        return len(self.planted.text)

    @property
    def whole(self) -> bool:
        """Whether every word arrived."""
        return all(self.found)

    @property
    def block(self) -> bool:
        """Whether one piece before the end is missing, as a cut leaves it; a reply that breaks off misses the end."""
        return re.fullmatch("1*0+1+", "".join("01"[one] for one in self.found)) is not None

    @property
    def kept(self) -> tuple[int, int]:
        """How many bytes arrived at least and at most, by the words on both sides of each stretch."""
        ends = (*self.planted.places, self.size)
        sides = (*self.found, self.found[-1])
        least = most = 0
        for begin, end, here, there in zip(ends, ends[1:], sides, sides[1:], strict=False):
            least += (end - begin) * (here and there)
            most += (end - begin) * (here or there)
        return least, most


def plant(size: int, draw: random.Random) -> Planted:
    """Make a text of about `size` bytes: code words at even distances from its beginning to its end, then the question."""
    words = tuple(draw.sample(WORDS, COUNT_WORDS))
    first = f"Code word 1: {words[0]}\n"
    text = f"{first}More of them stand between the sentences of this text. {ASKED}\n\n"
    gap = max(0, size - len(text) - len(ASKED)) / (COUNT_WORDS - 1)
    places = [0]
    for number, word in enumerate(words[1:], 1):
        while len(text) < number * gap:
            text += draw.choice(FILLER) + "\n"
        places.append(len(text))
        text += f"Code word {number + 1}: {word}\n"
    return Planted(f"{text}\nThe text ends here. {ASKED}", words, tuple(places))


class Arrival:
    """What is known of how long prompts may be so that they arrive whole. For one event loop; sizes in tokens.

    `window`: the tokens that a prompt and its reply have, lowered when less than that arrives. `cuts`: the server was seen to
    cut. `proven`: prompts of so many tokens arrive whole. `news`: what a person has to know, one sentence each.
    """

    def __init__(self, ask: Ask, window: int):
        self.window = window
        self.cuts = False
        self.proven: float = FREE_TOKENS
        self.news: list[str] = []
        self._ask = ask
        self._short: Look | None = None
        self._bytes_per_token = BYTES_PER_TOKEN
        self._draw = random.Random()
        self._proving = asyncio.Lock()

    async def prove(self, tokens: int) -> bool:
        """See to it that prompts of so many tokens are known to arrive whole, or that they do not.

        Returns whether there is news. A server that does not answer proves nothing.
        """
        async with self._proving:
            before = (self.window, len(self.news))
            most = self.window - REPLY_TOKENS
            wanted = min(tokens, most)
            ahead = min(max(round(AHEAD * tokens), 2 * FREE_TOKENS), most)
            sizes = () if self.proven >= wanted else dict.fromkeys((ahead, wanted))
            for size in (
                sizes
            ):  # the second where the first failed: some servers just end a reply to what is too long
                try:
                    await self._settle(size)
                    if not self.cuts:
                        self.proven = max(self.proven, self.window if size == most else wanted)
                    break
                except Overflow as refusal:
                    self.refused(refusal)
                    break
                except TaprootError:
                    continue
            return (self.window, len(self.news)) != before

    def refused(self, refusal: Overflow) -> bool:
        """Note that the server refuses what is too long: then it does not cut. Returns whether it told a smaller window."""
        self.proven = float("inf")
        smaller = 0 < refusal.window < refusal.needed and refusal.window < self.window
        if smaller:
            self.window = refusal.window
        return smaller

    async def _settle(self, tokens: int) -> None:
        """Find out whether a prompt of so many tokens arrives whole, and if not, how many do."""
        if self._short is None:
            self._short = await self._seen(SHORT_BYTES)
        window: int | None = None
        if self._short.whole:
            window = await self._by_words(self._short, tokens)
        elif self._short.counted:
            window = await self._by_counts(self._short, tokens)
        if window is None:
            self.proven = float("inf")
            self.news.append(
                "Whether long prompts reach the model of this server whole could not be found out: its model does "
                "not repeat words of a text, and what it counts does not tell. Say its true window with --window."
            )
        elif window:
            self.window, self.cuts, self.proven = window, True, window
            self.news.append(self._cutting())
        else:
            self.proven = SURE * tokens

    async def _seen(self, size: int) -> Look:
        """The better of two looks: a reply may miss a word for once."""
        look = await self._look(size)
        return look if look.whole else await self._look(size)

    async def _by_words(self, short: Look, tokens: int) -> int:
        """The window in tokens, if missing words show that a text of `tokens` is cut; 0 if they do not."""
        first = await self._look(round(tokens * self._bytes_per_token))
        second = first if first.whole else await self._look(first.size)
        if not (first.block and second.block):
            return 0 if second.whole or not short.counted else await self._by_counts(short, tokens) or 0
        least, most = second.kept
        most += most // 5  # so long that a cut in its middle takes a word
        # Sentences differ in how many tokens a byte has, and what arrived may end at a word.
        least -= least // 16
        fits = await self._look(least)
        over = await self._look(most) if most < second.size else second
        if not fits.whole or over.whole or over.kept[1] < fits.size:
            return 0
        for _ in range(HALVINGS):
            middle = await self._look((least + most) // 2)
            if middle.whole:
                fits, least = middle, middle.size
            else:
                most = middle.size
        share = SURE if second.found[0] and second.found[-1] else NEARLY
        return int(share * (fits.counted or fits.size / BYTES_PER_TOKEN))

    async def _by_counts(self, short: Look, tokens: int) -> int | None:
        """The window in tokens, if the counts stand still while the text grows; 0 if they grow; None if they do not tell."""
        size = max(round(tokens * short.size / short.counted), 3 * short.size)
        more, long = await self._look(2 * short.size, 1), await self._look(size, 1)
        if not short.counted < more.counted <= long.counted:
            return None
        expected = (more.counted - short.counted) / (more.size - short.size) * (long.size - more.size)
        return long.counted if long.counted - more.counted < GROWN * expected else 0

    async def _look(self, size: int, reply_tokens: int = REPLY_TOKENS) -> Look:
        planted = plant(size, self._draw)
        reply, counted = await self._ask(planted.text, reply_tokens)
        said = set(re.findall(r"[a-z]+", reply.lower()))
        look = Look(planted, tuple(word in said for word in planted.words), counted)
        if look.whole and counted:
            self._bytes_per_token = min(8.0, max(1.0, look.size / counted))
        return look

    def _cutting(self) -> str:
        return (
            f"Of prompts longer than about {self.window:,} tokens a part does not reach the model, and the server does "
            "not say so; from now on none is longer. Give the server a larger window (Ollama: OLLAMA_CONTEXT_LENGTH), "
            "then load the model again."
        )
