"""`python -m tests.engine.llm.local.batch.strict_replies FILE.gguf`: conversations in strict mode against an empty memory each time.

Prints one JSON object: how many of the replies differ, and how many tokens were used again. A process of its own:
llama.cpp has crashed with quantised weights on some processors, and must not take pytest with it.
"""

from __future__ import annotations

import json
import random
import sys
from pathlib import Path

from tests.engine.llm.local.batch.host import Host, alone, text

STEPS = 14


def compare(path: Path) -> dict[str, int]:
    """Let three conversations and some sub-calls take turns; ask each prompt of an empty memory, too."""
    rng = random.Random(11)
    host = Host(path, strict=True, pool=2048, window=2048, saved=32 << 20)
    talks = {key: text(0, 200) + text(n, 60) for n, key in enumerate(["a/0", "a/1", "b/0"], start=1)}
    prompts, found, reused = [], [], 0
    for step in range(STEPS):
        key = rng.choice(list(talks))
        if rng.random() < 0.3:
            prompt, key = text(50, 150) + text(step, 30), f"a/leaf{step}"
        else:
            prompt = talks[key] = [*talks[key], *text(900 + step, 50)]
        prompts.append(list(prompt))
        asked = host.ask(prompt, 20, key=key, pinned=key in talks, start=150)
        found.append(asked.tokens())
        reused += asked.report()["reused_tokens"]
        if key in talks:
            talks[key] = prompt + found[-1]
    expected = alone(host, path, prompts, 20)
    host.close()
    different = sum(a != b for a, b in zip(found, expected, strict=True))
    return {"replies": STEPS, "different": different, "reused_tokens": reused}


if __name__ == "__main__":
    print(json.dumps(compare(Path(sys.argv[1]))))
