"""The SCC client of pollyxt_pipelines, unmodified, drives the emulator (scc-interface.md 11.2).

It keeps its addresses as texts in `constants`; they are the only thing that is changed.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from scckit_emulator.synthetic import write_sounding

from .served import DONE, FAILED, ID, MODULES, NOT_RUN, RUNNING, SEEDED, START, YEAR, Server, members, serving

pytestmark = [
    pytest.mark.peer,
    # The other client leaves files open, and it and its libraries use what is deprecated.
    pytest.mark.filterwarnings("ignore"),
]

#: Flag of `download_products`, beginning of the file's name, end of the names inside.
DOWNLOADS = {
    "hirelpp": ("hirelpp", "hirelpp"),
    "cloudmask": ("cloudmask", "cloudscreen"),
    "elpp": ("preprocessed", "elpp"),
    "optical": ("optical", "elda"),
    "elic": ("elic", "elic"),
}
#: Statuses of a measurement that is no calibration and went well.
WELL = dict.fromkeys(MODULES, DONE) | {"eldec": NOT_RUN}
PAGES = 3


@contextmanager
def pointed_at(peer: Any, server: Server) -> Iterator[None]:
    """Every address of the client leads to this server while the block runs."""
    real = peer.constants.BASE_URL
    with pytest.MonkeyPatch.context() as patch:
        for name, value in list(vars(peer.constants).items()):
            if isinstance(value, str) and value.startswith(real):
                patch.setattr(peer.constants, name, server.base_url + value.removeprefix(real))
        yield


def credentials(peer: Any, server: Server, **changes: str) -> Any:
    """Credentials as the client reads them from its configuration."""
    values = {
        "http_user": server.http_user,
        "http_password": server.http_password,
        "username": server.username,
        "password": server.password,
    } | changes
    config = peer.Config()
    config["http"] = {"username": values["http_user"], "password": values["http_password"]}
    config["auth"] = {"username": values["username"], "password": values["password"]}
    return peer.SCC_Credentials(config)


def location(peer: Any, code: str) -> Any:
    """A station as the client knows it."""
    found = peer.types.get_location_by_scc_code(code)
    assert found is not None
    return found


@pytest.fixture(scope="module")
def peer() -> Any:
    """The package of the other client."""
    return pytest.importorskip(
        "pollyxt_pipelines.scc_access", reason="pollyxt_pipelines is not installed", exc_type=ImportError
    )


@pytest.fixture(scope="module", autouse=True)
def _pointed(peer: Any, server: Server) -> Iterator[None]:
    """The client knows no other address than that of the emulator."""
    with pointed_at(peer, server):
        yield


@pytest.fixture
def scc(peer: Any, server: Server) -> Iterator[Any]:
    """The other client, signed in."""
    with peer.scc_session(credentials(peer, server)) as scc:
        yield scc


def test_whole_way(scc: Any, peer: Any, server: Server, make_raw: Callable[..., Path], tmp_path: Path) -> None:
    """Upload, look, download every product, restart, delete: each leaves what it should.

    The client does not return the ID of what it has uploaded (11.2, :354-360).
    """
    assert scc.upload_file(make_raw(), "438") is None
    uploaded = server.measurement(ID)
    assert uploaded is not None
    assert uploaded["system"].endswith("/438/")

    server.finished(ID)
    measurement = scc.get_measurement(ID)
    assert (measurement.id, measurement.date_start, measurement.date_end) == (
        ID,
        datetime.fromisoformat(uploaded["start"]),
        datetime.fromisoformat(uploaded["stop"]),
    )
    assert {module: getattr(measurement, module).code for module in MODULES} == WELL
    assert (measurement.is_queued, measurement.is_processing) == (False, False)

    files = list(scc.download_products(ID, tmp_path))
    assert files == [tmp_path / f"{start}_{ID}.zip" for start, _ in DOWNLOADS.values()]
    for file, (_, module) in zip(files, DOWNLOADS.values(), strict=True):
        assert all(f"_{ID}_{module}_v" in name for name in members(file, ID))

    scc.rerun_processing(ID)
    again = scc.get_measurement(ID)
    assert again.is_queued or again.is_processing
    assert server.finished(ID)["elda"] == DONE

    scc.delete_measurement(ID)
    assert server.measurement(ID) is None
    assert scc.get_measurement(ID) is None
    with pytest.raises(peer.exceptions.MeasurementNotFound):
        scc.delete_measurement(ID)


@pytest.mark.parametrize("flag", DOWNLOADS)
def test_download_of_one_product(scc: Any, server: Server, tmp_path: Path, flag: str) -> None:
    """Each flag of a download brings the archive of its module and no other."""
    measurement_id = server.seeded(**WELL)
    start, module = DOWNLOADS[flag]
    files = list(scc.download_products(measurement_id, tmp_path, **{name: name == flag for name in DOWNLOADS}))

    assert files == list(tmp_path.iterdir()) == [tmp_path / f"{start}_{measurement_id}.zip"]
    assert all(f"_{measurement_id}_{module}_v" in name for name in members(files[0], measurement_id))


def test_download_of_nothing(scc: Any, server: Server, tmp_path: Path) -> None:
    """A download without any product is refused by the client."""
    with pytest.raises(ValueError, match="At least one product"):
        next(scc.download_products(server.seeded(**WELL), tmp_path, **dict.fromkeys(DOWNLOADS, False)))


def test_calibration(scc: Any, server: Server, make_raw: Callable[..., Path], tmp_path: Path) -> None:
    """The optical products of a calibration are its ELDEC files."""
    scc.upload_file(make_raw("20210307aky1335"), "462")
    assert server.finished("20210307aky1335")["eldec"] == DONE
    wanted = {name: name == "optical" for name in DOWNLOADS}
    (file,) = scc.download_products("20210307aky1335", tmp_path, **wanted)

    assert all("_20210307aky1335_eldec_v" in name for name in members(file, "20210307aky1335"))


def test_missing_product_becomes_a_zip_that_is_none(scc: Any, server: Server, tmp_path: Path) -> None:
    """Where there is no product the page that says so is saved as archive and told as success (11.2, :103-105)."""
    measurement_id = server.seeded(elpp=FAILED)
    wanted = {name: name == "optical" for name in DOWNLOADS}
    (file,) = scc.download_products(measurement_id, tmp_path, **wanted)

    assert file.read_bytes() == b"Not Found"
    assert not zipfile.is_zipfile(file)


def test_search(scc: Any, server: Server) -> None:
    """All pages of a search together are what the API knows of that time, in every cell that both have."""
    pages, rows = scc.query_measurements(*YEAR, None)
    for page in range(2, pages + 1):
        rows += scc.query_measurements(*YEAR, None, page=page)[1]
    expected = server.measurements(start__lt=YEAR[1].replace(tzinfo=None), start__gte=YEAR[0].replace(tzinfo=None))

    assert pages == PAGES
    assert len(rows) == len(expected) == SEEDED
    for row in rows:
        found = expected.pop(row.id)
        assert row.station_code == row.id[8:11]
        assert row.date_start == datetime.fromisoformat(found["start"])
        assert row.date_end == datetime.fromisoformat(found["stop"])
        assert row.is_uploaded.status.name == "OK"
        names = {DONE: "OK", FAILED: "ERROR", NOT_RUN: "NO_RUN"}
        assert {module: getattr(row, module).status.name for module in MODULES} == {
            module: names[found[module]] for module in MODULES
        }
        assert row.is_processing.status.name == "ERROR"  # how the client puts "no"
    assert not expected


def test_last_page_hides_the_others(scc: Any) -> None:
    """Asked for the last page the client counts one page: there is no link to the last page on it (3.1)."""
    pages, rows = scc.query_measurements(*YEAR, None, page=PAGES)

    assert (pages, len(rows)) == (1, SEEDED % 100)


def test_search_of_a_station(scc: Any, peer: Any, server: Server) -> None:
    """A search can be limited to a station; its end is exclusive; no rows make one page; pages count from 1."""
    start, stop = YEAR
    pages, rows = scc.query_measurements(start, stop, location(peer, "aky"))
    expected = {each for each in server.measurements(start__year=start.year) if each[8:11] == "aky"}
    first = min(rows, key=lambda row: row.date_start)

    assert pages == 1
    assert {row.id for row in rows} == expected
    assert first.id not in {row.id for row in scc.query_measurements(start, first.date_start, None)[1]}
    assert first.id in {row.id for row in scc.query_measurements(first.date_start, stop, location(peer, "aky"))[1]}
    assert scc.query_measurements(stop, stop, None) == (1, [])
    with pytest.raises(ValueError, match="start at 1"):
        scc.query_measurements(start, stop, None, page=0)


def test_rows_always_look_busy(scc: Any) -> None:
    """The flag of a row is an object, so that it is true where the cell says no (11.2, types.py:86-95, 156-157)."""
    row = scc.query_measurements(*YEAR, None)[1][0]

    assert row.is_processing
    assert row.is_queued is None


def test_rows_of_other_stations_have_no_csv(scc: Any, peer: Any) -> None:
    """A row of a station that the client does not know cannot be written as CSV (11.2, types.py:125-128)."""
    rows = scc.query_measurements(*YEAR, None)[1]
    stranger = next(row for row in rows if row.station_code == "pot")
    known = next(row for row in rows if row.station_code == "aky")

    assert stranger.location is None
    with pytest.raises(AttributeError):
        stranger.to_csv()
    assert known.to_csv().startswith(f"{known.id},{location(peer, 'aky').name},aky,")


def test_module_that_runs_looks_failed(scc: Any, server: Server, make_raw: Callable[..., Path]) -> None:
    """A status that says "in progress" becomes an error (11.2, types.py:57-63)."""
    scc.upload_file(make_raw("20210307aky1500"), "438")
    server.poll("20210307aky1500", lambda found: found["is_being_processed"])
    measurement = scc.get_measurement("20210307aky1500")
    (running,) = [each for module in MODULES if (each := getattr(measurement, module)).code == RUNNING]

    assert measurement.is_processing is True
    assert running.status.name == "ERROR"


def test_ancillary_files(scc: Any, server: Server, make_raw: Callable[..., Path], tmp_path: Path) -> None:
    """Ancillary files that are not there are uploaded along; those that are there are left out the next time."""
    files = {
        "sounding": write_sounding(tmp_path / "rs_20210307aky16.nc", start=START),
        "overlap": write_sounding(tmp_path / "ov_20210307aky.nc", start=START),
        "lidarratio": write_sounding(tmp_path / "lr_20210307aky.nc", start=START),
    }
    names = {
        "sounding": files["sounding"].name,
        "overlap_file": files["overlap"].name,
        "lidar_ratio_file": files["lidarratio"].name,
    }
    given = {"rs_filename": files["sounding"], "ov_filename": files["overlap"], "lr_filename": files["lidarratio"]}

    assert [scc.get_anchillary(file.name, kind) for kind, file in files.items()] == [None, None, None]
    scc.upload_file(make_raw("20210307aky1600", **names), "438", **given)
    for kind, file in files.items():
        found = scc.get_anchillary(file.name, kind)
        assert (found.filename, found.status, found.exists) == (file.name, "ok", True)
    # The server refuses a file that it has: it cannot have been sent again.
    scc.upload_file(make_raw("20210307aky1700", **names), "438", **given)
    assert server.finished("20210307aky1700")["elda"] == DONE
    with pytest.raises(ValueError, match="should be one of"):
        scc.get_anchillary("any.nc", "radiosonde")


def test_missing_sounding(scc: Any, server: Server, make_raw: Callable[..., Path], tmp_path: Path) -> None:
    """A measurement waits for a sounding that it names; the client sees it as missing and sends it with the next."""
    sounding = write_sounding(tmp_path / "rs_20210307aky18.nc", start=START)
    scc.upload_file(make_raw("20210307aky1800", sounding=sounding.name), "438")
    found = scc.get_anchillary(sounding.name, "sounding")
    waiting = scc.get_measurement("20210307aky1800")

    assert (found.status, found.exists) == ("missing", False)
    assert (waiting.is_queued, waiting.is_processing, waiting.hirelpp.code) == (False, False, NOT_RUN)
    scc.upload_file(make_raw("20210307aky1900", sounding=sounding.name), "438", rs_filename=sounding)
    assert scc.get_anchillary(sounding.name, "sounding").exists
    assert server.finished("20210307aky1800")["elda"] == DONE


def test_rejected_uploads(scc: Any, peer: Any, server: Server, make_raw: Callable[..., Path], tmp_path: Path) -> None:
    """Whatever the server refuses is told with the server's reason, from the alert or from beside the field."""
    known = server.seeded(**WELL)
    other = "20210307aky2000"
    text = tmp_path / "text.nc"
    text.write_text("no netCDF", encoding="utf-8")
    falling = write_sounding(tmp_path / "rs_20210307aky20.nc", start=START, descending=True)

    with pytest.raises(peer.exceptions.SCCError, match=f"{known} already exists"):
        scc.upload_file(make_raw(known), "438")
    with pytest.raises(peer.exceptions.SCCError, match=r"Error: .* missing: Laser_Shots"):
        scc.upload_file(make_raw(other, leave_out=["Laser_Shots"]), "438")
    with pytest.raises(peer.exceptions.SCCError, match="not a netCDF file"):
        scc.upload_file(text, "438")
    with pytest.raises(peer.exceptions.SCCError, match="no such system"):
        scc.upload_file(make_raw(other), "99999")
    with pytest.raises(peer.exceptions.SCCError, match="ascending order"):
        scc.upload_file(make_raw(other), "438", rs_filename=falling)
    assert server.measurement(other) is None


