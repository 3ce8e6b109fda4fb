"""How a batch is carried out: jobs, the places where they are done, and the order of things. What comes of it is in ``batches``.

A job is a plain value that a worker makes an operation of where it is done, since that looks at files. In this process
the worker is the client's own session. In another one it is a session that was lent: it has the cookies and the HTTP pair,
and neither the account's name nor its password.
"""

from __future__ import annotations

import asyncio
import errno
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence, Sized
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from pathlib import Path
from threading import Event as Flag
from threading import local
from typing import Final, Protocol

from attrs import evolve, frozen

from scckit._plans import Existing, Setup, download_plan, upload_plan
from scckit.batches import Outcome, Outcomes, OutcomeState, UploadItem
from scckit.errors import (
    AccessError,
    ConfigurationError,
    ConnectionFailed,
    InvalidInput,
    MeasurementExists,
    NotSignedIn,
    PermissionDenied,
    ProductNotAvailable,
    SCCError,
)
from scckit.events import Event, ItemDone, Observe
from scckit.local import PathLike
from scckit.models.measurement import Measurement
from scckit.operations import DownloadProducts, Operation, SignIn, Upload
from scckit.plugins.registry import Registry
from scckit.plugins.settings import TransportSettings
from scckit.session.drivers import run
from scckit.session.effects import Flow
from scckit.session.messages import Transport
from scckit.session.session import Loan, Session
from scckit.site import Site

__all__ = [
    "Abandoned",
    "Batch",
    "DownloadJob",
    "Job",
    "Stopper",
    "TaskBatch",
    "UploadJob",
    "failure",
    "jobs_of",
    "total_of",
    "uploads_of",
]

#: Connections that fail one after the other, after which nothing more is tried.
_UNREACHED: Final = 3


class Abandoned(BaseException):
    """Ends a download in a worker thread whose batch was interrupted; nothing of it is kept."""


class Job(Protocol):
    """One item of a batch, ready to be pickled."""

    @property
    def item(self) -> str:
        """What it is about, as outcomes name it."""

    def prepare(self, registry: Registry) -> Operation[Outcome]:
        """Look at what is here, and return what does the rest; both raise ``SCCError``."""


@frozen
class DownloadJob:
    """Products of one measurement; the arguments are those of ``Products.download``.

    Attributes:
        complete: A kind that was named and is absent is told; otherwise what there is, is enough.
    """

    measurement: str | Measurement
    kinds: tuple[str, ...] | None
    into: Path
    unpack: bool = True
    existing: Existing = "verify"
    complete: bool = True

    @property
    def item(self) -> str:
        """The measurement ID."""
        return str(self.measurement.id if isinstance(self.measurement, Measurement) else self.measurement)

    def prepare(self, registry: Registry) -> Operation[Outcome]:
        """Make the download."""
        plan = download_plan(
            registry, self.measurement, self.kinds, self.into, unpack=self.unpack, existing=self.existing
        )
        if not self.complete:
            plan = evolve(plan, complete=False, wanted=())
        return _Downloading(self.item, plan)


@frozen
class _Downloading:
    item: str
    plan: DownloadProducts

    def flow(self, session: Session) -> Flow[Outcome]:
        gathered = yield from self.plan.gather(session)
        if gathered.absent is not None or not gathered.files:
            return Outcome(self.item, OutcomeState.ABSENT, gathered.files, error=gathered.absent)
        return Outcome(self.item, OutcomeState.FETCHED if gathered.came else OutcomeState.KEPT, gathered.files)


@frozen
class UploadJob:
    """One raw file; the arguments are those of ``Measurements.upload``."""

    upload: UploadItem
    system: int
    delay: int = 0
    replace: bool = False
    check: bool = True

    @property
    def item(self) -> str:
        """The path."""
        return str(self.upload.path)

    def prepare(self, registry: Registry) -> Operation[Outcome]:
        """Check the files, and make the upload."""
        plan = upload_plan(
            registry,
            self.upload.path,
            system=self.system,
            sounding=self.upload.sounding,
            overlap=self.upload.overlap,
            lidar_ratio=self.upload.lidar_ratio,
            delay=self.delay,
            replace=self.replace,
            check=self.check,
        )
        return _Uploading(self.item, plan)


