"""scc_access, unmodified, drives the emulator from login to logout (scc-interface.md 11.1)."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from scckit_emulator.synthetic import write_sounding

from .served import ID, START, Server, measurement_of

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


@pytest.fixture
def scc(peer: Any, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The other client, signed in; where it would wait for ten seconds it waits for a tenth of one."""
    real = time.sleep
    monkeypatch.setattr(peer, "time", SimpleNamespace(sleep=lambda seconds: real(min(seconds, 0.1))))
    with peer.SCC(server.basic, str(tmp_path / "out"), server.base_url) as scc:
        answer = scc.login(server.account)
        assert answer.url == server.base_url
        yield scc
        assert scc.logout().status_code == 200


def test_whole_way(scc: Any, server: Server, make_raw: Callable[..., Path], tmp_path: Path) -> None:
    """Upload, wait, download every product, find, restart, delete: each leaves what it should."""
    measurement = scc.process(str(make_raw()), 438, True, False, False)

    assert measurement.has_finished
    assert (measurement.hirelpp, measurement.elda, measurement.elic) == (127, 127, 127)
    for folder, module in PRODUCTS.items():
        files = list((tmp_path / "out" / ID / folder).iterdir())
        assert files
        for file in files:
            assert re.search(rf"_{ID}_{module}_v", file.name)
            assert file.read_bytes().startswith(b"\x89PNG") if file.suffix == ".png" else measurement_of(file) == ID
    assert ID in scc.list_measurements(id_startswith="20210307")
    scc.rerun_all(ID, monitor=True)
    scc.rerun_elpp(ID, monitor=False)
    assert server.finished(ID)["elda"] == 127

    assert scc.delete_measurement(ID, False) is True
    assert server.measurement(ID) is None
    assert scc.get_measurement(ID) == (None, 404)
    assert scc.delete_measurement(ID, False) is None


def test_list_ends_with_the_first_page(scc: Any, server: Server) -> None:
    """Of all measurements the client sees the first page of the API only (11.1, lines 508-521)."""
    seen = [each.id for each in scc.available_measurements()]

    assert seen == list(server.measurements())[: len(seen)]
    assert len(seen) == 20


def test_rejected_upload(scc: Any, server: Server, make_raw: Callable[..., Path]) -> None:
    """An upload that the server refuses is told to the client as one, without the reason (11.1, lines 171-178)."""
    raw = make_raw("20210307aky1100", leave_out=["Laser_Shots"])

    assert scc.upload_file(str(raw), 438, False, False) is False
    assert server.measurement("20210307aky1100") is None


def test_replacing_upload(scc: Any, server: Server, make_raw: Callable[..., Path]) -> None:
    """With force a measurement is deleted and uploaded again; without, the client ends the interpreter (11.1, 121)."""
    raw = make_raw("20210307aky1200")

    assert scc.upload_file(str(raw), 438, False, False) == "20210307aky1200"
    with pytest.raises(SystemExit):
        scc.upload_file(str(raw), 438, False, False)
    assert scc.upload_file(str(raw), 437, True, True) == "20210307aky1200"
    found = server.measurement("20210307aky1200")
    assert found is not None
    assert found["system"].endswith("/437/")


def test_ancillary_files(scc: Any, make_raw: Callable[..., Path], tmp_path: Path) -> None:
    """A sounding that is not there is uploaded along; the next time the client finds it by its name."""
    sounding = write_sounding(tmp_path / "rs_20210307aky14.nc", start=START)
    raw = make_raw("20210307aky1400", sounding=sounding.name)

    assert not scc.get_ancillary(str(sounding), "sounding")[0].already_on_scc
    assert scc.upload_file(str(raw), 438, False, False, rs_filename=str(sounding)) == "20210307aky1400"
    assert scc.get_ancillary(str(sounding), "sounding")[0].already_on_scc


def test_calibration(scc: Any, make_raw: Callable[..., Path], tmp_path: Path) -> None:
    """ELDEC files of a calibration come by the client's own address for them."""
    measurement = scc.process(str(make_raw("20210307aky1335")), 462, True, False, False)

    assert (measurement.is_calibration, measurement.eldec) == (True, 127)
    scc.download_eldec("20210307aky1335")
    (file,) = (tmp_path / "out" / "20210307aky1335" / "eldec").iterdir()
    assert measurement_of(file) == "20210307aky1335"
    assert "_eldec_v" in file.name


def test_wrong_account_is_told(peer: Any, server: Server, tmp_path: Path) -> None:
    """A wrong HTTP pair makes the client's own error."""
    with (
        peer.SCC(("nobody", "wrong"), str(tmp_path), server.base_url) as scc,
        pytest.raises(peer.SCC.PageNotAccessibleError),
    ):
        scc.login(server.account)
