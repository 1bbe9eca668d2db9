"""Time runs of the reference engine (`rlms`, imported as `rlm`). Started by `tests.benchmarks.run` with its Python.

    PYTHON reference_runs.py URL TEXT_FILE ANSWER ENVIRONMENT KERNEL_MODE|- WARM_UP ROUNDS

Prints one JSON list: the seconds of each counted run. Fails when a run does not give the scripted answer.
"""

import json
import sys
import time
from pathlib import Path

from rlm import RLM


def main() -> None:
    url, file, answer, environment, mode, warm_up, rounds = sys.argv[1:]
    text = Path(file).read_text()
    engine = RLM(
        backend="openai",
        backend_kwargs={"model_name": "scripted", "base_url": url, "api_key": "none"},
        environment=environment,
        environment_kwargs={} if mode == "-" else {"kernel_mode": mode},
    )
    seconds = []
    for _ in range(int(warm_up) + int(rounds)):
        begun = time.perf_counter()
        found = engine.completion(text, root_prompt="Which ferry is late?").response
        seconds.append(time.perf_counter() - begun)
        if str(found) != answer:
            sys.exit(f"the run gave {found!r}, not {answer!r}")
    print(json.dumps(seconds[int(warm_up) :]))


if __name__ == "__main__":
    main()
