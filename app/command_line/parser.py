"""The command line's grammar. Standard library only: `launch.py` reads it before anything is installed."""

import argparse

from app.command_line import exchange
from app.command_line.commands import fork, lists, resume, verify
from app.command_line.folders import notes, rescan, unlock
from app.command_line.keeping import grammar as keeping
from app.command_line.programs import key, mcp

EPILOG = """\
Without a command the app opens in the browser.

examples:
  python3 launch.py
  python3 launch.py --port 8080 --no-browser
  python3 launch.py ask app/sample/documents "Who signed the lease of the depot?"
  python3 launch.py ask ~/case "How many letters mention Halden?" --json --model ~/models/some-8b-Q4_K_M.gguf
  python3 launch.py bench needle --quick
  python3 launch.py runs
  python3 launch.py show 20261122
  python3 launch.py verify 20261122
  python3 launch.py fork 20261122 --cell 3 --code cell.py

TAPROOT_WINDOW, TAPROOT_GPU_LAYERS, TAPROOT_THREADS, TAPROOT_CACHE_TYPE, TAPROOT_BATCH and TAPROOT_SLOTS stand for the
options of the same names. Documents and questions stay on this machine, unless --model names a server. Data lives in
the folder that `doctor` prints;
--data DIR or TAPROOT_DATA choose another.
"""


def positive(text: str) -> int:
    """A whole number of at least 1, or an argparse error."""
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least 1")
    return int(text)


def level(text: str) -> int:
    """A whole number of at least 0, or an argparse error."""
    if not text.isdigit():
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least 0")
    return int(text)


def levels(text: str) -> list[int]:
    """Whole numbers of at least 0 set apart by commas, or an argparse error."""
    return [level(part.strip()) for part in text.split(",")]


def temperature(text: str) -> float:
    """A number from 0 to 5, or an argparse error."""
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 5:
        raise argparse.ArgumentTypeError(f"{text!r} is not a temperature, a number from 0 to 5")
    return value


def port(text: str) -> int:
    """A port number of TCP, or an argparse error."""
    if not text.isdigit() or not 1 <= int(text) <= 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port, a number from 1 to 65535")
    return int(text)


