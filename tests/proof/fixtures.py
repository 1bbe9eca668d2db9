"""Read each fixture in a parser process of its own: `python -m tests.proof.fixtures [--json]`.

Prints for each file the peak memory of the process (resident, MiB, above that of a process that read nothing) and the seconds it
took, and at the end what is beyond the bounds: none may take 512 MiB or 60 seconds.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.fixtures.hostile import FILES

DOCUMENTS = Path(__file__).parents[1] / "fixtures" / "documents"
MOST_MIB, MOST_SECONDS = 512, 60.0
ONE = """
import sys, resource
from pathlib import Path
from engine.documents.parser import answer, confine_self
data = Path(sys.argv[1]).read_bytes() if sys.argv[1] else b""
confine_self(3 << 30)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
import time
started = time.perf_counter()
frames = sum(1 for _ in answer(sys.argv[2], data)) if data else 0
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024, time.perf_counter() - started)
"""


def measure(path: Path, name: str) -> tuple[float, float]:
    """(MiB, seconds) of reading one file in a fresh confined process. Raises CalledProcessError when it dies."""
    done = subprocess.run(
        [sys.executable, "-c", ONE, str(path), name], capture_output=True, text=True, check=True, timeout=300
    )
    memory, seconds = map(float, done.stdout.split())
    return memory, seconds


def main() -> int:
    """Measure all, print, and return 1 where one is beyond the bounds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON object")
    options = parser.parse_args()
    found: dict[str, tuple[float, float]] = {}
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        for name, (make, *_) in FILES.items():
            (Path(folder) / name).write_bytes(make())
        files = [
            path for root in (DOCUMENTS, Path(folder)) for path in sorted(root.rglob("*")) if path.is_file()
        ]
        for path in files:
            found[f"{path.parent.name}/{path.name}"] = memory, seconds = measure(path, path.name)
            if not options.json:
                print(f"{memory:8.1f} MiB {seconds:7.2f} s  {path.name}", flush=True)
    beyond = [
        name for name, (memory, seconds) in found.items() if memory > MOST_MIB or seconds > MOST_SECONDS
    ]
    report = {
        "files": len(found),
        "most_mib": round(max(memory for memory, _ in found.values()), 1),
        "most_seconds": round(max(seconds for _, seconds in found.values()), 2),
        "beyond": beyond,
        "total_seconds": round(time.monotonic() - began),
    }
    print(json.dumps(report))
    return bool(beyond)


if __name__ == "__main__":
    sys.exit(main())