@frozen
class _Uploading:
    item: str
    plan: Upload

    def flow(self, session: Session) -> Flow[Outcome]:
        try:
            receipt = yield from self.plan.flow(session)
        except MeasurementExists as error:
            return Outcome(self.item, OutcomeState.KEPT, error=error)
        return Outcome(self.item, OutcomeState.SENT, receipt=receipt)


def jobs_of(
    items: Iterable[str | Measurement],
    kinds: Sequence[str] | str | None,
    into: Path,
    *,
    unpack: bool,
    existing: Existing,
) -> Iterator[DownloadJob]:
    """Make a job of each item as it is asked for."""
    names = (kinds,) if isinstance(kinds, str) else None if kinds is None else tuple(kinds)
    return (DownloadJob(item, names, into, unpack, existing) for item in items)


def uploads_of(
    items: Iterable[UploadItem | PathLike], system: int | None, *, delay: int, replace: bool, check: bool
) -> Iterator[UploadJob]:
    """Make a job of each item as it is asked for.

    Raises:
        InvalidInput: An item has no system, and there is none for all.
    """
    for item in items:
        upload = item if isinstance(item, UploadItem) else UploadItem(Path(item))
        number = upload.system if upload.system is not None else system
        if number is None:
            msg = f"{upload.path} has no system to be processed with; give system= for all, or UploadItem(…, system=…)"
            raise InvalidInput(msg)
        yield UploadJob(upload, number, delay, replace, check)


def total_of(items: object) -> int | None:
    """Return how many items there are, None where that is known at the end only."""
    return len(items) if isinstance(items, Sized) else None


def failure(job: Job, error: SCCError) -> Outcome:
    """Return the outcome of a job that raised."""
    absent = isinstance(error, ProductNotAvailable)
    return Outcome(job.item, OutcomeState.ABSENT if absent else OutcomeState.FAILED, error=error)


class Stopper:
    """Decides from the outcomes whether going on makes sense: not if the next item would fail for the same reason."""

    def __init__(self) -> None:
        """Begin without a reason to stop."""
        self.reason: SCCError | None = None
        self._unreached = 0

    def look(self, outcome: Outcome) -> None:
        """Take an outcome into account."""
        error = outcome.error if outcome.state is OutcomeState.FAILED else None
        self._unreached = self._unreached + 1 if isinstance(error, ConnectionFailed) else 0
        refused = isinstance(error, AccessError) and not isinstance(error, PermissionDenied)
        if refused or isinstance(error, ConfigurationError) or _is_full(error) or self._unreached >= _UNREACHED:
            self.reason = self.reason or error

    def not_tried(self, job: Job) -> Outcome:
        """Return the outcome of a job that was left."""
        return Outcome(job.item, OutcomeState.NOT_TRIED, error=self.reason)


def _workers(workers: object) -> int:
    if isinstance(workers, bool) or not isinstance(workers, int) or workers < 1:
        msg = f"workers is how many are at work at a time, at least 1; found {workers!r}"
        raise InvalidInput(msg)
    return workers


def _is_full(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}:
            return True
        error = error.__cause__
    return False


@frozen
class _Ticket:
    """All that a worker in another process needs; to be pickled."""

    loan: Loan
    transport: str
    settings: TransportSettings
    page_reader: str


class _Elsewhere:
    """The client of a worker: made of a ticket, and kept by its thread for further jobs, so that connections are used again."""

    _kept: Final = local()

    def __init__(self, ticket: _Ticket) -> None:
        self.registry: Final = Registry()
        self.session: Final = Session.borrowed(ticket.loan, Site(self.registry.make_page_reader(ticket.page_reader)))
        self.transport: Final = self.registry.make_transport(ticket.transport, ticket.settings)

    @classmethod
    def of(cls, ticket: _Ticket) -> _Elsewhere:
        known: tuple[_Ticket, _Elsewhere] | None = getattr(cls._kept, "pair", None)
        if known is not None and known[0] == ticket:
            return known[1]
        made = cls(ticket)
        cls._kept.pair = (ticket, made)
        if known is not None:
            known[1].transport.close()
        return made


