"""The IPython kernel inside a worker: stock InProcessKernel without threads, sockets, stdin, shell or debugger.

Reaches into semi-private parts of ipykernel 7.4 and IPython 9; tests/engine/kernel/worker/test_contract.py guards
them. `shell_channel_thread` works around a stock bug: from 7.1 on every top-level `await` crashes in-process.
"""

from __future__ import annotations

import asyncio
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import nest_asyncio2
from ipykernel.compiler import XCachingCompiler
from ipykernel.displayhook import ZMQShellDisplayHook
from ipykernel.inprocess.ipkernel import InProcessInteractiveShell, InProcessKernel
from ipykernel.iostream import BackgroundSocket, IOPubThread
from IPython.core import async_helpers
from IPython.core.error import UsageError
from IPython.core.history import HistoryManager
from jupyter_client.session import Session
from jupyter_core import utils as jupyter_utils
from traitlets import Bool, default

from engine.kernel.toolbox.final import CellDone
from engine.kernel.worker.faults import cell_name, report
from engine.kernel.worker.interrupts import Interrupts
from engine.kernel.worker.outputs import KEPT, Outputs
from engine.kernel.worker.reserve import Reserve
from engine.types import Json

NO_SHELL = (
    "There is no shell here: no programs can be started and nothing can be installed. "
    "Use Python; the documents are in `context`."
)
NO_DEBUGGER = "There is no debugger and no editor here: print what you want to see."
NO_INPUT = (
    "Nobody is there to answer input(): put the value into the code, or ask the model with llm_query()."
)
SHELL_MAGICS = (
    *("bash", "sh", "script", "pip", "conda", "mamba", "micromamba", "uv", "system", "sx", "sc"),
    *("python", "python2", "python3", "pypy", "perl", "ruby"),
)
DEBUG_MAGICS = ("debug", "pdb", "edit", "ed")


class _CellCompiler(XCachingCompiler):
    """Compiles cells under a name that says which cell it is."""

    def get_code_name(self, raw_code: str, transformed_code: str, number: int) -> str:
        return cell_name(number)


class _Session(Session):
    """Hands messages over as Python values; the stock one serialises, signs and copies them for ZeroMQ."""

    sink: Callable[[str, dict[str, Any]], None] = staticmethod(lambda kind, content: None)

    def send(self, stream: Any, msg_or_type: Any, content: Any = None, *args: Any, **kwargs: Any) -> Any:
        message = msg_or_type if isinstance(msg_or_type, dict) else self.msg(msg_or_type, content)
        self.sink(message["header"]["msg_type"], message["content"])
        return message


class _Iopub(IOPubThread):
    """The place of ipykernel's output thread; runs everything at once in the calling thread."""

    def __init__(self, socket: Any):
        self.socket = socket
        self.background_socket = BackgroundSocket(self)  # type: ignore[no-untyped-call]  # ipykernel has none

    def schedule(self, f: Callable[[], Any]) -> None:
        f()


class _Echo(ZMQShellDisplayHook):
    """Shows the value of a cell's last expression, unless a semicolon ends it."""

    def quiet(self) -> bool:
        kernel: Any = self.shell.kernel  # type: ignore[union-attr]
        return bool(self.semicolon_at_end_of_expression(kernel.code))  # type: ignore[no-untyped-call]  # IPython


class _CellShell(InProcessInteractiveShell):
    """The shell: short tracebacks, no programs, and an exit that only ends the cell."""

    displayhook_class = _Echo

    def showtraceback(self, exc_tuple: Any = None, *args: Any, **kwargs: Any) -> None:
        error = exc_tuple[1] if exc_tuple else sys.exc_info()[1]
        if error is not None:
            kernel: Any = self.kernel
            kernel.failed(error)

    def showsyntaxerror(self, *args: Any, **kwargs: Any) -> None:
        self.showtraceback()

    def showindentationerror(self) -> None:
        self.showtraceback()

    def system(self, cmd: str) -> None:
        raise RuntimeError(NO_SHELL)

    system_raw = system_piped = system

    def getoutput(self, cmd: str, split: bool = True, depth: int = 0) -> Any:
        raise RuntimeError(NO_SHELL)

    def payloadpage_page(self, strg: Any, start: int = 0, *args: Any, **kwargs: Any) -> None:
        """Print what `name?` would show in a pager."""
        print(strg["text/plain"] if isinstance(strg, dict) else strg)

    def ask_exit(self) -> None:
        print("exit() is not needed: the session stays open for the next cell.")


