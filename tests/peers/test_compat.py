"""``scckit_compat.scc_access`` in the place of the package whose API it is: the same tests, and its command line, unmodified.

The first half runs tests of that package on ours. The second half runs the commands of pollyxt_pipelines as processes, once
with its own package and once with ours in its place, each on a fresh emulator, and compares what they print and write.
Where theirs is wrong, the case is named.
"""

from __future__ import annotations

import csv
import io
import itertools
import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from scckit_emulator.synthetic import write_raw, write_sounding

from .served import DONE, FAILED, ID, NOT_RUN, START, STOP, YEAR, Server, serving
from .test_pollyxt_pipelines import (
    DOWNLOADS,
    PAGES,
    WELL,
    credentials,
    location,
    pointed_at,
    test_ancillary_files,
    test_calibration,
    test_download_of_nothing,
    test_download_of_one_product,
    test_lidar_constants,
    test_lidar_constants_of_a_station,
    test_missing_sounding,
    test_whole_way,
    test_wrong_account,
)

# pytest runs these here too, with the fixtures of this file.
__all__ = [
    "test_ancillary_files",
    "test_calibration",
    "test_download_of_nothing",
    "test_download_of_one_product",
    "test_lidar_constants",
    "test_lidar_constants_of_a_station",
    "test_missing_sounding",
    "test_whole_way",
    "test_wrong_account",
]

pytestmark = [pytest.mark.peer, pytest.mark.filterwarnings("ignore")]


@pytest.fixture(scope="module")
def peer() -> Any:
    """Our package, with the configuration class that the other one shows."""
    ours = pytest.importorskip("scckit_compat.scc_access", reason="scckit-compat is not installed")
    config = pytest.importorskip(
        "pollyxt_pipelines.config", reason="pollyxt_pipelines is not installed", exc_type=ImportError
    )
    from scckit_compat.scc_access import types

    return SimpleNamespace(**{**vars(ours), "types": types, "Config": config.Config})


@pytest.fixture(scope="module", autouse=True)
def _pointed(peer: Any, server: Server) -> Iterator[None]:
    with pointed_at(peer, server):
        yield


@pytest.fixture
def scc(peer: Any, server: Server) -> Iterator[Any]:
    """Our class, signed in."""
    with peer.scc_session(credentials(peer, server)) as scc:
        yield scc


# -- what is better ----------------------------------------------------------------------------------------------------


