"""Measure the library in the real app: 20,000 documents as a card, one document of 60 MB in the viewer, uploads.

    python -m tests.benchmarks.library [--json] [--files 20000] [--megabytes 60] [--chromium PATH]

Everything goes over HTTP through the gate, as a browser does it; the last part is Chromium. Milliseconds are medians
unless their name says "first".
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
from playwright.sync_api import Page, sync_playwright

from tests.app.desk import TOKEN, Desk

ARGUMENTS = "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking".split()
LINE = "{n}: the ferry to Halden left at noon with a naïve 🌳 and {m} blue trunks\n"
SMALL, LARGE = 1500, 300 << 20  # files, and bytes of one file, that are uploaded


def milliseconds(work: Callable[[], object], rounds: int = 9) -> float:
    """The median of some rounds."""
    taken = []
    for _ in range(rounds):
        began = time.perf_counter()
        work()
        taken.append((time.perf_counter() - began) * 1000)
    return round(statistics.median(taken), 2)


def write_small(folder: Path, files: int) -> None:
    """Many small documents in a hundred folders."""
    for n in range(files):
        path = folder / f"d{n % 100:02}" / f"{n:05}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(LINE.format(n=n, m=n % 50) * (1 + n % 7))


def write_large(folder: Path, megabytes: int) -> int:
    """One document of so many megabytes; the number of its lines."""
    folder.mkdir()
    lines = megabytes * 1_000_000 // len(LINE.format(n=500_000, m=20).encode())
    with (folder / "large.txt").open("w") as file:
        file.writelines(LINE.format(n=n, m=n % 50) for n in range(1, lines + 1))
    return lines


def add(http: httpx.Client, path: Path) -> tuple[str, float]:
    """Add a folder and wait for its end: the corpus and the seconds."""
    began = time.perf_counter()
    job = http.post("/api/corpora", json={"path": str(path)}).json()
    while job["state"] not in ("done", "failed", "stopped"):
        time.sleep(0.05)
        job = http.get(f"/api/jobs/{job['job']}").json()
    assert job["state"] == "done", job["message"]
    return job["result"]["id"], round(time.perf_counter() - began, 2)


def measure_server(http: httpx.Client, base: Path, files: int, megabytes: int) -> dict[str, Any]:
    """What the server does without a browser."""
    write_small(base / "many", files)
    lines = write_large(base / "one", megabytes)
    many, add_many = add(http, base / "many")
    one, add_one = add(http, base / "one")

    def get(address: str) -> Any:
        answer = http.get(address)
        answer.raise_for_status()
        return answer.json()

    documents, text = f"/api/corpora/{many}/documents", f"/api/corpora/{one}/documents/0"
    began = time.perf_counter()
    rows = get(f"{text}/text?row=0&lines=100")["rows"]
    first_open = round((time.perf_counter() - began) * 1000, 1)
    dice = random.Random(3)
    found: dict[str, Any] = {
        "files": files,
        "large_megabytes": megabytes,
        "large_lines": lines,
        "add_files_seconds": add_many,
        "add_large_seconds": add_one,
        "cards_ms": milliseconds(lambda: get("/api/corpora")),
        "page_of_200_documents_ms": milliseconds(
            lambda: get(f"{documents}?first={dice.randrange(files)}&count=200")
        ),
        "filter_names_ms": milliseconds(lambda: get(f"{documents}?query={dice.randrange(10_000)}")),
        "sort_by_size_ms": milliseconds(lambda: get(f"{documents}?sort=size&query=d{dice.randrange(10)}")),
        "search_in_corpus_ms": milliseconds(lambda: get(f"/api/corpora/{many}/search?q=ferry+Halden+4321")),
        "large_first_open_ms": first_open,
        "large_100_rows_ms": milliseconds(
            lambda: get(f"{text}/text?row={dice.randrange(rows)}&lines=100"), 30
        ),
        "large_find_rare_ms": milliseconds(lambda: get(f"{text}/search?q={dice.randrange(lines)}:"), 5),
        "large_find_common_ms": milliseconds(lambda: get(f"{text}/search?q=ferry"), 5),
        "corpora": [many, one],
    }
    return found | measure_upload(http)


def measure_upload(http: httpx.Client) -> dict[str, Any]:
    """One large file, and many small ones by four connections."""
    upload = http.post("/api/uploads").json()["upload"]
    address = f"/api/uploads/{upload}/files"

    def body() -> Iterator[bytes]:
        for _ in range(LARGE >> 20):
            yield b"x" * (1 << 20)

    def put(number: int) -> None:
        http.put(f"{address}?rel=a/{number}.txt&n={number}&size=100", content=b"x" * 100).raise_for_status()

    began = time.perf_counter()
    http.put(f"{address}?rel=large&n=1", content=body(), timeout=300).raise_for_status()
    large = time.perf_counter() - began
    began = time.perf_counter()
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(put, range(2, SMALL + 2)))
    small = time.perf_counter() - began
    http.delete(f"/api/uploads/{upload}").raise_for_status()
    return {
        "upload_megabytes_per_second": round(LARGE / large / 1e6),
        "upload_small_files_per_second": round(SMALL / small),
    }


def measure_page(page: Page, corpora: list[str], lines: int) -> dict[str, Any]:
    """What a person waits for, from the click or key until the rows are painted."""
    many, one = corpora

    def timed(script: str, shown: str) -> float:
        return page.evaluate(
            """async ([script, shown]) => {
              const began = performance.now();
              if (script.startsWith('/')) { history.pushState(null, '', script); dispatchEvent(new PopStateEvent('popstate')); }
              else document.querySelector(script).click();
              while (!document.querySelector(shown)) await new Promise((done) => setTimeout(done, 1));
              await new Promise((done) => requestAnimationFrame(() => setTimeout(done, 0)));
              return Math.round(performance.now() - began);
            }""",
            [script, shown],
        )

    table = timed(f"/?view=library&corpus={many}", ".doc-row:not([data-wait])")
    table_rows = page.locator(".doc-row").count()
    line = LINE.format(n=lines // 2, m=lines // 2 % 50)
    start = sum(len(LINE.format(n=n, m=n % 50)) for n in range(1, lines // 2))
    spans = []
    for moved in range(5):
        at = start + moved
        ready = f'#viewer[data-ready="{one}/0/{at}"] mark.span'
        spans.append(
            timed(f"/?view=library&corpus={one}&doc=0&start={at}&end={start + len(line) - 1}", ready)
        )
        page.keyboard.press("Escape")
    timed(
        f"/?view=library&corpus={one}&doc=0&start={start}&end={start + 5}",
        f'#viewer[data-ready="{one}/0/{start}"]',
    )
    page.fill(".viewer-query", "blue trunks")
    page.wait_for_selector("mark.now")
    page.focus("#viewer .rows")
    page.keyboard.press("End")
    page.wait_for_selector(f'#viewer .line[data-row="{lines - 1}"]')
    return {
        "table_ready_ms": table,
        "table_rows_in_page": table_rows,
        "span_in_large_first_ms": spans[0],
        "span_in_large_ms": statistics.median(spans[1:]),
        "lines_in_page": page.locator("#viewer .line").count(),
        "elements_in_page": page.evaluate("() => document.querySelectorAll('*').length"),
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--files", type=int, default=20_000)
    parser.add_argument("--megabytes", type=int, default=60)
    parser.add_argument("--chromium", default="/usr/bin/chromium")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        base = Path(folder)
        desk = Desk(base / "data")
        desk.workbench.library.uploads.largest = LARGE
        try:
            with httpx.Client(
                base_url=f"http://127.0.0.1:{desk.port}", follow_redirects=True, timeout=120
            ) as http:
                http.get(f"/?t={TOKEN}").raise_for_status()
                found = measure_server(http, base, options.files, options.megabytes)
            corpora = found.pop("corpora")
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=options.chromium, args=ARGUMENTS)
                page = desk.visit(browser, "view=library")
                found |= measure_page(page, corpora, found["large_lines"])
                browser.close()
        finally:
            desk.close()
    if options.json:
        print(json.dumps(found))
    else:
        for name, value in found.items():
            print(f"{name.replace('_', ' '):34} {value:>12,}")


if __name__ == "__main__":
    main()
