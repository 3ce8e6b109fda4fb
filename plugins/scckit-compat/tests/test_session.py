"""The class of the published API on the emulator, over a socket as its users have it."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from scckit.errors import UnexpectedContent
from scckit.plugins import AtomicFile
from scckit_compat.scc_access import SCC, SCC_Credentials, constants, exceptions, scc_session
from scckit_compat.scc_access._operations import AncillaryObject, require_zip
from scckit_emulator import Emulator, Fault
from scckit_emulator.synthetic import write_raw

BEGIN = datetime(2026, 3, 21, 0, tzinfo=UTC)
ID = "20260321aky0000"


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    """Serve an emulator; addresses lead to it."""
    with Emulator(speed=0) as emulator, emulator.serve() as base_url, pytest.MonkeyPatch.context() as patch:
        patch.setattr(constants, "BASE_URL", base_url)
        yield emulator


def credentials(emulator: Emulator, **changes: str) -> SCC_Credentials:
    """Return those of the account, with changes."""
    account = emulator.account
    given = {"http": account.http_password, "auth": account.password, **changes}
    return SCC_Credentials(
        {
            "http": {"username": account.http_user, "password": given["http"]},
            "auth": {"username": account.username, "password": given["auth"]},
        }
    )


@pytest.fixture
def scc(emulator: Emulator) -> Iterator[SCC]:
    """Give a session on a server with one measurement."""
    emulator.reset()
    emulator.faults.clear()
    emulator.add_measurement(ID, system=437, start=BEGIN, stop=BEGIN + timedelta(hours=1))
    emulator.add_lidar_constants(ID)
    with scc_session(credentials(emulator)) as scc:
        yield scc


def test_every_method(scc: SCC, emulator: Emulator, tmp_path: Path) -> None:
    """Search, look, upload, download, restart, delete, constants: as published."""
    pages, rows = scc.query_measurements(date(2026, 3, 21), date(2026, 3, 22), None)
    assert (pages, [row.id for row in rows]) == (1, [ID])
    assert scc.get_lidar_consants(date(2026, 3, 21), date(2026, 3, 22), None) == scc.get_lidar_constants(
        date(2026, 3, 21), date(2026, 3, 22), None
    )
    raw = write_raw(
        tmp_path / "20260321aky0500.nc", measurement_id="20260321aky0500", start=BEGIN, stop=BEGIN + timedelta(hours=1)
    )
    assert scc.upload_file(raw, "437") is None
    found = scc.get_measurement("20260321aky0500")
    assert found is not None
    assert found.date_start == datetime(2026, 3, 21)  # noqa: DTZ001 - as published
    files = list(scc.download_products(ID, tmp_path))
    assert [path.name for path in files] == [
        f"{name}_{ID}.zip" for name in ("hirelpp", "cloudmask", "preprocessed", "optical", "elic")
    ]
    scc.download_file(constants.download_optical_pattern.format(ID), tmp_path / "again.zip")
    assert (tmp_path / "again.zip").stat().st_size == (tmp_path / f"optical_{ID}.zip").stat().st_size
    assert scc.get_anchillary("none.nc", "sounding") is scc.get_ancillary("none.nc", "overlap") is None
    scc.rerun_processing(ID)
    scc.delete_measurement("20260321aky0500")
    assert scc.get_measurement("20260321aky0500") is None


def test_every_exception(scc: SCC, emulator: Emulator, tmp_path: Path) -> None:
    """Each of scckit's errors is the published one, with ours as its cause."""
    for change, kind in (("auth", exceptions.WrongCredentialsException), ("http", exceptions.PageNotAccessible)):
        with pytest.raises(kind) as error, scc_session(credentials(emulator, **{change: "wrong-secret"})):
            pytest.fail("the session began")
        assert error.value.__cause__ is not None
        assert "wrong-secret" not in str(error.value)
    for act in (scc.delete_measurement, scc.rerun_processing):
        for identity in ("20010101aky0000", "nonsense"):
            with pytest.raises(exceptions.MeasurementNotFound, match=identity):
                act(identity)
    with pytest.raises(exceptions.UnexpectedResponse, match="there is no file"):
        scc.download_file(constants.download_elic_pattern.format("20010101aky0000"), tmp_path / "x.zip")
    with pytest.raises(exceptions.UnexpectedResponse, match="a page"):
        scc.download_file(constants.list_measurements_url, tmp_path / "x.zip")
    (tmp_path / "file").touch()
    with pytest.raises(exceptions.UnexpectedResponse, match="a file is where a folder is needed"):
        scc.download_file(constants.download_elic_pattern.format(ID), tmp_path / "file" / "x.zip")
    (tmp_path / "file").unlink()
    with pytest.raises(ValueError, match="At least one"):
        next(scc.download_products(ID, tmp_path, False, False, False, False, False))
    emulator.faults.add(Fault.status(403), path="api/v1/", times=None)
    with pytest.raises(exceptions.UnexpectedResponse, match="403"):
        scc.get_measurement(ID)
    emulator.faults.clear()
    assert list(tmp_path.iterdir()) == []


