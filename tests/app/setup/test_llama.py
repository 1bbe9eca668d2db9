"""Which llama.cpp a set-up takes: prebuilt where one works here, else compiled. A real pip against a local index."""

import os
import re
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from app.setup import Environment
from app.setup.llama import machine, trial, wheels
from app.setup.llama.machine import Machine, Toolkit
from app.setup.report import Problem
from tests.app.setup.wheel_index import DIES, REQUIREMENT, notes, serve_index, wheel
from tests.fresh_clone import CLI, ROOT, bare_environment, base_python, launch, make_clone
from tests.small_model import small_model

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the fake tools are shell scripts")


@pytest.fixture
def clone(tmp_path):
    """A fresh clone whose one requirement is llama-cpp-python."""
    return needing_llama(tmp_path / "a clone")


def needing_llama(root):
    make_clone(root)
    (root / "requirements.txt").write_text(REQUIREMENT + "\n")
    (root / "app" / "command_line" / "main.py").write_text(CLI.format(module="llama_cpp"))
    make_venv_with_the_pip_of(base_python(), root / ".venv")
    return root


def make_venv_with_the_pip_of(python, folder):
    """Make a .venv in a blink where Python has a pip to share; elsewhere the set-up makes it, which takes seconds."""
    if subprocess.run([python, "-m", "pip", "--version"], capture_output=True).returncode == 0:
        command = [python, "-m", "venv", "--without-pip", "--system-site-packages", str(folder)]
        subprocess.run(command, check=True)
        (folder / "taproot-setup.json").write_text("{}")


@pytest.fixture
def index():
    """An index that has the source of llama-cpp-python and no wheel yet."""
    with serve_index() as serving:
        yield serving


@pytest.fixture
def variables(index, tmp_path):
    """A machine without a GPU whose pip and set-up know that index alone, with a cache of its own."""
    tools = tmp_path / "tools"
    tools.mkdir()
    return {
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_INDEX_URL": index.url + "/simple",
        "TAPROOT_WHEELS": index.url + "/whl",
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
        "TEST_LOG": str(tmp_path / "built.txt"),
        "TEST_HOLD": str(tmp_path / "hold"),
        "PATH": f"{tools}:/usr/bin:/bin",
    }


def built(variables):
    """The steps that were really built."""
    log = Path(variables["TEST_LOG"])
    return [line for line in log.read_text().splitlines() if line.startswith("step")] if log.exists() else []


def test_a_prebuilt_wheel_is_taken_and_compile_makes_one_for_this_machine(clone, index, variables):
    index.offer_wheel()
    done = launch(clone, "runs", **variables)
    assert done.stdout == "ran ['runs'] prebuilt\n", done.stderr
    assert "took the prebuilt llama.cpp for processors in general" in done.stderr
    assert notes(clone) == {"how": "prebuilt", "backend": "CPU"}
    assert built(variables) == []

    compiled = launch(clone, "--compile", "runs", **variables)
    assert compiled.stdout == "ran ['runs'] compiled\n", compiled.stderr
    assert re.search(r"compiling: 25 % \(1 of 4\), \d+:\d\d", compiled.stderr), compiled.stderr
    assert notes(clone).items() >= {"how": "compiled", "backend": "CPU"}.items()
    assert built(variables) == ["step 1", "step 2", "step 3", "step 4"]

    again = launch(clone, "--compile", "runs", **variables)
    assert again.stdout == "ran ['runs'] compiled\n"
    assert "is compiled for this machine (CPU) already" in again.stderr
    assert len(built(variables)) == 4

    other = launch(clone, "--compile", "runs", **variables, CMAKE_ARGS="-DGGML_BLAS=on")
    assert other.stdout == "ran ['runs'] compiled\n"
    assert len(built(variables)) == 8  # other options are another build
    assert "-DGGML_BLAS=on" in Path(variables["TEST_LOG"]).read_text().splitlines()[-1]


