"""The SCC client of gfatpy, unmodified, drives the emulator (scc-interface.md 11.3; its way of waiting: 4.7).

Its module is loaded from its file, as it stands in the installed distribution: the package around it imports a
hundred others, among them a numpy too old for the emulator, and the module needs none of them.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import logging
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from scckit_emulator.synthetic import write_sounding

from .served import DONE, FAILED, ID, MODULES, NOT_RUN, SEEDED, START, Server, members, serving

pytestmark = [
    pytest.mark.peer,
    # The other client leaves files and answers open, and its libraries may warn.
    pytest.mark.filterwarnings("ignore"),
]

#: Method, beginning of the file's name, module in the names inside.
DOWNLOADS = {
    "download_hirelpp": ("hirelpp", "hirelpp"),
    "download_cloudmask": ("cloudmask", "cloudscreen"),
    "download_preprocessed": ("preprocessed", "elpp"),
    "download_optical": ("optical", "elda"),
    "download_graphs": ("plots", "elda"),
    "download_elic": ("elic", "elic"),
}
FLAGS = ("is_queued", "is_being_processed", "is_delayed")
#: Statuses of a measurement that is no calibration and went well.
WELL = dict.fromkeys(MODULES, DONE) | {"eldec": NOT_RUN}
_NAME = "gfatpy.lidar.scc.scc_access"


@pytest.fixture(scope="module")
def peer() -> Any:
    """The module of the other client."""
    try:
        distribution = importlib.metadata.distribution("gfatpy")
    except importlib.metadata.PackageNotFoundError:
        pytest.skip("gfatpy is not installed")
    for needed in ("requests", "yaml"):
        pytest.importorskip(needed, reason=f"{needed}, which gfatpy needs, is not installed")
    spec = importlib.util.spec_from_file_location(_NAME, str(distribution.locate_file(f"{_NAME.replace('.', '/')}.py")))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def patient(peer: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the client would wait for ten seconds it waits for a fifth of one."""
    real = time.sleep
    monkeypatch.setattr(peer, "time", SimpleNamespace(sleep=lambda seconds: real(min(seconds, 0.2))))


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """Where the client puts what it downloads."""
    return tmp_path / "out"


@pytest.fixture
def scc(peer: Any, patient: None, server: Server, out: Path) -> Iterator[Any]:
    """The other client, signed in."""
    scc = peer.SCC(server.basic, out, server.base_url)
    with scc.session:
        assert scc.login(server.account).url == server.base_url
        yield scc
        assert scc.logout().status_code == 200


def test_whole_way(scc: Any, server: Server, make_raw: Callable[..., Path], out: Path) -> None:
    """Upload, wait, download, restart, delete: each leaves what it should, but downloads need a second call.

    What is downloaded is decided by the statuses from before the waiting, so that the first call waits for the end
    and then downloads nothing (4.7, 11.3).
    """
    assert scc.process(str(make_raw()), 438, True) is None
    uploaded = server.finished(ID)
    assert uploaded["system"].endswith("/438/")
    assert (uploaded["elpp"], uploaded["elda"]) == (DONE, DONE)
    assert not out.exists()

    scc.monitor_processing(ID)
    assert sorted(file.name for file in out.iterdir()) == [f"optical_{ID}.zip", f"preprocessed_{ID}.zip"]
    measurement, status = scc.get_measurement(ID)
    assert status == 200
    assert {module: getattr(measurement, module) for module in MODULES} == WELL
    assert {flag: getattr(measurement, flag) for flag in FLAGS} == dict.fromkeys(FLAGS, False)
    assert measurement.elda_exit_code == uploaded["elda_exit_code"]

    assert scc.delete_measurement(ID) is True
    assert server.measurement(ID) is None
    assert scc.get_measurement(ID) == (None, 404)
    assert scc.delete_measurement(ID) is None


