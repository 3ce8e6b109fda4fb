"""Batches on the emulator: in threads, in other processes, on a Dask cluster; in process and over a socket."""

from __future__ import annotations

import asyncio
import errno
import multiprocessing
import os
import pickle
import signal
import site
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor, wait
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve, frozen

import scckit
from scckit import events
from scckit._batches.elsewhere import perform
from scckit._batches.jobs import downloads
from scckit.batches import Outcome, OutcomeState
from scckit.errors import (
    InvalidInput,
    InvalidRawFile,
    LocalFileError,
    MeasurementExists,
    MeasurementNotFound,
    WorkerLost,
)
from scckit.operations import Operation
from scckit.plugins import Registry
from scckit.session.effects import Flow
from scckit.session.session import Session
from scckit.testing import WSGITransport
from scckit_emulator import Emulator, Fault
from scckit_emulator.synthetic import write_raw

BEGIN = datetime(2026, 3, 21, 0, tzinfo=UTC)
IDS = [f"20260321aky{hour:02}00" for hour in range(4)]
BAD = "20260321aky2300"
#: Where workers find the jobs of these tests.
ROOT = str(Path(__file__).parents[2])
Connect = Callable[..., scckit.Client]


def credentials(emulator: Emulator) -> scckit.Credentials:
    """Return those of the emulator's account."""
    account = emulator.account
    return scckit.Credentials(account.http_user, account.http_password, account.username, account.password)


@pytest.fixture
def emulator(started_emulator: Emulator) -> Emulator:
    """Give an emulator with four measurements, of which the last one has no ELDA."""
    started_emulator.reset()
    for hour, identity in enumerate(IDS):
        start = BEGIN + timedelta(hours=hour)
        failing = ["elda"] if hour == 3 else None
        started_emulator.add_measurement(
            identity, system=437, start=start, stop=start + timedelta(hours=1), failing=failing
        )
    return started_emulator


@pytest.fixture
def connect(emulator: Emulator) -> Connect:
    """Make clients of the emulator in process."""

    def make(**settings: Any) -> scckit.Client:
        given = {"credentials": credentials(emulator), "transport": WSGITransport(emulator.wsgi), **settings}
        return scckit.connect(emulator.base_url, **given)

    return make


def states(outcomes: scckit.Outcomes) -> list[str]:
    """Return the states alone."""
    return [one.state.value for one in outcomes]


def asked(seen: list[events.Event]) -> list[str]:
    """Return the routes of all requests."""
    return [one.route for one in seen if isinstance(one, events.Requested)]


def test_running_again_does_what_is_left(emulator: Emulator, connect: Connect, tmp_path: Path) -> None:
    """What fails costs no success, and what is absent is told; the second run fetches only what failed."""
    emulator.faults.add(Fault.status(404), path=f"{IDS[1]}/download-optical/")
    emulator.faults.add(Fault.archive("corrupt"), path=f"{IDS[2]}/download-optical/")
    seen: list[events.Event] = []
    with connect(observe=seen.append) as scc:
        first = scc.products.download_many([*IDS, BAD], ["elda"], into=tmp_path)
        assert states(first) == ["fetched", "absent", "failed", "absent", "failed"]
        assert isinstance(first[4].error, MeasurementNotFound)
        emulator.faults.clear()
        seen.clear()
        second = scc.products.download_many(IDS, ["elda"], into=tmp_path)

    assert states(second) == ["kept", "fetched", "fetched", "absent"]
    assert second[0].files == first[0].files
    assert not [route for route in asked(seen) if IDS[0] in route and "download" in route]


def test_what_a_search_told_is_not_asked_for_again(connect: Connect, tmp_path: Path) -> None:
    """Products of found measurements cost one request each; those that are here and unchanged cost none."""
    seen: list[events.Event] = []
    with connect(observe=seen.append) as scc:
        found = list(scc.measurements.search("2026-03-21", station="aky"))[:3]
        seen.clear()
        first = scc.products.download_many(found, ["elda", "elpp"], into=tmp_path)
        requests = asked(seen)
        seen.clear()
        second = scc.products.download_many(found, ["elda", "elpp"], into=tmp_path)

    here = [one for one in first if one.state == "fetched"]
    assert len(here) >= 2
    assert len([route for route in requests if "download" in route]) == 2 * len(found)
    assert states(second)[: len(here)] == ["kept"] * len(here) or "kept" in states(second)
    assert [route for route in asked(seen) if any(one.item in route for one in here)] == []


