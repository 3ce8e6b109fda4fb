"""How a batch is carried out: jobs that do nothing but end in some way, and the order of things around them."""

from __future__ import annotations

import asyncio
import errno
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from concurrent.futures.thread import BrokenThreadPool
from itertools import count
from pathlib import Path
from threading import Barrier, Event, Thread
from typing import Any

import pytest
from attrs import field, frozen
from hypothesis import given
from hypothesis import strategies as st

import scckit
from scckit import events
from scckit._batches.course import total_of
from scckit._batches.executors import Abandoned, Batch
from scckit._batches.tasks import TaskBatch
from scckit.batches import Outcome, Outcomes, OutcomeState, UploadItem
from scckit.errors import (
    ConnectionFailed,
    InvalidInput,
    LocalFileError,
    MissingPlugin,
    PermissionDenied,
    ProductNotAvailable,
    SCCError,
    ServerBusy,
    TransportTimeout,
    UnsafeArchive,
    WorkerLost,
    WrongAccount,
    WrongHTTPCredentials,
)
from scckit.operations import Operation
from scckit.plugins import Registry
from scckit.session.effects import Flow
from scckit.session.session import Session
from scckit.testing import ScriptTransport

from ..conftest import TinyReader

CREDENTIALS = scckit.Credentials("http-user", "http-pass", "someone", "pass-word")
FINE, ABSENT, DAMAGED, FORBIDDEN, SLOW = "fine", "absent", "damaged", "forbidden", "slow"
ENDS: dict[str, Callable[[], SCCError]] = {
    ABSENT: lambda: ProductNotAvailable("nothing there"),
    DAMAGED: lambda: UnsafeArchive("it is damaged"),
    FORBIDDEN: lambda: PermissionDenied("not this one"),
    SLOW: lambda: TransportTimeout("too slow"),
}
STATES = {FINE: "fetched", ABSENT: "absent"}


class Reader:
    """A plugin with a page reader."""

    @staticmethod
    def make() -> Registry:
        """Make a registry with nothing else."""
        from scckit.plugins import hookimpl

        class Plugin:
            @hookimpl
            def scckit_page_readers(self) -> dict[str, type[TinyReader]]:
                return {"parsel": TinyReader}

        registry = Registry(discover=False)
        registry.register(Plugin(), "reader")
        return registry


def full() -> SCCError:
    """Make the error of a full disk."""
    error = LocalFileError("cannot write")
    error.__cause__ = OSError(errno.ENOSPC, "No space left on device")
    return error


@frozen
class Work:
    """A job that ends as it is told."""

    item: str
    act: Callable[[], None] = field(default=lambda: None)
    repeatable: bool = True

    def prepare(self, _: Registry) -> Operation[Outcome]:
        """Be its own operation."""
        return self

    def flow(self, _: Session) -> Flow[Outcome]:
        """Act; a flow without an effect."""
        self.act()
        yield from ()
        return Outcome(self.item, OutcomeState.FETCHED)


def raising(make: Callable[[], BaseException]) -> Callable[[], None]:
    """Make an act that raises."""

    def act() -> None:
        raise make()

    return act


def batch(
    workers: int = 2,
    observe: Callable[[events.Event], None] | None = None,
    total: int | None = None,
    executor: Executor | None = None,
) -> Batch:
    """Make a batch of a client that reaches nobody."""
    client = scckit.connect(
        "https://scc.example/",
        credentials=CREDENTIALS,
        transport=ScriptTransport(),
        registry=Reader.make(),
        observe=observe,
    )
    return client._batch(workers=workers, executor=executor, total=total)


@given(st.lists(st.sampled_from([FINE, *ENDS])), st.integers(1, 5))
def test_each_item_has_one_outcome_in_its_place(ends: list[str], workers: int) -> None:
    """Whatever the items end in, each has its own outcome and event, and none costs another one."""
    seen: list[events.Event] = []
    jobs = [Work(str(n), raising(ENDS[end]) if end in ENDS else lambda: None) for n, end in enumerate(ends)]

    outcomes = batch(workers, seen.append, len(jobs)).run(jobs)

    assert [one.item for one in outcomes] == [str(n) for n in range(len(ends))]
    assert [one.state for one in outcomes] == [STATES.get(end, "failed") for end in ends]
    done = [one for one in seen if isinstance(one, events.ItemDone)]
    assert [(one.done, one.total) for one in done] == [(n + 1, len(ends)) for n in range(len(ends))]
    assert sorted((one.item, one.state) for one in done) == sorted((one.item, one.state.value) for one in outcomes)