def test_restarts(scc: Any, server: Server, make_raw: Callable[..., Path]) -> None:
    """A restart of everything runs all modules, one of the optical processing leaves the others as they are."""
    measurement_id = scc.upload_file(str(make_raw("20210307aky1000")), 438)
    server.finished(measurement_id)

    scc.rerun_all(measurement_id, monitor=False)
    everything = server.measurement(measurement_id)
    assert everything is not None
    assert (everything["is_running"], everything["hirelpp"] == DONE) == (True, False)
    server.finished(measurement_id)

    scc.rerun_processing(measurement_id, monitor=True)
    optical = server.finished(measurement_id)
    assert {module: optical[module] for module in MODULES} == WELL
    assert scc.rerun_all("20210307aky9999", monitor=True) is None


@pytest.mark.parametrize("method", DOWNLOADS)
def test_download(scc: Any, server: Server, out: Path, method: str) -> None:
    """Each download brings a whole archive of its own module."""
    measurement_id = server.seeded(**WELL)
    start, module = DOWNLOADS[method]
    getattr(scc, method)(measurement_id)
    (file,) = out.iterdir()

    assert file.name == f"{start}_{measurement_id}.zip"
    assert all(f"_{measurement_id}_{module}_v" in name for name in members(file, measurement_id))


def test_download_of_raw_file(scc: Any, server: Server, make_raw: Callable[..., Path], out: Path) -> None:
    """The raw file comes back as it was uploaded."""
    raw = make_raw("20210307aky1100")
    scc.download_raw(scc.upload_file(str(raw), 438))
    (file,) = out.iterdir()

    assert file.name == "raw_20210307aky1100.zip"
    assert len(members(file, "20210307aky1100")) == 1


def test_download_while_monitoring(scc: Any, server: Server, out: Path) -> None:
    """Of a finished measurement all that is wanted comes, quicklooks too, but nothing of ELDEC (11.3)."""
    measurement_id = server.seeded(**WELL)
    wanted = ("raw", "hirelpp", "cloudmask", "elpp", "elda", "elic", "elquick", "eldec")
    scc.monitor_processing(measurement_id, **{f"download_{each}": True for each in wanted})
    files = {file.name.removesuffix(f"_{measurement_id}.zip"): file for file in out.iterdir()}

    assert set(files) == {"raw", "hirelpp", "cloudmask", "preprocessed", "optical", "elic", "elquick"}
    for file in files.values():
        assert members(file, measurement_id)


def test_calibration_brings_no_eldec_files(scc: Any, server: Server, out: Path) -> None:
    """ELDEC files are done and wanted, and yet not downloaded: "not implemented" (11.3)."""
    scc.monitor_processing(server.seeded(eldec=DONE), download_elpp=False, download_elda=False, download_eldec=True)

    assert not out.exists()