@pytest.mark.parametrize("native", [DIES, "raise OSError('libgomp.so.1: cannot open shared object file')"])
def test_a_prebuilt_wheel_that_does_not_work_here_is_replaced_by_a_compiled_one(
    clone, index, variables, native
):
    index.offer_wheel(native=native)
    done = launch(clone, "runs", **variables)
    assert done.stdout == "ran ['runs'] compiled\n", done.stderr
    why = "instructions that this processor lacks" if native is DIES else "libgomp.so.1: cannot open"
    assert "does not work here" in done.stderr and why in done.stderr
    assert notes(clone)["how"] == "compiled"


def test_without_a_wheel_it_is_compiled_and_the_next_clone_takes_what_was_compiled(
    clone, index, variables, tmp_path
):
    index.offer_wheel(version="0.2.90")  # not within the range
    done = launch(clone, "runs", **variables)
    assert done.stdout == "ran ['runs'] compiled\n", done.stderr
    assert "there is no prebuilt llama.cpp for this machine" in done.stderr
    assert not (clone / ".venv" / "llama-build").exists()

    index.files = {}
    second = launch(needing_llama(tmp_path / "second"), "runs", **variables)
    assert second.stdout == "ran ['runs'] compiled\n", second.stderr
    assert "was compiled for this machine before" in second.stderr
    assert len(built(variables)) == 4


def test_a_kept_wheel_that_no_longer_works_is_compiled_anew_by_the_next_start(
    clone, index, variables, tmp_path
):
    launch(clone, "runs", **variables)
    (kept,) = (tmp_path / "cache" / "taproot").rglob("*.whl")
    kept.write_bytes(wheel(native=DIES))
    second = needing_llama(tmp_path / "second")
    refused = launch(second, "runs", **variables)
    assert refused.returncode == 2
    assert "does not work here: it was built for instructions" in refused.stderr
    assert launch(second, "runs", **variables).stdout == "ran ['runs'] compiled\n"
    assert len(built(variables)) == 8


def test_an_index_that_is_not_there_is_one_line_and_the_set_up_goes_on(clone, index, variables):
    done = launch(clone, "runs", **{**variables, "TAPROOT_WHEELS": "http://127.0.0.1:9/whl"})
    assert done.stdout == "ran ['runs'] compiled\n", done.stderr
    told = [line for line in done.stderr.splitlines() if "127.0.0.1:9" in line]
    assert told == [
        "taproot: no prebuilt llama.cpp: 127.0.0.1:9 does not answer ([Errno 111] Connection refused)"
    ]


def test_an_index_that_nobody_guards_is_refused(clone, variables):
    done = launch(clone, "runs", **{**variables, "TAPROOT_WHEELS": "http://wheels.example/whl"})
    assert done.returncode == 2
    assert "TAPROOT_WHEELS is http://wheels.example/whl, but wheels are taken over https only" in done.stderr


def start_and_hold(clone, variables):
    """Start a set-up and return its process when two of four steps are built and the third waits."""
    Path(variables["TEST_HOLD"]).touch()
    process = subprocess.Popen(
        [base_python(), str(clone / "launch.py"), "runs"],
        stderr=subprocess.PIPE,
        text=True,
        env=bare_environment(**variables),
        start_new_session=True,
    )
    for line in process.stderr:
        if "(3 of 4)" in line:
            break
    return process


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_a_compilation_that_was_broken_off_goes_on_where_it_stopped(clone, variables, how):
    process = start_and_hold(clone, variables)
    os.killpg(process.pid, how)
    last = process.stderr.read()
    assert process.wait() == (2 if how == signal.SIGINT else -9)
    assert ("it goes on where it stopped" in last) == (how == signal.SIGINT)
    process.stderr.close()
    assert built(variables) == ["step 1", "step 2"]
    Path(variables["TEST_HOLD"]).unlink()
    done = launch(clone, "runs", **variables)
    assert done.stdout == "ran ['runs'] compiled\n", done.stderr
    assert "creating" not in done.stderr
    assert built(variables) == ["step 1", "step 2", "step 3", "step 4"]


