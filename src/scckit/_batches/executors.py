"""Batches in threads of this process, on the client's own session, or on any executor, with sessions that are lent."""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Callable, Container, Generator, Iterable, Iterator
from concurrent.futures import BrokenExecutor, CancelledError, Executor, Future, ThreadPoolExecutor, wait
from contextlib import closing, contextmanager
from queue import SimpleQueue
from threading import Event as Flag
from typing import Final
from uuid import uuid4

from attrs import evolve

from scckit._batches.course import Stopper, in_order, note_done, require_workers
from scckit._batches.elsewhere import Done, Numbered, Ticket, lost, perform
from scckit._batches.jobs import Job, failure
from scckit._plans import Setup
from scckit.batches import Outcome, Outcomes
from scckit.errors import InvalidInput, NotSignedIn, SCCError
from scckit.events import Event, ItemDone, Observe
from scckit.operations import SignIn
from scckit.session.drivers import run
from scckit.session.effects import Flow
from scckit.session.messages import Transport
from scckit.session.session import Loan

__all__ = ["Abandoned", "Batch"]


class Abandoned(BaseException):
    """Ends a download in a worker thread whose batch was interrupted; nothing of it is kept."""


class _Source:
    """The jobs as they are taken, one by one; an error in making them is kept for the end of what was begun."""

    def __init__(self, jobs: Iterable[Job]) -> None:
        self._jobs: Final = enumerate(jobs)
        self.error: Exception | None = None

    def take(self) -> Numbered | None:
        if self.error is None:
            try:
                for number, job in self._jobs:
                    return Numbered(number, job)
            except Exception as error:  # noqa: BLE001 - raised by the batch
                self.error = error
        return None


