"""A run in the schema of the logger of `rlms`, the reference engine: one line of metadata, one line for each turn. Pure.

    {"type": "metadata", "timestamp", "root_model", "max_depth", "max_iterations", "backend", ...}
    {"type": "iteration", "iteration", "timestamp", "prompt", "response", "code_blocks", "final_answer", "iteration_time"}

Children stand within the calls of their cells, as `metadata` of the call. What the schema has no place for (question,
documents, sources) stands in `environment_kwargs`, which may hold anything. Source: rlms 0.1.3, rlm/logger/rlm_logger.py.
"""

from __future__ import annotations

import json
from datetime import datetime

from engine.events.record import CellRecord, NodeRecord, RunRecord, TurnRecord
from engine.types import Json, Message, Usage


def rlms_log(record: RunRecord) -> str:
    """The log as JSON lines."""
    stamp = datetime.fromtimestamp(record.began).isoformat()
    lines: list[Json] = [{"type": "metadata", "timestamp": stamp, **_metadata(record, record.root)}]
    lines += _iterations(record, record.root)
    return "".join(json.dumps(line) + "\n" for line in lines)


def _metadata(record: RunRecord, node: NodeRecord) -> Json:
    settings, ended = record.started.settings, record.ended
    about: Json = {"question": node.started.question, "context": node.started.context}
    if node.id == "0":
        about |= {
            **{"run": record.id, "documents": record.started.corpus_name, "status": record.status},
            "sources": list(ended.sources) if ended else [],
        }
    return {
        "root_model": record.model_name,
        "max_depth": int(settings.get("depth", 1)),
        "max_iterations": int(settings.get("max_turns", 0)),
        "backend": "taproot",
        "backend_kwargs": {"model_name": record.model_name},
        "environment_type": "ipython",
        "environment_kwargs": about,
        "other_backends": None,
    }


def _iterations(record: RunRecord, node: NodeRecord) -> list[Json]:
    """The turns of a node as lines, and its answer in the turn that gave it."""
    lines: list[Json] = []
    said: list[Message] = []
    for turn in node.turns.values():
        said = [*([] if turn.anew else said[:-1] if turn.redrawn else said), *turn.messages]
        lines.append(_iteration(record, node, turn, list(said)))
        said.append(Message("assistant", turn.text))
    if lines and node.answer is not None and not any(line["final_answer"] for line in lines):
        lines[-1]["final_answer"] = node.answer
    return [{**line, "iteration": number} for number, line in enumerate(lines, 1)]


def _iteration(record: RunRecord, node: NodeRecord, turn: TurnRecord, prompt: list[Message]) -> Json:
    blocks = [_block(record, node, cell) for cell in turn.counted]
    finals = [block["result"]["final_answer"] for block in blocks if block["result"]["final_answer"]]
    return {
        "type": "iteration",
        "iteration": turn.number,
        "timestamp": datetime.fromtimestamp(turn.ended).isoformat(),
        "prompt": [{"role": message.role, "content": message.content} for message in prompt],
        "response": turn.text,
        "code_blocks": blocks,
        "final_answer": finals[0] if finals else None,
        "iteration_time": round(turn.ended - turn.began, 4),
    }


def _block(record: RunRecord, node: NodeRecord, cell: CellRecord) -> Json:
    out, err = _streams(cell)
    return {
        "code": cell.started.code,
        "result": {
            **{"stdout": out, "stderr": err},
            "locals": {name: summary for name, summary in cell.ended.variables} if cell.ended else {},
            "execution_time": cell.ended.seconds if cell.ended else None,
            "rlm_calls": [
                made for child in _children(record, node, cell) if (made := _call(record, cell, child))
            ],
            "final_answer": cell.final["content"] if cell.final else None,
        },
    }


def _children(record: RunRecord, node: NodeRecord, cell: CellRecord) -> list[NodeRecord]:
    """The nodes that answered the calls of a cell. A call that was refused has none; its error is in the cell's."""
    ids = [id for call in cell.calls.values() for id in call.made.children]
    return [
        record.nodes[id] for id in ids if id in record.nodes and record.nodes[id].started.parent == node.id
    ]


def _call(record: RunRecord, cell: CellRecord, child: NodeRecord) -> Json:
    made: Json = {
        "root_model": record.model_name,
        "prompt": child.started.question,
        "response": child.answer or "",
        "usage_summary": {"model_usage_summaries": {record.model_name: _usage(child.usage)}},
        "execution_time": child.ended.seconds if child.ended else 0.0,
    }
    if child.started.kind == "rlm":
        made["metadata"] = {
            "run_metadata": _metadata(record, child),
            "iterations": _iterations(record, child),
        }
    if child.answer is None:
        made["error"] = (child.ended.reason if child.ended else None) or f"no answer: {child.status}"
    return made


def _usage(usage: Usage) -> Json:
    return {
        "total_calls": usage.calls,
        "total_input_tokens": usage.prompt_tokens,
        "total_output_tokens": usage.completion_tokens,
    }


def _streams(cell: CellRecord) -> tuple[str, str]:
    """What a cell printed and showed, and what it complained of."""
    out: list[str] = []
    err: list[str] = []
    for output in cell.outputs:
        match output.get("output_type"):
            case "stream":
                (err if output.get("name") == "stderr" else out).append(str(output.get("text", "")))
            case "error":
                trace = output.get("traceback") or [f"{output.get('ename')}: {output.get('evalue')}"]
                err.append("\n".join(map(str, trace)) + "\n")
            case _:
                data = output.get("data") or {}
                picture = any(mime.startswith("image/") for mime in data)
                out.append(f"{'[picture] ' if picture else ''}{data.get('text/plain', '')}\n")
    return "".join(out), "".join(err)