class CellKernel(InProcessKernel):
    """Runs cells in this process. Built before the fork; `attach` connects it in the worker.

    `shell.user_ns` is the namespace of the cells.
    """

    shell: Any
    session: Any
    _supports_kernel_subshells = Bool(False)

    def __init__(self) -> None:
        HistoryManager.enabled = False  # type: ignore[assignment]
        session = _Session(key=b"", check_pid=False)
        super().__init__(  # type: ignore[no-untyped-call]  # ipykernel has no types
            session=session, shell_class=_CellShell, compiler_class=_CellCompiler
        )
        self.shell_channel_thread = SimpleNamespace(parent_thread=threading.main_thread())
        self.error: dict[str, str] | None = None
        self._outputs: Outputs | None = None
        self._interrupts = Interrupts()
        self._reserve = Reserve()
        self._loop: Any = None
        self._number = 0
        self.code = ""  # of the running cell
        self._refuse_programs()
        loop = asyncio.new_event_loop()
        nest_asyncio2.apply(loop)  # patches asyncio for all loops, so that asyncio.run() works within a cell
        loop.close()
        for message in ("To exit: use 'exit'", "invalid escape sequence"):
            warnings.filterwarnings("ignore", message=message)
        self.shell.display_formatter.active_types = list(KEPT)

    @default("iopub_thread")
    def _default_iopub_thread(self) -> _Iopub:
        return _Iopub(self._underlying_iopub_socket)

    def _refuse_programs(self) -> None:
        for names, sentence in ((SHELL_MAGICS, NO_SHELL), (DEBUG_MAGICS, NO_DEBUGGER)):

            def refuse(*args: str, sentence: str = sentence) -> None:
                raise UsageError(sentence)

            for name in names:
                for kind in ("line", "cell"):
                    self.shell.register_magic_function(refuse, kind, name)

    # --- life -------------------------------------------------------------------------------------------

    def attach(
        self, outputs: Outputs, interrupts: Interrupts, reserve: Reserve, stdout: Any, stderr: Any
    ) -> None:
        """Connect to this worker's output and memory and get an event loop of its own (once, after the fork)."""
        self._outputs, self._interrupts, self._reserve = outputs, interrupts, reserve
        self.stdout, self.stderr = stdout, stderr
        self.session.sink = self._take
        loop = asyncio.new_event_loop()
        asyncio.set_event_loop(loop)
        async_helpers._asyncio_event_loop = loop
        jupyter_utils._loop.set(loop)
        loop.set_exception_handler(self._failed_alone)
        self._loop = loop

    def run(self, code: str, number: int) -> None:
        """Run one cell; its output goes to the attached Outputs, its failure to `error`. Never raises.

        The reserve of memory is set aside meanwhile, and given back when the cell ends or fails.
        """
        self._reserve.take()
        self.error = None
        self.code = code
        self.shell.execution_count = self._number = number
        header = {"msg_id": str(number), "session": "", "msg_type": "execute_request", "username": ""}
        content = {"code": code, "silent": False, "store_history": False, "allow_stdin": False}
        message = {"header": header, "content": content, "metadata": {}, "parent_header": {}}
        try:
            self.set_parent([], message)  # type: ignore[no-untyped-call]  # ipykernel
            executed = self.execute_request(None, [], message)  # type: ignore[no-untyped-call]  # ipykernel
            self._loop.run_until_complete(executed)
        except BaseException as error:
            if self.error is None:
                self.failed(error)
        finally:
            self._reserve.give_back()
            self.shell.last_execution_result = None  # its error would keep all that the cell's functions held

    def forget_results(self) -> None:
        """Let go of the values of last lines, which `_` and `Out` keep."""
        self.shell.displayhook.flush()

    def failed(self, error: BaseException) -> None:
        """Show an error of the cell. The end of a cell by FINAL or exit() is none."""
        self._reserve.give_back()
        assert self._outputs is not None
        if isinstance(error, CellDone):
            return
        if isinstance(error, SystemExit):
            self._outputs.write("stderr", "exit() ended this cell; the session stays open.\n")
            return
        if isinstance(error, asyncio.CancelledError) and self._interrupts.came:
            error = KeyboardInterrupt().with_traceback(error.__traceback__)
        fields = report(error, self.shell.user_ns)
        if self.error is None:
            self.error = {"ename": fields["ename"], "evalue": fields["evalue"]}
        self._outputs.publish({"output_type": "error", **fields})

    def _failed_alone(self, loop: Any, context: dict[str, Any]) -> None:
        """Say what became of a task or callback of the event loop that nobody waited for."""
        error = context.get("exception")
        lines = report(error, self.shell.user_ns)["traceback"] if error is not None else []
        self.stderr.write("\n".join([context["message"], *lines, ""]))

    def _take(self, kind: str, content: dict[str, Any]) -> None:
        if kind not in ("display_data", "update_display_data", "execute_result"):
            return
        assert self._outputs is not None
        data, metadata = self._outputs.bundle(content["data"])
        if not data:
            return
        output: dict[str, Json] = {"output_type": "display_data", "data": data, "metadata": metadata}
        if kind == "execute_result":
            output |= {"output_type": kind, "execution_count": self._number}
        self._outputs.publish(output)

    # --- parts of the stock kernel that do not fit a worker --------------------------------------------

    def pre_handler_hook(self) -> None:
        """Keep our SIGINT handler."""

    def post_handler_hook(self) -> None:
        """Keep our SIGINT handler."""

    @contextmanager
    def _cancel_on_sigint(self, future: Any) -> Iterator[None]:
        self._interrupts.cancel = lambda: self._loop.call_soon_threadsafe(future.cancel)
        try:
            yield
        finally:
            self._interrupts.cancel = None

    @contextmanager
    def _redirected_io(self) -> Iterator[None]:
        sys.stdout, sys.stderr = self.stdout, self.stderr
        yield

    def raw_input(self, prompt: str = "") -> str:
        raise RuntimeError(NO_INPUT)

    def getpass(self, prompt: str = "", stream: Any = None, **kwargs: Any) -> str:
        raise RuntimeError(NO_INPUT)

    def _format_exception_for_storage(self, *args: Any, **kwargs: Any) -> list[str]:
        return []
