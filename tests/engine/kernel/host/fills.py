"""Cells that fill the disk or the memory, as data: every shape in which a session may take more than its share.

A shape of the disk tries to take TRIED bytes, four times what its session may hold, in files; it runs in the cell
itself, or in a thread that its cell leaves behind. A shape of memory goes on until there is no more; `x` holds
what it took, wherever that is kept. All are bounded, so that also the controls without protection do no harm.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

MIB = 1 << 20
SCRATCH = 4 * MIB  # what the files of a session may hold here
FILE = MIB  # the largest of them
TRIED = 16 * MIB
MEMORY = 64 * MIB  # what a session may take here
AGAIN = 20 * MIB  # what it must be able to take once it deleted the rest

DISK_PRELUDE = """
import array, ctypes, errno, mmap, os, shutil, socket, sqlite3, sys, tempfile, threading, time
from pathlib import Path
FILE, TRIED = 1 << 20, 16 << 20
libc = ctypes.CDLL(None, use_errno=True)
kept = []
def new(name):
    "A descriptor of a new file, kept open."
    kept.append(os.open(name, os.O_CREAT | os.O_RDWR, 0o600))
    return kept[-1]
def files():
    "Names for as many files of the largest size as make up TRIED."
    return (f"{threading.get_ident()}-{n}" for n in range(TRIED // FILE))
def source():
    "A file to copy from."
    Path("source").write_bytes(bytes(FILE))
    return os.open("source", os.O_RDONLY)
def native(name, *arguments):
    result = getattr(libc, name)(*(ctypes.c_long(a) if isinstance(a, int) else a for a in arguments))
    if result < 0:
        raise OSError(ctypes.get_errno(), name)
    return result
"""

DISK = {
    "write many files": "for name in files(): Path(name).write_bytes(bytes(FILE))",
    "write in small steps": """
for name in files():
    with open(name, "wb", buffering=0) as file:
        for _ in range(FILE // 65536): file.write(bytes(65536))
""",
    "reserve with posix_fallocate": "for name in files(): os.posix_fallocate(new(name), 0, FILE)",
    "reserve with fallocate": "for name in files(): native('fallocate', new(name), 0, 0, FILE)",
    "reserve beyond the end": "for name in files(): native('fallocate', new(name), 1, 0, FILE)",
    "one byte in every block": """
for name in files():
    file = new(name)
    for at in range(0, FILE, 4096): os.pwrite(file, b"x", at)
""",
    "one byte across every two blocks": """
for name in files():
    file = new(name)
    for at in range(4095, FILE, 8192): os.pwrite(file, b"xx", at)
""",
    "write with writev": "for name in files(): os.writev(new(name), [bytes(FILE // 4)] * 4)",
    "write with pwritev": "for name in files(): os.pwritev(new(name), [bytes(FILE // 4)] * 4, 0)",
    "copy with sendfile": """
here = source()
for name in files(): os.sendfile(new(name), here, 0, FILE)
""",
    "copy with copy_file_range": """
here = source()
for name in files(): os.copy_file_range(here, new(name), FILE, 0)
""",
    "splice through a pipe": """
out, into = os.pipe()
for name in files():
    file = new(name)
    for _ in range(FILE // 65536):
        os.write(into, bytes(65536))
        os.splice(out, file, 65536)
""",
    "copy with shutil": """
source()
for name in files(): shutil.copyfile("source", name)
""",
    "fill a hole through a shared mapping": """
for name in files():
    file = new(name)
    os.ftruncate(file, FILE)
    with mmap.mmap(file, FILE) as pages: pages[:] = bytes(FILE)
""",
    "fill a hole through a mapping made writable later": """
libc.mmap.restype = ctypes.c_long
for name in files():
    file = new(name)
    os.ftruncate(file, FILE)
    at = libc.mmap(None, ctypes.c_size_t(FILE), 1, 1, file, ctypes.c_long(0))
    if at == -1: raise OSError(ctypes.get_errno(), "mmap")
    native("mprotect", at, FILE, 3)
    ctypes.memset(at, 1, FILE)
""",
    "write with numpy": """
import numpy
for name in files(): numpy.ones(FILE, numpy.uint8).tofile(name)
""",
    "map with numpy": """
import numpy
for name in files(): numpy.memmap(name, numpy.uint8, "w+", shape=FILE)[:] = 1
""",
    "write with the C library": """
libc.fopen.restype = ctypes.c_void_p
for name in files():
    file = ctypes.c_void_p(libc.fopen(name.encode(), b"w"))
    if not file: raise OSError(ctypes.get_errno(), "fopen")
    if libc.fwrite(bytes(FILE), 1, FILE, file) != FILE: raise OSError(ctypes.get_errno(), "fwrite")
    libc.fclose(file)
""",
    "files without a name": """
for name in files():
    kept.append(os.open(".", os.O_TMPFILE | os.O_RDWR))
    os.write(kept[-1], bytes(FILE))
""",
    "files that were deleted and are open": """
for name in files():
    os.write(new(name), bytes(FILE))
    os.unlink(name)
""",
    "files hidden in a socket": """
one, other = socket.socketpair()
for name in files():
    file = os.open(name, os.O_CREAT | os.O_RDWR)
    os.write(file, bytes(FILE))
    socket.send_fds(one, [b"x"], [file])
    os.close(file)
    os.unlink(name)
""",
    "files hidden under a private mapping": """
for name in files():
    file = os.open(name, os.O_CREAT | os.O_RDWR)
    os.write(file, bytes(FILE))
    kept.append(mmap.mmap(file, FILE, flags=mmap.MAP_PRIVATE))
    os.close(file)
    os.unlink(name)
""",
    "temporary files": """
for name in files():
    kept.append(tempfile.TemporaryFile())
    kept[-1].write(bytes(FILE))
    kept[-1].flush()
""",
    "a database": """
database = sqlite3.connect("x.sqlite", check_same_thread=False)
for n in range(8):
    database.execute(f"attach 'x{n}.sqlite' as x{n}")
    database.execute(f"create table x{n}.t (b)")
    for _ in range(2): database.execute(f"insert into x{n}.t values (zeroblob({FILE * 9 // 10}))")
    database.commit()
""",
    "appended again and again": """
for name in files():
    for _ in range(FILE // 65536):
        with open(name, "ab") as file: file.write(bytes(65536))
""",
    "moved while it grows": """
for name in files():
    for n in range(16):
        with open(name, "ab") as file: file.write(bytes(FILE // 16))
        os.rename(name, f"{name}-{n}"); os.rename(f"{name}-{n}", name)
""",
    "eight threads at once": """
errors = []
def one():
    try:
        for name in files(): Path(name).write_bytes(bytes(FILE))
    except OSError as problem: errors.append(problem)
several = [threading.Thread(target=one) for _ in range(8)]
for thread in several: thread.start()
for thread in several: thread.join()
if errors: raise errors[0]
""",
    "many tiny files": "for n in range(TRIED // 4096): Path(str(n)).write_bytes(b'x')",
    "many folders": "for n in range(TRIED // 4096): os.mkdir(str(n))",
    "many long names": "Path('x').touch()\nfor n in range(TRIED // 512): os.link('x', f'{n:0250}')",
    "memory that is a file": "for name in files(): os.write(os.memfd_create(name), bytes(FILE))",
    "the machine's shared memory": "for name in files(): Path('/dev/shm', f'fill-{os.getpid()}').write_bytes(bytes(FILE))",
}

# These take memory and none of the scratch folder's disk; that they are refused is shown by `attacks`.
NO_CONTROL = ("memory that is a file", "the machine's shared memory")


def left_behind(code: str) -> str:
    """The same in a thread that begins when its cell is over and says in `over` that it is done."""
    body = "\n".join(f"        {line}" for line in code.strip().splitlines())
    return f"""
over = threading.Event()
def left():
    time.sleep(0.05)
    try:
{body}
    except BaseException: pass
    finally: over.set()
threading.Thread(target=left, daemon=True).start()
"""


MEMORY_SHAPES = {
    "a buffer that doubles": "x = bytearray(1 << 20)\nwhile True: x = x + x",
    "a buffer that grows": "x = bytearray()\nwhile True: x += bytes(1 << 20)",
    "a list of buffers": "x = []\nwhile True: x.append(bytearray(1 << 20))",
    "a list of small buffers": "x = []\nwhile True: x.append(bytearray(1000))",
    "a list of numbers": "x = []\nwhile True: x.append(len(x) + 1000)",
    "a dictionary": "x = {}\nwhile True: x[len(x)] = str(len(x))",
    "a set of texts": "x = set()\nwhile True: x.add(f'number {len(x)}')",
    "a text that doubles": "x = 'words '\nwhile True: x += x",
    "a text with one wide letter": "x = 'words ' * 1000\nwhile True: x = x + x + '\\U0001f600'",
    "copies of the documents": "x = []\nwhile True: x.append(context * 10_000)",
    "numpy arrays": "import numpy\nx = []\nwhile True: x.append(numpy.ones(1 << 16))",
    "one array that is too large": "import numpy\nx = numpy.ones(1 << 23)\ny = numpy.ones(1 << 40)",
    "objects": "class Thing:\n    def __init__(self): self.a = self\nx = []\nwhile True: x.append(Thing())",
    "lists in lists": "x = []\nwhile True: x = [x]",
    "deques": "from collections import deque\nx = deque()\nwhile True: x.append(deque([1]))",
    "closures": "x = []\nwhile True: x.append(lambda n=len(x): n)",
    "generators": "def each():\n    b = bytearray(500); yield b\nx = []\nwhile True: x.append(each()); next(x[-1])",
    "kept by an error": "def take():\n    x = []\n    while True: x.append(bytearray(1 << 16))\ntake()",
    "kept by frames": "def deep(n):\n    x = bytearray(1 << 20)\n    return deep(n + 1)\ndeep(0)",
    "caught to the last byte": """
x = []
for size in (1 << 20, 1 << 16, 1 << 12, 1 << 9, 64, 16):
    try:
        while True: x.append(bytes(size + len(x) % 2))
    except MemoryError: pass
""",
    "caught with small things": "x = []\ntry:\n    while True: x.append(object())\nexcept MemoryError: pass",
    "a thread": """
import threading
x = []
def take():
    try:
        while True: x.append(bytes(4096))
    except MemoryError: pass
thread = threading.Thread(target=take)
thread.start(); thread.join()
""",
    "a thread that goes on after its cell": """
import threading, time
x = []
def take():
    time.sleep(0.05)
    try:
        while True:
            try: x.append(bytes(4096))
            except MemoryError: time.sleep(0.001)
    except BaseException: pass
threading.Thread(target=take, daemon=True).start()
""",
    "again in every cell": """
if "y" not in globals(): y = []
x = []
y.append(x)
for size in (1 << 20, 1 << 12, 64):
    try:
        while True: x.append(bytes(size + len(x) % 2))
    except MemoryError: pass
""",
    "private mappings": """
import mmap
x = []
while True: x.append(mmap.mmap(-1, 1 << 20, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS))
""",
    "native code": """
import ctypes
libc = ctypes.CDLL(None); libc.malloc.restype = ctypes.c_void_p
x = []
while True:
    x.append(libc.malloc(1 << 16))
    if not x[-1]: raise MemoryError
    ctypes.memset(x[-1], 1, 1 << 16)
""",
    "matches of everything": "import re\nx = []\nwhile True: x.append(re.findall('.', 'words and words' * 10_000))",
    "split into words": "x = ('words ' * (1 << 23)).split()",
    "a last line that is too long": "x = list(range(1 << 21))\n[x] * 1000",
    "an answer that is too long": "x = 'word ' * (1 << 23)\nFINAL([x, x, x, x])",
}
NOT_FREED = ("native code",)  # what it holds ends with the session


@dataclass(frozen=True, slots=True)
class Fill:
    """One shape: `kind` is "disk", "disk, left behind" or "memory"."""

    kind: str
    name: str
    code: str


def _fills(kind: str, shapes: Mapping[str, str]) -> list[Fill]:
    return [Fill(kind, name, code.strip()) for name, code in shapes.items()]


FILLS = [
    *_fills("disk", DISK),
    *_fills("disk, left behind", {name: left_behind(code) for name, code in DISK.items()}),
    *_fills("memory", MEMORY_SHAPES),
]