@given(st.integers(1, 4), st.integers(0, 30))
def test_items_are_taken_as_they_are_needed(workers: int, wanted: int) -> None:
    """Of items without an end no more are taken than are under way, and none after the last outcome that was wanted."""
    taken = 0

    def jobs() -> Iterator[Work]:
        nonlocal taken
        for number in count():
            taken += 1
            yield Work(str(number))

    outcomes = batch(workers).outcomes(jobs())
    for done in range(wanted):
        next(outcomes)
        assert taken <= done + 1 + 2 * workers
    outcomes.close()
    assert taken <= wanted + 2 * workers


@pytest.mark.parametrize(
    "error",
    [
        lambda: WrongAccount("refused"),
        lambda: WrongHTTPCredentials("refused"),
        lambda: MissingPlugin("no reader"),
        lambda: ServerBusy("not before an hour"),
        full,
    ],
)
def test_what_would_fail_for_all_stops_the_batch(error: Callable[[], SCCError]) -> None:
    """The rest is not tried, and says why; each item still has its outcome, and what was done before stays done."""
    tried: list[str] = []
    jobs = [Work(str(n), (lambda n=n: tried.append(str(n))) if n != 1 else raising(error)) for n in range(50)]

    outcomes = batch(1).run(jobs)

    assert outcomes[0].state == "fetched"
    assert outcomes[1].state == "failed"
    assert len(outcomes) == 50
    assert outcomes.counts["not tried"] >= 46
    assert {type(one.error) for one in outcomes if one.state == "not tried"} == {type(error())}
    assert {one.item for one in outcomes if one.state == "fetched"} == set(tried)


@pytest.mark.parametrize(("failing", "stops"), [({1, 2, 3}, True), ({1, 2, 4, 5}, False)])
def test_a_server_that_is_not_reached_stops_the_batch(failing: set[int], stops: bool) -> None:
    """Three times in a row, that is; twice may happen."""
    act = raising(lambda: ConnectionFailed("no route"))
    jobs = [Work(str(n), act if n in failing else lambda: None) for n in range(20)]

    assert (batch(1).run(jobs).counts.get("not tried", 0) > 0) == stops


def test_what_is_no_error_of_ours_is_not_hidden() -> None:
    """A bug, or an item that cannot be one, leaves the batch; what was running has ended before."""
    ended = Event()
    both = Barrier(2)

    def slow() -> None:
        both.wait(20)
        ended.set()

    def bug() -> None:
        both.wait(20)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        batch(2).run([Work("a", bug), Work("b", slow)])
    assert ended.wait(20)


def test_an_interruption_leaves_what_was_not_begun() -> None:
    """After Ctrl-C in the thread that waits, no further job begins, and the batch has ended when it is told."""
    begun: list[str] = []
    jobs = [Work(str(n), lambda n=n: begun.append(str(n))) for n in range(100)]
    outcomes = batch(2).outcomes(jobs)
    next(outcomes)

    with pytest.raises(KeyboardInterrupt):
        outcomes.throw(KeyboardInterrupt)

    assert len(begun) <= 1 + 4
    assert len(begun) == len(set(begun))


def breaking(good: int, error: Callable[[], Exception]) -> Iterator[Work]:
    """Give jobs, and fail in giving the next one."""
    for number in range(good):
        yield Work(str(number))
    raise error()


