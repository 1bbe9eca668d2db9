"""Runs of varied cells for the proof of `verify`: a seed gives the cells of one run."""

from __future__ import annotations

import random

WORDS = ("Halden", "ferry", "deposit", "crowns", "Anna", "Tom", "miss", "noon")
CELLS = (
    "hits = context.grep({word!r})\nprint(len(hits), [h.name for h in hits])",
    "hits = context.search({word!r}, {small})\nfor h in hits: print(h.name, h.start, h.end)",
    "total = sum(range({number}))\ntotal",
    "words = {{}}\nfor d in context:\n    for w in d.split(): words[w] = words.get(w, 0) + 1\n"
    "sorted(words.items(), key=lambda x: (-x[1], x[0]))[:{small}]",
    "print(set({word!r}), frozenset(range({small})))",
    "import random\nprint([random.randint(0, {number}) for _ in range({small})])",
    "import numpy as np\nprint(np.random.rand({small}).round(6), np.arange({small}) ** 2)",
    "import time, datetime\nbegan = time.time()\nprint(datetime.date.today(), 'and', {number})",
    "import time\nt = time.perf_counter()\nprint('took', time.perf_counter() - t, 's for', {number})",
    "class Thing: pass\nthing = Thing()\nprint(thing, {number})",
    "import uuid\nprint(uuid.uuid4(), {number})",
    "import secrets\nprint('drawn', secrets.randbelow(10 ** 12), 'of', {number})",
    "print(llm_query('Say: {word} {number}'))",
    "names = map_query('Who wrote it? Say: {word}', [d for d in context])\nprint(names)",
    "parts = rlm_query_batched('How long is it?', [context[0], context[1]])\nprint(parts)",
    "print(llm_query('Sure? Say: yes', choices=['yes', 'no']))",
    "try:\n    1 / ({number} - {number})\nexcept ZeroDivisionError as e:\n    print('caught', e)",
    "undefined_name + {number}",
    "def f(n):\n    return [n] * {small}\n[f(i) for i in range({small})]",
    "text = '\\n\\n'.join(f'Paragraph {{i}} of {word}.' for i in range({number}))\nprint([len(c) for c in chunks(text, 400)][:9])",
    "import matplotlib.pyplot as plt\nplt.plot(range({small}))\nplt.show()",
    "import re\nprint(re.findall(r'[A-Z]\\w+', context[0])[:{small}])",
    "x = {{i: str(i) for i in range({small})}}\nx[{number}] = {word!r}\nx",
    "import sys\nprint('out')\nprint('err', file=sys.stderr)\nprint({number})",
)


def cells_of(seed: int) -> tuple[str, ...]:
    """Three to six cells, the last of which ends the run with sources."""
    draw = random.Random(seed)
    chosen = draw.sample(CELLS, draw.randint(2, 5))
    made = [
        one.format(word=draw.choice(WORDS), number=draw.randint(20, 999), small=draw.randint(2, 6))
        for one in chosen
    ]
    word = draw.choice(WORDS)
    end = f"found = context.grep({word!r})\nFINAL(f'{{len(found)}} places', found)"
    return (*made, end)