def test_one_measurement_by_id_or_as_found(connect: Connect, tmp_path: Path) -> None:
    """The API and the list name the same state, so that a mixture of both fetches nothing twice."""
    with connect() as scc:
        (found,) = [one for one in scc.measurements.search("2026-03-21") if one.id == IDS[0]]
        scc.products.download(found, ["elda"], into=tmp_path)
        by_id = scc.products.download_many([IDS[0]], ["elda"], into=tmp_path)
        scc.products.download(IDS[0], ["elpp"], into=tmp_path)
        as_found = scc.products.download_many([found], ["elda", "elpp"], into=tmp_path)

    assert states(by_id) == states(as_found) == ["kept"]


def test_uploads(emulator: Emulator, connect: Connect, tmp_path: Path) -> None:
    """Good files are sent, a bad one keeps none of them, and what the SCC has is left as it is."""
    raws = []
    for hour in (5, 6):
        start = BEGIN + timedelta(hours=hour)
        raws.append(tmp_path / f"20260321aky{hour:02}00.nc")
        write_raw(raws[-1], measurement_id=raws[-1].stem, start=start, stop=start + timedelta(hours=1))
    bad = tmp_path / "20260321aky0700.nc"
    bad.write_bytes(b"nothing")
    items: list[Any] = [raws[0], str(bad), scckit.UploadItem(raws[1], system=437)]
    with connect() as scc:
        first = scc.measurements.upload_many(items, system=437)
        second = scc.measurements.upload_many(items, system=437)
        unusable: list[Any] = [raws[0], 5]
        third = scc.measurements.upload_many(unusable)

    assert states(first) == ["sent", "failed", "sent"]
    assert [one.receipt.id for one in first if one.receipt] == [raws[0].stem, raws[1].stem]
    assert isinstance(first[1].error, InvalidRawFile)
    assert states(second) == ["kept", "failed", "kept"]
    assert isinstance(second[0].error, MeasurementExists)
    assert [type(one.error) for one in third] == [InvalidInput, InvalidInput]
    assert "has no system to be processed with" in str(third[0].error)
    assert "a path or an UploadItem; found 5" in str(third[1].error)


def test_tasks_do_the_same(emulator: Emulator, tmp_path: Path) -> None:
    """The asyncio client has the same outcomes, and cancelling leaves nothing half."""

    async def do() -> scckit.Outcomes:
        async with scckit.connect_async(
            emulator.base_url,
            credentials=credentials(emulator),
            transport=scckit.plugins.ThreadTransport(WSGITransport(emulator.wsgi)),
        ) as scc:
            return await scc.products.download_many([*IDS, BAD], ["elda"], into=tmp_path, workers=2)

    outcomes = asyncio.run(do())

    assert states(outcomes) == ["fetched", "fetched", "fetched", "absent", "failed"]


def test_no_password_travels(connect: Connect, emulator: Emulator) -> None:
    """A worker elsewhere gets the operation and a signed-in session; account and password are in no form in it."""
    with connect() as scc:
        scc.sign_in()
        setup = scc._setup
        loan = setup.session.lend()
        data = pickle.dumps(loan)

    for secret in (emulator.account.username, emulator.account.password):
        for form in (secret, secret.encode().hex()):
            assert form.encode() not in data
    assert pickle.loads(data) == loan


def test_a_transport_that_is_no_name_stays_here(connect: Connect, tmp_path: Path) -> None:
    """What cannot be made in another process is refused before anything is sent."""
    with connect() as scc, ProcessPoolExecutor(1) as pool, pytest.raises(InvalidInput, match="transport='urllib3'"):
        scc.products.download_many(IDS, ["elda"], into=tmp_path, executor=pool)


