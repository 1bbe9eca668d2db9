"""What the attacks aim at: files of a made-up person, listeners, a process that stands for the app. Each reports harm."""

from __future__ import annotations

import ctypes
import hashlib
import os
import platform
import resource
import selectors
import shutil
import socket
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

from engine.documents.ingest import ingest

SYSCALL = ctypes.CDLL(None, use_errno=True).syscall
VICTIM = """
import ctypes, os, sys
secret = ctypes.create_string_buffer(os.environ["TAPROOT_SECRET"].encode())
key = open(".ssh/id_ed25519")
print(ctypes.addressof(secret), key.fileno(), flush=True)
for line in sys.stdin:
    print(secret.value.decode(errors="replace"), flush=True)
"""


class Listeners:
    """One socket of every family a local service may listen on; counts who comes."""

    def __init__(self, folder: Path, token: str):
        self.hits: list[str] = []
        self.ports: dict[str, Any] = {}
        self._selector = selectors.DefaultSelector()
        inet = (
            ("tcp", socket.AF_INET, socket.SOCK_STREAM, "127.0.0.1"),
            ("udp", socket.AF_INET, socket.SOCK_DGRAM, "127.0.0.1"),
        )
        inet6 = (
            ("tcp6", socket.AF_INET6, socket.SOCK_STREAM, "::1"),
            ("udp6", socket.AF_INET6, socket.SOCK_DGRAM, "::1"),
        )
        for name, family, kind, address in inet + inet6:
            try:
                self.ports[name] = self._open(name, family, kind, (address, 0)).getsockname()[1]
            except OSError:  # a machine without IPv6
                self.ports[name] = 9
        self.ports |= {
            "unix": str(folder / "unix"),
            "unix_datagram": str(folder / "datagram"),
            "abstract": token,
        }
        self._open("unix", socket.AF_UNIX, socket.SOCK_STREAM, self.ports["unix"])
        self._open("unix datagram", socket.AF_UNIX, socket.SOCK_DGRAM, self.ports["unix_datagram"])
        self._bell = self._open("bell", socket.AF_UNIX, socket.SOCK_DGRAM, "\0bell" + token)
        self._rung = threading.Event()
        self._open("abstract", socket.AF_UNIX, socket.SOCK_STREAM, "\0" + token)
        threading.Thread(target=self._serve, daemon=True).start()

    def _open(self, name: str, family: int, kind: int, address: Any) -> socket.socket:
        listener = socket.socket(family, kind)
        listener.bind(address)
        if kind == socket.SOCK_STREAM:
            listener.listen(64)
        self._selector.register(listener, selectors.EVENT_READ, name)
        return listener

    def _serve(self) -> None:
        while True:
            for key, _ in self._selector.select():
                self._answer(key.fileobj, key.data)  # type: ignore[arg-type]

    def _answer(self, listener: socket.socket, name: str) -> None:
        if listener is self._bell:
            listener.recv(1)
            self._rung.set()
            return
        self.hits.append(name)
        if listener.type == socket.SOCK_DGRAM:
            listener.recv(1 << 16)
            return
        connection, _ = listener.accept()
        threading.Thread(target=self._talk, args=(connection,), daemon=True).start()

    def _talk(self, connection: socket.socket) -> None:
        """Give who asks for a page one, however late; others may keep silent as long as they like."""
        with connection:
            try:
                if connection.recv(1 << 16).startswith(b"GET"):
                    connection.sendall(b"HTTP/1.0 200 OK\r\n\r\nhello")
            except OSError:
                pass

    def take_hits(self) -> list[str]:
        """Return who came since last asked, all that is under way included."""
        for _ in range(2):  # after the second round everything that was there before the first is counted
            self._rung.clear()
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ringer:
                ringer.sendto(b"x", self._bell.getsockname())
            assert self._rung.wait(300)
        hits, self.hits = self.hits, []
        return [f"the {name} listener was reached" for name in hits]


