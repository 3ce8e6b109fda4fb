"""Batches on the emulator: in threads, in other processes, on a Dask cluster; in process and over a socket."""

from __future__ import annotations

import asyncio
import multiprocessing
import pickle
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import scckit
from scckit import events
from scckit._batches import _perform_elsewhere
from scckit.errors import InvalidInput, InvalidRawFile, MeasurementExists, MeasurementNotFound
from scckit.testing import WSGITransport
from scckit_emulator import Emulator, Fault
from scckit_emulator.synthetic import write_raw

BEGIN = datetime(2026, 3, 21, 0, tzinfo=UTC)
IDS = [f"20260321aky{hour:02}00" for hour in range(4)]
BAD = "20260321aky2300"
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
        with pytest.raises(InvalidInput, match="has no system to be processed with"):
            scc.measurements.upload_many([raws[0]])

    assert states(first) == ["sent", "failed", "sent"]
    assert [one.receipt.id for one in first if one.receipt] == [raws[0].stem, raws[1].stem]
    assert isinstance(first[1].error, InvalidRawFile)
    assert states(second) == ["kept", "failed", "kept"]
    assert isinstance(second[0].error, MeasurementExists)


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
    """An executor that keeps what is pickled for another one's workers, and may end the session in between."""

    def __init__(self, inner: Executor, before: Callable[[int], None] = lambda _: None) -> None:
        """Stand before another executor."""
        self.inner, self.before = inner, before
        self.sent: list[bytes] = []

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        """Keep what travels."""
        assert fn is _perform_elsewhere
        self.before(len(self.sent))
        self.sent.append(pickle.dumps((fn, args, kwargs)))
        return self.inner.submit(fn, *args, **kwargs)


@pytest.fixture
def served(emulator: Emulator) -> Iterator[scckit.Client]:
    """Serve the emulator, and give a client that reaches it by the name of its transport."""
    with emulator.serve() as base_url, scckit.connect(base_url, credentials=credentials(emulator)) as scc:
        yield scc


@pytest.fixture(scope="module")
def processes() -> Iterator[Executor]:
    """Give two fresh processes."""
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as pool:
        yield pool


@pytest.fixture(scope="module")
def cluster() -> Iterator[Executor]:
    """Give the executor of a Dask cluster of two processes."""
    distributed = pytest.importorskip("distributed")
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, host="127.0.0.1"
        ) as made,
        distributed.Client(made) as client,
    ):
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
    assert served.products.download_many(IDS[2:3], ["elda"], into=tmp_path, executor=executor).counts == {"kept": 1}