def _perform_elsewhere(ticket: _Ticket, job: Job) -> tuple[Outcome, float]:
    """Do a job in this process for a client in another; return the outcome, and the pause that the server asks for."""
    try:
        here = _Elsewhere.of(ticket)
        flow = job.prepare(here.registry).flow(here.session)
        outcome = run(flow, here.transport, sleep=time.sleep, observe=here.session.doors.observe)
    except SCCError as error:
        outcome = failure(job, error)
    else:
        return outcome, here.session.pace.held
    return outcome, 0.0


@frozen
class _Job:
    """A job under way: its number among all, and whether it was sent for the second time."""

    number: int
    job: Job
    again: bool = False


class Batch:
    """Carries out jobs with what a client is made of.

    Args:
        setup: The client's parts.
        sleep: Lets so many seconds pass.
        workers: Jobs under way at a time.
        executor: Where they are done; None for threads of its own.
        total: How many jobs there are, None if that is not known.

    Raises:
        InvalidInput: There is no worker, or the client cannot be taken to other processes.
    """

    def __init__(
        self,
        setup: Setup[Transport],
        *,
        sleep: Callable[[float], None],
        workers: int,
        executor: Executor | None,
        total: int | None = None,
    ) -> None:
        """Get ready; nothing is done before ``outcomes``."""
        self._setup: Final = setup
        self._sleep: Final = sleep
        self._workers: Final = _workers(workers)
        self._executor: Final = executor
        self._is_near: Final = executor is None or isinstance(executor, ThreadPoolExecutor)
        if not self._is_near and not setup.transport_name:
            msg = (
                "work in other processes needs a transport that can be made there: connect with the name of an installed"
                " one, such as transport='urllib3', or leave out executor"
            )
            raise InvalidInput(msg)
        self._total: Final = total
        self._stop: Final = Flag()
        self.stopper: Final = Stopper()

    def outcomes(self, jobs: Iterable[Job]) -> Iterator[tuple[int, Outcome]]:
        """Do the jobs; give the number and the outcome of each as it is done, at last those that were not tried.

        Jobs are taken as they are needed, in the calling thread, and so is everything else but the jobs themselves. Ending
        the iteration early leaves out what was not begun, and abandons what was.
        """
        numbered = (_Job(number, job) for number, job in enumerate(jobs))
        done = 0
        with self._place() as executor:
            for one, outcome in self._done(numbered, executor):
                self.stopper.look(outcome)
                done += 1
                self._tell(ItemDone(outcome.item, outcome.state.value, done, self._total))
                yield one.number, outcome
        for one in numbered if self.stopper.reason is not None else ():
            done += 1
            outcome = self.stopper.not_tried(one.job)
            self._tell(ItemDone(outcome.item, outcome.state.value, done, self._total))
            yield one.number, outcome

    def run(self, jobs: Iterable[Job]) -> Outcomes:
        """Do all jobs; return their outcomes in the order of the jobs."""
        numbered = dict(self.outcomes(jobs))
        return Outcomes(numbered[number] for number in sorted(numbered))

    @contextmanager
    def _place(self) -> Iterator[Executor]:
        if self._executor is not None:
            yield self._executor
            return
        with ThreadPoolExecutor(self._workers, "scckit-batch") as executor:
            yield executor

    def _done(self, jobs: Iterator[_Job], executor: Executor) -> Iterator[tuple[_Job, Outcome]]:
        running: dict[Future[tuple[Outcome, float]], _Job] = {}
        # A second job waits behind each of our own threads, which so never waits for this one.
        ahead = self._workers * (2 if self._executor is None else 1)
        try:
            while True:
                while self.stopper.reason is None and len(running) < ahead and (job := next(jobs, None)) is not None:
                    running[self._submit(executor, job.job)] = job
                if not running:
                    return
                ready = wait(running, return_when=FIRST_COMPLETED).done
                for future in sorted(ready, key=lambda one: running[one].number):
                    job = running.pop(future)
                    outcome, pause = future.result()
                    if pause:
                        # What one worker was asked for holds for all: nothing is handed out meanwhile.
                        self._sleep(pause)
                    if not self._is_near and isinstance(outcome.error, NotSignedIn) and not job.again:
                        running[self._submit(executor, job.job, renew=True)] = evolve(job, again=True)
                        continue
                    yield job, outcome
                for future in [one for one in running if self.stopper.reason is not None and one.cancel()]:
                    job = running.pop(future)
                    yield job, self.stopper.not_tried(job.job)
        finally:
            self._stop.set()
            for future in running:
                future.cancel()
            wait([future for future in running if not future.cancelled()])

    def _submit(self, executor: Executor, job: Job, *, renew: bool = False) -> Future[tuple[Outcome, float]]:
        if self._is_near:
            return executor.submit(self._perform, job)
        try:
            ticket = self._ticket(renew=renew)
        except SCCError as error:
            refused: Future[tuple[Outcome, float]] = Future()
            refused.set_result((failure(job, error), 0.0))
            return refused
        return executor.submit(_perform_elsewhere, ticket, job)

    def _ticket(self, *, renew: bool) -> _Ticket:
        setup = self._setup
        if renew or not setup.session.is_signed_in:
            run(SignIn().flow(setup.session), setup.transport, sleep=self._sleep, observe=self._tell)
        loan = setup.session.lend()
        # Each worker keeps its own pace; together they keep that of the client.
        loan = evolve(loan, interval=loan.interval * self._workers)
        return _Ticket(loan, setup.transport_name, evolve(setup.settings, connections=1), setup.page_reader)

    def _perform(self, job: Job) -> tuple[Outcome, float]:
        """Do a job in a thread of this process, on the client's own session."""
        setup = self._setup
        try:
            flow = job.prepare(setup.registry).flow(setup.session)
            outcome = run(flow, setup.transport, sleep=self._sleep_here, observe=self._watch)
        except SCCError as error:
            outcome = failure(job, error)
        return outcome, 0.0

    def _sleep_here(self, seconds: float) -> None:
        self._require_going()
        if self._sleep is time.sleep:
            self._stop.wait(seconds)  # the same, but for an interruption
        else:
            self._sleep(seconds)
        self._require_going()

    def _watch(self, event: Event) -> None:
        """Tell of what happens, and end what was abandoned: every piece of a body comes by here."""
        self._require_going()
        self._tell(event)

    def _require_going(self) -> None:
        if self._stop.is_set():
            raise Abandoned

    @property
    def _tell(self) -> Observe:
        return self._setup.session.doors.observe


