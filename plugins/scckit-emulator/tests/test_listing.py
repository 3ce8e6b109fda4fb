"""The old list of measurements and the export of a system (scc-interface.md 2.6, 5.1)."""

from __future__ import annotations

import csv
import io
import re

import pytest
from emulator_browser import ID, START, STOP, Answer, Browser

from scckit_emulator import Emulator

LIST = "data_processing/measurements/"
EMPTY = dict.fromkeys(
    ("station", "system", "start", "stop", "upload_status", "preprocessing_status", "optical_processing_status"), ""
)


def found(answer: Answer) -> dict[str, tuple[str, str]]:
    """Start and statuses by ID, by the expressions of the client that reads this list."""
    (table,) = re.findall(r'<table id="measurements">(.*?)</table>', answer.text, re.DOTALL)
    entries = {}
    for row in re.findall(r"<tr>(.*?)</tr>", table, re.DOTALL):
        match = re.match(
            r'.*?<td><a[^>]*>(\w+)</a>.*?<td>.*?<td>([\w-]+ [\w:]+)</td>.*<td data-order="([-\d,]+)"', row, re.DOTALL
        )
        if match:
            entries[match.group(1)] = (match.group(2), match.group(3))
    return entries


def test_rows_can_be_read(emulator: Emulator, browser: Browser) -> None:
    """A row has ID, start and the three statuses where the client looks for them."""
    emulator.add_measurement(ID, system=438, start=START, stop=STOP, failing=["elda"])

    assert found(browser.get(LIST, **EMPTY))[ID] == ("2021-03-07 09:30", "127,127,-127")


@pytest.mark.parametrize("left_out", EMPTY)
def test_all_parameters_must_be_there(browser: Browser, left_out: str) -> None:
    """If one parameter is not there, even empty, there are no results."""
    assert found(browser.get(LIST, **{name: "" for name in EMPTY if name != left_out})) == {}
    assert len(found(browser.get(LIST, **EMPTY))) == 12


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"station": "aky"}, True),
        ({"station": "hpb"}, False),
        ({"system": "438"}, True),
        ({"system": "437"}, False),
        ({"system": "x"}, False),
        ({"start": "2021-03-07 00:00:00"}, True),
        ({"start": "2021-03-08 00:00:00"}, False),
        ({"stop": "2021-03-08 00:00:00"}, True),
        ({"stop": "2021-03-07 10:00:00"}, False),
        ({"stop": "never"}, False),
        ({"upload_status": "127"}, True),
        ({"preprocessing_status": "-127"}, False),
        ({"optical_processing_status": "-127"}, True),
    ],
)
def test_filters(emulator: Emulator, browser: Browser, query: dict[str, str], expected: bool) -> None:
    """Each parameter filters."""
    emulator.add_measurement(ID, system=438, start=START, stop=STOP, failing=["elda"])

    assert expected == (ID in found(browser.get(LIST, **{**EMPTY, **query})))


def test_export_has_the_sections(browser: Browser) -> None:
    """The export has its sections, each with header and rows that fit, and ends with the checksum."""
    answer = browser.get("admin/database/hoisystems/export/438")
    sections: dict[str, list[list[str]]] = {}
    name = ""
    lines = list(csv.reader(io.StringIO(answer.text)))
    for line in lines[:-1]:
        if len(line) == 1 and line[0].isalpha() and line[0][0].isupper():
            name = line[0]
            sections[name] = []
        elif line:
            sections[name].append(line)

    assert answer.headers["Content-Type"].startswith("text/csv")
    assert lines[-1][0] == "CHECKSUM"
    assert list(sections) == [
        "HoiSystems",
        "HoiChannels",
        "HoiTelescopes",
        "HoiLaser",
        "PolarizationCrosstalkParameter",
        "PRODUCSTCHANNELS",
    ]
    assert all(len(row) == len(table[0]) for table in sections.values() for row in table)
    system = dict(zip(*sections["HoiSystems"], strict=True))
    assert (system["id"], system["owner_id_id"]) == ("438", "aky")
    assert len(sections["HoiChannels"]) == 1 + 6


def test_export_of_an_unknown_system(browser: Browser) -> None:
    """An unknown system is 404."""
    assert browser.get("admin/database/hoisystems/export/999999").status == 404
