"""Downloads (scc-interface.md 2.4, 6.1, 6.2)."""

from __future__ import annotations

import io
import re
from datetime import timedelta

import h5netcdf
import pytest
from emulator_browser import ID, LONG, START, STOP, Browser

from scckit_emulator import Behaviour, Emulator

PAGE = f"data_processing/measurements/{ID}/"
#: Download, and what its members are called after the measurement's folder.
NAMES = {
    "raw": r".*\.nc",
    "hirelpp": r"aky_009_\d{7}_\d{12}_\d{12}_20210307aky0930_hirelpp_v\d\.\d\.\d\.nc",
    "cloudmask": r"aky_\d{12}_\d{12}_20210307aky0930_cloudscreen_v\d\.\d\.\d\.nc",
    "preprocessed": r"aky_\d{3}_\d{7}_\d{12}_\d{12}_20210307aky0930_elpp_v\d\.\d\.\d\.nc",
    "optical": r"aky_\d{3}_\d{4}_\d{7}_\d{12}_\d{12}_20210307aky0930_elda_v\d\.\d\.\d\.nc",
    "plots": r".*\.png",
    "elic": r"aky_\d{3}_\d{7}_\d{12}_\d{12}_20210307aky0930_elic_v\d\.\d\.\d\.nc",
    "elquick": r".*\.png",
}


@pytest.mark.parametrize("what", NAMES)
def test_products_come_in_one_folder(emulator: Emulator, browser: Browser, what: str) -> None:
    """Each download is a sound archive with one folder, no entry for the folder, and names of the SCC's grammar."""
    emulator.add_measurement(ID, system=438, start=START, stop=STOP)
    answer = browser.get(f"{PAGE}download-{what}/")

    assert answer.headers["Content-Type"] == "application/zip"
    assert len(answer.body) == int(answer.headers["Content-Length"])
    archive = answer.archive()
    assert archive.testzip() is None
    assert archive.namelist()
    for name in archive.namelist():
        assert re.fullmatch(f"{ID}/{NAMES[what]}", name)
        assert archive.read(name)[:4] in {b"\x89HDF", b"\x89PNG"}


def test_calibration_serves_eldec_as_optical_product(emulator: Emulator, browser: Browser) -> None:
    """ELDEC comes with the optical download of a calibration."""
    emulator.add_measurement(ID, system=462, start=START, stop=START + timedelta(minutes=10))
    names = browser.get(f"{PAGE}download-optical/").archive().namelist()

    assert len(names) == 1
    assert re.fullmatch(rf"{ID}/aky_006_0532_\d{{7}}_\d{{12}}_\d{{12}}_{ID}_eldec_v5.3.0.nc", names[0])


def test_products_follow_the_measurement(emulator: Emulator, browser: Browser) -> None:
    """A product names its measurement, station and system, and lies within its time."""
    emulator.add_measurement(
        ID, system=438, start=START, stop=STOP, sounding="rs_20220115aky21.nc", categories=["sahadust"]
    )
    archive = browser.get(f"{PAGE}download-optical/").archive()
    types = set()
    for name in archive.namelist():
        with h5netcdf.File(io.BytesIO(archive.read(name)), "r") as file:
            assert tuple(file.attrs[key] for key in ("measurement_ID", "station_ID", "hoi_configuration_ID")) == (
                ID,
                "aky",
                438,
            )
            assert START.timestamp() <= file.variables["time"][0] < STOP.timestamp()
            assert file.variables["molecular_calculation_source"][()] == 1
            assert file.variables["user_defined_category"][()] == 128
        types.add(name.split("/")[1].split("_")[1])

    assert {"000", "002", "003", "007"} == types


def test_elastic_product_is_one_file_for_each_hour(emulator: Emulator, browser: Browser) -> None:
    """A product of type 003 is several files where the measurement is longer than an hour, others are one."""
    emulator.add_measurement(ID, system=438, start=START, stop=STOP)
    names = [name.split("/")[1] for name in browser.get(f"{PAGE}download-optical/").archive().namelist()]

    assert [sum(name.startswith(f"aky_{kind}_") for name in names) for kind in ("003", "000", "002", "007")] == [
        2,
        1,
        1,
        1,
    ]


@pytest.mark.parametrize("what", [what for what in NAMES if what != "raw"])
def test_nothing_until_its_module_is_done(emulator: Emulator, browser: Browser, what: str) -> None:
    """A product cannot be had before its module is done, and can after."""
    emulator.add_measurement(ID, system=438, start=START, stop=STOP, finished=False)

    assert browser.get(f"{PAGE}download-{what}/").status == 404
    emulator.clock.advance(LONG)

    assert browser.get(f"{PAGE}download-{what}/").status == 200


def test_failed_module_leaves_nothing(emulator: Emulator, browser: Browser) -> None:
    """A failed module has no products, the others have theirs."""
    emulator.add_measurement(ID, system=438, start=START, stop=STOP, failing=["elda"])

    assert [browser.get(f"{PAGE}download-{what}/").status for what in ("optical", "plots", "elic")] == [404, 404, 200]


def test_missing_product_may_be_a_page(emulator: Emulator, browser: Browser) -> None:
    """On request a missing product is an HTML page with status 200."""
    emulator.behaviour = Behaviour(missing_product="page")
    emulator.add_measurement(ID, system=438, start=START, stop=STOP, failing=["elda"])
    answer = browser.get(f"{PAGE}download-optical/")

    assert (answer.status, answer.headers["Content-Type"].startswith("text/html")) == (200, True)


def test_missing_product_may_be_an_empty_archive(emulator: Emulator, browser: Browser) -> None:
    """On request a missing product is an archive without members."""
    emulator.behaviour = Behaviour(missing_product="empty_zip")
    emulator.add_measurement(ID, system=438, start=START, stop=STOP, failing=["elda"])

    assert browser.get(f"{PAGE}download-optical/").archive().namelist() == []


def test_same_product_is_the_same_archive(emulator: Emulator, browser: Browser) -> None:
    """Two downloads give the same bytes; after a restart the content is new and the names are not."""
    emulator.add_measurement(ID, system=437, start=START, stop=STOP)
    first = browser.get(f"{PAGE}download-hirelpp/")

    assert first.body == browser.get(f"{PAGE}download-hirelpp/").body
    emulator.clock.advance(LONG)
    browser.get(f"{PAGE}rerun-all/")
    emulator.clock.advance(LONG)
    second = browser.get(f"{PAGE}download-hirelpp/")

    assert first.archive().namelist() == second.archive().namelist()
    assert first.body != second.body