def _taken(ended: SimpleQueue[Future[Done]], running: Container[Future[Done]]) -> list[Future[Done]]:
    """Return those that have ended, one at least; those that were given up by us are no news."""
    found: list[Future[Done]] = []
    while not found or not ended.empty():
        future = ended.get()
        if future in running:
            found.append(future)
    return found


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
        self._executor: Final = executor
        self._is_near: Final = executor is None or isinstance(executor, ThreadPoolExecutor)
        most = require_workers(workers)
        # Workers elsewhere have a connection each, so that nothing else limits these.
        self._workers: Final = most if self._is_near else min(most, setup.settings.connections)
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
        with closing(self._each(source)) as each:
            for done, (number, outcome) in enumerate(each, 1):
                self._tell(ItemDone(outcome.item, outcome.state.value, done, self._total))
                yield number, outcome
        if source.error is not None and not self.stopper.explains(source.error):
            raise source.error

    def run(self, jobs: Iterable[Job]) -> Outcomes:
        """Do all jobs; return their outcomes in the order of the jobs."""
        numbered: dict[int, Outcome] = {}
        try:
            for number, outcome in self.outcomes(jobs):
                numbered[number] = outcome  # noqa: PERF403 - those before an error are of use
        except BaseException as error:
            note_done(error, numbered)
            raise
        return in_order(numbered)

    def _each(self, source: _Source) -> Generator[tuple[int, Outcome], None, None]:
        with self._place() as executor, closing(self._done(source, executor)) as tried:
            for number, outcome in tried:
                self.stopper.look(outcome)
                yield number, outcome
        while self.stopper.reason is not None and (one := source.take()) is not None:
            yield one.number, self.stopper.not_tried(one.job)

    @contextmanager
    def _place(self) -> Iterator[Executor]:
        if self._executor is not None:
            yield self._executor
            return
        with ThreadPoolExecutor(self._workers, "scckit-batch") as executor:
            yield executor

    def _done(self, source: _Source, executor: Executor) -> Generator[tuple[int, Outcome], None, None]:
        running: dict[Future[Done], tuple[Numbered, Loan | None]] = {}
        # Filled by the futures themselves: ``wait`` would wait for ever for one that somebody else has cancelled.
        ended: SimpleQueue[Future[Done]] = SimpleQueue()
        # A second job waits behind each of our own threads, which so never waits for this one.
        ahead = self._workers * (2 if self._executor is None else 1)

        def begin(one: Numbered, found_ended: Loan | None = None) -> None:
            future, loan = self._submit(executor, one, found_ended)
            running[future] = one, loan
            future.add_done_callback(ended.put)

        try:
            while True:
                while self.stopper.reason is None and len(running) < ahead and (job := source.take()) is not None:
                    begin(job)
                if not running:
                    return
                for future in sorted(_taken(ended, running), key=lambda one: running[one][0].number):
                    one, loan = running.pop(future)
                    done = self._result(future, one)
                    again = self._again(one, loan, done)
                    if again is not None:
                        begin(*again)
                    else:
                        yield one.number, done.outcome or self.stopper.not_tried(one.job)
                for future in [one for one in running if self.stopper.reason is not None and one.cancel()]:
                    one, _ = running.pop(future)
                    yield one.number, self.stopper.not_tried(one.job)
        finally:
            self._stop.set()
            for future in running:
                future.cancel()
            wait([future for future in running if not future.cancelled()])

    def _again(self, one: Numbered, loan: Loan | None, done: Done) -> tuple[Numbered, Loan | None] | None:
        """Return how a job is sent once more; None where what came of it stands, or the batch was ended meanwhile."""
        if self.stopper.reason is not None:
            return None
        if done.outcome is None:
            return evolve(one, paused=one.paused + 1), None
        if loan is not None and isinstance(done.outcome.error, NotSignedIn) and not one.renewed:
            return evolve(one, renewed=True), loan
        return None

    def _result(self, future: Future[Done], one: Numbered) -> Done:
        """Return what came back of a job; where that is nothing, the item has failed."""
        try:
            done = future.result()
        except (BrokenExecutor, CancelledError) as error:
            return Done(failure(one.job, lost(one.job, error)))
        except Exception as error:
            if self._is_near:
                raise
            return Done(failure(one.job, lost(one.job, error)))
        if done.bug is not None:
            raise done.bug
        if done.is_full and done.outcome is not None and done.outcome.error is not None:
            done.outcome.error.__cause__ = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return done

    def _submit(self, executor: Executor, one: Numbered, ended: Loan | None) -> tuple[Future[Done], Loan | None]:
        """Hand out a job, with a session; ``ended`` is one that it found ended."""
        try:
            ticket = None if self._is_near else self._ticket(ended)
            if ticket is not None:
                self._run(self._setup.session.turn())
        except SCCError as error:
            outcome = failure(one.job, error)
            self.stopper.consider(error)  # at once, before the next one is taken
        else:
            try:
                if ticket is None:
                    return executor.submit(self._perform, one.job), None
                future = executor.submit(perform, ticket, one, uuid4().hex)
            except Exception as error:  # noqa: BLE001 - executors let out anything
                # It takes nothing any more, so there is no sense in going on.
                outcome = failure(one.job, lost(one.job, error))
                self.stopper.end(outcome.error)
            else:
                future.add_done_callback(self._hear)
                return future, ticket.loan
        refused: Future[Done] = Future()
        refused.set_result(Done(outcome))
        return refused, None

    def _hear(self, future: Future[Done]) -> None:
        """Let a pause that the server has asked a worker for hold for all, from the moment at which that is known."""
        if not future.cancelled() and future.exception() is None and future.result().pause:
            self._setup.session.pace.hold(future.result().pause)

    def _ticket(self, ended: Loan | None) -> Ticket:
        setup = self._setup
        if not setup.session.is_signed_in or (ended is not None and self._loan().sign_in == ended.sign_in):
            self._run(SignIn().flow(setup.session))
        return Ticket(self._loan(), setup.transport_name, evolve(setup.settings, connections=1), setup.page_reader)

    def _run(self, flow: Flow[None]) -> None:
        run(flow, self._setup.transport, sleep=self._sleep, observe=self._tell)

    def _loan(self) -> Loan:
        loan = self._setup.session.lend()
        # Each worker keeps its own pace; together they keep that of the client.
        return evolve(loan, interval=loan.interval * self._workers)

    def _perform(self, job: Job) -> Done:
        """Do a job in a thread of this process, on the client's own session."""
        setup = self._setup
        self._require_going()
        try:
            flow = job.prepare(setup.registry).flow(setup.session)
            outcome = run(flow, setup.transport, sleep=self._sleep_here, observe=self._watch)
        except SCCError as error:
            outcome = failure(job, error)
        return Done(outcome)

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