class Watching(Executor):
    """An executor that keeps what goes to another one and what comes of it, and may end the session in between."""

    def __init__(self, inner: Executor, before: Callable[[int], None] = lambda _: None) -> None:
        """Stand before another executor."""
        self.inner, self.before = inner, before
        self.sent: list[bytes] = []
        self.futures: list[Any] = []

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        """Keep what travels."""
        assert fn is perform
        self.before(len(self.sent))
        self.sent.append(pickle.dumps((fn, args, kwargs)))
        self.futures.append(self.inner.submit(fn, *args, **kwargs))
        return self.futures[-1]


@pytest.fixture
def served(emulator: Emulator) -> Iterator[scckit.Client]:
    """Serve the emulator, and give a client that reaches it by the name of its transport."""
    with emulator.serve() as base_url, scckit.connect(base_url, credentials=credentials(emulator)) as scc:
        yield scc


@pytest.fixture(scope="module")
def processes() -> Iterator[Executor]:
    """Give two fresh processes."""
    with ProcessPoolExecutor(2, multiprocessing.get_context("spawn"), site.addsitedir, (ROOT,)) as pool:
        yield pool


@pytest.fixture(scope="module")
def cluster() -> Iterator[Executor]:
    """Give the executor of a Dask cluster of two processes."""
    distributed = pytest.importorskip("distributed")
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address="127.0.0.1:0", host="127.0.0.1"
        ) as made,
        distributed.Client(made) as client,
    ):
        client.run(site.addsitedir, ROOT)
        yield client.get_executor()


@pytest.mark.parametrize("where", ["processes", "cluster"])
def test_other_processes(
    where: str, request: pytest.FixtureRequest, emulator: Emulator, served: scckit.Client, tmp_path: Path
) -> None:
    """The same outcomes as in threads; no secret of the account travels; a session that ends is renewed here."""

    def end_once(number: int) -> None:
        if number == 2:
            emulator.end_sessions()

    executor = Watching(request.getfixturevalue(where), end_once)
    outcomes = served.products.download_many([*IDS, BAD], ["elda"], into=tmp_path, executor=executor, workers=2)

    assert states(outcomes) == ["fetched", "fetched", "fetched", "absent", "failed"]
    assert all(file.path.exists() for one in outcomes for file in one.files)
    assert len(executor.sent) > len(outcomes)  # some were sent again, with the new session
    for secret in (emulator.account.username, emulator.account.password):
        assert not any(secret.encode() in data for data in executor.sent)
    # Of the third, which was sent when the session had ended; for those before it could end between two questions.
    # The executor still has what came of all calls, and must not give that for a call that is the same.
    for lost in (False, True):
        for file in outcomes[2].files if lost else ():
            file.path.unlink()
        again = served.products.download_many(IDS[2:3], ["elda"], into=tmp_path, executor=executor)
        assert again.counts == {"fetched" if lost else "kept": 1}
        assert all(file.path.exists() for file in again[0].files)


@frozen
class Ending:
    """A job that ends its worker, fills its disk, or has a bug."""

    item: str
    how: str = "fine"
    repeatable: bool = True

    def prepare(self, _: Registry) -> Operation[Outcome]:
        """Be its own operation."""
        return self

    def flow(self, _: Session) -> Flow[Outcome]:
        """End in some way."""
        if self.how == "killed":
            os.kill(os.getpid(), signal.SIGKILL)
        if self.how == "full":
            msg = "cannot write"
            raise LocalFileError(msg) from OSError(errno.ENOSPC, "No space left on device")
        if self.how == "bug":
            raise ZeroDivisionError
        yield from ()
        return Outcome(self.item, OutcomeState.FETCHED)


def jobs(how: str, among: int = 8) -> list[Ending]:
    """Return jobs of which the third one is special."""
    return [Ending(str(number), how if number == 2 else "fine") for number in range(among)]


