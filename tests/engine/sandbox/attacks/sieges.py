"""Attacks on the host's patience as data: floods, forged frames, cells that will not end, sessions that end themselves.

They need no control: each either visibly hits (its session dies, is stopped, or is cut short) or is harmless.
What counts is the host: it takes no more than its caps, and the next cell works.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

ENDLESS = 1.0  # seconds: time limit of a cell that goes on until it is stopped
PATIENT = 300.0  # of one that ends by itself, or is ended by the host for what it does

# Helpers of the snippets: CHANNEL is the descriptor the worker talks to the host on.
PRELUDE = """
import ctypes, json, os, signal, struct, sys, threading, time
CHANNEL = 3
def frame(value):
    body = value if isinstance(value, bytes) else json.dumps(value).encode()
    os.write(CHANNEL, struct.pack("!I", len(body)) + body)
def text(words):
    return {"op": "output", "output": {"output_type": "stream", "name": "stdout", "text": words}}
"""


@dataclass(frozen=True, slots=True)
class Siege:
    """One attack. `ends`: the statuses its cell may end with. `pause`: seconds to wait before the next cell."""

    group: str
    name: str
    code: str
    ends: tuple[str, ...]
    pause: float = 0.0

    @property
    def seconds(self) -> float:
        """Time limit of the cell."""
        return ENDLESS if "timeout" in self.ends else PATIENT


DIED = ("died",)
STOPPED = ("timeout", "died")
FLOODED = ("error", *STOPPED)  # what goes through write() is counted and ends


def _group(
    group: str, snippets: Mapping[str, tuple[str, tuple[str, ...]]], pause: float = 0.0
) -> list[Siege]:
    return [Siege(group, name, code.strip(), ends, pause) for name, (code, ends) in snippets.items()]


_FRAMES = {
    "a header that promises 4 GiB": ("os.write(CHANNEL, b'\\xff' * 100); time.sleep(9)", DIED),
    "a header that promises just over the limit": (
        "os.write(CHANNEL, struct.pack('!I', (8 << 20) + 1)); time.sleep(9)",
        DIED,
    ),
    "a frame that is not JSON": ("frame(b'hello'); time.sleep(9)", DIED),
    "a frame that is not UTF-8": ("frame(b'\"\\xff\\xfe\"'); time.sleep(9)", DIED),
    "an empty frame": ("frame(b''); time.sleep(9)", DIED),
    "a frame with NaN": ("frame(b'{\"op\": NaN}'); time.sleep(9)", DIED),
    "a frame nested 200,000 deep": ("frame(b'[' * 200_000 + b']' * 200_000); time.sleep(9)", DIED),
    "an object nested 100,000 deep": (
        "frame(b'{\"a\":' * 100_000 + b'1' + b'}' * 100_000); time.sleep(9)",
        DIED,
    ),
    "a number with a million digits": ("frame(b'1' * 1_000_000); time.sleep(9)", DIED),
    "a frame of an unknown kind": ("frame({'op': 'shutdown'}); time.sleep(9)", DIED),
    "a frame that is a list": ("frame([1]); time.sleep(9)", DIED),
    "an output that is a number": ("frame({'op': 'output', 'output': 7}); time.sleep(9)", DIED),
    "an output of an unknown kind": (
        "frame({'op': 'output', 'output': {'output_type': 'comm'}}); time.sleep(9)",
        DIED,
    ),
    "a call with prompts that are numbers": (
        "frame({'op': 'call', 'number': 1, 'name': 'llm', 'arguments': {'prompts': [1], 'spans': [[]]}}); time.sleep(9)",
        DIED,
    ),
    "a call of an unknown name": (
        "frame({'op': 'call', 'number': 1, 'name': 'exec', 'arguments': {}}); time.sleep(9)",
        DIED,
    ),
    "a context that names a path": (
        """
frame({"op": "call", "number": 1, "name": "rlm", "arguments":
       {"questions": ["?"], "contexts": [{"kind": "file", "path": "/etc/passwd"}]}})
time.sleep(9)
""",
        DIED,
    ),
    "a forged end with a wrong shape": (
        "frame({'op': 'done', 'number': 1, 'error': []}); time.sleep(9)",
        DIED,
    ),
    "a forged end of another cell": ("frame({'op': 'done', 'number': 99}); time.sleep(9)", DIED),
    "a flood of small frames": ("while True: frame(text('x'))", FLOODED),
    "a flood of large frames": ("while True: frame(text('x' * (7 << 20)))", FLOODED),
    "rubbish": ("os.write(CHANNEL, os.urandom(1 << 16)); time.sleep(9)", DIED),
    "half a frame": ("os.write(CHANNEL, struct.pack('!I', 1000) + b'{'); time.sleep(9)", STOPPED),
    "a frame sent byte by byte": (
        """
os.write(CHANNEL, struct.pack("!I", 1 << 20))
while True:
    os.write(CHANNEL, b" ")
    time.sleep(0.01)
""",
        STOPPED,
    ),
    "an interrupted cell that answers with rubbish": (
        """
try:
    time.sleep(9)
except KeyboardInterrupt:
    frame(b"]")
    time.sleep(9)
""",
        STOPPED,
    ),
}

# The forged end is believed (a cell may end itself as it likes); the real one breaks the protocol later.
_FORGED = {
    "a forged end of its own cell": (
        """
frame({"op": "done", "number": 1, "error": None, "final": {"content": "forged", "sources": [], "via": "FINAL"},
       "variables": [], "spans": [], "dropped": 0, "notes": []})
""",
        ("ok",),
    ),
    "an end of the next cell, sent ahead": (
        """
ahead = {"op": "done", "number": 2, "error": None, "final": None, "variables": [], "spans": [], "dropped": 0,
         "notes": []}
