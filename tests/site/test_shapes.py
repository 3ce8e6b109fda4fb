"""What rows and API objects become; drift is noticed, novelty is welcome."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scckit.errors import SCCError, UnexpectedContent, UnreadablePage
from scckit.models import Phase, Status
from scckit.site import Site
from scckit.site.content import Cell, PageContent, Row
from scckit.site.shapes import measurement_from_api, measurement_from_row
from scckit.site.wire import system_number
from scckit.testing import strategies

ID = "20210307aky0930"
#: Statuses of a real measurement (scc-interface.md 4.4): ELPP failed, ELIC went on.
REAL = {
    "upload": 127,
    "hirelpp": 127,
    "cloudmask": 127,
    "elpp": -127,
    "elda": 0,
    "eldec": 0,
    "elic": 127,
    "elquick": 127,
}

api_keys = st.sampled_from(
    [
        "id",
        "start",
        "stop",
        "system",
        "upload",
        "elda",
        "elda_exit_code",
        "newmod",
        "newmod_exit_code",
        "is_queued",
        "is_running",
        "elpp",
    ]
)


def test_an_object_of_the_api() -> None:
    """All that the API is known to give finds its place; keys that are not known are no trouble."""
    value = {
        "id": ID,
        "resource_uri": f"/api/v1/measurements/{ID}/",
        "system": "/api/v1/lidar_configurations/437/",
        "start": "2021-03-07T09:30:00",
        "stop": "2021-03-07T10:30:00",
        "is_calibration": False,
        "is_being_processed": False,
        "is_queued": False,
        "is_delayed": False,
        "elpp_exit_code": {"exit_code": 21, "description": "no channel"},
        "elda_exit_code": None,
        "unheard_of": {"x": 1},
        **REAL,
    }

    measurement = measurement_from_api(value)

    assert measurement.id == ID
    assert measurement.system == 437
    assert measurement.start == datetime(2021, 3, 7, 9, 30, tzinfo=UTC)
    assert measurement.modules["elpp"].status is Status.FAILED
    assert measurement.modules["elpp"].exit is not None
    assert measurement.modules["elpp"].exit.description == "no channel"
    assert measurement.modules["elda"].exit is None
    assert "upload" not in measurement.modules
    assert measurement.phase is Phase.FINISHED


def test_a_module_that_nobody_knew() -> None:
    """A status with an exit code beside it is a module, whatever its name."""
    measurement = measurement_from_api({"id": ID, "eldamwl": 1, "eldamwl_exit_code": None})

    assert measurement.modules["eldamwl"].status is Status.RUNNING


def test_a_status_that_nobody_knew() -> None:
    """A new number is "unknown", and kept."""
    module = measurement_from_api({"id": ID, "elda": 64}).modules["elda"]

    assert (module.status, module.code) == (Status.UNKNOWN, 64)


@pytest.mark.parametrize(
    ("value", "named"),
    [
        ({}, "id"),
        ({"id": ID, "is_queued": "False"}, "is_queued"),
        ({"id": ID, "start": 5}, "start"),
        ([], "object"),
        ({"id": "x"}, "id"),
    ],
)
def test_drift_is_named(value: object, named: str) -> None:
    """A value of another type than agreed is an error that names its place, never a silent conversion."""
    with pytest.raises(UnreadablePage, match=named):
        measurement_from_api(value)


@given(st.dictionaries(api_keys, strategies.json_values(), max_size=8))
def test_any_object_is_a_measurement_or_one_error(value: dict[str, object]) -> None:
    """Whatever JSON comes, there is a measurement or our error; with every status kept as it was."""
    try:
        measurement = measurement_from_api({"id": ID, **value})
    except UnreadablePage:
        return
    assert measurement.phase in Phase
    assert all(module.code == value[name] for name, module in measurement.modules.items())


@given(st.binary(max_size=200))
def test_any_bytes_are_json_or_one_error(body: bytes) -> None:
    """Bytes of the API are JSON or UnexpectedContent."""
    with contextlib.suppress(UnexpectedContent):
        Site(NoReader()).json(body)


class NoReader:
    """Reads nothing."""

    def read(self, _: str, /) -> PageContent:
        """Find nothing."""
        return PageContent()


@given(
    st.dictionaries(
        st.sampled_from(
            [
                "id",
                "station_id",
                "start",
                "creation_date",
                "elda_ok_evo",
                "elda_ok",
                "upload_ok_evo",
                "is_being_processed",
                "new",
            ]
        ),
        st.builds(
            Cell,
            st.sampled_from(["", "-", ID, "aky", "2021-03-07 09:30", "March 7, 2021", "Αθήνα"]),
            st.sampled_from([None, "OK", "True", "??"]),
        ),
    )
)
def test_any_row_is_a_measurement_or_one_error(cells: dict[str, Cell]) -> None:
    """Whatever cells a row has, there is a measurement or our error."""
    try:
        measurement_from_row(Row(cells))
    except SCCError as error:
        assert isinstance(error, UnreadablePage)


@pytest.mark.parametrize(
    ("ending", "icons"), [("_ok_evo", ("OK", "Not Executed", "Error")), ("_ok", ("True", "None", "False"))]
)
def test_rows_of_both_generations(ending: str, icons: tuple[str, str, str]) -> None:
    """Icons of the present and of the older kind mean the same."""
    names = ("hirelpp", "elda", "elpp")
    cells = {name + ending: Cell(icon=icon) for name, icon in zip(names, icons, strict=True)}

    modules = measurement_from_row(Row({"id": Cell(ID), "updated_date": Cell("-"), **cells})).modules

    assert [modules[name].status for name in names] == [Status.OK, Status.NOT_RUN, Status.FAILED]


@pytest.mark.parametrize(
    ("flags", "statuses", "phase"),
    [
        ({"is_delayed": True, "is_queued": True}, {}, Phase.DELAYED),
        ({"is_queued": True}, {}, Phase.QUEUED),
        ({"is_being_processed": True, "is_queued": True}, {}, Phase.PROCESSING),
        ({"is_running": True}, {}, Phase.PROCESSING),
        ({"is_running": False}, {"elpp": 1}, Phase.PROCESSING),
        ({}, {"elpp": 1}, Phase.PROCESSING),
        ({}, {}, Phase.NOT_STARTED),
        (
            {"is_queued": False, "is_being_processed": False, "is_delayed": False},
            {"elpp": 0, "elda": 0},
            Phase.NOT_STARTED,
        ),
        ({}, {"elpp": -127, "elda": 0}, Phase.FINISHED),
        ({"is_queued": None}, {"elpp": 127, "elda": 127}, Phase.FINISHED),
    ],
)
def test_the_phase(flags: dict[str, bool | None], statuses: dict[str, int], phase: Phase) -> None:
    """The rule of scc-interface.md 4.7, flag by flag, of old and new servers."""
    assert measurement_from_api({"id": ID, **statuses, **flags}).phase is phase


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (437, 437),
        ("437", 437),
        ("/api/v1/lidar_configurations/437/", 437),
        ({"id": 437}, 437),
        (None, None),
        ("", None),
    ],
)
def test_the_system_in_all_its_forms(value: object, number: int | None) -> None:
    """The type of ``system`` is not certain: number, text, address or object are all read."""
    assert system_number(value) == number