class Victim:
    """A process that stands for the app: it holds a secret in its memory, its environment and an open file."""

    def __init__(self, home: Path, secret: str):
        self._home = home
        self._secret = secret
        self._start()

    def _start(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-S", "-c", VICTIM],
            cwd=self._home,
            env={"TAPROOT_SECRET": self._secret},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            bufsize=1,
            start_new_session=True,
        )
        assert self.process.stdout is not None
        self.address, self.fd = map(int, self.process.stdout.readline().split())
        self.healthy = self._state()

    def _state(self) -> dict[str, Any]:
        pid = self.process.pid
        return {
            "memory": self._memory(),
            "niceness": os.getpriority(os.PRIO_PROCESS, pid),
            "processors": sorted(os.sched_getaffinity(pid)),
            "scheduling": os.sched_getscheduler(pid),
            "limits": [
                resource.prlimit(pid, kind) for kind in (resource.RLIMIT_FSIZE, resource.RLIMIT_NOFILE)
            ],
            "disk priority": SYSCALL(252 if platform.machine() == "x86_64" else 31, 1, pid),
            "out-of-memory score": Path(f"/proc/{pid}/oom_score_adj").read_text(),
        }

    def _memory(self) -> str:
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write("\n")
        return self.process.stdout.readline().strip()

    def harm(self) -> list[str]:
        """Say what was done to the process, and replace it when anything was."""
        try:
            state = self._state()
        except OSError:
            state = {}
        found = [
            f"the app's {name} changed" for name, value in self.healthy.items() if state.get(name) != value
        ]
        if found:
            if not state.get("memory"):  # it says nothing any more: it has ended, or is about to
                self.process.wait(300)
                found = ["the app was ended"]
            self.restart()
        return found

    def restart(self) -> None:
        """Replace the process by a fresh one."""
        self.close()
        self._start()

    def close(self) -> None:
        self.process.kill()
        self.process.communicate()


class Files:
    """The files of a made-up person and of the app. Every change to them is seen, and undone."""

    def __init__(self, folder: Path, secret: str):
        self.folder = folder
        self.tree = folder / "disk"
        self.spare = folder / "spare"
        self.home = self.tree / "home"
        (self.home / ".ssh").mkdir(parents=True)
        (self.home / "empty").mkdir()
        self.key = self.home / ".ssh" / "id_ed25519"
        self.key.write_text(secret)
        self.diary = self.home / "diary.txt"
        self.diary.write_text(f"Dear diary, {secret}\n" * 20)
        (self.home / "planted.py").write_text("found = True\n")
        try:
            os.setxattr(self.diary, "user.secret", secret.encode())
        except OSError:  # a file system without user attributes
            pass
        self.database = self.tree / "data" / "taproot.sqlite"
        self.database.parent.mkdir()
        with sqlite3.connect(self.database) as connection:
            connection.execute("create table note (text)")
            connection.execute("insert into note values (?)", (secret,))
        connection.close()
        letters = folder / "letters"
        letters.mkdir()
        (letters / "letter.txt").write_text("The notice period is six months.\n" * 50)
        made = ingest([letters], self.tree / "corpora")
        self.corpus = Path(made.path)
        self.corpus_file = max(
            (f for f in self.corpus.rglob("*") if f.is_file()), key=lambda f: f.stat().st_size
        )
        self.corpus.chmod(0o700)
        self.corpus_file.chmod(0o600)
        self.corpus_link = self.corpus / "link"
        self.corpus_link.symlink_to(self.key)
        shutil.copytree(self.tree, self.spare, symlinks=True)
        self._seen = self._look()

    def _look(self) -> dict[str, tuple[Any, ...]]:
        paths = [self.tree, *self.tree.rglob("*")]
        return {str(path.relative_to(self.tree)): _fingerprint(path) for path in paths}

    def harm(self) -> list[str]:
        """Say which files changed in any way (content, mode, owner, times, links, attributes), and restore them."""
        now = self._look()
        changed = sorted({*now, *self._seen} - {p for p in now if now[p] == self._seen.get(p)})
        if changed:
            for path in self.tree.iterdir():
                shutil.rmtree(path)
            shutil.copytree(self.spare, self.tree, symlinks=True, dirs_exist_ok=True)
            self._seen = self._look()
        return [f"{path} changed" for path in changed]


def _fingerprint(path: Path) -> tuple[Any, ...]:
    facts = path.lstat()
    content = ""
    if path.is_file() and not path.is_symlink():
        content = hashlib.sha256(path.read_bytes()).hexdigest()
    return (
        facts.st_mode,
        facts.st_uid,
        facts.st_gid,
        facts.st_size,
        facts.st_nlink,
        facts.st_ctime_ns,
        content,
    )