def test_no_page_becomes_a_zip(scc: Any, server: Server, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Where there is no product nothing is written, it is said which and why, and the others come."""
    measurement_id = server.seeded(elpp=FAILED, hirelpp=DONE)
    files = list(scc.download_products(measurement_id, tmp_path))

    assert tmp_path / f"optical_{measurement_id}.zip" not in files
    assert sorted(tmp_path.iterdir()) == sorted(files)
    assert all(zipfile.is_zipfile(file) for file in files)
    assert f"optical_{measurement_id}.zip" in capfd.readouterr().out


def test_every_page_tells_how_many_there_are(scc: Any, server: Server) -> None:
    """The last page too; pages in order cost one request each, and one out of order is the same page."""
    pages, first = scc.query_measurements(*YEAR, None)
    _, second = scc.query_measurements(*YEAR, None, page=2)
    last = scc.query_measurements(*YEAR, None, page=PAGES)
    expected = server.measurements(start__lt=YEAR[1].replace(tzinfo=None), start__gte=YEAR[0].replace(tzinfo=None))

    assert pages == last[0] == PAGES
    assert {row.id for row in first + second + last[1]} == set(expected)
    assert scc.query_measurements(*YEAR, None, page=2) == (PAGES, second)
    assert scc.query_measurements(*YEAR, None, page=9) == (PAGES, [])


def test_a_boolean_is_one(scc: Any) -> None:
    """A row that does not run is not true."""
    assert {row.is_processing for row in scc.query_measurements(*YEAR, None)[1]} == {False}


def test_stations_that_nobody_listed(scc: Any, peer: Any) -> None:
    """Each has its code as name, and a line of CSV."""
    rows = scc.query_measurements(*YEAR, None)[1]
    stranger = next(row for row in rows if row.station_code == "pot")
    known = next(row for row in rows if row.station_code == "aky")

    assert stranger.to_csv().startswith(f"{stranger.id},{stranger.location.name},pot,")
    assert known.to_csv().startswith(f"{known.id},{location(peer, 'aky').name},aky,")


def test_what_the_server_refuses(scc: Any, peer: Any, server: Server, make_raw: Callable[..., Path]) -> None:
    """Its words are in the error; an unknown system is told with those that there are."""
    known = server.seeded(**WELL)
    with pytest.raises(peer.exceptions.SCCError, match=f"{known} already exists"):
        scc.upload_file(make_raw(known), "438")
    with pytest.raises(peer.exceptions.SCCError, match=r"Error: .* missing: Laser_Shots"):
        scc.upload_file(make_raw("20210307aky2000", leave_out=["Laser_Shots"]), "438")
    with pytest.raises(peer.exceptions.SCCError, match="no system 99999; it offers"):
        scc.upload_file(make_raw("20210307aky2000"), "99999")
    with pytest.raises(FileNotFoundError):
        scc.upload_file(Path("none.nc"), "438")
    assert server.measurement("20210307aky2000") is None


def test_signing_out_signs_out(scc: Any, peer: Any, server: Server) -> None:
    """Afterwards the old session is no good, and what is asked next signs in again by itself."""
    import scckit
    from scckit.session.session import Session

    session: Session = scc.client._session
    scc.get_measurement(ID)
    assert session.is_signed_in
    cookies = session._jar.copied()
    scc.logout()
    assert not session.is_signed_in
    session._jar = type(session._jar)(cookies)
    session._signed_in = session._borrowed = True
    with pytest.raises(peer.exceptions.UnexpectedResponse) as error:
        scc.get_measurement(ID)
    assert isinstance(error.value.__cause__, scckit.errors.NotSignedIn)


def test_nothing_is_done_unasked(peer: Any, server: Server, make_raw: Callable[..., Path], tmp_path: Path) -> None:
    """Without ``login`` each call signs in by itself, where theirs saves the page to sign in as archives."""
    scc = peer.SCC(credentials(peer, server))
    measurement_id = server.seeded(**WELL)

    assert all(zipfile.is_zipfile(file) for file in scc.download_products(measurement_id, tmp_path))
    scc.upload_file(make_raw("20210307aky2100"), "438")
    assert server.measurement("20210307aky2100") is not None
    scc.close()


def test_a_newer_server(peer: Any, tmp_path: Path) -> None:
    """Pages that count from 1 and messages that cannot be read mislead nobody."""
    options = ("--generation", "current", "--speed", "0", "--seed-measurements", "250")
    with serving(tmp_path, *options) as server, pointed_at(peer, server):
        finished = server.seeded(**WELL)
        with peer.scc_session(credentials(peer, server)) as scc:
            pages, rows = scc.query_measurements(*YEAR, None)
            for page in range(2, pages + 1):
                rows += scc.query_measurements(*YEAR, None, page=page)[1]
            scc.rerun_processing(finished)
        restarted = server.measurement(finished)

    assert len({row.id for row in rows}) == 250
    assert restarted is not None
    assert restarted["is_queued"]


# -- their commands ----------------------------------------------------------------------------------------------------

RUNNER = """
import sys
package, base_url, *words = sys.argv[1:]
if package == "ours":
    from importlib.util import find_spec
    from pathlib import Path
    import scckit_compat.scc_access as here
    from scckit_compat.scc_access import constants, exceptions, types
    theirs = Path(find_spec("pollyxt_pipelines").origin).parent / "scc_access"
    here.__path__ = [*here.__path__, str(theirs)]  # for their commands, which ours does not have
    for name, module in {"": here, ".constants": constants, ".exceptions": exceptions, ".types": types}.items():
        sys.modules["pollyxt_pipelines.scc_access" + name] = module
import pollyxt_pipelines
from pollyxt_pipelines.scc_access import SCC, commands, constants
assert (SCC.__module__ == "scckit_compat.scc_access") == (package == "ours"), SCC.__module__
assert "pollyxt_pipelines" in commands.__file__
real = constants.BASE_URL
for name, value in list(vars(constants).items()):
    if isinstance(value, str) and value.startswith(real):
        setattr(constants, name, base_url + value.removeprefix(real))
sys.argv = ["pollyxt_pipelines", *words]
pollyxt_pipelines.main()
"""


@dataclass(frozen=True)
class Ran:
    """What a command printed, the files that it left, by name, and what the server holds afterwards, by ID."""

    status: int
    out: list[str]
    files: dict[str, bytes]
    known: dict[str, dict[str, Any]]


Prepare = Callable[[Path, Server], Sequence[str]]
Both = Callable[[Prepare], tuple[Ran, Ran]]


def ran(package: str, folder: Path, prepare: Prepare) -> Ran:
    """Run a command of pollyxt_pipelines on a fresh emulator.

    Args:
        package: ``theirs`` or ``ours``.
        folder: An empty folder.
        prepare: Gets the folder for files and the server, and returns the words of the command line.
    """
    work, home = folder / "work", folder / "home"
    (home / ".config" / "pollyxt_pipelines").mkdir(parents=True)
    work.mkdir()
    options = ("--generation", "legacy", "--speed", "0", "--seed-measurements", "110")
    with serving(folder, *options) as server:
        (home / ".config" / "pollyxt_pipelines" / "pollyxt_pipelines.ini").write_text(
            f"[http]\nusername = {server.http_user}\npassword = {server.http_password}\n"
            f"[auth]\nusername = {server.username}\npassword = {server.password}\n",
            encoding="utf-8",
        )
        words = prepare(work, server)
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", RUNNER, package, server.base_url, *words],
            cwd=work,
            env={**os.environ, "HOME": str(home), "COLUMNS": "250", "NO_PROXY": "127.0.0.1", "PYTHONUTF8": "1"},
            capture_output=True,
            encoding="utf-8",
            timeout=120,
            check=False,
        )
        known = server.measurements()
    for secret in (server.password, server.http_password):
        assert secret not in done.stdout + done.stderr
    files = {path.name: path.read_bytes() for path in work.rglob("*") if path.is_file()}
    return Ran(done.returncode, _lines(done.stdout, work), files, known)


def _lines(text: str, work: Path) -> list[str]:
    """Return what is said: without colours, bars, clocks, the lines of their code and the folder of the test."""
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text).replace(str(work), "WORK")
    kept = []
    for line in re.split(r"[\r\n]+", plain):
        words = re.sub(r"^\[\d\d:\d\d:\d\d\]", "", line)
        words = re.sub(r"\s+commands\.py:\d+\s*$", "", words).strip()
        if words and "━" not in words and "%" not in words:
            kept.append(words)
    return kept


def archives(ran: Ran) -> dict[str, list[str]]:
    """Return the members of all archives; what is no archive has none."""
    found = {}
    for name, content in ran.files.items():
        if name.endswith(".zip"):
            is_zip = zipfile.is_zipfile(io.BytesIO(content))
            found[name] = sorted(zipfile.ZipFile(io.BytesIO(content)).namelist()) if is_zip else []
    return found


def table(ran: Ran, name: str) -> list[list[str]]:
    """Return the rows of a CSV file that was written."""
    return list(csv.reader(io.StringIO(ran.files[name].decode())))


@pytest.fixture
def both(tmp_path: Path) -> Both:
    """Run a command with their package, and with ours."""

    def run(prepare: Prepare) -> tuple[Ran, Ran]:
        return ran("theirs", tmp_path / "theirs", prepare), ran("ours", tmp_path / "ours", prepare)

    return run


@pytest.mark.parametrize("detailed", [False, True], ids=["", "detailed status"])
def test_their_search(both: Both, detailed: bool) -> None:
    """The same table and the same CSV, although a row that is not being processed is false in ours and true in theirs."""
    words = ["scc-search", "2022-01-01", "2023-01-01", "--location", "Antikythera", "--to-csv", "rows.csv"]
    theirs, ours = both(lambda *_: [*words, *(["--detailed-status"] if detailed else [])])

    assert table(ours, "rows.csv") == table(theirs, "rows.csv")
    assert len(table(ours, "rows.csv")) > 2
    assert ours.out == theirs.out
    assert (ours.status, theirs.status) == (0, 0)


def test_their_search_of_all_stations(both: Both) -> None:
    """Better: theirs ends in a traceback at the first station that its list does not have, ours shows all pages of it."""
    theirs, ours = both(lambda *_: ["scc-search", "2022-01-01", "2023-01-01", "--to-csv", "rows.csv"])

    assert theirs.status == 1
    assert "rows.csv" not in theirs.files
    assert ours.status == 0
    assert {row[0] for row in table(ours, "rows.csv")[1:]} == set(ours.known)
    assert all(any(measurement_id in line for line in ours.out) for measurement_id in ours.known)


def test_their_search_without_a_result(both: Both) -> None:
    """The same words."""
    theirs, ours = both(lambda *_: ["scc-search", "2001-01-01", "2001-01-02", "--location", "Antikythera"])

    assert ours.out == theirs.out == ["No measurements found!"]


def test_their_search_and_download(both: Both) -> None:
    """The same archives of the same measurements, with the same names, and the same words about each.

    Better: where there is no product they save the page that says so as a zip and count it; ours has no such file, and says
    so in a line of its own.
    """

    def prepare(_: Path, server: Server) -> list[str]:
        found = server.measurements(start__lt=YEAR[1].replace(tzinfo=None), start__gte=YEAR[0].replace(tzinfo=None))
        rows = sorted((one["start"][:10], one["elpp"]) for one in found.values() if "aky" in one["id"])
        pairs = itertools.pairwise(rows)
        begin, end = next((first[0], last[0]) for first, last in pairs if {first[1], last[1]} == {DONE, FAILED})
        span = [begin, f"{date.fromisoformat(end) + timedelta(days=1)}"]
        return ["scc-search-download", *span, "products", "--location", "Antikythera", "--no-hirelpp"]

    theirs, ours = both(prepare)
    pages = {name for name, members in archives(theirs).items() if not members}

    assert pages
    assert archives(ours)
    assert archives(ours) == {name: members for name, members in archives(theirs).items() if members}
    assert _about_files(ours) == [line for line in _about_files(theirs) if line.rpartition("/")[2] not in pages]
    assert _failed(ours) == pages
    assert theirs.out[0] == ours.out[0]
    assert theirs.out[0].startswith("Found")
    assert (theirs.out[-1], ours.out[-1]) == (
        f"Downloaded {len(archives(theirs))} files!",
        f"Downloaded {len(archives(ours))} files!",
    )


def _about_files(ran: Ran) -> list[str]:
    return [line for line in ran.out if line.startswith("Downloaded") and line.endswith(".zip")]


def _failed(ran: Ran) -> set[str]:
    found = (re.match(r"Error while downloading (\S+) from SCC: \S", line) for line in ran.out)
    return {match[1] for match in found if match}


@pytest.mark.parametrize("listed", [False, True], ids=["by ID", "by a list"])
def test_their_download(both: Both, listed: bool) -> None:
    """The same archives of measurements, and the same words about them."""

    def prepare(work: Path, server: Server) -> list[str]:
        measurement_id = server.seeded(**WELL)
        if not listed:
            return ["scc-download", "products", "--id", measurement_id]
        (work / "list.csv").write_text(f"Filename,id,Products_Downloaded\nx.nc,{measurement_id},False\n")
        return ["scc-download", "products", "list.csv"]

    theirs, ours = both(prepare)

    assert archives(ours) == archives(theirs)
    assert len(archives(ours)) == len(DOWNLOADS)
    assert ours.files.keys() == theirs.files.keys()
    assert ours.out == theirs.out
    assert len(_about_files(ours)) == len(DOWNLOADS)


def test_their_download_of_what_is_not_there(both: Both) -> None:
    """Better: a product that there is not is a page named ``.zip`` in theirs, and a line that says why in ours."""
    theirs, ours = both(
        lambda _, server: ["scc-download", "products", "--id", server.seeded(elpp=FAILED, hirelpp=DONE)]
    )
    pages = {name for name, members in archives(theirs).items() if not members}

    assert any(page.startswith("optical_") for page in pages)
    assert archives(ours) == {name: members for name, members in archives(theirs).items() if members}
    assert _failed(ours) == pages
    assert _about_files(ours) == [line for line in _about_files(theirs) if line.rpartition("/")[2] not in pages]
    assert len(ours.out) == len(theirs.out)


def test_their_upload(both: Both) -> None:
    """The same words, the same list of what was sent, and the same measurements are there.

    One file goes, with its sounding; one is refused by the server; one names a sounding that is not in the folder.
    """

    def prepare(work: Path, server: Server) -> list[str]:
        options: dict[str, dict[str, Any]] = {
            "20210307aky0930": {},
            "20210307aky1230": {"leave_out": ["Laser_Shots"]},
            "20210307aky1530": {"sounding": "rs_none.nc"},
            "20210307aky1730": {},
        }
        write_sounding(work / "rs_20210307aky09.nc", start=START)
        for name, changes in options.items():
            given = {"sounding": "rs_20210307aky09.nc", "points": 200, "profiles": 2, **changes}
            attributes = {"X_PollyXTPipelines_Configuration_ID": 438}
            write_raw(work / f"{name}.nc", measurement_id=name, start=START, stop=STOP, attributes=attributes, **given)
        return ["scc-upload", str(work), "list.csv"]

    theirs, ours = both(prepare)

    def listed(ran: Ran) -> list[tuple[str, ...]]:
        names, *rows = table(ran, "list.csv")
        return [tuple(names), *sorted((Path(row[0]).name, *row[1:]) for row in rows)]

    new = {"20210307aky0930", "20210307aky1730"}
    assert listed(ours) == listed(theirs)
    assert {row[1] for row in listed(ours)[1:]} == new
    assert {name for name in ours.known if name.startswith("20210307")} == new
    assert ours.known.keys() == theirs.known.keys()
    assert ours.out == theirs.out
    assert any("1230.nc: Error: " in line and "missing: Laser_Shots" in line for line in ours.out)
    assert "Radiosonde file rs_20210307aky09.nc already exists on SCC." in ours.out


def test_their_rerun(both: Both) -> None:
    """The same words for one that is there, and it is queued.

    Better: of one that is not there they say that it was restarted, since the server's list shows no error; ours says no.
    """
    asked = []

    def prepare(_: Path, server: Server) -> list[str]:
        asked.append(server.seeded(**WELL))
        return ["scc-rerun", asked[-1], "20010101aky0000"]

    theirs, ours = both(prepare)
    there = asked[0]

    assert asked == [there, there]
    assert ours.known[there]["is_queued"]
    assert theirs.known[there]["is_queued"]
    assert [line for line in ours.out if there in line] == [line for line in theirs.out if there in line]
    assert f"Re-running {there}" in ours.out
    assert "Re-running 20010101aky0000" in theirs.out
    assert "-> Could not make request: 20010101aky0000" in ours.out
    said = "MeasurementNotFound: Measurement with ID 20010101aky0000 does not exist in the SCC database"
    assert said in ours.out


def test_their_delete(both: Both) -> None:
    """The same words, for what was deleted and for what is not there; and the same one is gone."""
    asked = []

    def prepare(_: Path, server: Server) -> list[str]:
        asked.append(server.seeded(eldec=NOT_RUN))
        return ["scc-delete", asked[-1], "20010101aky0000"]

    theirs, ours = both(prepare)

    assert ours.out == theirs.out
    assert f"Deleted {asked[0]}" in ours.out
    assert "-> Could not delete: 20010101aky0000" in ours.out
    assert ours.known.keys() == theirs.known.keys()
    assert asked[1] not in ours.known
    assert len(ours.known) == 109


@pytest.mark.parametrize("station", [None, "Antikythera"])
def test_their_lidar_constants(both: Both, station: str | None) -> None:
    """The same table, letter for letter."""
    words = ["scc-lidar-constants", "2022-01-01", "2023-01-01", "constants.csv"]
    theirs, ours = both(lambda *_: [*words, *(["--location", station] if station else [])])

    assert ours.files["constants.csv"] == theirs.files["constants.csv"]
    assert len(table(ours, "constants.csv")) > (5 if station else 50)
    assert ours.out == theirs.out
