"""A server on this machine that stands for the package index and for llama-cpp-python's index of wheels.

Its llama-cpp-python is a few lines of Python: a wheel that says "prebuilt", and a source that is "compiled" in four
steps into the folder that the build is told, as CMake would.
"""

import contextlib
import io
import json
import tarfile
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

REQUIREMENT = "llama-cpp-python>=0.3.36,<0.4"
STARTS = (
    "def llama_log_callback(call): return call\ndef llama_log_set(*_): pass\ndef llama_backend_init(): pass\n"
)
DIES = STARTS + "import os, signal\nos.kill(os.getpid(), signal.SIGILL)\n"
BACKEND = """
import os, pathlib, sys, time, zipfile

def prepare_metadata_for_build_wheel(directory, config_settings=None):
    folder = pathlib.Path(directory, "llama_cpp_python-0.3.36.dist-info")
    folder.mkdir()
    (folder / "METADATA").write_text({metadata!r})
    return folder.name

def build_wheel(directory, config_settings=None, metadata_directory=None):
    objects = pathlib.Path(config_settings["build-dir"])
    objects.mkdir(parents=True, exist_ok=True)
    for step in range(1, 5):
        made = objects / str(step)
        print(f"[{{step}}/4] {{'kept' if made.exists() else 'made'}}", flush=True)
        while step == 3 and os.path.exists(os.environ.get("TEST_HOLD", "")):
            time.sleep(0.02)
        with open(os.environ["TEST_LOG"], "a") as log:
            log.write(f"step {{step}}\\n" * (not made.exists()))
        made.touch()
    with open(os.environ["TEST_LOG"], "a") as log:
        log.write("flags " + os.environ["CMAKE_ARGS"] + "\\n")
    name = "llama_cpp_python-0.3.36-py3-none-any.whl"
    with zipfile.ZipFile(pathlib.Path(directory, name), "w") as wheel:
        for path, text in {files!r}.items():
            wheel.writestr(path, text)
    return name
"""


def wheel_files(made="prebuilt", native=STARTS, version="0.3.36"):
    """The files of a wheel, by path."""
    info = f"llama_cpp_python-{version}.dist-info"
    return {
        "llama_cpp/__init__.py": f"VALUE = {made!r}\n",
        "llama_cpp/llama_cpp.py": native,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: llama_cpp_python\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: x\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/RECORD": "",
    }


def wheel(**how):
    """A wheel's bytes."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for path, text in wheel_files(**how).items():
            archive.writestr(path, text)
    return packed.getvalue()


def source():
    """The bytes of a source distribution that builds with nothing from outside."""
    files = wheel_files("compiled")
    metadata = next(text for path, text in files.items() if path.endswith("METADATA"))
    project = '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for name, text in {
            "pyproject.toml": project,
            "backend.py": BACKEND.format(files=files, metadata=metadata),
            "PKG-INFO": metadata,
        }.items():
            member = tarfile.TarInfo(f"llama_cpp_python-0.3.36/{name}")
            member.size = len(text.encode())
            archive.addfile(member, io.BytesIO(text.encode()))
    return packed.getvalue()


class Index:
    """What the server offers, by path; `asked` are the paths that were asked for."""

    def __init__(self, url):
        """`url` has no slash at its end."""
        self.url = url
        self.files = {}
        self.asked = []
        self.came = threading.Event()  # once the first was asked for
        self.silent = set()
        self.offer("/simple/llama-cpp-python/", "llama_cpp_python-0.3.36.tar.gz", source())

    def offer(self, page, name, content):
        """List one file on a page."""
        self.files[page + name] = content
        self.files[page] = f'<html><body><a href="{self.url}{page}{name}">{name}</a></body></html>'.encode()

    def offer_wheel(self, kind="cpu", version="0.3.36", **how):
        """List a wheel in the index of one kind."""
        name = f"llama_cpp_python-{version}-py3-none-any.whl"
        self.offer(f"/whl/{kind}/llama-cpp-python/", name, wheel(version=version, **how))


@contextlib.contextmanager
def serve_index():
    """Serve an Index on loopback until the end of the block."""
    over = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            index.asked.append(self.path)
            index.came.set()
            if self.path in index.silent:
                over.wait()
                return
            content = index.files.get(self.path)
            self.send_response(404 if content is None else 200)
            kind = "application/octet-stream" if self.path.endswith((".whl", ".gz")) else "text/html"
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(content or b"")))
            self.end_headers()
            self.wfile.write(content or b"")

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    index = Index(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield index
    finally:
        over.set()
        server.shutdown()
        server.server_close()
        thread.join()


def notes(clone):
    """What the set-up of a clone noted about its llama.cpp."""
    return json.loads((clone / ".venv" / "taproot-setup.json").read_text())["llama"]