def test_lidar_constants(scc: Any, server: Server) -> None:
    """The pages of lidar constants hold all of them, each of a measurement that the API knows with those times."""
    pages, rows = scc.get_lidar_consants(*YEAR, None)
    for page in range(2, pages + 1):
        rows += scc.get_lidar_consants(*YEAR, None, page=page)[1]
    total = re.search(r"([0-9]+) total", server.get("admin/database/lidarconstant/"))
    known = server.measurements()

    assert total is not None
    assert pages > 1
    assert len({(row.measurement_id, row.product_id, row.channel_id) for row in rows}) == len(rows) == int(total[1])
    for row in rows:
        found = known[row.measurement_id]
        assert found["system"].endswith(f"/{row.system_id}/")
        assert row.profile_start_time == datetime.fromisoformat(found["start"])
        assert row.profile_end_time == datetime.fromisoformat(found["stop"])
        assert float(row.lidar_constant) > float(row.lidar_constant_stat_err) > 0
        assert float(row.calibration_window_top) > float(row.calibration_window_bottom)
        assert int(row.detection_wavelength.removesuffix(".0")) in {355, 532, 1064}


def test_lidar_constants_of_a_station(scc: Any, peer: Any) -> None:
    """Lidar constants can be limited to a station and a time."""
    pages, rows = scc.get_lidar_consants(*YEAR, location(peer, "cvo"))
    first = min(row.profile_start_time for row in rows)

    assert pages == 1
    assert {row.measurement_id[8:11] for row in rows} == {"cvo"}
    assert scc.get_lidar_consants(YEAR[0], first, location(peer, "cvo")) == (1, [])
    with pytest.raises(ValueError, match="start at 1"):
        scc.get_lidar_consants(*YEAR, None, page=0)