@pytest.mark.parametrize("error", [lambda: ZeroDivisionError("a bug"), lambda: ConnectionFailed("no route")])
def test_items_that_cannot_be_had_cost_nothing_that_was_begun(error: Callable[[], Exception]) -> None:
    """What makes the items fails, as a search on its third page: what was begun ends well, and the error tells of it."""
    done: list[str] = []
    gate = Event()

    def slow() -> None:
        gate.wait(20)
        done.append("1")

    def jobs() -> Iterator[Work]:
        yield Work("0", lambda: done.append("0"))
        yield Work("1", slow)
        gate.set()
        raise error()

    with pytest.raises(type(error())) as caught:
        batch(4).run(jobs())

    assert sorted(done) == ["0", "1"]
    assert caught.value.__notes__ == [
        "of the items before, these are done: {'fetched': 2}; running again does what is left"
    ]


def test_what_is_known_is_no_news() -> None:
    """The server is gone: the batch has ended for that reason, and that the search ends too adds nothing."""
    act = raising(lambda: ConnectionFailed("no route"))

    def jobs() -> Iterator[Work]:
        yield Work("fine")
        for number in range(3):
            yield Work(str(number), act)
        yield from (Work(str(number)) for number in range(3, 5))
        raise ConnectionFailed("no route")

    outcomes = batch(1).run(jobs())

    assert [one.state.value for one in outcomes][:4] == ["fetched", "failed", "failed", "failed"]
    assert len(outcomes) == 6


def test_an_executor_that_breaks_costs_no_outcome() -> None:
    """Its threads die, or it takes nothing any more: what was done is told, what was lost has failed, the rest was not tried."""

    class Breaking(ThreadPoolExecutor):
        submitted = 0

        def submit(self, fn: Callable[..., Any], /, *args: Any, **more: Any) -> Future[Any]:
            self.submitted += 1
            if self.submitted > 5:
                raise BrokenThreadPool("cannot take more")
            if self.submitted > 3:
                lost: Future[Any] = Future()
                lost.set_exception(BrokenThreadPool("a thread has died"))
                return lost
            return super().submit(fn, *args, **more)

    with Breaking(2) as executor:
        outcomes = batch(2, executor=executor).run(Work(str(number)) for number in range(9))

    assert [one.state.value for one in outcomes] == ["fetched"] * 3 + ["failed"] * 3 + ["not tried"] * 3
    assert all(isinstance(one.error, WorkerLost) for one in outcomes.failures)
    assert "3 (BrokenThreadPool: a thread has died)" in str(outcomes[3].error)


def test_an_abandoned_job_sends_nothing() -> None:
    """A job that a thread takes up after the interruption is not begun, even if nobody could call it off."""
    one = batch(1)
    one._stop.set()
    begun: list[None] = []

    with pytest.raises(Abandoned):
        one._perform(Work("a", lambda: begun.append(None)))
    assert begun == []


@pytest.mark.parametrize("workers", [0, -1, True, 1.5])
def test_no_worker_is_refused(workers: object) -> None:
    """At least one is needed."""
    with pytest.raises(InvalidInput, match="at least 1; found"):
        batch(workers)  # type: ignore[arg-type]


def test_failures_are_raised_together() -> None:
    """The group has each error with its item; what is absent or kept is no failure; without failures nothing is raised."""
    bad = Outcome("b", OutcomeState.FAILED, error=UnsafeArchive("it is damaged"))
    left = Outcome("d", OutcomeState.NOT_TRIED, error=bad.error)
    fine = [Outcome("a", OutcomeState.KEPT), Outcome("c", OutcomeState.ABSENT, error=ProductNotAvailable("none"))]

    Outcomes(fine).raise_for_failures()
    outcomes = Outcomes([fine[0], bad, fine[1], left])

    assert outcomes.counts == {"kept": 1, "absent": 1, "failed": 1, "not tried": 1}
    assert [one.item for one in outcomes.failures] == ["b", "d"]
    for _ in range(2):
        with pytest.raises(ExceptionGroup, match="1 of 4 items failed, 1 were not tried") as group:
            outcomes.raise_for_failures()
        (error,) = group.value.exceptions
        assert (error, error.__notes__) == (bad.error, ["b"])
    with pytest.raises(ExceptionGroup, match="0 of 1 items failed, 1 were not tried"):
        Outcomes([left]).raise_for_failures()