def test_a_start_waits_for_what_a_killed_one_left_running(clone, variables):
    process = start_and_hold(clone, variables)
    process.kill()  # its pip lives on
    process.wait()
    process.stderr.close()
    second = subprocess.Popen(
        [base_python(), str(clone / "launch.py"), "runs"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=bare_environment(**variables),
    )
    assert "another set-up is at work; waiting for it" in second.stderr.readline()
    Path(variables["TEST_HOLD"]).unlink()
    out, err = second.communicate(timeout=300)
    assert out == "ran ['runs'] compiled\n", err
    assert built(variables) == ["step 1", "step 2", "step 3", "step 4"]


def test_without_a_compiler_the_message_names_packages_and_the_index(clone, index, variables):
    page = "/simple/llama-cpp-python/llama_cpp_python-0.3.36.tar.gz"
    broken = variables["TEST_LOG"] + "/no/such/folder"
    done = launch(clone, "runs", **{**variables, "TEST_LOG": broken})
    assert page in index.asked
    assert done.returncode == 2
    assert "build-essential" in done.stderr and "TAPROOT_WHEELS" in done.stderr
    assert "Traceback" not in done.stderr.split("The last lines were")[0]


# --- the index -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("first", ["urllib", "the wait"])  # which of the two gives up
def test_a_silent_index_is_given_up(index, monkeypatch, first):
    page = index.url + "/whl/cpu/llama-cpp-python/"
    if first == "urllib":
        join = threading.Thread.join
        monkeypatch.setattr(threading.Thread, "join", lambda thread, _seconds=None: join(thread, 60))
    index.silent.add("/whl/cpu/llama-cpp-python/")
    monkeypatch.setattr(wheels, "ANSWER_SECONDS", 0.3)
    with pytest.raises(wheels.NoIndex, match="did not answer within"):
        wheels.has_wheels(page)
    assert index.came.wait(60)  # it was really asked


def test_a_page_without_wheels_and_a_page_that_is_not_there_have_none(index):
    index.files["/whl/vulkan/llama-cpp-python/"] = b"<h1>Links for llama-cpp-python</h1>"
    assert not wheels.has_wheels(index.url + "/whl/vulkan/llama-cpp-python/")
    assert not wheels.has_wheels(index.url + "/whl/cu124/llama-cpp-python/")
    index.offer_wheel("cu124")
    assert wheels.has_wheels(index.url + "/whl/cu124/llama-cpp-python/")


@pytest.mark.parametrize(
    ("address", "safe"),
    [
        ("https://wheels.example/whl", True),
        ("http://127.0.0.1:8000/whl", True),
        ("http://localhost/whl", True),
        ("http://wheels.example/whl", False),
        ("http://localhost.example/whl", False),
        ("http://127.0.0.1@wheels.example/whl", False),
        ("ftp://wheels.example/whl", False),
        ("file:///wheels", False),
        ("wheels", False),
    ],
)
def test_wheels_come_over_https_or_from_this_machine(monkeypatch, address, safe):
    monkeypatch.setenv("TAPROOT_WHEELS", address)
    if safe:
        assert wheels.index() == address
    else:
        with pytest.raises(Problem, match="over https only"):
            wheels.index()


# --- the machine ---------------------------------------------------------------------------------------------


@pytest.fixture
def tools(tmp_path, monkeypatch):
    """A PATH that holds only the tools that a test puts there: name -> what it prints."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))

    def put(name, prints=""):
        (folder / name).write_text(f"#!/bin/sh\n/bin/cat <<'END'\n{prints}\nEND\n")
        (folder / name).chmod(0o755)

    return put


def test_the_driver_of_an_nvidia_gpu_says_which_wheels_it_runs(tools, monkeypatch):
    tools("nvidia-smi", "| NVIDIA-SMI 550.54.14    Driver Version: 550.54.14    CUDA Version: 12.4   |")
    found = machine.look()
    assert (found.vendor, found.cuda) == ("nvidia", (12, 4))
    there = {"libcudart.so.12", "libcublas.so.12", "libvulkan.so.1"}
    monkeypatch.setattr(machine, "_loads", lambda library: library in there)
    assert machine.gpu_wheels(found) == ["cu124", "cu123", "cu122", "cu121", "vulkan"]
    there -= {"libcublas.so.12"}
    assert machine.gpu_wheels(found) == ["vulkan"]
    there.clear()
    assert machine.gpu_wheels(found) == []


def test_llama_cpp_is_compiled_for_the_gpu_where_its_tools_are(tools):
    assert machine.toolkit(Machine("nvidia", "some GPU", (12, 4))) == Toolkit()
    tools("glslc")
    assert machine.toolkit(Machine("nvidia", "some GPU", (12, 4))).backend == "Vulkan"
    assert machine.toolkit(Machine("amd", "some GPU")).backend == "Vulkan"
    assert machine.toolkit(Machine()) == Toolkit()
    tools("nvcc")
    assert machine.toolkit(Machine("nvidia", "some GPU", (12, 4))) == Toolkit("CUDA", "-DGGML_CUDA=on")
    assert machine.toolkit(Machine("apple", "Apple GPU")).backend == "Metal"


def test_a_machine_with_a_gpu_and_its_compiler_compiles_for_it(clone, index, variables, tmp_path):
    index.offer_wheel()  # for the processor alone
    for name, prints in (("nvidia-smi", "CUDA Version: 11.0"), ("nvcc", "")):
        tool = tmp_path / "tools" / name
        tool.write_text(f"#!/bin/sh\necho '{prints}'\n")
        tool.chmod(0o755)
    launch(clone, "runs", **variables)
    flags = Path(variables["TEST_LOG"]).read_text().splitlines()[-1]
    assert "-DGGML_CUDA=on" in flags
    assert notes(clone)["backend"] == "CUDA"


def test_amx_is_left_out_where_the_processor_has_it_and_the_compiler_knows_it(monkeypatch):
    if shutil.which("c++") is None:
        pytest.skip("no compiler")
    monkeypatch.setattr(machine, "processor", lambda: "flags : fpu avx512f")
    assert machine.flags_without_amx() == ""
    monkeypatch.setattr(machine, "processor", lambda: "flags : fpu avx512f amx_tile amx_int8")
    flags = machine.flags_without_amx()
    command = ["c++", *flags.split(), "-march=sapphirerapids", "-dM", "-E", "-x", "c++", os.devnull]
    defined = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "__AMX_INT8__" not in defined and "__AVX512VNNI__" in defined
    monkeypatch.setenv("CXX", "/bin/false")
    assert machine.flags_without_amx() == ""


# --- the trial -----------------------------------------------------------------------------------------------


def test_the_trial_computes_with_the_real_llama_cpp(tmp_path):
    python = Path(sys.executable)
    assert trial.fault(python, small_model()) == ""
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(small_model().read_bytes()[:100_000])
    assert trial.fault(python, broken) != ""
    assert trial.fault(python, None) == ""  # starting is all that can be tried


@pytest.mark.realmodel
def test_the_trial_computes_with_the_base_of_the_default_model(real_gguf, monkeypatch):
    from app.setup import base_model
    from app.setup.llama import install as llama

    packages = Path(*real_gguf.parts[: real_gguf.parts.index("site-packages") + 1])
    environment = Environment(ROOT)
    monkeypatch.setattr(environment, "_packages", lambda: [packages])
    assert base_model.base_file(environment) == real_gguf
    tried = []
    monkeypatch.setattr(
        llama, "fault", lambda _, *what, **how: tried.append(what) or trial.fault(Path(sys.executable), *what)
    )
    assert llama._fault(environment, False) == "" and tried == [(real_gguf,)]


def test_a_llama_cpp_that_sees_no_gpu_fails_the_trial_for_one():
    from engine.llm.machine.hardware import build

    if build().gpu:
        pytest.skip("this llama.cpp sees a GPU")
    assert trial.fault(Path(sys.executable), small_model(), gpu=True) == "it sees no GPU"
