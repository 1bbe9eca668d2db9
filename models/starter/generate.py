"""Training data: oracle conversations over generated worlds, one JSON line each, from a seed.

python -m models.starter.generate OUT --worlds 2000 --processes 2 --seed 1
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import tempfile
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from engine.types import Settings
from models.starter.episode import Episode
from models.starter.families import episodes
from models.starter.grade import right
from models.starter.leaves import leaf_conversations, shown_lines
from models.starter.oracle import Oracle
from models.starter.rehearsal import OracleModel, rehearse, store
from models.starter.worlds import make_world

PER_WORLD = 14
LEAVES = 16  # one-shot sub-calls per world beside those of the fan-outs
SHOWN = 22  # questions with shown lines per world, for reading alone
MOST_CHILDREN = 4  # conversations of children and leaves that are kept of one episode


def play(rng: random.Random, corpus: Path, episode: Episode) -> tuple[str | None, list[list[dict[str, str]]]]:
    """The oracle's answer to an episode, and the conversations it led to: the root's, and some of the others."""
    model = OracleModel(
        Oracle(episode), window=rng.choice((2048, 4096, 4096, 4096)), chars=round(rng.uniform(2, 4), 2)
    )
    limits = Settings(
        parallel=1,
        max_calls=rng.randint(100, 300),
        max_turns=rng.randint(6, 16),
        depth=rng.choice((1, 1, 1, 2, 3)),
    )
    answer = rehearse(model, corpus, episode.question, limits)
    root, *others = model.conversations.values()
    chosen = rng.sample(others, min(len(others), MOST_CHILDREN))
    return answer, [
        [{"role": m.role, "content": m.content} for m in talk if m.role != "system"]
        for talk in (root, *chosen)
    ]


def worlds(seed: int, count: int, out: str) -> Counter[str]:
    """Write the conversations of `count` worlds; returns how many episodes each family had and got right."""
    rng = random.Random(seed)
    tally: Counter[str] = Counter()
    with Path(out).open("w", encoding="utf-8") as file:
        for _ in range(count):
            world = make_world(rng, long=rng.random() < 0.08)
            folder = Path(tempfile.mkdtemp(prefix="world-"))
            try:
                corpus = store(world.documents, folder / "corpus")
                for episode in episodes(rng, world, PER_WORLD):
                    answer, talks = play(rng, corpus, episode)
                    tally[episode.family] += 1
                    tally[f"{episode.family}: right"] += right(
                        answer, episode.answer, episode.kind, episode.others
                    )
                    for talk in talks:
                        file.write(json.dumps([episode.family, talk], ensure_ascii=False) + "\n")
                for talk in shown_lines(rng, world, SHOWN):
                    file.write(json.dumps(["reading", talk], ensure_ascii=False) + "\n")
                for talk in leaf_conversations(rng, world, LEAVES):
                    file.write(json.dumps(["leaf", talk], ensure_ascii=False) + "\n")
            finally:
                shutil.rmtree(folder)
    return tally


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--worlds", type=int, default=2000)
    parser.add_argument("--parts", type=int, default=20)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    share = max(1, options.worlds // options.parts)
    with ProcessPoolExecutor(options.processes) as pool:
        jobs = [
            pool.submit(
                worlds,
                options.seed * 1000 + i,
                share,
                str(options.out / f"part-{options.seed}-{i:03d}.jsonl"),
            )
            for i in range(options.parts)
        ]
        total: Counter[str] = Counter()
        for job in jobs:
            total += job.result()
    for family in sorted(f for f in total if ":" not in f):
        print(
            f"{family}: {total[family]} episodes, oracle right {total[f'{family}: right'] / total[family]:.1%}"
        )


if __name__ == "__main__":
    main()