def test_wrong_account(peer: Any, server: Server) -> None:
    """A wrong personal pair and a wrong HTTP pair each make an error of their own."""
    with (
        pytest.raises(peer.exceptions.WrongCredentialsException),
        peer.scc_session(credentials(peer, server, password="wrong")),
    ):
        pytest.fail("the session began")
    with (
        pytest.raises(peer.exceptions.PageNotAccessible, match="status code 401"),
        peer.scc_session(credentials(peer, server, http_password="wrong")),
    ):
        pytest.fail("the session began")


def test_session_without_client(peer: Any) -> None:
    """Where the client cannot be made the session's own error hides why (11.2, :522-527)."""
    with pytest.raises(UnboundLocalError), peer.scc_session(None):
        pytest.fail("the session began")


def test_logout_leaves_the_session_open(scc: Any, peer: Any, server: Server) -> None:
    """After the client's logout one is still signed in; the address that signs out is never asked (11.2, :92)."""
    measurement_id = server.seeded(**WELL)
    scc.logout()
    assert scc.get_measurement(measurement_id).id == measurement_id

    scc.session.get(peer.constants.logout_url)
    # The page to sign in is no JSON.
    with pytest.raises(ValueError, match="Expecting value"):
        scc.get_measurement(measurement_id)


def test_other_statuses_have_no_error(peer: Any, server: Server) -> None:
    """A status that is not foreseen ends in a TypeError, as the error lacks its argument (11.2, :380, :386)."""
    scc = peer.SCC(credentials(peer, server, http_password="wrong"))

    with pytest.raises(TypeError, match="message"):
        scc.get_measurement(ID)


