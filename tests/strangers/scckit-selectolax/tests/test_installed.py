"""Installed beside scckit, the reader is found; a client on it does all that needs pages, with both kinds of server."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

pytest.importorskip(
    "scckit_selectolax", reason="strangers are tested in an environment of their own: tox run -e strangers"
)
pytest.importorskip("scckit_emulator", reason="the emulator is the server of these tests; install scckit-emulator")

import scckit
from scckit.errors import MeasurementNotFound, UnknownSystem, UploadRejected
from scckit.plugins import Registry
from scckit.testing import WSGITransport
from scckit_emulator import Emulator
from scckit_emulator.synthetic import write_raw

ID = "20260321aky2000"
START = datetime(2026, 3, 21, 20, tzinfo=UTC)

both_generations = pytest.mark.parametrize("scc_generation", ["current", "legacy"])


@pytest.fixture
def scc(scc_emulator: Emulator) -> Iterator[scckit.Client]:
    """Make a client on this reader, for which waiting moves the emulator's clock."""
    account = scc_emulator.account
    with scckit.connect(
        scc_emulator.base_url,
        credentials=scckit.Credentials(account.http_user, account.http_password, account.username, account.password),
        transport=WSGITransport(scc_emulator.wsgi),
        page_reader="selectolax",
        sleep=scc_emulator.clock.advance,
    ) as client:
        yield client


def raw_file(folder: Path, *, without: tuple[str, ...] = ()) -> Path:
    """Write a raw file."""
    return write_raw(
        folder / f"{ID}.nc", measurement_id=ID, start=START, stop=START.replace(hour=21), leave_out=without
    )


def test_it_is_found_by_its_entry_point() -> None:
    """A registry lists the reader under its distribution, and no plugin is broken."""
    registry = Registry(strict=True)
    (report,) = (report for report in registry.reports() if report.name == "selectolax")

    assert type(registry.page_reader("selectolax")()).__name__ == "SelectolaxReader"
    assert report.distribution.split()[0] == "scckit-selectolax"
    assert (report.hooks, report.error) == (("scckit_page_readers",), "")


@both_generations
def test_a_search_goes_over_all_pages(scc: scckit.Client, scc_emulator: Emulator) -> None:
    """A search gives every measurement of its day once, however many pages there are, and no other."""
    for minute in range(60):
        for hour in (10, 12, 14):
            start = datetime(2026, 3, 22, hour, minute, tzinfo=UTC)
            scc_emulator.add_measurement(
                id=f"20260322aky{hour}{minute:02}", system=437, start=start, stop=start.replace(hour=hour + 1)
            )

    found = [one.id for one in scc.measurements.search("2026-03-22", station="aky")]

    assert len(found) == len(set(found)) == 180
    assert list(scc.measurements.search("2026-03-23", station="aky")) == []


@both_generations
def test_an_upload_is_accepted_and_found(scc: scckit.Client, tmp_path: Path) -> None:
    """A raw file goes up, is processed, and the search shows it with the statuses of its modules."""
    done = scc.measurements.process(raw_file(tmp_path), system=437, interval=5, check=False)
    (found,) = scc.measurements.search("2026-03-21", station="aky")

    assert (found.id, found.station) == (ID, "aky")
    assert done.modules["elpp"].status == found.modules["elpp"].status == scckit.Status.OK


@both_generations
def test_a_rejected_upload_gives_the_servers_reasons(scc: scckit.Client, tmp_path: Path) -> None:
    """What the page says of the file reaches the user, and a system that the form does not offer is named."""
    bare = raw_file(tmp_path, without=("Raw_Lidar_Data",))

    with pytest.raises(UploadRejected) as rejected:
        scc.measurements.upload(bare, system=437, check=False)
    with pytest.raises(UnknownSystem):
        scc.measurements.upload(bare, system=99999, check=False)

    assert "Raw_Lidar_Data" in " ".join(rejected.value.reasons)


@both_generations
def test_a_rerun_and_a_deletion_are_made_sure_of(scc: scckit.Client, tmp_path: Path) -> None:
    """The lists of the admin take both actions, and show that they were done."""
    done = scc.measurements.process(raw_file(tmp_path), system=437, interval=5, check=False)
    scc.measurements.rerun(done.id, "elda")
    again = scc.measurements.wait(done.id, interval=5)
    scc.measurements.delete(done.id)

    assert again.modules["elda"].status == scckit.Status.OK
    assert list(scc.measurements.search("2026-03-21", station="aky")) == []
    with pytest.raises(MeasurementNotFound):
        scc.measurements.get(ID)