class TaskBatch:
    """Carries out jobs with tasks of an event loop.

    Args:
        session: The client's session.
        registry: The client's plugins.
        workers: Jobs under way at a time.
        total: How many jobs there are, None if that is not known.

    Raises:
        InvalidInput: There is no worker.
    """

    def __init__(self, session: Session, registry: Registry, *, workers: int, total: int | None = None) -> None:
        """Get ready; nothing is done before ``outcomes``."""
        self._session: Final = session
        self._registry: Final = registry
        self._workers: Final = _workers(workers)
        self._total: Final = total
        self._stopper: Final = Stopper()

    async def outcomes(
        self, jobs: Iterable[Job], run_operation: Callable[[Operation[Outcome]], Awaitable[Outcome]]
    ) -> Outcomes:
        """Do the jobs; return their outcomes in their order. Cancelling ends what is under way and keeps what is done."""
        numbered = enumerate(jobs)
        outcomes: dict[int, Outcome] = {}

        async def work() -> None:
            for number, job in numbered:
                if self._stopper.reason is not None:
                    outcome = self._stopper.not_tried(job)
                else:
                    try:
                        outcome = await run_operation(await asyncio.to_thread(job.prepare, self._registry))
                    except SCCError as error:
                        outcome = failure(job, error)
                self._stopper.look(outcome)
                outcomes[number] = outcome
                event = ItemDone(outcome.item, outcome.state.value, len(outcomes), self._total)
                self._session.doors.observe(event)

        async with asyncio.TaskGroup() as group:
            for _ in range(self._workers):
                group.create_task(work())
        return Outcomes(outcomes[number] for number in sorted(outcomes))