def test_what_is_refused_before_it_is_sent(scc: SCC, tmp_path: Path) -> None:
    """A system that is no number, a folder in place of a file, a file that is not there, a page before the first."""
    raw = write_raw(tmp_path / "x.nc", measurement_id=ID, start=BEGIN, stop=BEGIN + timedelta(hours=1))
    for system in ("mine", "", None, "0"):
        with pytest.raises(exceptions.SCCError, match=r"system.* number"):
            scc.upload_file(raw, system)  # type: ignore[arg-type] - that is the test
    with pytest.raises(exceptions.SCCError, match="folder"):
        scc.upload_file(tmp_path, "437")
    with pytest.raises(FileNotFoundError, match=r"No such file .*none\.nc"):
        scc.upload_file(raw, "437", rs_filename=tmp_path / "none.nc")
    with pytest.raises(ValueError, match="Page numbers start at 1!"):
        scc.query_measurements(date(2026, 3, 21), date(2026, 3, 22), None, page=0)
    with pytest.raises(ValueError, match="sounding, overlap, lidarratio"):
        scc.get_ancillary("x.nc", "lidar_ratio")


def test_credentials_go_to_one_server_only(scc: SCC, tmp_path: Path) -> None:
    """An address elsewhere is refused, and says so; what is no address too."""
    for url in ("https://example.org/x.zip", "http://[::1", "//example.org/x"):
        with pytest.raises(exceptions.UnexpectedResponse, match=r"another server|an address that is none"):
            scc.download_file(url, tmp_path / "x.zip")
    assert list(tmp_path.iterdir()) == []


def test_each_verb_tells_of_wrong_credentials(emulator: Emulator, tmp_path: Path) -> None:
    """Without ``login`` too, and once: not for each of five archives."""
    for change, kind in (("auth", exceptions.WrongCredentialsException), ("http", exceptions.PageNotAccessible)):
        scc = SCC(credentials(emulator, **{change: "wrong-secret"}))

        def download(measurement_id: str, scc: SCC = scc) -> Path:
            return next(scc.download_products(measurement_id, tmp_path))

        for act in (scc.get_measurement, scc.delete_measurement, download):
            with pytest.raises(kind) as error:
                act(ID)
            assert "wrong-secret" not in str(error.value)
        scc.close()
    assert list(tmp_path.iterdir()) == []


