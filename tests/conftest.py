"""Fixtures shared by all tests."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

from models import default
from tests import hanging
from tests.hanging import pytest_enter_pdb, pytest_runtest_protocol  # noqa: F401  # hooks

# How long an example takes, or the making of a few, says how busy the machine is; a test that hangs is ended by `hanging`.
# The same examples every time: one that fails is met by whoever changed what it is about.
hypothesis.settings.register_profile(
    "taproot",
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("taproot")


def pytest_configure(config: pytest.Config) -> None:
    """Let what tests start be stopped by Ctrl-C also where a shell started pytest in the background, which ignores it."""
    hanging.watch(config)
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files of this folder first: some take minutes, and at the end one process would wait for them while the other is done."""
    items.sort(key=lambda item: item.path.parent != Path(__file__).parent)


def pytest_unconfigure() -> None:
    """Close what llama_cpp leaves open, so that nothing is said of it after pytest's last line."""
    native = sys.modules.get("llama_cpp._utils")
    for name in ("outnull_file", "errnull_file"):
        if file := getattr(native, name, None):
            file.close()


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    """A data folder of its own for each test."""
    folder = tmp_path / "data"
    folder.mkdir(mode=0o700)
    return folder


@pytest.fixture(scope="session")
def kernels(tmp_path_factory):
    """One kernel host for the whole session: its zygote takes a second to start, its workers milliseconds."""
    from engine import sandbox
    from engine.kernel.host.host import KernelHost

    if not sandbox.level().available:
        pytest.skip(f"no sandbox, so no cell runs: {sandbox.level().detail}")
    with KernelHost(tmp_path_factory.mktemp("scratch")) as host:
        yield host


@pytest.fixture(scope="session", autouse=True)
def no_quantised_model_here() -> Iterator[None]:
    """Refuse quantised weights in pytest's own process: llama.cpp has crashed with them on some processors."""
    from llama_cpp import llama_cpp as native

    from engine.llm.gguf.facts import read_facts
    from engine.llm.local.load.load_options import FLOATS

    load = native.llama_model_load_from_file

    def checked(path: bytes, parameters):
        kinds = {kind for kind, _ in read_facts(Path(os.fsdecode(path))).weights.matrices}
        assert parameters.vocab_only or kinds <= FLOATS, f"load {path!r} in a process of its own"
        return load(path, parameters)

    native.llama_model_load_from_file = checked
    yield
    native.llama_model_load_from_file = load


@pytest.fixture(scope="session")
def real_gguf() -> Path:
    """The GGUF of SmolLM2-135M-Instruct, a real small model; nothing of the package that holds it is imported.

    Tests that take it carry the marker `realmodel`.
    """
    file = default.base_file()
    if file is None:
        pytest.skip("the real model of the tests is not installed: `python3 launch.py test` does that")
    return file


@pytest.fixture(scope="session")
def default_gguf(real_gguf: Path) -> Path:
    """The default model as the app has it, in the user's cache. Tests that take it carry the marker `realmodel`."""
    if not default.ADAPTER.is_file():
        pytest.skip(default.problem())
    return default.provide()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo):
    """Where TAPROOT_SKIPS_FAIL names a marker, a skipped test with that marker fails."""
    outcome = yield
    report = outcome.get_result()
    strict = set(os.environ.get("TAPROOT_SKIPS_FAIL", "").split(",")) - {""}
    if report.skipped and not hasattr(report, "wasxfail") and any(item.get_closest_marker(m) for m in strict):
        report.outcome = "failed"
        report.longrepr = f"skipped, which is a failure here: {report.longrepr}"
