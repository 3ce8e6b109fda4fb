"""The JSON API (scc-interface.md 4)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from emulator_browser import ID, START, STOP, Browser, ids

from scckit_emulator import Behaviour, Emulator

LIST = "api/v1/measurements/"
FIELDS = {
    "id",
    "resource_uri",
    "system",
    "start",
    "stop",
    "upload",
    "is_calibration",
    "is_being_processed",
    "is_queued",
    "is_delayed",
    *(
        name + ending
        for name in ("hirelpp", "cloudmask", "elpp", "elda", "eldec", "elic", "elquick")
        for ending in ("", "_exit_code")
    ),
}


def fill(emulator: Emulator, count: int) -> list[str]:
    """Add measurements; their IDs."""
    names = []
    for number in range(count):
        start = START + timedelta(minutes=number)
        names.append(f"{start:%Y%m%d}aky{start:%H%M}")
        emulator.add_measurement(names[-1], system=437, start=start, stop=start + timedelta(minutes=1))
    return names


def test_measurement_has_the_fields_of_the_scc(emulator: Emulator, browser: Browser) -> None:
    """A measurement has every field that a client has seen, and no other."""
    emulator.add_measurement(ID, system=437, start=START, stop=STOP)
    found = browser.measurement()

    assert set(found) == FIELDS
    assert found["resource_uri"] == f"/api/v1/measurements/{ID}/"


def test_unknown_measurement_is_not_found(browser: Browser) -> None:
    """An unknown ID is 404."""
    assert browser.get(f"{LIST}{ID}/").status == 404


def test_envelope(emulator: Emulator, browser: Browser) -> None:
    """Lists come in pages with meta; following `next` sees each object once."""
    fill(emulator, 50)
    seen: list[str] = []
    path: str | None = LIST
    totals = set()
    while path is not None:
        answer = browser.get(path)
        meta = answer.json()["meta"]
        totals.add(meta["total_count"])
        assert set(meta) == {"limit", "next", "offset", "previous", "total_count"}
        assert meta["limit"] == 20
        seen += ids(answer)
        path = meta["next"]

    assert {62} == totals
    assert len(seen) == len(set(seen)) == 62


def test_limit_and_offset(emulator: Emulator, browser: Browser) -> None:
    """`limit` and `offset` choose a part; limit 0 is as many as allowed."""
    names = fill(emulator, 30)
    part = browser.get(LIST, id__startswith="20210307aky", order_by="id", limit=5, offset=10)

    assert names[10:15] == ids(part)
    assert len(ids(browser.get(LIST, limit=0))) == 42


def test_page_size_is_a_behaviour(emulator: Emulator, browser: Browser) -> None:
    """Pages are as long as the behaviour says."""
    emulator.behaviour = Behaviour(api_page_size=3)

    assert len(ids(browser.get(LIST))) == 3


@pytest.mark.parametrize(("order", "backwards"), [("id", False), ("-id", True), ("start", False), ("-start", True)])
def test_order(browser: Browser, order: str, backwards: bool) -> None:
    """Lists can be ordered by ID and start, both ways."""
    found = ids(browser.get(LIST, order_by=order))

    assert sorted(found, reverse=backwards) == found


@pytest.mark.parametrize(
    ("query", "expected"),
    [({"id__exact": ID}, 1), ({"id__startswith": "20210307aky"}, 3), ({"id__startswith": "1999"}, 0), ({"id": ID}, 1)],
)
def test_filters(emulator: Emulator, browser: Browser, query: dict[str, str], expected: int) -> None:
    """Measurements can be found by ID and by its beginning."""
    fill(emulator, 3)

    assert len(ids(browser.get(LIST, **query))) == expected


def test_unknown_filter_is_ignored(browser: Browser) -> None:
    """A filter on an unknown field is ignored, as Tastypie does."""
    assert len(ids(browser.get(LIST, nonsense="1"))) == 12


def test_without_final_slash(emulator: Emulator, browser: Browser) -> None:
    """The address without the final slash, as the clients write it, leads to the same, with its query."""
    fill(emulator, 2)
    answer = browser.get("api/v1/measurements", id__startswith="20210307aky")

    assert (answer.status, len(ids(answer))) == (200, 2)


def test_root_lists_the_resources(browser: Browser) -> None:
    """The root names each resource and where its list is; each list can be had."""
    root = browser.get("api/v1/", format="json").json()

    assert {"measurements", "sounding_files", "overlap_files", "lidarratio_files", "lidar_configurations"} <= set(root)
    for resource in root.values():
        assert browser.get(resource["list_endpoint"]).status == 200


@pytest.mark.parametrize("resource", ["sounding_files", "overlap_files", "lidarratio_files"])
def test_ancillary_files_by_name(emulator: Emulator, browser: Browser, resource: str) -> None:
    """An ancillary file is found by its name, with ID and status; another name finds nothing."""
    emulator.add_ancillary(resource.removesuffix("_files"), "xx_new.nc", "missing")
    (found,) = browser.get(f"api/v1/{resource}/", filename="xx_new.nc").json()["objects"]

    assert (found["filename"], found["status"]) == ("xx_new.nc", "missing")
    assert isinstance(found["id"], int)
    assert browser.get(f"api/v1/{resource}/", filename="xx_other.nc").json()["objects"] == []


def test_configuration_is_nested(browser: Browser) -> None:
    """A configuration has its channels and products in it, and leads to station and lidar."""
    found = browser.get("api/v1/lidar_configurations/438/", format="json").json()
    channel = found["channels"][0]

    assert found["id"] == 438
    assert set(channel) == {
        "id",
        "emission_wavelength",
        "interference_filter_center",
        "interference_filter_fwhm",
        "raw_range_resolution",
        "dead_time",
        "trigger_delay",
        "first_signal_rangebin",
        "detection_mode",
        "laser",
        "telescope",
        "background_mode",
        "scattering_mechanism",
        "polarization_crosstalk_parameter",
    }
    assert set(channel["telescope"]) == {"id", "full_overlap_height_m", "field_of_view"}
    station = browser.get(found["station"]).json()
    assert {"id", "name", "height_asl", "latitude", "longitude", "resource_uri"} == set(station)
    assert "Αντικύθηρα" in station["name"]
    version = browser.get(found["lidar_version"]).json()
    assert browser.get(version["lidar"]).json()["name"] == "PollyXT-NOA"


def test_system_as_number(emulator: Emulator, browser: Browser) -> None:
    """On request a measurement's system is a number."""
    emulator.behaviour = Behaviour(system_as="id")
    emulator.add_measurement(ID, system=437, start=START, stop=STOP)

    assert browser.measurement()["system"] == 437


def test_lag(emulator: Emulator, browser: Browser) -> None:
    """The API learns of a new measurement after its lag, in the list too; the page knows it at once."""
    emulator.behaviour = Behaviour(api_lag=4)
    emulator.add_measurement(ID, system=437, start=START, stop=STOP, finished=False)

    assert browser.get(f"data_processing/measurements/{ID}/").status == 200
    assert (browser.get(f"{LIST}{ID}/").status, ID in ids(browser.get(LIST))) == (404, False)
    emulator.clock.advance(4)

    assert (browser.get(f"{LIST}{ID}/").status, ID in ids(browser.get(LIST))) == (200, True)


def test_nothing_is_written_through_the_api(browser: Browser) -> None:
    """Other methods than GET are not allowed."""
    assert [browser.once(method, LIST).status for method in ("POST", "DELETE")] == [405, 405]
