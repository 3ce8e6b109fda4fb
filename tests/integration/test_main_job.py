"""The whole thing together against the emulator, in each generation of the server."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from attrs import evolve

import scckit
from scckit.errors import (
    InvalidRawFile,
    MeasurementExists,
    MeasurementNotFound,
    ProductNotAvailable,
    RequestRefused,
    SystemNotFound,
    UnexpectedContent,
    UnknownSystem,
    UploadRejected,
    WaitTimeout,
    WrongAccount,
    WrongHTTPCredentials,
)
from scckit.session.threads import ThreadTransport
from scckit.testing import WSGITransport
from scckit_emulator import Behaviour, Emulator
from scckit_emulator.synthetic import write_raw, write_sounding

from .conftest import ID, START, STOP

Connect = Callable[..., scckit.Client]


def test_upload_wait_download_open(scc: scckit.Client, raw: Path, tmp_path: Path) -> None:
    """A raw file goes up, is processed, its products come back and one is open as data that fits the file."""
    measurement = scc.measurements.process(raw, system=437, interval=5)
    files = scc.products.download(measurement.id, into=tmp_path)

    kinds = {file.kind for file in files}
    assert measurement.id == ID
    assert measurement.modules["elda"].status is scckit.Status.OK
    assert kinds == {"raw", "hirelpp", "cloudmask", "elpp", "elda", "elic", "elquick", "plots"}
    assert (tmp_path / ID / "raw" / raw.name).read_bytes() == raw.read_bytes()
    elda = next(file for file in files if file.kind == "elda")
    with scc.products.open(elda) as dataset:
        assert dataset["backscatter"].dims == ("wavelength", "time", "altitude")
        assert float(dataset["backscatter"].max()) > 0
        assert dataset.attrs["measurement_ID"] == ID
    assert not list(tmp_path.rglob("*.part"))


def test_the_same_awaited(emulator: Emulator, raw: Path, tmp_path: Path) -> None:
    """The asyncio client does the main job over the same transport."""
    account = emulator.account

    async def sleep(seconds: float) -> None:
        emulator.clock.advance(seconds)

    async def main() -> list[scckit.ProductFile]:
        async with scckit.connect_async(
            emulator.base_url,
            credentials=scckit.Credentials(
                account.http_user, account.http_password, account.username, account.password
            ),
            transport=ThreadTransport(WSGITransport(emulator.wsgi)),
            sleep=sleep,
        ) as scc:
            measurement = await scc.measurements.process(raw, system=437, interval=5)
            return await scc.products.download(measurement.id, ["elda"], into=tmp_path)

    assert {file.kind for file in asyncio.run(main())} == {"elda"}


def test_search_reads_all_pages(emulator: Emulator, scc: scckit.Client) -> None:
    """A search over several pages gives each measurement once, and none from outside of the dates."""
    emulator.behaviour = _replaced(emulator, page_size=2)
    days = range(1, 8)
    for day in days:
        emulator.add_measurement(
            id=f"202104{day:02}aky0930",
            system=437,
            start=START.replace(year=2021, month=4, day=day),
            stop=STOP.replace(year=2021, month=4, day=day),
        )

    search = scc.measurements.search("2021-04", station="aky")

    assert search.matched == 7
    assert sorted(one.id for one in search) == [f"202104{day:02}aky0930" for day in days]
    assert {one.station for one in search} == {"aky"}
    assert list(scc.measurements.search("1999")) == []


def _replaced(emulator: Emulator, **changes: object) -> Behaviour:
    """Return the behaviour with changes."""
    return replace(emulator.behaviour, **changes)


def test_a_wrong_layer_is_named(emulator: Emulator, connect: Connect) -> None:
    """A wrong Basic pair and a wrong account are different errors."""
    account = emulator.account
    right = scckit.Credentials(account.http_user, account.http_password, account.username, account.password)

    with connect(credentials=evolve(right, http_password="no")) as scc, pytest.raises(WrongHTTPCredentials):
        scc.measurements.find(ID)
    with (
        connect(credentials=evolve(right, password="no")) as scc,
        pytest.raises(WrongAccount, match="Wrong username or password"),
    ):
        scc.measurements.find(ID)


def test_an_id_that_exists_is_not_uploaded_again(scc: scckit.Client, raw: Path) -> None:
    """The second upload of a file ends before it is sent."""
    scc.measurements.upload(raw, system=437)

    with pytest.raises(MeasurementExists, match=ID):
        scc.measurements.upload(raw, system=437)


def test_the_servers_reasons_reach_the_user(scc: scckit.Client, tmp_path: Path) -> None:
    """A file that the server rejects gives its own words; an unknown system is found before anything is sent."""
    bare = tmp_path / "bare.nc"
    write_raw(bare, measurement_id=ID, start=START, stop=STOP, leave_out=("Raw_Lidar_Data",))

    with pytest.raises(UploadRejected) as rejected:
        scc.measurements.upload(bare, system=437, check=False)
    with pytest.raises(UnknownSystem):
        scc.measurements.upload(bare, system=99999, check=False)

    assert rejected.value.reasons


def test_what_is_no_raw_file_is_refused_here(scc: scckit.Client, tmp_path: Path) -> None:
    """A text file and a netCDF file without Measurement_ID are refused without a request."""
    (tmp_path / "notes.nc").write_text("not netCDF", encoding="utf-8")
    write_raw(tmp_path / "other.nc", measurement_id=ID, start=START, stop=STOP, leave_out=("Measurement_ID",))

    with pytest.raises(InvalidRawFile, match="notes"):
        scc.measurements.upload(tmp_path / "notes.nc", system=437)
    with pytest.raises(InvalidRawFile, match="Measurement_ID"):
        scc.measurements.upload(tmp_path / "other.nc", system=437)


@pytest.mark.parametrize("face", ["404", "page", "empty_zip"])
def test_a_missing_product_is_one_error_whatever_it_looks_like(
    emulator: Emulator, scc: scckit.Client, tmp_path: Path, face: str
) -> None:
    """No calibration, no ELDEC: the error says so, and an older file of that name stays as it was."""
    emulator.behaviour = _replaced(emulator, missing_product=face)
    emulator.add_measurement(id=ID, system=437, start=START, stop=STOP, finished=False)
    older = tmp_path / ID / "elda" / "older.nc"
    older.parent.mkdir(parents=True)
    older.write_bytes(b"older")

    with pytest.raises((ProductNotAvailable, UnexpectedContent)) as caught:
        scc.products.download(ID, ["elda"], into=tmp_path)

    assert isinstance(caught.value, ProductNotAvailable)
    assert [path.name for path in (tmp_path / ID).rglob("*") if path.is_file()] == ["older.nc"]
    assert older.read_bytes() == b"older"
    with pytest.raises(MeasurementNotFound):
        scc.products.download("20010101aky0000", ["elda"], into=tmp_path)


@pytest.mark.parametrize("face", ["redirect", "form", "401"])
def test_an_expired_session_is_renewed(
    emulator: Emulator, scc: scckit.Client, raw: Path, tmp_path: Path, face: str
) -> None:
    """Search, look, upload, wait and download go on after the server has forgotten the session, however it shows."""
    emulator.behaviour = _replaced(emulator, no_session=face)

    scc.sign_in()
    emulator.end_sessions()
    scc.measurements.upload(raw, system=437)
    emulator.end_sessions()
    scc.measurements.wait(ID, interval=5)
    emulator.end_sessions()
    files = scc.products.download(ID, ["elda"], into=tmp_path)
    emulator.end_sessions()

    assert files
    assert [one.id for one in scc.measurements.search("2026-03-21")] == [ID]


def test_the_api_may_know_an_upload_late(emulator: Emulator, scc: scckit.Client, raw: Path) -> None:
    """404 for some seconds after an upload is waited through."""
    emulator.behaviour = _replaced(emulator, api_lag=20)

    assert scc.measurements.process(raw, system=437, interval=5).phase is scckit.Phase.FINISHED


def test_ancillary_files(scc: scckit.Client, tmp_path: Path) -> None:
    """A measurement waits for the sounding that its file names; with it, it is processed; a second time it is there already."""
    sounding = tmp_path / "rs_20260321aky.nc"
    write_sounding(sounding, start=START)
    for number in range(3):
        write_raw(
            tmp_path / f"{number}.nc",
            measurement_id=f"20260321aky000{number}",
            start=START,
            stop=STOP,
            sounding=sounding.name,
        )

    waiting = scc.measurements.upload(tmp_path / "0.nc", system=437)
    with pytest.raises(WaitTimeout, match="ancillary"):
        scc.measurements.wait(waiting.id, timeout=600)
    missing = scc.ancillary.find(sounding.name, "sounding")
    second = scc.measurements.upload(tmp_path / "1.nc", system=437, sounding=sounding)
    third = scc.measurements.upload(tmp_path / "2.nc", system=437, sounding=sounding)

    assert missing is not None
    assert missing.is_missing
    assert second.sent == (sounding.name,)
    assert [file.filename for file in third.already_there] == [sounding.name]
    assert scc.measurements.wait(waiting.id).phase is scckit.Phase.FINISHED
    assert scc.ancillary.find("nothing.nc", "overlap") is None


def test_modules_fail_by_themselves(emulator: Emulator, scc: scckit.Client, raw: Path, tmp_path: Path) -> None:
    """A failed ELDA ends the wait with its exit code, and leaves the products of the others to download."""
    emulator.behaviour = _replaced(emulator, failing_modules=("elda",))

    measurement = scc.measurements.process(raw, system=437, interval=5)
    files = scc.products.download(ID, into=tmp_path)

    assert measurement.modules["elda"].status is scckit.Status.FAILED
    assert measurement.modules["elda"].exit is not None
    assert measurement.modules["elda"].exit.exit_code > 0
    assert "elda" not in {file.kind for file in files}
    assert "elic" in {file.kind for file in files}


def test_replacing_deletes_right_before_the_upload(scc: scckit.Client, raw: Path) -> None:
    """With ``replace`` the older measurement goes and the new one is there; an unknown system leaves the older one."""
    scc.measurements.process(raw, system=437, interval=5)

    with pytest.raises(UnknownSystem):
        scc.measurements.upload(raw, system=99999, replace=True)
    assert scc.measurements.get(ID).phase is scckit.Phase.FINISHED
    scc.measurements.upload(raw, system=438, replace=True)

    assert scc.measurements.get(ID).system == 438
    assert (
        scc.measurements.get(ID).phase is scckit.Phase.QUEUED
        or scc.measurements.get(ID).phase is scckit.Phase.PROCESSING
    )


@pytest.mark.parametrize("face", ["404", "redirect"])
def test_deleting_what_is_not_there(emulator: Emulator, scc: scckit.Client, face: str) -> None:
    """404, or a redirect with a warning: an unknown ID is one, or the server's own words say so."""
    emulator.behaviour = _replaced(emulator, delete_unknown=face)

    with pytest.raises(RequestRefused):
        scc.measurements.delete("20010101aky0000")