def build_parser() -> argparse.ArgumentParser:
    """All commands with their options and help."""
    parser = argparse.ArgumentParser(
        prog="launch.py",
        description="Taproot answers questions about your own documents with a model on your own machine.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    common = argparse.ArgumentParser(add_help=False)
    kept = argparse.SUPPRESS  # an option before the command is not overwritten by its absence after it
    common.add_argument("--data", metavar="DIR", default=kept, help="folder for the database and corpora")
    opening = parser.add_argument_group("the app")
    opening.add_argument(
        "--port", type=port, metavar="N", help="port on this machine (default: 7517 if free)"
    )
    opening.add_argument("--no-browser", action="store_true", help="print the address, open nothing")
    opening.add_argument("--window", action="store_true", help="open a window of its own (needs pywebview)")
    opening.add_argument(
        "--compile",
        action="store_true",
        help="first compile llama.cpp for this very machine, in place of a prebuilt one (some minutes, once)",
    )
    opening.add_argument(
        "--model", metavar="MODEL", help="a GGUF file (default: the last one used), or a server: see ask"
    )
    opening.add_argument("--data", metavar="DIR", help="folder for the database and corpora")
    loading = argparse.ArgumentParser(add_help=False, argument_default=kept)
    for parts in (parser, loading):
        how = parts.add_argument_group(
            "how the model is loaded (what is left out is chosen by the free memory)"
        )
        names = ["--context-window"] if parts is parser else ["--context-window", "--window"]
        how.add_argument(*names, type=positive, metavar="TOKENS", help="tokens of one prompt with its reply")
        how.add_argument("--gpu-layers", type=level, metavar="N", help="layers on the GPU; 0 for none")
        how.add_argument(
            "--threads",
            type=positive,
            metavar="N",
            help="compute threads (default: as many as were fastest for this model)",
        )
        how.add_argument("--cache-type", choices=("f16", "q8_0"), help="how the conversations are kept")
        how.add_argument("--batch", type=positive, metavar="TOKENS", help="tokens of one step (default 512)")
        how.add_argument("--slots", type=positive, metavar="N", help="replies written at once (default 16)")
        how.add_argument(
            "--lora",
            action="append",
            metavar="FILE[:SCALE][@SCOPE]",
            help="a LoRA adapter in GGUF form to put on the model, for the turns that write cells (@root), the calls "
            "that read (@sub) or all (@both, the default); @@ is an @ of the name; may be given several times",
        )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", title="commands")

    ask = commands.add_parser(
        "ask", parents=[common, loading], help="ask a question about files or folders", description=_ASK
    )
    ask.add_argument(
        "words", nargs="+", metavar="PATH... QUESTION", help="paths, then the question in quotes"
    )
    ask.add_argument(
        "--model",
        metavar="MODEL",
        action="append",
        default=kept,
        help="a GGUF file (default: the one that comes with Taproot), or openai:NAME@http://host:port/v1, where text is then sent; "
        "given several times, each is asked, and a table shows them side by side",
    )
    unlock.add_options(ask)
    ask.add_argument("--json", action="store_true", help="print one JSON object on stdout")
    lists.add_options(ask)
    ask.add_argument(
        "--depth",
        type=levels,
        default=[1],
        metavar="N[,N]",
        help="levels of rlm_query children (default 1); of several, such as 0,1,2, each is tried",
    )
    ask.add_argument("--seed", type=level, default=0, help="seed of sampling (default 0)")
    ask.add_argument(
        "--temperature",
        type=temperature,
        metavar="T",
        help="0 takes the likeliest token (default: what the model's publisher recommends, else 0)",
    )
    ask.add_argument(
        "--reply-tokens",
        type=positive,
        metavar="N",
        help="longest reply (default: a quarter of the window, at most 2560 for a turn (768 below a billion parameters), 4096 for a sub-call or a model "
        "that thinks); less where it would take half of the seconds left",
    )
    ask.add_argument("--turns", type=positive, default=12, help="turns per node (default 12)")
    ask.add_argument("--calls", type=positive, default=200, help="sub-calls per run (default 200)")
    ask.add_argument(
        "--seconds",
        type=positive,
        default=600,
        help="time limit (default 600); the best answer so far is asked for in time before it",
    )
    ask.add_argument("--follow", metavar="RUN", help="the run that this question follows, in its session")
    resume.add_progress(ask)
    resume.add_parser(commands, common, loading)

    lists.add_parser(commands, common)
    for name, help_text in (("runs", "list past runs"), ("corpora", "list the corpora that are stored")):
        listing = commands.add_parser(name, parents=[common], help=help_text)
        listing.add_argument("--json", action="store_true", help="print a JSON list")

    rescan.add_parser(commands, common)
    notes.add_parser(commands, common, loading)
    show = commands.add_parser("show", parents=[common], help="show a run: its tree, cells and outputs")
    show.add_argument("run", metavar="RUN", help="a run's id, or enough of its beginning")
    show.add_argument("--json", action="store_true", help="print the run's events as JSON")

    delete = commands.add_parser(
        "delete", parents=[common], help="delete a run, or a corpus or list with its runs"
    )
    delete.add_argument("id", metavar="RUN|CORPUS|LIST", help="an id that `runs`, `corpora` or `lists` lists")
    delete.add_argument("--yes", action="store_true", help="do not ask")
    delete.add_argument("--json", action="store_true", help="print the receipt only, no words on stderr")

    verify.add_parser(commands, common)
    fork.add_parser(commands, common, loading)

    doctor = commands.add_parser(
        "doctor", parents=[common, loading], help="check sandbox, hardware, model, database"
    )
    doctor.add_argument(
        "--model", metavar="GGUF", default=kept, help="a GGUF file (default: the one that comes with Taproot)"
    )
    doctor.add_argument("--json", action="store_true", help="print one JSON object")

    models = commands.add_parser(
        "models", parents=[common], help="list, download and look into models", description=_MODELS
    )
    models.add_argument(
        "action",
        nargs="?",
        choices=("list", "get", "inspect"),
        default="list",
        help="what to do (default: list)",
    )
    models.add_argument("name", nargs="?", metavar="NAME|FILE", help="for get a model, for inspect a file")
    models.add_argument(
        "--forget",
        action="store_true",
        help="with inspect: forget what loading the file has taught, so that the next load tries all again",
    )
    models.add_argument("--json", action="store_true", help="print one JSON object")

    bench = commands.add_parser(
        "bench", parents=[common, loading], help="measure a model by length of the text", description=_BENCH
    )
    bench.add_argument("suite", nargs="*", metavar="SUITE", help="needle multi documents count table pairs")
    bench.add_argument(
        "--quick", action="store_true", help="a look in a few minutes: two suites, four lengths"
    )
    bench.add_argument(
        "--model", metavar="GGUF", default=kept, help="a GGUF file (default: the one that comes with Taproot)"
    )
    bench.add_argument("--suites", metavar="A,B", help="the same as naming them")
    bench.add_argument(
        "--methods",
        metavar="A,B",
        help="direct retrieval compaction rlm (depth 1) rlm-0 rlm-2; default: the first four",
    )
    bench.add_argument(
        "--lengths", metavar="N,N", help="in windows of the model, 0.1 to 1000; default 0.5 to 1000"
    )
    bench.add_argument("--questions", type=positive, help="of each suite, length and method (default 20)")
    bench.add_argument(
        "--minutes",
        type=positive,
        help="the most for one suite, length and method (default 10); fewer questions then",
    )
    bench.add_argument("--seed", type=level, help="another seed makes other texts and questions (default 0)")
    bench.add_argument("--chart", metavar="FILE.png", help="draw accuracy and tokens by length")
    bench.add_argument("--show", action="store_true", help="measure nothing, show what is stored")
    bench.add_argument("--json", action="store_true", help="print one JSON object on stdout")
    bench.add_argument("--quiet", action="store_true", help="no progress on stderr")

    exchange.add_parser(commands, common)
    keeping.add_parsers(commands, common, loading)
    key.add_parser(commands, common)
    mcp.add_parser(commands, common, loading)
    commands.add_parser("test", help="run the test suite; further arguments go to pytest", add_help=False)
    return parser


_ASK = (
    "Read the files, run the model over them, and print the answer with its sources. Progress goes to stderr. "
    "Exit status: 0 answered, 1 no answer (passages found by search are printed instead), 2 bad input, 130 stopped."
)
_BENCH = (
    "Ask a model questions about generated texts of growing length, several ways side by side: direct (what fits the "
    "window), retrieval (the best passages), compaction (read on and keep notes), rlm (recursive, as `ask` does). "
    "Every question is a run that the app can open. Ctrl+C keeps what is done, and the same command goes on from "
    "there. Exit status: 0 done, 2 bad input, 130 stopped."
)
_MODELS = (
    "list: the GGUF files that are there, whether they fit this machine, and the catalogue. get NAME: download one, "
    "of the catalogue or named OWNER/REPOSITORY/FILE.gguf, from the Hub; it goes on where it stopped. inspect FILE: "
    "what a GGUF says of itself and how much memory it takes."
)
