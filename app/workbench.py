"""All state behind the app: the engine, its library, its models, the runs and who watches them. No web framework.

with Workbench(data_dir) as workbench:
    workbench.start()                      # loads the last model (else the default) meanwhile
    started = workbench.runs.start("How many letters mention Halden?", corpus_id)

`Library(workbench)` and `Models(workbench)` are made last, when all else is there. `Models.start(model)` is called by
`start`, and `close()` of both by `close`; the library reads documents with `workbench.engine.add`.
"""

from __future__ import annotations

from pathlib import Path
from types import TracebackType

from app.bench.service import Measuring
from app.library.service import Library
from app.live.broadcast import Hub
from app.models.service import Models
from app.notes.service import Noting
from app.questions.service import Asking
from app.runs.service import Runs
from app.runs.sessions import Sessions
from app.safekeeping.backups import Backups
from app.safekeeping.checks import Checks
from engine.engine import Engine
from engine.kernel.host.host import KernelHost
from engine.llm.gguf.adapters import Adapter
from engine.llm.gguf.fit import Wish


class Workbench:
    """Opens the data folder at once and waits for no model. Thread-safe; close it once.

    `model` is the path of a GGUF file, or `scripted:FILE`; without it the last one used is loaded. `wish` is how
    models are loaded, where a person does not leave it to the machine; `adapters` are put on `model`. A `host` that is
    given runs the cells, and stays open. Raises StoreError, SandboxError or KernelError when the data folder cannot be
    used or no cell can run.
    """

    def __init__(
        self,
        data_dir: Path,
        model: str | None = None,
        wish: Wish | None = None,
        adapters: tuple[Adapter, ...] = (),
        host: KernelHost | None = None,
    ):
        self.data_dir = Path(data_dir).absolute()
        self.wish = wish or Wish()
        self.model, self.adapters = model, adapters
        self.engine = Engine(self.data_dir, host=host)
        self.hub = Hub(self.engine.store)
        self.runs = Runs(self.engine, self.hub)
        self.sessions = Sessions(self.engine.store, self.hub)
        self.bench = Measuring(self)
        self.questions = Asking(self)
        self.checks = Checks(self)
        self.backups = Backups(self)
        self.library = Library(self)
        self.models = Models(self)
        self.notes = Noting(self)

    def start(self) -> None:
        """Begin to load the model, and to read the sample corpus, in threads of their own, and return."""
        self.library.ensure_sample()
        self.models.start(self.model)

    def close(self) -> None:
        """Stop what runs, tell every follower that it is over, and close the engine."""
        self.hub.close()
        self.notes.close()
        self.bench.close()
        self.questions.close()
        self.checks.close()
        self.backups.close()
        self.runs.close()
        self.library.close()
        self.models.close()
        self.engine.close()

    def __enter__(self) -> Workbench:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