def test_quicklooks_are_not_available(scc: Any, server: Server, out: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The method for quicklooks downloads nothing, although the server has them (10, line 18)."""
    scc.download_elquick(server.seeded(**WELL))

    assert "Elquick download not available yet" in caplog.text
    assert not out.exists()


def test_missing_product(scc: Any, server: Server, out: Path) -> None:
    """Where there is no product the client raises, and writes nothing."""
    with pytest.raises(Exception, match="Could not download files"):
        scc.download_optical(server.seeded(elpp=FAILED))
    assert not out.exists()


def test_failed_module_is_told(scc: Any, server: Server, out: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The exit code of a module that failed is logged; other products of the measurement come nevertheless."""
    measurement_id = server.seeded(elpp=FAILED)
    scc.monitor_processing(measurement_id, download_hirelpp=True)
    found = server.measurement(measurement_id)

    assert found is not None
    code = found["elpp_exit_code"]
    assert f"elpp error code {code['exit_code']}: {code['description']}" in caplog.text
    assert [file.name for file in out.iterdir()] == [f"hirelpp_{measurement_id}.zip"]


def test_flags(scc: Any, server: Server, make_raw: Callable[..., Path]) -> None:
    """Flags are those of the API; for an unknown measurement they are tuples, which are true (4.7, 11.3)."""
    measurement_id = scc.upload_file(str(make_raw("20210307aky1200")), 438)
    running = server.poll(measurement_id, lambda found: found["is_being_processed"])
    asked = {flag: getattr(scc, flag)(measurement_id) for flag in FLAGS}

    assert asked == {flag: running[flag] for flag in FLAGS}
    assert asked["is_being_processed"] is True
    for flag in FLAGS:
        assert getattr(scc, flag)("20210307aky9999") == (None, 404)


def test_rejected_uploads(scc: Any, server: Server, make_raw: Callable[..., Path]) -> None:
    """An upload that the server refuses is told to the client as one, without the reason."""
    raw = make_raw("20210307aky1300", leave_out=["Laser_Shots"])

    assert scc.upload_file(str(raw), 438) is False
    assert server.measurement("20210307aky1300") is None
    assert scc.upload_file(str(make_raw(server.seeded(**WELL))), 438) is False


def test_ancillary_files(scc: Any, server: Server, make_raw: Callable[..., Path], tmp_path: Path) -> None:
    """Ancillary files that are not there are uploaded along; the next time the client breaks on them.

    It takes the envelope of the answer for the file, so that name and status of the file are missing (11.3).
    """
    sounding = write_sounding(tmp_path / "rs_20210307aky14.nc", start=START)
    overlap = write_sounding(tmp_path / "ov_20210307aky.nc", start=START)
    ratio = write_sounding(tmp_path / "lr_20210307aky.nc", start=START)
    files = {"sounding": sounding, "overlap": overlap, "lidarratio": ratio}
    names = {"sounding": sounding.name, "overlap_file": overlap.name, "lidar_ratio_file": ratio.name}
    given = {"rs_filename": str(sounding), "ov_filename": str(overlap), "lr_filename": str(ratio)}

    assert not any(scc.get_ancillary(str(file), kind)[0].already_on_scc for kind, file in files.items())
    assert scc.upload_file(str(make_raw("20210307aky1400", **names)), 438, **given) == "20210307aky1400"
    assert server.finished("20210307aky1400")["elda"] == DONE
    for kind, file in files.items():
        found, status = scc.get_ancillary(str(file), kind)
        assert (status, found.already_on_scc) == (200, True)
        assert {"meta", "objects"} <= set(vars(found))
        assert not hasattr(found, "status")
    for name, file in given.items():
        with pytest.raises(AttributeError, match="filename"):
            scc.upload_file(str(make_raw("20210307aky1500", **names)), 438, **{name: file})
    assert server.measurement("20210307aky1500") is None


def test_missing_sounding(scc: Any, server: Server, make_raw: Callable[..., Path], tmp_path: Path, out: Path) -> None:
    """A sounding that a measurement waits for counts as there, so that it never comes (4.6, 11.3).

    Waiting for such a measurement ends at once and without a word (4.7).
    """
    sounding = write_sounding(tmp_path / "rs_20210307aky16.nc", start=START)
    raw = str(make_raw("20210307aky1600", sounding=sounding.name))

    assert scc.process(raw, 438, True) is None
    assert not out.exists()
    assert scc.get_ancillary(str(sounding), "sounding")[0].already_on_scc
    found = server.measurement("20210307aky1600")
    assert found is not None
    assert (found["is_running"], found["hirelpp"]) == (False, NOT_RUN)


def test_lists(scc: Any, server: Server) -> None:
    """The list by the API ends with its first page (4.2); that by the old page breaks on its first row.

    The rows of the old page have three statuses, the client's measurement asks for eight and more (2.6).
    """
    seen = [each.id for each in scc.available_measurements()]

    assert seen == list(server.measurements())[: len(seen)]
    assert 0 < len(seen) < SEEDED
    assert scc.list_measurements(start="1990-01-01 00:00:00", stop="1990-01-02 00:00:00") == []
    with pytest.raises(AttributeError, match="hirelpp"):
        scc.list_measurements(station="aky")


def test_next_measurement_id(scc: Any, make_raw: Callable[..., Path]) -> None:
    """The first ID that is free on a day is found."""
    day = datetime(2021, 3, 8, tzinfo=UTC)

    assert scc.measurement_id_for_date(day, "gr") == "20210308gr00"
    assert scc.upload_file(str(make_raw("20210308gr00")), 729) == "20210308gr00"
    assert scc.measurement_id_for_date(day, "gr") == "20210308gr01"
    assert scc.measurement_id_for_date(day, "gr", base_number=7) == "20210308gr07"


def test_wrong_account(peer: Any, server: Server, out: Path) -> None:
    """A wrong HTTP pair makes the client's own error; a wrong personal pair none, as nobody looks (1.3)."""
    stranger = peer.SCC(("nobody", "wrong"), out, server.base_url)
    with stranger.session, pytest.raises(peer.SCC.PageNotAccessibleError):
        stranger.login(server.account)

    guest = peer.SCC(server.basic, out, server.base_url)
    with guest.session:
        answer = guest.login(("nobody", "wrong"))
        assert (answer.status_code, answer.url) == (200, guest.login_url)
        # The page to sign in is no JSON.
        with pytest.raises(ValueError, match="Expecting value"):
            guest.get_measurement(ID)


def test_unknown_measurement(scc: Any) -> None:
    """Waiting for a measurement that is not there ends after ten looks, with another error than the one meant (4.7)."""
    with pytest.raises(FileNotFoundError, match="doesn't seem to exist"):
        scc.monitor_processing("20210307aky9999", time_sleep_upload=0)


def test_time_limit_of_running_is_not_told(
    scc: Any, server: Server, make_raw: Callable[..., Path], out: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Out of time, the client says nothing and returns nothing: that branch cannot be reached (4.7, 11.3)."""
    measurement_id = scc.upload_file(str(make_raw("20210307aky1700")), 438)
    server.poll(measurement_id, lambda found: found["is_being_processed"])

    assert scc.monitor_processing(measurement_id, time_sleep_upload=0, run_max=1, time_sleep_run=0) is None
    found = server.measurement(measurement_id)
    assert found is not None
    assert found["is_being_processed"]
    assert "Timeout reached" not in caplog.text
    assert not out.exists()


def test_time_limit_of_the_queue(
    peer: Any, patient: None, make_raw: Callable[..., Path], tmp_path: Path, out: Path
) -> None:
    """A measurement that stays in the queue ends in the client's own error."""
    with serving(tmp_path, "--generation", "legacy", "--speed", "0") as server:
        scc = peer.SCC(server.basic, out, server.base_url)
        with scc.session:
            scc.login(server.account)
            measurement_id = scc.upload_file(str(make_raw()), 438)
            with pytest.raises(TimeoutError, match="queued too long"):
                scc.monitor_processing(measurement_id, time_sleep_upload=0, time_sleep_queue=0)
            found = server.measurement(measurement_id)

    assert found is not None
    assert found["is_queued"]


def test_shortcuts(peer: Any, patient: None, server: Server, make_raw: Callable[..., Path], tmp_path: Path) -> None:
    """What the client's command line calls works with a file of settings, from upload to deletion."""
    path, out = tmp_path / "scc_access.yaml", tmp_path / "out"
    path.write_text(
        f"basic_credentials: [{', '.join(server.basic)}]\n"
        f"website_credentials: [{', '.join(server.account)}]\n"
        f"output_dir: {out}\nbase_url: {server.base_url}\n",
        encoding="utf-8",
    )
    settings = peer.settings_from_path(str(path))
    measurement_id = "20210307aky1800"

    assert peer.process_file(str(make_raw(measurement_id)), 438, settings, monitor=False) is None
    server.finished(measurement_id)
    peer.rerun_all([measurement_id], False, settings)
    server.finished(measurement_id)
    peer.rerun_processing([measurement_id], False, settings)
    server.finished(measurement_id)
    peer.download_measurements([measurement_id], True, True, True, settings)
    files = sorted(out.iterdir())
    assert [file.name.partition("_")[0] for file in files] == ["optical", "plots", "preprocessed"]
    assert all(members(file, measurement_id) for file in files)
    peer.delete_measurements([measurement_id], settings)
    assert server.measurement(measurement_id) is None


def test_import_has_effects(peer: Any) -> None:
    """The module brings the debugger, and a handler for the log of the process (11.3)."""
    handlers = logging.getLogger(_NAME).handlers

    assert peer.pdb.__name__ == "pdb"
    assert any(isinstance(each, logging.StreamHandler) and each.stream is sys.stdout for each in handlers)
