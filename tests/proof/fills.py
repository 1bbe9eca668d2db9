"""Fill the disk and the memory in every shape: `python -m tests.proof.fills [--tries N] [--folder DIR] [KIND...]`.

Prints how many of N tries (100) of each shape were contained, the most bytes that were ever on the disk, and the
same for one try without protection. Give a folder on a small file system of its own, for then the bytes are read
from that file system, and nothing can hide. Ends with status 1 when anything was not contained.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections import Counter
from pathlib import Path

from engine.kernel.host.host import KernelHost
from tests.engine.kernel.host.fill_range import attempt, fill_disk
from tests.engine.kernel.host.fills import FILLS, MEMORY, NO_CONTROL, SCRATCH, TRIED, Fill

MIB = 1 << 20


def main() -> int:
    """Try, print the table, return the exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("kinds", nargs="*", metavar="KIND", help="disk, left, memory (all)")
    parser.add_argument("--tries", type=int, default=100)
    parser.add_argument("--folder", type=Path)
    options = parser.parse_args()
    chosen = [
        fill
        for fill in FILLS
        if not options.kinds or any(kind in fill.kind.split() for kind in options.kinds)
    ]
    print(
        f"A session may have {SCRATCH / MIB:.0f} MiB on the disk and {MEMORY / MIB:.0f} MiB of memory; "
        f"each shape of the disk tries {TRIED / MIB:.0f} MiB.\n"
    )
    print(f"{'kind':<19}{'shape':<48}{'contained':<16}{'most on disk':<14}{'without':<10}{'seconds':>7}")
    with tempfile.TemporaryDirectory(dir=options.folder, ignore_cleanup_errors=True) as folder:
        free = KernelHost(Path(folder, "free"), unsafe_without_sandbox=True)
        with KernelHost(Path(folder, "held")) as host, free:
            alone = Path(folder).stat().st_dev != Path("/").stat().st_dev and options.folder is not None
            escaped = sum(_shape(host, free, fill, options.tries, alone) for fill in chosen)
    print(f"\n{len(chosen) * options.tries:,} tries of {len(chosen)} shapes, {escaped} not contained.")
    return 1 if escaped else 0


def _shape(host: KernelHost, free: KernelHost, fill: Fill, tries: int, alone: bool) -> int:
    """Try one shape, print its line, and return how often it was not contained."""
    began = time.monotonic()
    tried = [attempt(host, fill, alone=alone) for _ in range(tries)]
    seconds = (time.monotonic() - began) / max(1, tries)
    problems = Counter(one.escaped for one in tried if one.escaped)
    most = without = ""
    if fill.kind != "memory":
        most = f"{max((one.most for one in tried), default=0) / MIB:.2f} MiB"
        if fill.name not in NO_CONTROL:
            without = f"{fill_disk(free, fill, alone=alone).most / MIB:.1f} MiB"
    contained = f"{tries - problems.total()} of {tries}"
    print(f"{fill.kind:<19}{fill.name:<48}{contained:<16}{most:<14}{without:<10}{seconds:>7.2f}", flush=True)
    for problem, count in problems.items():
        print(f"{'':<19}  {count} times: {problem}", flush=True)
    return problems.total()


if __name__ == "__main__":
    raise SystemExit(main())