def test_a_worker_that_dies_costs_no_outcome(served: scckit.Client) -> None:
    """Killed, as for lack of memory: what was done is told, what was lost has failed, and the rest was not tried."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn"), site.addsitedir, (ROOT,)) as pool:
        outcomes = served._batch(workers=1, executor=pool).run(jobs("killed"))

    assert states(outcomes) == ["fetched", "fetched", "failed", "failed", *["not tried"] * 4]
    assert isinstance(outcomes[2].error, WorkerLost)
    assert "run again" in str(outcomes[2].error)


@pytest.mark.parametrize("where", ["processes", "cluster"])
def test_a_full_disk_elsewhere_stops_the_batch(
    where: str, request: pytest.FixtureRequest, served: scckit.Client
) -> None:
    """The reason of an error is known here too, although it does not travel with it."""
    outcomes = served._batch(workers=1, executor=request.getfixturevalue(where)).run(jobs("full"))

    assert states(outcomes) == ["fetched", "fetched", "failed", *["not tried"] * 5]
    assert isinstance(outcomes[2].error, LocalFileError)


def test_a_bug_elsewhere_is_not_hidden(served: scckit.Client, processes: Executor) -> None:
    """It comes as it was raised, and with what was done before."""
    with pytest.raises(ZeroDivisionError) as caught:
        served._batch(workers=1, executor=processes).run(jobs("bug"))
    where, counts = caught.value.__notes__
    assert "in flow" in where
    assert "'fetched': 2" in counts


@pytest.mark.parametrize("where", ["processes", "cluster"])
def test_a_pause_that_one_worker_is_asked_for_holds_for_all(
    where: str, request: pytest.FixtureRequest, emulator: Emulator, served: scckit.Client, tmp_path: Path
) -> None:
    """The worker does not wait by itself: the pause is kept here, where the work is handed out, and then it goes on."""
    emulator.faults.add(Fault.status(429, retry_after=120), path=f"{IDS[1]}/download-optical/", times=1)
    executor = Watching(request.getfixturevalue(where))
    pauses: list[tuple[float, int]] = []
    batch = served._batch(workers=1, executor=executor)
    batch._sleep = lambda seconds: pauses.append((seconds, len(executor.sent)))  # type: ignore[misc]

    outcomes = batch.run(map(downloads(["elda"], tmp_path, unpack=True, existing="verify"), IDS[:3]))

    assert states(outcomes) == ["fetched", "fetched", "fetched"]
    assert len(executor.sent) == 4
    assert pauses
    assert all(110 < seconds <= 120 and sent >= 2 for seconds, sent in pauses)


def test_connections_limit_the_workers_elsewhere(emulator: Emulator, tmp_path: Path) -> None:
    """Each worker has a connection of its own, so no more are at work than the client may have."""
    most = 0

    def count(_: int) -> None:
        nonlocal most
        most = max(most, 1 + sum(not one.done() for one in executor.futures))

    with (
        emulator.serve() as base_url,
        scckit.connect(base_url, credentials=credentials(emulator), connections=2) as scc,
        ThreadPoolExecutor(4) as pool,
    ):
        executor = Watching(pool, count)
        outcomes = scc.products.download_many(IDS, ["elpp"], into=tmp_path, executor=executor, workers=4)

    assert outcomes.counts == {"fetched": 4}
    assert most == 2


def test_a_session_that_ended_is_renewed_once_for_all(
    emulator: Emulator, served: scckit.Client, processes: Executor, tmp_path: Path
) -> None:
    """Two workers find it ended at a time; there is one new sign-in."""
    seen: list[events.Event] = []
    batch = served._batch(workers=2, executor=Watching(processes, lambda number: ends[number]()))
    ends = defaultdict(lambda: lambda: None, {2: emulator.end_sessions})
    run_of = served._setup.session.doors.observe
    object.__setattr__(served._setup.session.doors, "observe", lambda event: (seen.append(event), run_of(event)))

    outcomes = batch.run(map(downloads(["elda"], tmp_path, unpack=True, existing="verify"), IDS[:3]))

    assert outcomes.counts == {"fetched": 3}
    assert len([one for one in seen if isinstance(one, events.SignedIn)]) == 2


class InTurn(ThreadPoolExecutor):
    """An executor that has done a job when it has taken it, so that it is known what comes back before what."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Do it."""
        future = super().submit(fn, *args, **kwargs)
        wait([future])
        return future