@given(st.lists(st.sampled_from([FINE, *ENDS])), st.integers(1, 5))
def test_tasks_do_the_same(ends: list[str], workers: int) -> None:
    """The asyncio batch gives the same outcomes in the same order."""

    async def do() -> Outcomes:
        client = scckit.connect_async(
            "https://scc.example/",
            credentials=CREDENTIALS,
            transport=Nobody(),  # type: ignore[arg-type]
            registry=Reader.make(),
        )
        return await client._batch(workers=workers, total=None).outcomes(jobs, client.run)

    jobs = [Work(str(n), raising(ENDS[end]) if end in ENDS else lambda: None) for n, end in enumerate(ends)]
    outcomes = asyncio.run(do())

    assert [(one.item, one.state) for one in outcomes] == [
        (str(n), STATES.get(end, "failed")) for n, end in enumerate(ends)
    ]


def test_an_executor_that_is_shut_down_ends_the_batch() -> None:
    """What its owner has cancelled is lost, and nothing waits for it."""
    gate, started = Event(), Event()
    pool = ThreadPoolExecutor(1)

    def act() -> None:
        started.set()
        assert gate.wait(60)

    def shut() -> None:
        assert started.wait(60)
        pool.shutdown(wait=False, cancel_futures=True)
        gate.set()

    shutting = Thread(target=shut)
    shutting.start()
    outcomes = batch(3, executor=pool).run([Work("a", act), Work("b"), Work("c")])
    shutting.join()

    assert outcomes[0].state is OutcomeState.FETCHED
    assert {one.state for one in outcomes[1:]} <= {OutcomeState.FAILED, OutcomeState.NOT_TRIED}
    assert len(outcomes) == 3


@pytest.mark.parametrize("one", ["20260321aky0000", Path("20260321aky0000.nc"), UploadItem("x.nc"), None])
def test_one_item_is_no_batch(one: object) -> None:
    """A text would be a batch of its letters, another thing one of nothing."""
    with pytest.raises(InvalidInput, match="in brackets"):
        total_of(one)


def tasks(workers: int = 2) -> tuple[scckit.AsyncClient, TaskBatch]:
    """Make an asyncio client that reaches nobody, and a batch of it; on the loop."""
    client = scckit.connect_async(
        "https://scc.example/",
        credentials=CREDENTIALS,
        transport=Nobody(),  # type: ignore[arg-type]
        registry=Reader.make(),
    )
    return client, client._batch(workers=workers, total=None)


@pytest.mark.parametrize("error", [lambda: ZeroDivisionError("a bug"), lambda: ConnectionFailed("no route")])
@pytest.mark.parametrize("where", ["items", "job"])
def test_tasks_raise_what_was_raised(error: Callable[[], Exception], where: str) -> None:
    """An error in the items, or a bug in a job, comes as itself and not in a group, with what was done before."""

    async def do() -> Outcomes:
        client, one = tasks()
        jobs: Iterable[Work] = breaking(3, error)
        if where == "job":
            jobs = [Work("0"), Work("1"), Work("2"), *([Work("3", raising(error))] * 4)]
        return await one.outcomes(jobs, client.run)

    if where == "job" and isinstance(error(), SCCError):
        assert asyncio.run(do()).counts == {"fetched": 3, "failed": 4}
        return
    with pytest.raises(type(error())) as caught:
        asyncio.run(do())
    assert "'fetched': 3" in caught.value.__notes__[0]


def test_tasks_take_what_comes_in_time() -> None:
    """Items may be those of an asyncio search; no more are taken than there are workers."""
    taken: list[int] = []
    done: list[str] = []
    most = 0

    async def jobs() -> AsyncIterator[Work]:
        nonlocal most
        for number in range(20):
            await asyncio.sleep(0)
            taken.append(number)
            most = max(most, len(taken) - len(done))
            yield Work(str(number))

    async def do() -> Outcomes:
        client, one = tasks(3)

        async def operate(operation: Operation[Outcome]) -> Outcome:
            outcome = await client.run(operation)
            done.append(outcome.item)
            return outcome

        return await one.outcomes(jobs(), operate)

    outcomes = asyncio.run(do())

    assert [one.item for one in outcomes] == [str(number) for number in range(20)]
    assert most <= 3


class Nobody:
    """An asyncio transport that nothing is sent with."""