def test_the_server_is_where_its_addresses_lead(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program that sets the addresses one by one, as it had to, reaches the same server as before, and no other."""
    addresses = {name: value for name, value in vars(constants).items() if str(value).startswith("http")}
    monkeypatch.setattr(constants, "BASE_URL", "https://scc.imaa.cnr.it/")
    for name, value in addresses.items():
        if name != "BASE_URL":
            monkeypatch.setattr(constants, name, value)
    with scc_session(credentials(emulator)) as scc:
        assert scc.client.base_url == emulator.base_url
        assert scc.query_measurements(date(2001, 1, 1), date(2001, 1, 2), None) == (1, [])


def test_the_ancillary_file_of_that_name() -> None:
    """Not the first of all, where the API does not filter; and one that is there before one that is missing."""
    names = (("other.nc", "ok"), ("x.nc", "missing"), ("x.nc", "ok"))
    answer = {
        "objects": [{"id": number, "filename": name, "status": status} for number, (name, status) in enumerate(names)]
    }

    class Session:
        def json(self, _: object) -> Generator[Any, Any, tuple[None, object]]:
            yield from ()
            return None, answer

    def found(name: str) -> object:
        with pytest.raises(StopIteration) as stop:
            next(AncillaryObject("api/", name).flow(Session()))
        return stop.value.value

    assert found("x.nc") == answer["objects"][2]
    assert found("none.nc") is None


def test_names_are_quoted(scc: SCC, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name is asked for as a whole, whatever is in it."""
    asked: list[Any] = []
    monkeypatch.setattr(scc.client, "run", asked.append)
    scc.get_ancillary("a&b#c+d/e.nc", "overlap")
    scc.get_measurement("../x?")
    monkeypatch.undo()
    ends = ("overlap_files/?filename=a%26b%23c%2Bd%2Fe.nc", "measurements/..%2Fx%3F/")
    assert [one.url.partition("api/v1/")[2] for one in asked] == list(ends)


def test_there_is_no_requests_session(scc: SCC) -> None:
    """Who asks for it is told what there is."""
    assert not hasattr(scc, "session")
    with pytest.raises(AttributeError, match="`client`"):
        _ = scc.session
    assert scc.client.measurements.get(ID).id == ID


def test_a_row_that_cannot_be_read(scc: SCC, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is the published error, not one of whoever reads it."""

    def unreadable(_: object) -> Any:
        msg = "the row has no cell 'start'"
        raise ValueError(msg)

    monkeypatch.setattr("scckit_compat.scc_access.types.Measurement.from_table_row", unreadable)
    with pytest.raises(exceptions.UnexpectedResponse, match="has no cell 'start'"):
        scc.query_measurements(date(2026, 3, 21), date(2026, 3, 22), None)


@pytest.mark.parametrize(
    "content", [b"", b"<html>", b"PK\x05\x06" + bytes(18)], ids=["nothing", "page", "empty archive"]
)
def test_only_an_archive_becomes_a_zip(tmp_path: Path, content: bytes) -> None:
    """What is none, or holds nothing, gets no name and leaves nothing; an older file stays."""
    target = tmp_path / "x.zip"
    target.write_bytes(b"old")
    sink = AtomicFile(target, check=require_zip)
    sink.begin()
    sink.write(content)
    with pytest.raises(UnexpectedContent, match="nothing was written"):
        sink.commit()
    assert (list(tmp_path.iterdir()), target.read_bytes()) == ([target], b"old")


@pytest.mark.parametrize("fault", ["truncated", "corrupt", "html", "lost"])
def test_what_is_no_archive_is_not_saved(
    scc: SCC, emulator: Emulator, tmp_path: Path, capsys: pytest.CaptureFixture[str], fault: str
) -> None:
    """It is said which archive and why; an older file of that name stays; the others come."""
    old = tmp_path / f"elic_{ID}.zip"
    old.write_bytes(b"old")
    made = Fault.truncate() if fault == "lost" else Fault.archive(fault)  # type: ignore[arg-type]
    emulator.faults.add(made, path="/download-elic/", times=None)

    files = list(scc.download_products(ID, tmp_path, hirelpp=False, cloudmask=False, elpp=False))
    emulator.faults.clear()

    assert [path.name for path in files] == [f"optical_{ID}.zip"]
    assert old.read_bytes() == b"old"
    assert sorted(tmp_path.iterdir()) == [old, *files]
    assert f"Error while downloading elic_{ID}.zip" in capsys.readouterr().out