def test_an_ended_session_is_not_taken_for_a_new_one(emulator: Emulator, served: scckit.Client, tmp_path: Path) -> None:
    """A page that the client reads meanwhile renews a cookie, which is no sign-in: the item is sent again behind one."""
    seen: list[events.Event] = []
    object.__setattr__(served._setup.session.doors, "observe", seen.append)

    def read_and_end(number: int) -> None:
        if number == 0:
            before = served._setup.session.lend().cookies
            list(served.measurements.search("2026-03-21"))
            assert served._setup.session.lend().cookies != before
            emulator.end_sessions()

    with InTurn(1) as pool:
        executor = Watching(pool, read_and_end)
        outcomes = served._batch(workers=1, executor=executor).run(
            map(downloads(["elda"], tmp_path, unpack=True, existing="verify"), IDS[:1])
        )

    assert states(outcomes) == ["fetched"]
    first, second = (
        {one.value for one in pickle.loads(data)[1][0].loan.cookies if one.name == "sessionid"}
        for data in executor.sent
    )
    assert first.isdisjoint(second)
    assert [one.renewed for one in seen if isinstance(one, events.SignedIn)] == [False, True]


@pytest.mark.parametrize(("how", "state"), [("paused", "not tried"), ("ended", "failed")])
def test_what_comes_back_after_the_end_is_not_sent_again(
    emulator: Emulator, served: scckit.Client, tmp_path: Path, how: str, state: str
) -> None:
    """The disk is full; what comes back for a pause, or for a new session, waits for nothing and asks for nothing."""
    if how == "paused":
        emulator.faults.add(Fault.status(429, retry_after=120), path=f"{IDS[1]}/download-optical/", times=1)
    slept: list[float] = []
    item = downloads(["elda"], tmp_path, unpack=True, existing="verify")(IDS[1])

    with InTurn(1) as pool:
        executor = Watching(pool, lambda number: emulator.end_sessions() if (how, number) == ("ended", 1) else None)
        batch = served._batch(workers=2, executor=executor)
        batch._sleep = slept.append  # type: ignore[misc]
        outcomes = batch.run([Ending("0", "full"), item])

    assert states(outcomes) == ["failed", state]
    assert len(executor.sent) == 2
    assert slept == []


