"""The engine's front: one data folder, one model, one kernel host. Add documents, ask, close.

with Engine(data_dir, open_model("models/some-8b-Q4_K_M.gguf")) as engine:
    corpus = engine.add([Path("case")])
    answer = engine.ask("How many letters mention Halden?", corpus)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from engine import corpus as corpora
from engine import prompt
from engine.answer.checked import Checked
from engine.answer.evidence import Evidence
from engine.corpus import Corpus
from engine.documents.ingest import CorpusInfo, ingest
from engine.documents.seal import written_seal
from engine.documents.writing.builder import Progress
from engine.errors import Cancelled, InputError, KernelError, StoreError, TaprootError
from engine.events import Event, NodeEnded, NodeStarted, RunEnded, RunStarted
from engine.events.kinds import NodeStatus, RunStatus
from engine.kernel.host.host import KernelHost
from engine.llm.base import Model, forget
from engine.llm.machine.speed import Speeds, counts_of
from engine.llm.sampling import choose_sampling
from engine.loaded import Loaded
from engine.notes.visible import visible
from engine.run.budget import Ledger
from engine.run.calls import answer_call, make_node
from engine.run.deadline import GRACE_SECONDS, in_thread
from engine.run.direct import answer_directly
from engine.run.generate import room_wanted
from engine.run.loop import drive
from engine.run.node import Hooks, Node, Outcome, Run, facts
from engine.run.session import NodeSession
from engine.stop import Stop
from engine.store import Store
from engine.types import Citation, Json, Settings, Usage, to_json

NODE_STATUS: dict[RunStatus, NodeStatus] = {  # of the root, by what became of the run
    "answered": "answered",
    "unanswered": "failed",
    "interrupted": "stopped",
    "failed": "failed",
}
EARLIER_SHARE = 8  # at most this part of the window goes to what was asked before


@dataclass(frozen=True, slots=True)
class Answer:
    """What a run came to. `status`: answered, unanswered, interrupted or failed; `reason` explains the rest.

    `forced`: the answer was asked for at a limit, which `reason` names. `passages` are what plain search finds for the
    question where there is no answer: no word of the model. `agreement` says whether answer and sources agree.
    `coverage` is the summary of `engine.answer.evidence`; `seconds` is wall time; `nodes` counts the whole tree.
    """

    run: str
    answer: str | None
    sources: tuple[Citation, ...]
    coverage: Json
    usage: Usage
    seconds: float
    nodes: int
    strategy: str
    status: RunStatus
    reason: str = ""
    forced: bool = False
    passages: tuple[Citation, ...] = ()
    agreement: Checked | None = None

    def to_json(self) -> Json:
        """The object that `ask --json` prints."""
        return asdict(self)

    def ended(self) -> RunEnded:
        """The last event of the run."""
        return RunEnded(
            status=self.status,
            answer=self.answer,
            sources=tuple(map(to_json, self.sources)),
            coverage=self.coverage,
            usage=to_json(self.usage),
            seconds=self.seconds,
            nodes=self.nodes,
            reason=self.reason,
            forced=self.forced,
            passages=tuple(map(to_json, self.passages)),
            agreement=to_json(self.agreement) if self.agreement else None,
        )


@dataclass(frozen=True, slots=True)
class Strategy:
    """A way to an answer: what the root of a run does. `name` is recorded with the run.

    One that goes on from a recorded run makes the root what it was there with `prepare`, and says where it `forked` from
    it, as in `engine.events.kinds.RunStarted`. One that lets an ended run go on gives `resume`, in place of a beginning.
    `carried` as there; `notes` gives those that the run sees of a corpus.
    """

    name: str
    drive: Callable[[Run, Node], Outcome]
    prepare: Callable[[Node], None] = lambda root: None
    forked: Json = None
    resume: Callable[[Run], Event] | None = None
    carried: tuple[str, ...] = ()
    notes: Callable[[Store, str], str | None] = visible


RECURSIVE = Strategy("recursive", lambda run, root: drive(NodeSession(run, root, answer_call)))
DIRECT = Strategy("direct", answer_directly, notes=lambda store, corpus: None)


class Engine:
    """Owns the store, the kernel host and the model, and closes them; a host that was given stays open.

    `model` may be a function that opens it; the kernel host warms up meanwhile. Without one the engine opens
    all the same, and `use` gives it a model later. Several threads may `ask` at the same time.
    Raises StoreError, SandboxError, InputError or ModelError when one of the three cannot be had.
    """

    def __init__(
        self,
        data_dir: Path,
        model: Model | Callable[[], Model] | None = None,
        host: KernelHost | None = None,
    ):
        self.store = Store(data_dir)
        self._own_host = host is None
        self.kernels = host or KernelHost(data_dir / "scratch")
        self.speeds = Speeds(data_dir)
        self._models = Loaded()
        self._live: dict[str, Run] = {}
        try:
            self._start_host()
            if model is not None:
                self.use(model() if callable(model) else model)
        except BaseException:
            self._close_host()
            self.store.close()
            raise

    def __enter__(self) -> Engine:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Stop workers and model, and close the database. Waits for what is being written."""
        self._close_host()
        self._models.close()
        self.store.close()

    @property
    def model(self) -> Model:
        """The model that the next run will use. Raises ModelError while there is none."""
        return self._models.current()

    def use(self, model: Model | None) -> None:
        """Let new runs use another model, or none. The one before is closed when its last run has ended."""
        self._models.use(model)

    def _start_host(self) -> None:
        try:
            self.kernels.start()
        except OSError as error:
            raise KernelError(
                f"Cells cannot run: {error}. Check free space and rights of the data folder."
            ) from error

    def _close_host(self) -> None:
        if self._own_host:
            self.kernels.close()

    def add(
        self,
        paths: Sequence[Path],
        *,
        progress: Callable[[Progress], None] | None = None,
        stop: Stop | None = None,
        passwords: Sequence[str] = (),
    ) -> CorpusInfo:
        """Read files and folders into a corpus, but for our own data; an unchanged folder is taken from the last time.

        `passwords` are tried on locked files; they are kept nowhere.

        Raises InputError when nothing can be read, StoreError when there is no space, Cancelled on a stop.
        """
        cancel = stop.event.is_set if stop else None
        folder, own = self.store.corpora_dir, self.store.folder
        info = ingest(paths, folder, progress=progress, cancel=cancel, leave_out=own, passwords=passwords)
        self.store.save_corpus({**asdict(info), "path": str(info.path)})
        return info

    def ask(
        self,
        question: str,
        corpus: CorpusInfo,
        settings: Settings | None = None,
        *,
        hooks: Hooks | None = None,
        stop: Stop | None = None,
        follows: str | None = None,
        strategy: Strategy = RECURSIVE,
        part: Json = None,
    ) -> Answer:
        """Answer a question about a corpus. Always returns what became of the run, also after a stop.

        `part` is a reference (`engine.corpus.references`) to the part of the corpus that the question is about; without
        one it is about all of it.

        `follows` is the run that a follow-up question comes after: the questions and answers of its session up
        to it are given to the model as far as there is room. Raises InputError for a question that is empty or
        does not fit the model's window, or for an unknown run to follow; nothing is stored then. Raises
        ModelError while no model is loaded, StoreError when the run cannot be recorded.
        """
        settings = settings or Settings()
        hooks = hooks or Hooks()
        question = question.strip()
        if not question:
            raise InputError("the question is empty; write what you want to know in quotes after the paths")
        with self._models.lent() as model:
            return self._ask(
                question, corpus, model, settings, hooks, stop or Stop(), follows, strategy, part
            )

    def _ask(
        self,
        question: str,
        corpus: CorpusInfo,
        model: Model,
        settings: Settings,
        hooks: Hooks,
        stop: Stop,
        follows: str | None,
        strategy: Strategy,
        part: Json,
    ) -> Answer:
        before = self.store.run(follows) if follows is not None else None
        opened = Corpus.open(corpus.path, strategy.notes(self.store, corpus.id))
        run = Run(
            id="",
            model=model,
            kernels=self.kernels,
            corpus=opened,
            corpus_path=corpus.path,
            settings=settings,
            sampling=choose_sampling(model.info, settings.temperature, settings.seed),
            ledger=Ledger(settings),
            evidence=Evidence(opened, skipped=corpus.skipped, lines=corpus.lines),
            append=lambda node, fact: self.store.append(run.id, node, fact),
            stop=stop,
            hooks=hooks,
        )
        root = make_node(run, "0", question, part or corpora.whole(opened), run.stop, depth=0)
        strategy.prepare(root)
        spare = self._check_fits(run, root)
        notice = self._recall(root, before, model, spare) if before is not None else ""
        begun = strategy.resume(run) if strategy.resume else None
        run.id = begun.run if begun else self._start(run, root, corpus, before, strategy, part)
        self._live[run.id] = run
        counted = counts_of(model)
        try:
            answer = self._work(run, root, begun, notice, strategy)
            if run.ledger.seconds_left > -GRACE_SECONDS:  # else the model may not react
                self.speeds.note(model.info, counted, counts_of(model))
            return answer
        finally:
            if self._live.get(run.id) is run:  # else it goes on already, in another thread
                del self._live[run.id]
                forget(model, run.id)

    def _work(self, run: Run, root: Node, begun: Event | None, notice: str, strategy: Strategy) -> Answer:
        run.hooks.event(begun or self.store.events(run.id)[0])
        if not run.nodes:  # else it was resumed
            run.count_node()
            place = (0, None, None, None, root.piece_chars)
            run.record("0", NodeStarted(None, "root", root.question, root.described, *place))
        if notice:
            run.note("0", notice)
        return self._finish(run, root, strategy, *self._drive(run, root, strategy))

    def stop(self, run: str, node: str = "0") -> bool:
        """Stop a run of this engine, or the subtree of one of its nodes; False when that is not at work.

        The parent of a stopped node is told in place of an answer and goes on; what was done stays recorded.
        """
        found = self._live.get(run)
        return found is not None and found.stop_node(node)

    def allow(self, run: str, seconds: float) -> bool:
        """Change the time limit of a run of this engine, in seconds since it began; False when it is not at work.

        More time counts until the best answer is asked for; a limit that is over already ends the work now.
        """
        found = self._live.get(run)
        return found is not None and found.allow(seconds)

    def _recall(self, root: Node, before: Json, model: Model, spare: int) -> str:
        """Give the root what was asked and answered up to the run `before`; say how much did not fit, if any."""
        session = self.store.session(before["session"])
        asked = [row for row in session if row["started"] <= before["started"]]
        exchanges = [(row["question"], row["answer"] or "(none)") for row in asked]
        root.earlier = prompt.recent(exchanges, model.count, min(spare, model.info.n_ctx // EARLIER_SHARE))
        if len(root.earlier) == len(exchanges):
            return ""
        return f"{len(root.earlier)} of {len(exchanges)} earlier questions fit the window of this model"

    def _start(
        self, run: Run, root: Node, corpus: CorpusInfo, before: Json, strategy: Strategy, part: Json
    ) -> str:
        return self.store.new_run(
            RunStarted(
                question=root.question,
                corpus=corpus.id,
                corpus_name=corpus.name,
                model=to_json(run.model.info),
                settings=run.recorded_settings,
                strategy=strategy.name,
                session=before["session"] if before else None,
                follows=before["run"] if before else None,
                owner=None,
                earlier=root.earlier,
                part=part,
                seal=written_seal(corpus.path),
                forked=strategy.forked,
                carried=strategy.carried or None,
                notes=run.corpus.noted.frozen,
            )
        )

    def _check_fits(self, run: Run, root: Node) -> int:
        """Refuse a question that leaves no room for a reply and for the output it leads to; return tokens to spare."""
        needed = run.model.fits(prompt.opening(facts(run, root)))
        window = run.model.info.n_ctx
        if needed + 2 * room_wanted(run) > window:
            raise InputError(
                f"the question with its instructions takes {needed:,} tokens of {run.model.info.name}, whose window "
                f"holds {window:,}; ask a shorter question, or choose a larger --window or model"
            )
        return window - needed - 2 * room_wanted(run)

    def _drive(self, run: Run, root: Node, strategy: Strategy) -> tuple[Outcome, RunStatus]:
        """Run the root within its time; whatever stops it becomes a status, and the run stays readable.

        It works in a thread of its own, so that one that does not react any more can be left behind at the limit.
        """
        try:
            work = in_thread(lambda: strategy.drive(run, root), f"run {run.id}")
            if not run.deadline.watch(work):
                return Outcome(
                    None, reason=f"{run.ledger.exhausted()}, and what went on did not react"
                ), "unanswered"
            outcome = work.result()
        except (Cancelled, KeyboardInterrupt):
            return Outcome(None, reason="stopped by the user"), "interrupted"
        except StoreError:
            raise  # nothing more can be recorded
        except (TaprootError, OSError) as error:
            return Outcome(None, reason=str(error)), "failed"
        except Exception as error:
            reason = f"{type(error).__name__}: {error}"
            self._finish(run, root, strategy, Outcome(None, reason=reason), "failed")
            raise
        if outcome.answer is not None and (flaw := run.flaw_of(root, outcome.answer)):
            outcome = Outcome(None, reason=f"the answer {flaw}")
        return outcome, "answered" if outcome.answer is not None else "unanswered"

    def _finish(
        self, run: Run, root: Node, strategy: Strategy, outcome: Outcome, status: RunStatus
    ) -> Answer:
        run.end()
        sources = run.evidence.citations(outcome)
        passages: tuple[Citation, ...] = ()
        if outcome.answer is None and status != "interrupted":
            passages = run.evidence.passages(root.question, corpora.resolve(root.ref, run.corpus))
        seconds = round(run.ledger.seconds, 3)
        run.commit("0", NodeEnded(NODE_STATUS[status], outcome.answer, root.usage, seconds, outcome.reason))
        answer = Answer(
            run=run.id,
            answer=outcome.answer,
            sources=sources,
            coverage=run.evidence.coverage(sources),
            usage=run.ledger.usage,
            seconds=seconds,
            nodes=run.nodes,
            strategy=strategy.name,
            status=status,
            reason=outcome.reason,
            forced=outcome.forced,
            passages=passages,
            agreement=run.evidence.agreement(outcome, sources, root.codes, root.question),
        )
        run.commit("0", answer.ended())
        return answer
