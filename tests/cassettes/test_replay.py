"""The main job and its parts over the real urllib3 transport, replayed from cassettes; no socket can be opened."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

import scckit
from scckit.errors import MeasurementNotFound, ProductNotAvailable, UploadRejected
from scckit_emulator.synthetic import DEFAULT_CHANNELS, write_raw

pytestmark = [pytest.mark.vcr, pytest.mark.block_network(allowed_hosts=["127.0.0.1"])]

ID = "20260321aky2000"
START = datetime(2026, 3, 21, 20, tzinfo=UTC)


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    """Write a small raw file."""
    path = tmp_path / f"{ID}.nc"
    return write_raw(
        path,
        measurement_id=ID,
        start=START,
        stop=START.replace(hour=21),
        points=100,
        profiles=2,
        channels=DEFAULT_CHANNELS[:2],
    )


def test_main_job(scc: scckit.Client, raw: Path, tmp_path: Path) -> None:
    """Upload, wait, download, open: the whole job as it went over the wire."""
    measurement = scc.measurements.process(raw, system=437, interval=5)
    files = scc.products.download(measurement.id, ["plots", "elquick"], into=tmp_path)

    assert measurement.id == ID
    assert {name for name, module in measurement.modules.items() if module.status is scckit.Status.OK} >= {
        "elpp",
        "elda",
    }
    assert {file.kind for file in files} == {"plots", "elquick"}
    assert all(file.path.read_bytes().startswith(b"\x89PNG") for file in files)


def test_search(scc: scckit.Client) -> None:
    """A search of two pages, whether the server counts them from 0 or from 1."""
    search = scc.measurements.search("2021-03", station="aky")

    assert search.matched == 4
    assert sorted(one.id for one in search) == [f"202103{day:02}aky0930" for day in range(1, 5)]


def test_list(scc: scckit.Client) -> None:
    """The API's list, page by page, and the first free ID of a day."""
    assert len(list(scc.measurements.list(startswith="202103"))) == 4
    assert scc.measurements.free_id("2021-03-04", "aky") == "20210304aky0000"


def test_rejected_upload(scc: scckit.Client, tmp_path: Path) -> None:
    """The server's reason for rejecting a file without data reaches the user."""
    path = write_raw(
        tmp_path / "bare.nc",
        measurement_id=ID,
        start=START,
        stop=START.replace(hour=21),
        points=10,
        leave_out=("Laser_Shots",),
    )

    with pytest.raises(UploadRejected, match="Laser_Shots"):
        scc.measurements.upload(path, system=437, check=False)


def test_absent(scc: scckit.Client, tmp_path: Path) -> None:
    """An unknown measurement and a product that does not exist."""
    assert scc.measurements.find("20010101aky0000") is None
    with pytest.raises(MeasurementNotFound):
        scc.measurements.get("20010101aky0000")
    with pytest.raises(ProductNotAvailable, match="eldec"):
        scc.products.download("20210304aky0930", ["eldec"], into=tmp_path, existing="replace")


def test_rerun_and_delete(scc: scckit.Client) -> None:
    """A rerun and a delete, confirmed by the server's words."""
    scc.measurements.rerun("20210304aky0930")
    scc.measurements.rerun("20210303aky0930", "elda")
    scc.measurements.delete("20210302aky0930")

    assert scc.measurements.find("20210302aky0930") is None


def test_constants_systems_ancillary(scc: scckit.Client) -> None:
    """Lidar constants, the export of a system, an ancillary file, and the check of the access."""
    scc.check()
    constants = list(scc.constants.search("2022-12"))
    system = scc.systems.export(437)

    assert constants
    assert all(one.lidar_constant is not None and one.lidar_constant > 0 for one in constants)
    assert system.station == "aky"
    assert scc.ancillary.find("nothing.nc", "sounding") is None
