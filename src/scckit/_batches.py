"""How a batch is carried out: jobs, the places where they are done, and the order of things. What comes of it is in ``batches``.

A job is a plain value that a worker makes an operation of where it is done, since that looks at files. In this process
the worker is the client's own session. In another one it is a session that was lent: it has the cookies and the HTTP pair,
and neither the account's name nor its password.
"""

from __future__ import annotations

import asyncio
import errno
import os
import time
from collections.abc import (
    AsyncIterable,
    AsyncIterator,
    Awaitable,
    Callable,
    Generator,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
    Sized,
)
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from threading import Event as Flag
from threading import local
from typing import Final, Protocol, TypeVar
from uuid import uuid4

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
    WorkerLost,
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
    "downloads",
    "each",
    "failure",
    "total_of",
    "uploads",
]

T = TypeVar("T")

#: Connections that fail one after the other, after which nothing more is tried.
_UNREACHED: Final = 3


class Abandoned(BaseException):
    """Ends a download in a worker thread whose batch was interrupted; nothing of it is kept."""


class Job(Protocol):
    """One item of a batch, ready to be pickled."""

    @property
    def item(self) -> str:
        """What it is about, as outcomes name it."""

    @property
    def repeatable(self) -> bool:
        """True if it may be begun again after it was left in the middle, and does only what is left then."""

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

    @property
    def repeatable(self) -> bool:
        """Depends on what is done with the archives that have come."""
        return self.existing in {"verify", "skip"}

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
    """One raw file; the arguments are those of ``Measurements.upload``, for an item without any of its own."""

    upload: UploadItem
    system: int | None
    delay: int = 0
    replace: bool = False
    check: bool = True

    @property
    def item(self) -> str:
        """The path."""
        return str(self.upload.path)

    @property
    def repeatable(self) -> bool:
        """What was sent is not sent again."""
        return False

    def prepare(self, registry: Registry) -> Operation[Outcome]:
        """Check the files, and make the upload."""
        system = self.system if self.upload.system is None else self.upload.system
        if system is None:
            msg = f"{self.item} has no system to be processed with; give system= for all, or UploadItem(…, system=…)"
            raise InvalidInput(msg)
        plan = upload_plan(
            registry,
            self.upload.path,
            system=system,
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


@frozen
class _Unusable:
    """An item that no job can be made of."""

    item: str
    error: InvalidInput
    repeatable: bool = False

    def prepare(self, _: Registry) -> Operation[Outcome]:
        raise self.error


def downloads(
    kinds: Sequence[str] | str | None, into: PathLike, *, unpack: bool, existing: Existing
) -> Callable[[str | Measurement], Job]:
    """Return what makes a job of an item."""
    names = (kinds,) if isinstance(kinds, str) else None if kinds is None else tuple(kinds)
    folder = Path(into)
    return lambda item: DownloadJob(item, names, folder, unpack, existing)


def uploads(system: int | None, *, delay: int, replace: bool, check: bool) -> Callable[[UploadItem | PathLike], Job]:
    """Return what makes a job of an item."""

    def make(item: UploadItem | PathLike) -> Job:
        try:
            upload = item if isinstance(item, UploadItem) else UploadItem(Path(item))
        except TypeError as error:
            msg = f"an item to upload is a path or an UploadItem; found {item!r:.100}"
            unusable = InvalidInput(msg)
            unusable.__cause__ = error
            return _Unusable(f"{item!r:.100}", unusable)
        return UploadJob(upload, system, delay, replace, check)

    return make


async def each(items: Iterable[T] | AsyncIterable[T]) -> AsyncIterator[T]:
    """Give each item as it is asked for, of either sort of row."""
    if isinstance(items, AsyncIterable):
        async for item in items:
            yield item
    else:
        for item in items:
            yield item


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

    def explains(self, error: Exception) -> bool:
        """Tell whether the batch was ended before a further item could not be had: that is no news then."""
        return self.reason is not None and isinstance(error, SCCError)

    def not_tried(self, job: Job) -> Outcome:
        """Return the outcome of a job that was left."""
        return Outcome(job.item, OutcomeState.NOT_TRIED, error=self.reason)


def _note_done(error: BaseException, numbered: Mapping[int, Outcome]) -> None:
    if numbered:
        counts = dict(_in_order(numbered).counts)
        error.add_note(f"of the items before, these are done: {counts}; running again does what is left")


def _in_order(numbered: Mapping[int, Outcome]) -> Outcomes:
    return Outcomes(numbered[number] for number in sorted(numbered))


def _lost(job: Job, error: Exception) -> WorkerLost:
    msg = (
        f"the executor has not carried out {job.item} ({type(error).__name__}: {error}); see what became of its workers,"
        " and run again: that does only what is left"
    )
    lost = WorkerLost(msg)
    lost.__cause__ = error
    return lost


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


@frozen
class _Numbered:
    """A job with its number among all.

    Attributes:
        renewed: It met the end of the session, and was sent again with a new one.
        paused: How often it came back since the server had asked for a pause.
    """

    number: int
    job: Job
    renewed: bool = False
    paused: int = 0


@frozen
class _Done:
    """What comes back of a job.

    Attributes:
        outcome: What became of it; None if it is to be sent again after the pause.
        pause: Seconds that are left of what the server has asked for.
        is_full: The disk of the worker is full; what an error was caused by does not travel with it.
        bug: What is no error of ours.
    """

    outcome: Outcome | None
    pause: float = 0.0
    is_full: bool = False
    bug: BaseException | None = None


class _HandedBack(BaseException):
    """Ends a job in a worker: the pause that the server has asked for is to be kept by all."""


def _perform_elsewhere(ticket: _Ticket, numbered: _Numbered, _call: str) -> _Done:
    """Do a job in this process for a client in another.

    No two calls have the same name: Dask answers a call that is like one before with what came of that.
    """
    job = numbered.job
    try:
        here = _Elsewhere.of(ticket)
    except SCCError as error:
        return _Done(failure(job, error))
    pace = here.session.pace
    hands_back = job.repeatable and numbered.paused < ticket.loan.retries.attempts - 1

    def sleep(seconds: float) -> None:
        if hands_back and pace.held > 0:
            raise _HandedBack
        time.sleep(seconds)

    try:
        flow = job.prepare(here.registry).flow(here.session)
        outcome = run(flow, here.transport, sleep=sleep, observe=here.session.doors.observe)
    except _HandedBack:
        return _Done(None, pace.hand_over())
    except SCCError as error:
        return _Done(failure(job, error), pace.hand_over(), is_full=_is_full(error))
    except Exception as error:  # noqa: BLE001 - told apart, where it is raised, from the executor's own
        return _Done(None, bug=error)
    return _Done(outcome, pace.hand_over())


class _Source:
    """The jobs as they are taken, one by one; an error in making them is kept for the end of what was begun."""

    def __init__(self, jobs: Iterable[Job]) -> None:
        self._jobs: Final = enumerate(jobs)
        self.error: Exception | None = None

    def take(self) -> _Numbered | None:
        if self.error is None:
            try:
                for number, job in self._jobs:
                    return _Numbered(number, job)
            except Exception as error:  # noqa: BLE001 - raised by the batch
                self.error = error
        return None


class _AsyncSource:
    """As ``_Source``, for tasks of one event loop."""

    def __init__(self, jobs: Iterable[Job] | AsyncIterable[Job]) -> None:
        self._jobs: Final = each(jobs)
        self._taking: Final = asyncio.Lock()
        self._taken = count()
        self.error: Exception | None = None

    async def take(self) -> tuple[int, Job] | None:
        async with self._taking:
            if self.error is None:
                try:
                    async for job in self._jobs:
                        return next(self._taken), job
                except Exception as error:  # noqa: BLE001 - raised by the batch
                    self.error = error
            return None


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

    def outcomes(self, jobs: Iterable[Job]) -> Generator[tuple[int, Outcome], None, None]:
        """Do the jobs; give the number and the outcome of each as it is done, at last those that were not tried.

        Jobs are taken as they are needed, in the calling thread, and so is everything else but the jobs themselves. Ending
        the iteration early leaves out what was not begun, and abandons what was.
        """
        source = _Source(jobs)
        done = 0
        with self._place() as executor:
            for number, outcome in self._done(source, executor):
                self.stopper.look(outcome)
                done += 1
                self._tell(ItemDone(outcome.item, outcome.state.value, done, self._total))
                yield number, outcome
        while self.stopper.reason is not None and (one := source.take()) is not None:
            done += 1
            outcome = self.stopper.not_tried(one.job)
            self._tell(ItemDone(outcome.item, outcome.state.value, done, self._total))
            yield one.number, outcome
        if source.error is not None and not self.stopper.explains(source.error):
            raise source.error

    def run(self, jobs: Iterable[Job]) -> Outcomes:
        """Do all jobs; return their outcomes in the order of the jobs."""
        numbered: dict[int, Outcome] = {}
        try:
            for number, outcome in self.outcomes(jobs):
                numbered[number] = outcome  # noqa: PERF403 - those before an error are of use
        except BaseException as error:
            _note_done(error, numbered)
            raise
        return _in_order(numbered)

    @contextmanager
    def _place(self) -> Iterator[Executor]:
        if self._executor is not None:
            yield self._executor
            return
        with ThreadPoolExecutor(self._workers, "scckit-batch") as executor:
            yield executor

    def _done(self, source: _Source, executor: Executor) -> Iterator[tuple[int, Outcome]]:
        running: dict[Future[_Done], tuple[_Numbered, Loan | None]] = {}
        # A second job waits behind each of our own threads, which so never waits for this one.
        ahead = self._workers * (2 if self._executor is None else 1)

        def begin(one: _Numbered, ended: Loan | None = None) -> None:
            future, loan = self._submit(executor, one, ended)
            running[future] = one, loan

        try:
            while True:
                while self.stopper.reason is None and len(running) < ahead and (job := source.take()) is not None:
                    begin(job)
                if not running:
                    return
                ready = wait(running, return_when=FIRST_COMPLETED).done
                for future in sorted(ready, key=lambda one: running[one][0].number):
                    one, loan = running.pop(future)
                    done = self._result(future, one)
                    if done.outcome is None:
                        begin(evolve(one, paused=one.paused + 1))
                    elif loan is not None and isinstance(done.outcome.error, NotSignedIn) and not one.renewed:
                        begin(evolve(one, renewed=True), loan)
                    else:
                        yield one.number, done.outcome
                for future in [one for one in running if self.stopper.reason is not None and one.cancel()]:
                    one, _ = running.pop(future)
                    yield one.number, self.stopper.not_tried(one.job)
        finally:
            self._stop.set()
            for future in running:
                future.cancel()
            wait([future for future in running if not future.cancelled()])

    def _result(self, future: Future[_Done], one: _Numbered) -> _Done:
        """Return what came back of a job; where that is nothing, the item has failed."""
        try:
            done = future.result()
        except BrokenExecutor as error:
            return _Done(failure(one.job, _lost(one.job, error)))
        except Exception as error:
            if self._is_near:
                raise
            return _Done(failure(one.job, _lost(one.job, error)))
        if done.bug is not None:
            raise done.bug
        if done.is_full and done.outcome is not None and done.outcome.error is not None:
            done.outcome.error.__cause__ = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return done

    def _submit(self, executor: Executor, one: _Numbered, ended: Loan | None) -> tuple[Future[_Done], Loan | None]:
        """Hand out a job, with a session; ``ended`` is one that it found ended."""
        ticket = None
        try:
            if self._is_near:
                return executor.submit(self._perform, one.job), None
            ticket = self._ticket(ended)
            if (pause := self._setup.session.pace.turn()) > 0:
                self._sleep(pause)
            future = executor.submit(_perform_elsewhere, ticket, one, uuid4().hex)
            future.add_done_callback(self._hear)
        except SCCError as error:
            outcome = failure(one.job, error)
        except Exception as error:
            if self._is_near and not isinstance(error, RuntimeError):
                raise
            # It takes nothing any more, so there is no sense in going on.
            outcome = failure(one.job, _lost(one.job, error))
            self.stopper.reason = self.stopper.reason or outcome.error
        else:
            return future, ticket.loan
        refused: Future[_Done] = Future()
        refused.set_result(_Done(outcome))
        return refused, None

    def _hear(self, future: Future[_Done]) -> None:
        """Let a pause that the server has asked a worker for hold for all, from the moment at which that is known."""
        if not future.cancelled() and future.exception() is None and future.result().pause:
            self._setup.session.pace.hold(future.result().pause)

    def _ticket(self, ended: Loan | None) -> _Ticket:
        setup = self._setup
        if not setup.session.is_signed_in or (ended is not None and self._loan() == ended):
            run(SignIn().flow(setup.session), setup.transport, sleep=self._sleep, observe=self._tell)
        return _Ticket(self._loan(), setup.transport_name, evolve(setup.settings, connections=1), setup.page_reader)

    def _loan(self) -> Loan:
        loan = self._setup.session.lend()
        # Each worker keeps its own pace; together they keep that of the client.
        return evolve(loan, interval=loan.interval * self._workers)

    def _perform(self, job: Job) -> _Done:
        """Do a job in a thread of this process, on the client's own session."""
        setup = self._setup
        self._require_going()
        try:
            flow = job.prepare(setup.registry).flow(setup.session)
            outcome = run(flow, setup.transport, sleep=self._sleep_here, observe=self._watch)
        except SCCError as error:
            outcome = failure(job, error)
        return _Done(outcome)

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
        self,
        jobs: Iterable[Job] | AsyncIterable[Job],
        run_operation: Callable[[Operation[Outcome]], Awaitable[Outcome]],
    ) -> Outcomes:
        """Do the jobs; return their outcomes in their order. Cancelling ends what is under way and keeps what is done."""
        source = _AsyncSource(jobs)
        outcomes: dict[int, Outcome] = {}

        async def work() -> None:
            while (one := await source.take()) is not None:
                number, job = one
                outcome = await self._outcome(job, run_operation)
                self._stopper.look(outcome)
                outcomes[number] = outcome
                event = ItemDone(outcome.item, outcome.state.value, len(outcomes), self._total)
                self._session.doors.observe(event)

        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(self._workers):
                    group.create_task(work())
        except BaseExceptionGroup as errors:  # what is no error of ours, of the first task that met it
            _note_done(errors.exceptions[0], outcomes)
            raise errors.exceptions[0] from None
        if source.error is not None and not self._stopper.explains(source.error):
            _note_done(source.error, outcomes)
            raise source.error
        return _in_order(outcomes)

    async def _outcome(self, job: Job, run_operation: Callable[[Operation[Outcome]], Awaitable[Outcome]]) -> Outcome:
        if self._stopper.reason is not None:
            return self._stopper.not_tried(job)
        try:
            return await run_operation(await asyncio.to_thread(job.prepare, self._registry))
        except SCCError as error:
            return failure(job, error)