def test_a_refused_password_is_tried_once(
    emulator: Emulator, served: scckit.Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Several items meet the end of the session, and the password holds no longer: none but the first tries it."""
    session = served._setup.session
    seen: list[events.Event] = []
    object.__setattr__(session.doors, "observe", seen.append)

    def change(number: int) -> None:
        if number == 0:
            emulator.end_sessions()
            monkeypatch.setattr(session, "_credentials", evolve(session._credentials, password="another"))
            seen.clear()

    with InTurn(1) as pool:
        executor = Watching(pool, change)
        outcomes = served._batch(workers=3, executor=executor).run(
            map(downloads(["elda"], tmp_path, unpack=True, existing="verify"), IDS)
        )

    assert states(outcomes) == ["failed", "failed", "failed", "not tried"]
    assert len(executor.sent) == 3
    assert [one.method for one in seen if isinstance(one, events.Requested)].count("POST") == 1


@pytest.mark.parametrize("start", ["fork", "spawn"])
def test_processes_of_either_sort(start: str, emulator: Emulator, tmp_path: Path) -> None:
    """Forked ones begin as copies of this process, with its connections, and do not use them."""
    if start not in multiprocessing.get_all_start_methods():
        pytest.skip("this system does not fork")
    with (
        emulator.serve() as base_url,
        scckit.connect(base_url, credentials=credentials(emulator)) as scc,
        ProcessPoolExecutor(2, mp_context=multiprocessing.get_context(start)) as pool,
    ):
        found = list(scc.measurements.search("2026-03-21", station="aky"))
        outcomes = scc.products.download_many(found, ["elda"], into=tmp_path, executor=pool)

    assert outcomes.counts == {"fetched": 3, "absent": 1}


def test_threads_of_somebody_else(connect: Connect, tmp_path: Path) -> None:
    """An executor of threads needs no session that travels, and no transport with a name; it stays open."""
    with connect() as scc, ThreadPoolExecutor(3) as pool:
        outcomes = scc.products.download_many(IDS, ["elda"], into=tmp_path, executor=pool)
        assert pool.submit(len, "open").result() == 4

    assert outcomes.counts == {"fetched": 3, "absent": 1}


def test_two_of_the_same(emulator: Emulator, connect: Connect, tmp_path: Path) -> None:
    """The same item several times at once: whole files, a manifest that is true, and nothing is left over."""
    with connect() as scc:
        outcomes = scc.products.download_many([IDS[0]] * 6, ["elda"], into=tmp_path, workers=6)
        again = scc.products.download_many([IDS[0]], ["elda"], into=tmp_path)

    assert set(states(outcomes)) <= {"fetched", "kept"}
    assert len({tuple(file.sha256 for file in one.files) for one in outcomes}) == 1
    assert again.counts == {"kept": 1}
    assert [path for path in tmp_path.rglob("*") if path.name.endswith(".part")] == []


def test_an_observer_that_fails_costs_nothing(connect: Connect, tmp_path: Path) -> None:
    """It is told of once and left out; every item is fetched."""

    def observe(_: events.Event) -> None:
        raise ZeroDivisionError

    with pytest.warns(scckit.plugins.PluginWarning, match="observer failed"), connect(observe=observe) as scc:
        outcomes = scc.products.download_many(IDS[:3], ["elda"], into=tmp_path)

    assert outcomes.counts == {"fetched": 3}


def test_an_interruption_leaves_nothing_half(emulator: Emulator, connect: Connect, tmp_path: Path) -> None:
    """Ctrl-C while archives come: no part is left, what is there is whole, and the next run does what is left."""
    for nth in range(1, 8):
        folder, events_left = tmp_path / str(nth), nth

        def observe(event: events.Event) -> None:
            nonlocal events_left
            if isinstance(event, events.Transferred):
                events_left -= 1
                if events_left == 0:
                    signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)

        with connect(observe=observe) as scc, suppress(KeyboardInterrupt):
            scc.products.download_many(IDS[:3], ["elda", "elpp"], into=folder, workers=2)
        assert [path for path in folder.rglob("*") if path.name.endswith(".part")] == []
        with connect() as scc:
            outcomes = scc.products.download_many(IDS[:3], ["elda", "elpp"], into=folder)
            assert set(states(outcomes)) <= {"fetched", "kept"}
            assert scc.products.download_many(IDS[:3], ["elda", "elpp"], into=folder).counts == {"kept": 3}


def test_cancelled_tasks_leave_nothing_half(emulator: Emulator, tmp_path: Path) -> None:
    """Cancelling while archives come: no part is left, and the next batch does what is left."""

    async def do(cancel_at: int | None) -> scckit.Outcomes:
        left = cancel_at
        task = asyncio.current_task()

        def observe(event: events.Event) -> None:
            nonlocal left
            if left is not None and isinstance(event, events.Transferred):
                left -= 1
                if left == 0 and task is not None:
                    task.cancel()

        async with scckit.connect_async(
            emulator.base_url,
            credentials=credentials(emulator),
            transport=scckit.plugins.ThreadTransport(WSGITransport(emulator.wsgi)),
            observe=observe,
        ) as scc:
            found = scc.measurements.search("2026-03-21", station="aky")
            return await scc.products.download_many(found, ["elda"], into=tmp_path / str(cancel_at), workers=2)

    for cancel_at in range(1, 8):
        with suppress(asyncio.CancelledError):
            asyncio.run(do(cancel_at))
        assert [path for path in tmp_path.rglob("*") if path.name.endswith(".part")] == []
    assert asyncio.run(do(None)).counts == {"fetched": 3, "absent": 1}