threading.Timer(0.3, frame, [ahead]).start()
""",
        ("ok",),
    ),
    "frames after the end of the cell": (
        """
def later():
    while True:
        time.sleep(0.05)
        frame(text("x"))
threading.Thread(target=later, daemon=True).start()
""",
        ("ok",),
    ),
    "rubbish after the end of the cell": (
        "threading.Timer(0.1, os.write, [CHANNEL, b'\\xff' * 9]).start()",
        ("ok",),
    ),
    "death after the end of the cell": ("threading.Timer(0.1, os._exit, [0]).start()", ("ok",)),
}

_ENDS = {
    "exit at once": ("os._exit(0)", DIED),
    "abort": ("os.abort()", DIED),
    "read address zero": ("ctypes.string_at(0)", DIED),
    "kill itself": ("os.kill(os.getpid(), signal.SIGKILL)", DIED),
    "stop itself": ("os.kill(os.getpid(), signal.SIGSTOP)", STOPPED),
    "close every descriptor": ("os.closerange(0, 64); time.sleep(9)", DIED),
    "replace the channel by a file": (
        "fd = os.open('x', os.O_RDWR | os.O_CREAT); os.dup2(fd, CHANNEL); time.sleep(9)",
        DIED,
    ),
    "recurse in native code": (
        "sys.setrecursionlimit(10**9)\nx = []\nfor _ in range(10**6): x = [x]\nrepr(x)",
        ("died", "error", "timeout"),
    ),
    "recurse for ever": ("def f(): f()\nsys.setrecursionlimit(10**9)\nf()", ("died", "error", "timeout")),
}

_ENDLESS = {
    "swallow every interrupt": (
        """
while True:
    try:
        while True: pass
    except BaseException: pass
""",
        STOPPED,
    ),
    "block the interrupt": (
        "signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})\nwhile True: pass",
        STOPPED,
    ),
}

_LEFT = {
    "leave a busy thread behind": (
        """
def spin():
    while True: pass
threading.Thread(target=spin, daemon=True).start()
""",
        ("ok",),
    ),
}

_FLOODS = {
    "print for ever": ("while True: print('x' * 1000)", ("error", "timeout", "died")),
    "print a gigabyte": ("for _ in range(1000): print('x' * (1 << 20))", ("error", "timeout", "died")),
    "write for ever to descriptor 1": ("while True: os.write(1, b'x' * 65536)", FLOODED),
    "write for ever to descriptor 2": ("while True: os.write(2, b'x' * 65536)", FLOODED),
    "display for ever": (
        "from IPython.display import display\nwhile True: display({'x': 1})",
        ("error", "timeout", "died"),
    ),
    "show a 100 MB text": ("'x' * 100_000_000", ("ok", "error")),
    "raise a 100 MB message": ("raise ValueError('x' * 100_000_000)", ("error",)),
    "raise an error that cannot be shown": (
        "class Bad(Exception):\n    def __str__(self): raise Bad\nraise Bad",
        ("error",),
    ),
    "name a million variables": (
        "globals().update({f'v{n}': n for n in range(1_000_000)})",
        ("ok", "error", "timeout", "died"),
    ),
    "print lone surrogates": ("print('\\ud800' * 1000)", ("ok", "error")),
    "print control characters": ("print('\\x1b]0;x\\x07' * 1000 + '\\x00')", ("ok",)),
    "send an image of a billion pixels": (
        r"""
import base64, zlib
from IPython.display import publish_display_data
header = b"IHDR" + struct.pack("!IIBBBBB", 32000, 32000, 8, 2, 0, 0, 0)
png = b"\x89PNG\r\n\x1a\n" + struct.pack("!I", 13) + header + struct.pack("!I", zlib.crc32(header))
publish_display_data({"image/png": base64.b64encode(png).decode()})
""",
        ("ok",),
    ),
    "send a script": (
        """
from IPython.display import publish_display_data
publish_display_data({"application/javascript": "fetch('http://127.0.0.1/')", "image/svg+xml": "<svg onload=x>"})
""",
        ("ok",),
    ),
}

_FILES = {
    "fill the disk with many files": (
        """
for n in range(10_000):
    with open(f"f{n}", "wb") as file:
        file.write(b"x" * (1 << 20))
""",
        ("error",),
    ),
    "make 100,000 empty files": ("for n in range(100_000): open(f'f{n}', 'w').close()", ("error",)),
    "leave a folder that nobody may enter": ("os.mkdir('closed', 0)\ntime.sleep(1)", ("ok",)),
    "hide files in a folder that nobody may list": (
        "os.mkdir('hidden', 0o300)\nopen('hidden/a', 'wb').write(b'x' * (1 << 20))\ntime.sleep(1)",
        ("ok",),
    ),
    "fill a folder that nobody may list": (
        "os.mkdir('hidden', 0o300)\nfor n in range(10_000): open(f'hidden/{n}', 'wb').write(b'x' * (1 << 20))",
        ("error",),
    ),
    "leave folders nested 3,000 deep": (
        "for _ in range(3000):\n    os.mkdir('d')\n    os.chdir('d')",
        ("ok", "error", "died"),
    ),
    "remove its own scratch folder": (
        "here = os.getcwd()\nos.chdir('/')\nos.rmdir(here)",
        ("ok", "error"),
    ),
}

SIEGES = [
    *_group("frames", _FRAMES),
    *_group("after the cell", _FORGED, pause=0.5),
    *_group("left behind", _LEFT, pause=4.0),
    *_group("ends", _ENDS),
    *_group("endless", _ENDLESS),
    *_group("floods", _FLOODS),
    *_group("files", _FILES),
]
