"""Ask the questions of a file with another engine, or time it. Started by `tests.proof.engines` with its Python.

    PYTHON other_engines.py rlms|dspy URL CASES.json [WARM_UP]

CASES.json: [{"question", "text"}]. Prints one JSON line for each: {"answer", "seconds", "error"}.
"""

import json
import sys
import time
from pathlib import Path

TURNS = 12  # as many as our own engine allows


def rlms(url):
    """The reference engine (`rlms`, imported as `rlm`), with cells in a process of its own."""
    from rlm import RLM

    engine = RLM(
        backend="openai",
        backend_kwargs={"model_name": "model", "base_url": url, "api_key": "none"},
        environment="local",
        max_iterations=TURNS,
    )
    return lambda question, text: str(engine.completion(text, root_prompt=question).response)


def dspy(url):
    """`dspy.RLM` with its local interpreter, a Python process of its own; its sandboxed one needs Deno."""
    import dspy as library
    from dspy.primitives.local_interpreter import LocalInterpreter

    lm = library.LM(
        "openai/model",
        api_base=url,
        api_key="none",
        temperature=0.0,
        max_tokens=512,
        cache=False,
        num_retries=0,
    )
    library.configure(lm=lm)
    engine = library.RLM("context, question -> answer", max_iters=TURNS, interpreter_factory=LocalInterpreter)
    return lambda question, text: str(engine(context=text, question=question).answer)


def main():
    name, url, cases, *rest = sys.argv[1:]
    ask = {"rlms": rlms, "dspy": dspy}[name](url)
    asked = json.loads(Path(cases).read_text())
    warm_up = int(rest[0]) if rest else 0
    for number, case in enumerate(asked[:1] * warm_up + asked):
        begun = time.perf_counter()
        answer, error = None, None
        try:
            answer = ask(case["question"], case["text"])
        except Exception as problem:
            error = f"{type(problem).__name__}: {problem}"[:300]
        if number >= warm_up:
            line = {"answer": answer, "seconds": time.perf_counter() - begun, "error": error}
            print("@@" + json.dumps(line), flush=True)


if __name__ == "__main__":
    main()
