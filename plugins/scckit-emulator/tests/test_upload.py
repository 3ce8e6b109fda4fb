"""The quick upload (scc-interface.md 2.2, 4.6, 8)."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from emulator_browser import ID, LONG, QUICK, START, Answer, Browser, ids
from scipy.io import netcdf_file

from scckit_emulator import Emulator
from scckit_emulator.synthetic import write_sounding

FORM = {"system": 437}
SOUNDING = "rs_20210307aky09.nc"


def alerts(answer: Answer) -> list[str]:
    """Reasons in alert boxes."""
    return re.findall(r'<div [^>]*class="alert-box[^"]*"><p>(.*?)</p>', answer.text, re.DOTALL)


def beside_data(answer: Answer) -> str:
    """Text beside the field of the raw file."""
    found = re.search(r'id="id_data">\s*<p>(.*?)</p>', answer.text, re.DOTALL)
    assert found is not None
    return found.group(1)


def refused(answer: Answer) -> bool:
    """Whether the upload was refused as the SCC does it: status 200 at the same address."""
    return (answer.path, answer.status) == (QUICK, 200)


def test_form_has_all_fields_and_sets_the_token(browser: Browser) -> None:
    """The form shows every field, all systems and ten categories, and sets the token again each time."""
    for _ in range(2):
        answer = browser.once("GET", QUICK)

        assert any(line.startswith("csrftoken=") for line in answer.headers.get_all("Set-Cookie", []))
    for name in ("data", "sounding_file", "overlap_file", "lidar_ratio_file"):
        assert re.search(rf'<input type="file" name="{name}"[^>]* id="id_{name}"', answer.text)
    assert '<option value="437">' in answer.text
    assert 'name="csrfmiddlewaretoken"' in answer.text
    assert 'name="delay"' in answer.text
    assert len(re.findall('type="checkbox"', answer.text)) == 10
    assert "Error:" not in beside_data(answer)


def test_accepted_file_leads_to_its_measurement(browser: Browser, raw: Path) -> None:
    """A good file is redirected to the measurement's page, whose heading the clients look for."""
    answer = browser.upload(fields=FORM, data=raw)

    assert (f"data_processing/measurements/{ID}/", 200) == (answer.path, answer.status)
    assert len(re.findall("<h3>Measurement (.{12,15}) <small>", answer.text)) == 1
    assert f"<h3>Measurement {ID} <small>" in answer.text
    assert "alert-box" not in answer.text


def test_measurement_has_what_the_file_says(browser: Browser, raw: Path) -> None:
    """ID and time span come from the file, the system from the form."""
    browser.upload(fields={"system": 438, "delay": 0}, data=raw)
    found = browser.measurement()

    assert (found["id"], found["start"], found["stop"]) == (ID, "2021-03-07T09:30:00", "2021-03-07T11:00:00")
    assert found["system"] == "/api/v1/lidar_configurations/438/"
    assert found["upload"] == 127


def test_midnight_moves_the_stop_to_the_next_day(browser: Browser, make_raw: Callable[..., Path]) -> None:
    """A stop time before the start time is on the next day."""
    start = START.replace(hour=23)
    browser.upload(fields=FORM, data=make_raw(start=start, stop=start + timedelta(hours=2)))

    assert browser.measurement()["stop"] == "2021-03-08T01:30:00"


def test_existing_id_is_refused(browser: Browser, raw: Path) -> None:
    """An ID that is there is refused, and the first upload stays."""
    browser.upload(fields=FORM, data=raw)
    answer = browser.upload(fields={"system": 438}, data=raw)

    assert refused(answer)
    assert len(alerts(answer)) == 1
    assert ID in alerts(answer)[0]
    assert browser.measurement()["system"] == "/api/v1/lidar_configurations/437/"


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"system": 999999}, "system"),
        ({"system": "abc"}, "system"),
        ({}, "system"),
        ({"system": 437, "delay": 97}, "0 to 96"),
        ({"system": 437, "delay": -1}, "0 to 96"),
        ({"system": 437, "delay": "soon"}, "whole number"),
    ],
)
def test_wrong_form_is_refused(browser: Browser, raw: Path, fields: dict[str, object], reason: str) -> None:
    """An unknown system and an impossible delay are refused in an alert box."""
    answer = browser.upload(fields=fields, data=raw)

    assert refused(answer)
    assert reason in alerts(answer)[0]
    assert ID not in ids(browser.get("api/v1/measurements/"))


def test_missing_file_is_told_beside_the_field(browser: Browser) -> None:
    """Without a raw file the reason stands beside its field and begins with 'Error:'."""
    answer = browser.upload(fields=FORM)

    assert refused(answer)
    assert beside_data(answer).startswith("Error:")
    assert not alerts(answer)


