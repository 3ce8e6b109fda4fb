"""scc_access, unmodified, drives the emulator from login to logout."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from emulator_browser import ID, START

from scckit_emulator.synthetic import write_sounding

pytestmark = [
    pytest.mark.peer,
    # The other client leaves files open, and its libraries may warn.
    pytest.mark.filterwarnings("ignore"),
]

PRODUCTS = {
    "hirelpp": "hirelpp",
    "cloudscreen": "cloudscreen",
    "elpp": "elpp",
    "elda": "elda",
    "elda_plots": "elda",
    "elic": "elic",
}


@pytest.fixture(scope="module")
def peer() -> Any:
    """The module of the other client."""
    return pytest.importorskip("scc_access.scc_access", reason="scc_access is not installed", exc_type=ImportError)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """An emulator as a process of its own: the server for which scc_access was written, ten times as fast."""
    ready = tmp_path_factory.mktemp("served") / "ready.json"
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "scckit_emulator",
            "--generation",
            "legacy",
            "--speed",
            "10",
            "--ready-file",
            str(ready),
        ],
        stdout=subprocess.PIPE,
        encoding="utf-8",
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("http://127.0.0.1:")
        yield json.loads(ready.read_text(encoding="utf-8"))
    finally:
        process.terminate()
        process.communicate(timeout=30)
    assert process.returncode == 0


@pytest.fixture
def client(peer: Any, served: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The other client, signed in; where it would wait for ten seconds it waits for a tenth of one."""
    real = time.sleep
    monkeypatch.setattr(peer, "time", SimpleNamespace(sleep=lambda seconds: real(min(seconds, 0.1))))
    with peer.SCC((served["http_user"], served["http_password"]), str(tmp_path / "out"), served["base_url"]) as scc:
        answer = scc.login((served["username"], served["password"]))
        assert answer.url == served["base_url"]
        yield scc
        assert scc.logout().status_code == 200


def test_whole_way(client: Any, make_raw: Callable[..., Path], tmp_path: Path) -> None:
    """Upload, wait, download every product, find, restart, delete: each leaves what it should."""
    raw = make_raw(f"{ID}.nc")
    measurement = client.process(str(raw), 438, True, False, False)

    assert measurement.has_finished
    assert (measurement.hirelpp, measurement.elda, measurement.elic) == (127, 127, 127)
    for folder, module in PRODUCTS.items():
        files = list((tmp_path / "out" / ID / folder).iterdir())
        assert files
        for file in files:
            assert re.search(rf"_{ID}_{module}_v", file.name)
            assert file.read_bytes()[:4] in {b"\x89HDF", b"\x89PNG"}
    assert ID in [each.id for each in client.available_measurements()]
    assert ID in client.list_measurements(id_startswith="20210307")
    client.rerun_all(ID, monitor=True)
    client.rerun_elpp(ID, monitor=False)

    assert client.delete_measurement(ID, False) is True
    assert client.get_measurement(ID) == (None, 404)
    assert client.delete_measurement(ID, False) is None


def test_rejected_upload(client: Any, make_raw: Callable[..., Path]) -> None:
    """An upload that the server refuses is told to the client as one."""
    raw = make_raw("bad.nc", measurement_id="20210307aky1100", leave_out=["Laser_Shots"])

    assert client.upload_file(str(raw), 438, False, False) is False


def test_replacing_upload(client: Any, make_raw: Callable[..., Path]) -> None:
    """With force an existing measurement is deleted and uploaded again; without, the client ends the interpreter."""
    raw = make_raw(measurement_id="20210307aky1200")

    assert client.upload_file(str(raw), 438, False, False) == "20210307aky1200"
    with pytest.raises(SystemExit):
        client.upload_file(str(raw), 438, False, False)
    assert client.upload_file(str(raw), 437, True, True) == "20210307aky1200"
    measurement, _ = client.get_measurement("20210307aky1200")
    assert measurement.system.endswith("/437/")


def test_ancillary_files(client: Any, make_raw: Callable[..., Path], tmp_path: Path) -> None:
    """A sounding that is not there is uploaded along; the next time the client finds it by its name."""
    sounding = write_sounding(tmp_path / "rs_20210307aky14.nc", start=START)
    raw = make_raw(measurement_id="20210307aky1400", sounding=sounding.name)

    assert not client.get_ancillary(str(sounding), "sounding")[0].already_on_scc
    assert client.upload_file(str(raw), 438, False, False, rs_filename=str(sounding)) == "20210307aky1400"
    assert client.get_ancillary(str(sounding), "sounding")[0].already_on_scc


def test_calibration(client: Any, make_raw: Callable[..., Path], tmp_path: Path) -> None:
    """ELDEC files of a calibration come by the client's own address for them."""
    raw = make_raw(measurement_id="20210307aky1335")
    measurement = client.process(str(raw), 462, True, False, False)

    assert (measurement.is_calibration, measurement.eldec) == (True, 127)
    client.download_eldec("20210307aky1335")
    (file,) = (tmp_path / "out" / "20210307aky1335" / "eldec").iterdir()
    assert file.read_bytes()[:4] == b"\x89HDF"
    assert "_eldec_v" in file.name


def test_wrong_account_is_told(peer: Any, served: dict[str, str], tmp_path: Path) -> None:
    """A wrong HTTP pair makes the client's own error."""
    scc = peer.SCC(("nobody", "wrong"), str(tmp_path), served["base_url"])
    with scc, pytest.raises(peer.SCC.PageNotAccessibleError):
        scc.login((served["username"], served["password"]))