def test_rerun_delete_and_what_is_left(emulator: Emulator, scc: scckit.Client) -> None:
    """A rerun runs, a delete deletes, and the rest of the day is as it was."""
    for number in range(3):
        emulator.add_measurement(id=f"20260321aky200{number}", system=437, start=START, stop=STOP)

    for what in ("all", "elpp", "elda"):
        scc.measurements.rerun("20260321aky2000", what)
        assert scc.measurements.get("20260321aky2000").phase is not scckit.Phase.FINISHED
        assert scc.measurements.wait("20260321aky2000", interval=5).phase is scckit.Phase.FINISHED
    scc.measurements.delete("20260321aky2001")

    assert scc.measurements.find("20260321aky2001") is None
    assert sorted(one.id for one in scc.measurements.list(startswith="20260321aky")) == [
        "20260321aky2000",
        "20260321aky2002",
    ]
    assert [one.id for one in scc.measurements.list("20260321aky2002")] == ["20260321aky2002"]
    assert scc.measurements.free_id("2026-03-21", "aky") == "20260321aky0000"


def test_a_session_that_ends_in_the_middle_of_a_search(emulator: Emulator, scc: scckit.Client) -> None:
    """Between two pages the server forgets the session: the search goes on, and gives each measurement once."""
    emulator.behaviour = _replaced(emulator, page_size=2)
    for number in range(5):
        emulator.add_measurement(id=f"20260321aky200{number}", system=437, start=START, stop=STOP)

    found = []
    for measurement in scc.measurements.search("2026-03-21"):
        found.append(measurement.id)
        emulator.end_sessions()

    assert sorted(found) == [f"20260321aky200{number}" for number in range(5)]