@pytest.mark.parametrize("content", [b"", b"no netCDF at all", b"\x89HDF\r\n\x1a\n" + b"\0" * 600, b"CDF\x01\x00\x00"])
def test_what_is_no_netcdf_is_refused(browser: Browser, tmp_path: Path, content: bytes) -> None:
    """Other content, also behind a true first line, is refused; nothing breaks."""
    path = tmp_path / "raw.nc"
    path.write_bytes(content)
    answer = browser.upload(fields=FORM, data=path)

    assert refused(answer)
    assert alerts(answer) or beside_data(answer).startswith("Error:")


@pytest.mark.parametrize("cut", [100, 2000, 10_000])
def test_damaged_file_is_refused(browser: Browser, raw: Path, cut: int) -> None:
    """A file that was cut short is refused."""
    raw.write_bytes(raw.read_bytes()[:cut])

    assert refused(browser.upload(fields=FORM, data=raw))


@pytest.mark.parametrize(
    "name", ["", "20210307", "2021030aky0930", "20210307aky09301", "20210307aky/930", "../etc/passwd"]
)
def test_bad_id_is_refused(browser: Browser, make_raw: Callable[..., Path], name: str) -> None:
    """An ID of another form is refused in an alert box."""
    answer = browser.upload(fields=FORM, data=make_raw(attributes={"Measurement_ID": name}))

    assert refused(answer)
    assert "Measurement_ID" in alerts(answer)[0]


def test_missing_id_is_refused(browser: Browser, make_raw: Callable[..., Path]) -> None:
    """A file without Measurement_ID is refused in an alert box."""
    answer = browser.upload(fields=FORM, data=make_raw(leave_out=["Measurement_ID"]))

    assert "Measurement_ID" in alerts(answer)[0]


@pytest.mark.parametrize(
    "name", ["Raw_Lidar_Data", "Laser_Shots", "channel_ID", "RawData_Start_Date", "Molecular_Calc"]
)
def test_missing_mandatory_part_is_named(browser: Browser, make_raw: Callable[..., Path], name: str) -> None:
    """A mandatory variable or attribute that is missing is named beside the field."""
    answer = browser.upload(fields=FORM, data=make_raw(leave_out=[name]))

    assert refused(answer)
    assert beside_data(answer).startswith("Error:")
    assert name in beside_data(answer)


def test_unreadable_times_are_refused(browser: Browser, make_raw: Callable[..., Path]) -> None:
    """A date of another form is refused beside the field."""
    answer = browser.upload(fields=FORM, data=make_raw(attributes={"RawData_Start_Date": "07.03.2021"}))

    assert "YYYYMMDD" in beside_data(answer)


def test_classic_netcdf_is_taken(browser: Browser, tmp_path: Path) -> None:
    """All netCDF flavours are read, the classic one too."""
    path = tmp_path / "classic.nc"
    with netcdf_file(path, "w") as file:
        attributes = {
            "Measurement_ID": ID,
            "RawData_Start_Date": "20210307",
            "RawData_Start_Time_UT": "093000",
            "RawData_Stop_Time_UT": "110000",
        }
        for name, value in attributes.items():
            setattr(file, name, value)
        for name, size in {"time": 1, "channels": 2, "points": 3, "nb": 1, "angles": 1}.items():
            file.createDimension(name, size)
        for name, code, dimensions in (
            ("Raw_Lidar_Data", "d", ("time", "channels", "points")),
            ("Raw_Data_Start_Time", "i", ("time", "nb")),
            ("Raw_Data_Stop_Time", "i", ("time", "nb")),
            ("Laser_Shots", "i", ("time", "channels")),
            ("Background_Low", "d", ("channels",)),
            ("Background_High", "d", ("channels",)),
            ("Laser_Pointing_Angle", "d", ("angles",)),
            ("Laser_Pointing_Angle_of_Profiles", "i", ("time", "nb")),
            ("id_timescale", "i", ("channels",)),
            ("channel_ID", "i", ("channels",)),
            ("Molecular_Calc", "i", ()),
        ):
            variable = file.createVariable(name, code, dimensions)
            if dimensions:
                variable[:] = np.zeros([file.dimensions[each] for each in dimensions])
            else:
                variable.data[...] = 0
    answer = browser.upload(fields=FORM, data=path)

    assert f"<h3>Measurement {ID} <small>" in answer.text


def test_old_style_id_is_taken(browser: Browser, make_raw: Callable[..., Path]) -> None:
    """Twelve-character IDs still run."""
    browser.upload(fields={"system": 140}, data=make_raw(measurement_id="20181017oh00"))

    assert browser.measurement("20181017oh00")["upload"] == 127


def test_uploaded_file_comes_back(browser: Browser, raw: Path) -> None:
    """The raw download holds the very file, byte for byte."""
    browser.upload(fields=FORM, data=raw)
    archive = browser.get(f"data_processing/measurements/{ID}/download-raw/").archive()

    assert [raw.read_bytes()] == [archive.read(name) for name in archive.namelist()]


