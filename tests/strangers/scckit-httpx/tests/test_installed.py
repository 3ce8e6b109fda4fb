"""Installed beside scckit, the transport carries everything over real sockets; nothing is registered by hand."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

pytest.importorskip("scckit_httpx", reason="strangers are tested in an environment of their own: tox run -e strangers")
pytest.importorskip("scckit_emulator", reason="the emulator is the server of these tests; install scckit-emulator")

import scckit
from scckit.errors import MissingPlugin, ProductNotAvailable
from scckit.plugins import Registry
from scckit_emulator import Emulator
from scckit_emulator.synthetic import write_raw

ID = "20260321aky2000"


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    """Serve the emulator on loopback."""
    with Emulator(speed=0) as emulator, emulator.serve():
        yield emulator


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    """Write a raw file."""
    path = tmp_path / f"{ID}.nc"
    write_raw(
        path,
        measurement_id=ID,
        start=datetime(2026, 3, 21, 20, tzinfo=UTC),
        stop=datetime(2026, 3, 21, 21, tzinfo=UTC),
    )
    return path


def connect(emulator: Emulator) -> scckit.AsyncClient:
    """Make a client on httpx, for which waiting moves the emulator's clock."""
    account = emulator.account

    async def sleep(seconds: float) -> None:
        emulator.clock.advance(seconds)

    return scckit.connect_async(
        emulator.base_url,
        credentials=scckit.Credentials(account.http_user, account.http_password, account.username, account.password),
        transport="httpx",
        sleep=sleep,
    )


def test_it_is_found_by_its_entry_point() -> None:
    """A registry lists the transport under its distribution, and no plugin is broken."""
    registry = Registry(strict=True)
    reports = {report.name: report for report in registry.reports()}

    assert "httpx" in registry.async_transports()
    assert (reports["httpx"].hooks, reports["httpx"].error) == (("scckit_async_transports",), "")
    assert reports["httpx"].distribution.split()[0] == "scckit-httpx"


def test_it_is_for_asyncio_alone() -> None:
    """The client for threads says who can use it."""
    with pytest.raises(MissingPlugin, match="connect_async"):
        scckit.connect(transport="httpx", credentials=scckit.Credentials("a", "b", "c", "d"))


def test_a_client_does_the_main_job(emulator: Emulator, raw: Path, tmp_path: Path) -> None:
    """A raw file goes up, is processed and found by a search, and its products come back as they were made."""
    emulator.reset()

    async def main() -> tuple[list[str], list[scckit.ProductFile]]:
        async with connect(emulator) as scc:
            await scc.check()
            measurement = await scc.measurements.process(raw, system=437, interval=5)
            found = [one.id async for one in scc.measurements.search("2026-03-21", station="aky")]
            return found, await scc.products.download(measurement.id, ["elda", "raw"], into=tmp_path / "into")

    found, files = asyncio.run(main())

    assert ID in found
    assert {file.kind for file in files} == {"elda", "raw"}
    assert (tmp_path / "into" / ID / "raw" / raw.name).read_bytes() == raw.read_bytes()
    assert not list(tmp_path.rglob("*.part"))


def test_many_tasks_share_a_client(emulator: Emulator) -> None:
    """More tasks than connections ask at a time, and each gets what it asked for."""
    emulator.reset()
    ids = [f"202104{day:02}aky0930" for day in range(1, 21)]
    for day, one in enumerate(ids, 1):
        start = datetime(2021, 4, day, 9, 30, tzinfo=UTC)
        emulator.add_measurement(id=one, system=437, start=start, stop=start.replace(hour=10))

    async def main() -> list[scckit.Measurement]:
        async with connect(emulator) as scc, asyncio.TaskGroup() as group:
            tasks = [group.create_task(scc.measurements.get(one)) for one in ids]
        return [task.result() for task in tasks]

    assert [one.id for one in asyncio.run(main())] == ids


def test_a_limit_of_time_leaves_the_client_usable(emulator: Emulator, tmp_path: Path) -> None:
    """A verb that takes too long is cancelled; nothing of it stays, and the next verb is answered."""
    emulator.reset()

    async def main() -> None:
        async with connect(emulator) as scc:
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0):
                    await scc.products.download(ID, ["elda"], into=tmp_path)
            with pytest.raises(ProductNotAvailable):
                await scc.products.download(seeded, ["eldec"], into=tmp_path)

    start = datetime(2021, 4, 1, 9, 30, tzinfo=UTC)
    seeded = "20210401aky0930"
    emulator.add_measurement(id=seeded, system=437, start=start, stop=start.replace(hour=10))
    asyncio.run(main())

    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