def test_lidar_constants_and_systems(scc: scckit.Client) -> None:
    """Constants are numbers with times, within the span that was asked for; a system has its channels."""
    constants = list(scc.constants.search("2022"))
    system = scc.systems.export(437)

    assert constants
    assert all(isinstance(one.lidar_constant, float) and one.profile_start.year == 2022 for one in constants)
    assert system.station == "aky"
    assert {channel.emission_wavelength for channel in system.channels} == {355.0, 532.0, 1064.0}
    with pytest.raises(SystemNotFound):
        scc.systems.export(99999)


def test_threads_share_one_client(emulator: Emulator, scc: scckit.Client, tmp_path: Path) -> None:
    """Eight threads upload, look and delete at once through one client; no cookie or token gets into another's way."""
    paths = [
        write_raw(
            tmp_path / f"{number}.nc",
            measurement_id=f"20260321aky200{number}",
            start=START,
            stop=STOP,
            points=20,
            profiles=1,
        )
        for number in range(8)
    ]

    def work(number: int) -> bool:
        identity = scc.measurements.upload(paths[number], system=437).id
        if number == 3:
            emulator.end_sessions()  # under everyone's feet
        assert scc.measurements.get(identity).id == identity
        scc.measurements.delete(identity)
        return scc.measurements.find(identity) is None

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(work, range(8))) == [True] * 8
