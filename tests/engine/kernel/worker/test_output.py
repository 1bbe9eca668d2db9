"""Output: live, bounded in the worker and again in the host, never lost without being counted."""

from __future__ import annotations

import base64
import time
from pathlib import Path

import pytest

from engine.kernel.host.host import WorkerLimits

pytestmark = pytest.mark.sandbox


def test_output_arrives_while_the_cell_runs(session):
    seen = []

    def show(output):
        seen.append(output["text"])
        for word in "".join(seen).split():
            session.write(word)

    wait = "while not Path('{}').exists(): time.sleep(0.01)"
    lines = ["import time", "from pathlib import Path", "print('first')", wait.format("first")]
    code = "\n".join([*lines, "print('second', end='')", wait.format("second")])
    result = session.worker.execute(code, on_call=lambda call: [], on_output=show, timeout=300)
    assert (result.status, "".join(seen)) == ("ok", "first\nsecond")


def test_long_output_keeps_its_head_and_its_tail(open_session):
    session = open_session(limits=WorkerLimits(output_chars=1000))
    ran = session.run("for i in range(1000):\n    print(i)")
    assert ran.printed.startswith("0\n1\n2\n") and ran.printed.endswith("998\n999\n")
    assert ran.result.dropped_chars == 3890 - 1000
    assert "[... 2,890 characters left out ...]" in ran.printed


def test_output_that_fits_is_whole(open_session):
    session = open_session(limits=WorkerLimits(output_chars=1000))
    ran = session.run(
        "import sys\nfor i in range(100):\n    print(i, file=sys.stderr if i % 2 else sys.stdout)"
    )
    assert ran.printed == "".join(f"{i}\n" for i in range(100))
    assert ran.result.dropped_chars == 0


def test_a_long_result_is_clipped_too(open_session):
    ran = open_session(limits=WorkerLimits(output_chars=4000)).run("'x' * 100_000")
    assert len(ran.echoed) < 5000
    assert ran.result.dropped_chars > 90_000


def test_an_endless_print_is_stopped_and_the_session_lives(session):
    ran = session.run("while True:\n    print('flood ' * 1000)")
    assert ran.result.error["ename"] == "OutputLimit"
    assert len(ran.printed) < 70_000
    assert session.run("1").echoed == "1"


def test_an_endless_display_is_bounded(session):
    code = "from IPython.display import display\nfor i in range(1000):\n    display(i)\n'end'"
    ran = session.run(code)
    assert ran.status == "ok"
    assert sum(o["output_type"] == "display_data" for o in ran.outputs) <= 200
    assert "only the first 200 displays" in ran.printed


def test_lone_surrogates_and_odd_characters_are_printed(session):
    ran = session.run("print('a\\ud800b', '\\x00', '\U0001f600')")
    assert ran.printed == "a?b \x00 \U0001f600\n"


def test_raw_descriptors_are_caught_and_capped(session):
    ran = session.run("import os\nfor _ in range(40):\n    os.write(2, b'z' * 10_000)")
    assert ran.status == "ok"
    assert 10_000 <= len(ran.printed) <= 65_536


def test_text_of_a_leftover_thread_comes_with_the_next_cell(session):
    code = """
import threading, time
from pathlib import Path
def later():
    while not Path("ended").exists(): time.sleep(0.01)
    print("from the thread")
    Path("printed").touch()
threading.Thread(target=later).start()
"""
    session.run(code)
    session.write("ended")
    session.wait_for("printed")
    assert session.run("1").printed == "from the thread\n"


def test_an_image_that_is_too_large_is_named_instead(session):
    code = "from IPython.display import Image, display\nimport os\ndisplay(Image(b'\\x89PNG\\r\\n\\x1a\\n' + os.urandom(6_000_000)))"
    ran = session.run(code)
    assert ran.status == "ok"
    assert all("image/png" not in o.get("data", {}) for o in ran.outputs)
    assert "too large" in ran.outputs[0]["data"]["text/plain"]


def test_a_forged_image_does_not_pass(session):
    huge = (
        b"\x89PNG\r\n\x1a\n"
        + b"\0\0\0\rIHDR"
        + (100_000).to_bytes(4, "big") * 2
        + b"\x08\x02\0\0\0"
        + b"\0" * 8
    )
    for data in (b"<svg onload=alert(1)>", huge):
        code = f"from IPython.display import publish_display_data\npublish_display_data({{'image/png': {base64.b64encode(data).decode()!r}}})"
        ran = session.run(code)
        assert ran.outputs and all("image/png" not in o["data"] for o in ran.outputs)


def test_a_display_of_many_megabytes_is_survived(session):
    assert session.run("from IPython.display import HTML\nHTML('x' * 30_000_000)").status == "ok"
    assert session.run("1").echoed == "1"


def test_closing_removes_the_scratch_folder_whatever_is_in_it(kernels, open_session):
    session = open_session()
    folder = session.worker._process.folder
    session.run("import os\nfor i in range(10):\n    os.mkdir('d' * 200)\n    os.chdir('d' * 200)")
    session.run("import os\nos.mkdir('locked', 0)\nopen('file', 'w').close()")
    assert folder.exists()
    session.worker.close()
    assert not folder.exists()


def test_no_file_descriptor_leaks_over_many_workers(open_session):
    def held() -> int:
        return len(list(Path("/proc/self/fd").iterdir()))

    open_session().worker.close()
    before = held()
    for _ in range(5):
        open_session().worker.close()
    deadline = (
        time.monotonic() + 60
    )  # a thread closes what the writes of a worker waited on, once that is gone
    while held() > before and time.monotonic() < deadline:
        time.sleep(0.01)
    assert held() <= before  # others may close theirs meanwhile
