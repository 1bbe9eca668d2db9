"""Write the logs of tests/engine/exchange/incoming/logs with the real `rlms` package and a scripted server on loopback.

    python -m venv /tmp/rlms && /tmp/rlms/bin/pip install rlms && /tmp/rlms/bin/python tests/proof/rlms_logs.py FOLDER

Needs nothing of Taproot. Each log is written by `rlm.logger.RLMLogger`; the server answers by what it is asked.
"""

from __future__ import annotations

import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

LETTERS = "Letter 1: the ferry to Halden leaves at noon.\n\nLetter 2: Halden can wait </script><b>.\n\nLetter 3: nothing."
LOOK = (
    "I look first.\n```repl\nparts = context.split('\\n\\n')\nprint(len(parts))\n```\nAnd then\n"
    "```repl\nseen = llm_query_batched(['Is Halden in this? ' + part for part in parts])\nprint(seen)\n```"
)
FAIL = "```repl\n1 / 0\n```"
DEEPER = "```repl\nwhen = rlm_query('CHILD: when does the ferry leave? ' + parts[0])\nprint(when)\n```"
DONE = "```repl\nanswer['content'] = f\"{seen.count('yes')} letters; the ferry leaves at {when}\"\nanswer['ready'] = True\n```"
MORE = {"custom_system_prompt": "You answer with cells of Python.", "orchestrator": False}
ROOT = (LOOK, FAIL, "I think, without a cell.", DEEPER, DONE)
CHILD = ("```repl\nprint(context[:40])\nprint(llm_query('Say only the time: ' + context))\n```",
         "```repl\nanswer['content'] = 'noon'\nanswer['ready'] = True\n```")  # fmt: skip


def reply(messages: list[dict]) -> str:
    """What the scripted model says."""
    last = messages[-1]["content"]
    if "Is Halden in this?" in last:
        return "yes" if "Halden" in last.split("this?")[1] else "no"
    if "Say only the time" in last:
        return "noon"
    if "Never" in json.dumps(messages):
        return "I only talk."
    said = sum(message["role"] == "assistant" for message in messages)
    head = json.dumps(messages[:2])
    script = ROOT if "How many letters" in head else CHILD
    return script[min(said, len(script) - 1)]


class Server(BaseHTTPRequestHandler):
    """As much of the OpenAI interface as rlms asks for."""

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        message = {"role": "assistant", "content": reply(asked["messages"])}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        usage = {"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18}
        body = {"id": "x", "object": "chat.completion", "created": 1, "model": asked["model"]}
        data = json.dumps({**body, "choices": [choice], "usage": usage}).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *arguments: object) -> None:
        """Say nothing."""


def main(folder: Path) -> None:
    """Three logs: one question with a child, two questions of one logger, one that is answered at the limit."""
    from rlm import RLM
    from rlm.logger import RLMLogger

    server = ThreadingHTTPServer(("127.0.0.1", 0), Server)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    backend = {
        "model_name": "scripted",
        "base_url": f"http://127.0.0.1:{server.server_port}/v1",
        "api_key": "none",
    }
    questions = {
        "child": ["How many letters mention Halden?"],
        "two": ["How many letters mention Halden?", "How many letters are there?"],
        "limit": ["Never mind the letters?"],
    }
    for name, asked in questions.items():
        logger = RLMLogger(log_dir=str(folder / name))
        engine = RLM(
            backend="openai", backend_kwargs=backend, max_depth=2, max_iterations=6, logger=logger, **MORE
        )
        for question in asked:
            engine.completion(LETTERS, root_prompt=question)
        assert logger.log_file_path
        Path(logger.log_file_path).rename(folder / f"rlms_{name}.jsonl")
        (folder / name).rmdir()
    server.shutdown()


if __name__ == "__main__":
    main(Path(sys.argv[1]).absolute())
