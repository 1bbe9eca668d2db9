"""Try the installed llama.cpp in a process of its own: it must start, see the GPU it was taken for, and compute."""

import signal
import subprocess
from pathlib import Path

TRIAL_SECONDS = 180
_SCRIPT = """
import sys
from llama_cpp import llama_cpp as native
gguf, wants_gpu = sys.argv[1], sys.argv[2] == "gpu"
native.llama_log_set(quiet := native.llama_log_callback(lambda level, text, data: None), None)
native.llama_backend_init()
if wants_gpu and not native.llama_supports_gpu_offload():
    sys.exit("it sees no GPU")
if gguf:
    settings = native.llama_model_default_params()
    settings.n_gpu_layers = 99 if wants_gpu else 0
    settings.use_extra_bufts = False
    model = native.llama_model_load_from_file(gguf.encode(), settings)
    options = native.llama_context_default_params()
    options.n_ctx = options.n_batch = 64
    context = native.llama_init_from_model(model, options)
    tokens = (native.llama_token * 8)(*range(1, 9))
    if native.llama_decode(context, native.llama_batch_get_one(tokens, len(tokens))):
        sys.exit("it does not compute")
"""


def fault(python: Path, gguf: Path | None, *, gpu: bool = False) -> str:
    """Return what is wrong with the llama.cpp of an environment, or "" where it works.

    gguf: a small model to compute with; without one, starting is all that is tried. `gpu`: it must compute on a GPU.
    """
    command = [str(python), "-c", _SCRIPT, str(gguf or ""), "gpu" if gpu else "cpu"]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, errors="replace", timeout=TRIAL_SECONDS
        )
    except subprocess.TimeoutExpired:
        return f"it did not start within {TRIAL_SECONDS} seconds"
    if done.returncode == -signal.SIGILL:
        return "it was built for instructions that this processor lacks"
    if done.returncode < 0:
        return f"it died with {signal.Signals(-done.returncode).name}"
    if done.returncode:
        return (done.stderr.strip().splitlines() or [f"it ended with status {done.returncode}"])[-1][:300]
    return ""