def test_delay_holds_the_processing(emulator: Emulator, browser: Browser, raw: Path) -> None:
    """A delay in hours holds a measurement, which says so, until the clock has passed it."""
    browser.upload(fields={"system": 437, "delay": 2}, data=raw)
    emulator.clock.advance(7199)

    assert browser.measurement()["is_delayed"]
    emulator.clock.advance(1 + LONG)

    assert (browser.measurement()["is_delayed"], browser.measurement()["elda"]) == (False, 127)


def test_missing_sounding_holds_the_processing(
    emulator: Emulator, browser: Browser, make_raw: Callable[..., Path], tmp_path: Path
) -> None:
    """A file that is named and not there becomes a missing one; nothing starts until it comes with another upload."""
    browser.upload(fields=FORM, data=make_raw(sounding=SOUNDING))
    emulator.clock.advance(100 * LONG)
    waiting = browser.measurement()
    object_ = browser.get("api/v1/sounding_files/", filename=SOUNDING).json()["objects"][0]

    assert object_["status"] == "missing"
    assert not any(waiting[flag] for flag in ("is_queued", "is_being_processed", "is_delayed"))
    assert (waiting["hirelpp"], waiting["elpp"]) == (0, 0)
    assert f"{SOUNDING}: Missing" in browser.get(f"data_processing/measurements/{ID}/").text

    sounding = write_sounding(tmp_path / SOUNDING, start=START)
    other = make_raw("other.nc", measurement_id="20210307aky1230")
    browser.upload(fields=FORM, data=other, sounding_file=sounding)

    assert browser.measurement()["is_queued"]
    assert browser.get("api/v1/sounding_files/", filename=SOUNDING).json()["objects"][0]["status"] != "missing"
    emulator.clock.advance(LONG)

    assert browser.measurement()["elda"] == 127


def test_sounding_in_the_same_upload_is_enough(
    emulator: Emulator, browser: Browser, make_raw: Callable[..., Path], tmp_path: Path
) -> None:
    """A file that comes along is there at once."""
    sounding = write_sounding(tmp_path / SOUNDING, start=START)
    browser.upload(fields=FORM, data=make_raw(sounding=SOUNDING), sounding_file=sounding)

    assert browser.measurement()["is_queued"]


def test_only_the_name_in_the_file_counts(browser: Browser, make_raw: Callable[..., Path], tmp_path: Path) -> None:
    """A sounding that comes along but is not named does not stand in for the one that is."""
    sounding = write_sounding(tmp_path / "rs_20210307aky10.nc", start=START)
    browser.upload(fields=FORM, data=make_raw(sounding=SOUNDING), sounding_file=sounding)

    assert not browser.measurement()["is_queued"]


def test_descending_sounding_is_refused_with_all_of_the_upload(browser: Browser, raw: Path, tmp_path: Path) -> None:
    """Altitudes must ascend; a refused upload leaves neither measurement nor ancillary file."""
    sounding = write_sounding(tmp_path / SOUNDING, start=START, descending=True)
    answer = browser.upload(fields=FORM, data=raw, sounding_file=sounding)

    assert refused(answer)
    assert "ascending" in alerts(answer)[0]
    assert browser.get("api/v1/sounding_files/", filename=SOUNDING).json()["objects"] == []
    assert ID not in ids(browser.get("api/v1/measurements/"))


def test_refused_upload_leaves_none_of_its_files(browser: Browser, raw: Path, tmp_path: Path) -> None:
    """Where one of several files is refused the others are not kept either."""
    overlap = tmp_path / "ov_20210307aky.nc"
    overlap.write_bytes(b"text")
    sounding = write_sounding(tmp_path / SOUNDING, start=START)

    assert refused(browser.upload(fields=FORM, data=raw, sounding_file=sounding, overlap_file=overlap))
    assert browser.get("api/v1/sounding_files/", filename=SOUNDING).json()["objects"] == []


def test_ancillary_file_cannot_be_replaced(browser: Browser, make_raw: Callable[..., Path], tmp_path: Path) -> None:
    """A second file of the same name is refused: files are matched by name only."""
    sounding = write_sounding(tmp_path / SOUNDING, start=START)
    browser.upload(fields=FORM, data=make_raw(), sounding_file=sounding)
    answer = browser.upload(fields=FORM, data=make_raw(measurement_id="20210307aky1230"), sounding_file=sounding)

    assert refused(answer)
    assert SOUNDING in alerts(answer)[0]


def test_ancillary_file_must_be_netcdf(browser: Browser, raw: Path, tmp_path: Path) -> None:
    """An overlap file that is no netCDF file is refused by name."""
    overlap = tmp_path / "ov_20210307aky.nc"
    overlap.write_bytes(b"text")

    assert "overlap file" in alerts(browser.upload(fields=FORM, data=raw, overlap_file=overlap))[0]