def test_nothing_is_told_without_a_session(
    peer: Any, server: Server, make_raw: Callable[..., Path], tmp_path: Path
) -> None:
    """Not signed in, the page to sign in is saved as archives, and an upload looks like a success (11.2, :103-105).

    Deletion and restart end in a KeyError for the token (11.2, :396-414). The KeyError of an upload (:331) does not
    come where the server leads to the page to sign in, as that page brings a token.
    """
    scc = peer.SCC(credentials(peer, server))
    measurement_id = server.seeded(**WELL)

    with pytest.raises(KeyError, match="csrftoken"):
        scc.delete_measurement(measurement_id)
    with pytest.raises(KeyError, match="csrftoken"):
        scc.rerun_processing(measurement_id)
    files = list(scc.download_products(measurement_id, tmp_path))
    assert len(files) == len(DOWNLOADS)
    assert all("<html" in file.read_text(encoding="utf-8") for file in files)
    assert scc.upload_file(make_raw("20210307aky2100"), "438") is None
    assert server.measurement("20210307aky2100") is None


def test_newer_server(peer: Any, tmp_path: Path) -> None:
    """At a server whose pages count from 1 and whose cookies cannot be read the client is misled.

    A first page of several is refused, what comes instead is the list without the filter, and the client takes it for
    the result (11.2, :143-148). A restart that was obeyed is told as failure (11.2, :449-453).
    """
    options = ("--generation", "current", "--speed", "0", "--seed-measurements", str(SEEDED))
    july = datetime(YEAR[0].year, 7, 1, tzinfo=UTC)
    with serving(tmp_path, *options) as server:
        finished = server.seeded(**WELL)
        with pointed_at(peer, server), peer.scc_session(credentials(peer, server)) as scc:
            pages, rows = scc.query_measurements(YEAR[0], july, None)
            with pytest.raises(peer.exceptions.UnexpectedResponse, match="restart message in cookie"):
                scc.rerun_processing(finished)
        wanted = server.measurements(start__lt=july.replace(tzinfo=None))
        restarted = server.measurement(finished)

    assert 100 < len(wanted) < 200
    assert pages == PAGES
    assert not {row.id for row in rows} <= set(wanted)
    assert restarted is not None
    assert restarted["is_queued"]
