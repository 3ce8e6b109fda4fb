"""Types and exceptions of the published API: both kinds of cells, both sources of a measurement, lines of CSV."""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys
from contextlib import suppress
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scckit.plugins import Cell, Row
from scckit_compat.scc_access import SCC_Credentials, constants, exceptions, types
from scckit_compat.scc_access.types import Flag, LidarConstant, Measurement, Product, ProductStatus

MODULES = ("hirelpp", "cloudmask", "elpp", "elda", "eldec", "elic", "elquick")
ICONS = {
    "OK": ProductStatus.OK,
    "Error": ProductStatus.ERROR,
    "Not Executed": ProductStatus.NO_RUN,
    "?": ProductStatus.UNKNOWN,
}
TEXTS = {
    "id": "20210307aky0930",
    "station_id": "aky",
    "start": "2021-03-07 09:30",
    "stop": "2021-03-07 11:00",
    "creation_date": "2021-03-08 01:02",
    "updated_date": "2021-03-08 03:04",
}
CONSTANT = {
    "measurement_id_display": "20210307aky0930",
    "channel_id_display": "1",
    "system_id_display": "437",
    "product_id_display": "4370",
    "detection_wavelength": "355.0",
    "lidar_constant": "1.25e+11",
    "lidar_constant_stat_err": "2.5e+09",
    "profile_start_time": "2021-03-07 09:30",
    "profile_end_time": "2021-03-07 11:00",
    "creation_date": "2021-03-08 01:02",
    "calibr_window_bottom": "5000.0",
    "calibr_window_top": "6000.0",
    "elda_version": "5.2.7",
}


def html(cells: dict[str, Cell], ending: str = "_evo") -> object:
    """Return a row as BeautifulSoup gives it."""
    bs4 = pytest.importorskip("bs4")
    parts = []
    for name, cell in cells.items():
        inner = f'<img src="i.svg" alt="{cell.icon}">' if cell.icon is not None else cell.text
        tag = "th" if name == "station_id" else "td"
        inner = f'<a href="#">{inner}</a>' if tag == "th" else inner
        parts.append(f'<{tag} class="x field-{name} y">{inner}</{tag}>')
    return bs4.BeautifulSoup(f"<table><tr class='grp-row'>{''.join(parts)}</tr></table>", "html.parser").tr


@given(
    st.fixed_dictionaries({name: st.sampled_from(sorted(ICONS)) for name in ("upload", *MODULES)}),
    st.sampled_from(["True", "False", "maybe"]),
    st.sampled_from(["_ok_evo", "_ok"]),
)
def test_both_kinds_of_rows_read_the_same(icons: dict[str, str], running: str, ending: str) -> None:
    """Whatever the icons say, a row of BeautifulSoup and one of scckit's reader give the same measurement."""
    cells = {name: Cell(text) for name, text in TEXTS.items()}
    cells |= {f"{name}{ending}": Cell("", icon) for name, icon in icons.items()}
    cells["is_being_processed"] = Cell("", running)

    ours, theirs = Measurement.from_table_row(Row(cells)), Measurement.from_table_row(html(cells))

    assert ours == theirs
    assert {name: getattr(ours, name).status for name in MODULES} == {name: ICONS[icons[name]] for name in MODULES}
    assert ours.is_uploaded == Product(ICONS[icons["upload"]])
    assert bool(ours.is_processing) is (running == "True")
    assert isinstance(ours.is_processing, Flag)
    assert ours.is_processing.status.name == {"True": "OK", "False": "ERROR"}.get(running, "UNKNOWN")
    assert ours.date_start == datetime(2021, 3, 7, 9, 30)  # noqa: DTZ001 - as published
    values = ours.to_csv().split(",")
    assert values[:2] == ["20210307aky0930", ours.location.name if ours.location else ""]
    assert values[2:5] == ["aky", "2021-03-07T09:30:00", "2021-03-07T11:00:00"]
    assert values[8:] == [getattr(ours, name).status.name for name in MODULES]


def test_lidar_constants_read_the_same() -> None:
    """Numbers stay the texts that the table has, in both kinds of rows and in CSV."""
    cells = {name: Cell(text) for name, text in CONSTANT.items()}
    one = LidarConstant.from_table_row(Row(cells))

    assert one == LidarConstant.from_table_row(html(cells))
    assert one.lidar_constant == "1.25e+11"
    assert one.to_csv() == (
        "20210307aky0930,1,437,4370,355.0,1.25e+11,2.5e+09,2021-03-07 09:30:00,2021-03-07 11:00:00,5000.0,6000.0,"
        "2021-03-08 01:02:00,5.2.7"
    )


@pytest.mark.parametrize("newer", [True, False])
def test_objects_of_the_api(newer: bool) -> None:
    """127 is done, 0 not run, 1 running, the rest failed; flags of newer and older servers; a station is not told."""
    codes = dict(zip(MODULES, (127, 0, 1, -127, -1, 127, None), strict=True))
    flag = "is_being_processed" if newer else "is_running"
    value = {
        "id": "x",
        "start": "2021-03-07T09:30:00",
        "stop": "2021-03-07T11:00:00",
        "upload": 127,
        flag: True,
        **codes,
    }
    one = Measurement.from_json(value)

    assert [getattr(one, name).status.name for name in MODULES] == [
        *("OK", "NO_RUN", "UNKNOWN", "ERROR", "ERROR", "OK", "UNKNOWN")
    ]
    assert (one.is_processing, one.is_queued, one.station_code, one.location) == (True, None, None, None)
    assert one.to_csv().startswith("x,,,2021-03-07T09:30:00,")


def test_single_cells() -> None:
    """The helpers take cells of both kinds."""
    row = html({"a": Cell("2021-03-07 09:30"), "b": Cell("", "OK"), "c": Cell("", "True")})
    a, b, c = row.find_all("td")  # type: ignore[attr-defined]
    for date, status, flag in ((a, b, c), (Cell("2021-03-07 09:30"), Cell("", "OK"), Cell("", "True"))):
        assert types.scc_date(date) == datetime(2021, 3, 7, 9, 30)  # noqa: DTZ001 - as published
        assert types.scc_product_status(status) == Product(ProductStatus.OK)
        assert types.scc_bool(flag) == True  # noqa: E712 - equal to a boolean, not one
    assert [status.to_emoji() for status in ProductStatus] == ["[green]✔[/green]", "[red]✘[/red]", "∅", "❓"]


def test_ancillary_objects() -> None:
    """Attributes are those of the object; what is missing, or is nothing, does not exist."""
    assert types.APIObject({"filename": "x", "status": "ok"}).exists
    assert types.APIObject({"filename": "x"}).exists
    assert not types.APIObject({"filename": "x", "status": "missing"}).exists
    assert not types.APIObject(None).exists


@pytest.mark.parametrize(
    "error",
    [
        exceptions.MeasurementNotFound("20210307aky0930"),
        exceptions.PageNotAccessible("https://scc.example/", 401),
        exceptions.SCCError("no such system"),
        exceptions.UnexpectedResponse("odd", "<html>"),
        exceptions.UnexpectedResponse("odd"),
        exceptions.UnexpectedResponse(None),
        exceptions.WrongCredentialsException(),
    ],
)
def test_exceptions_survive_pickling(error: Exception) -> None:
    """They say what the published ones say, also after a trip to another process."""
    again = pickle.loads(pickle.dumps(error))

    assert (type(again), str(again), vars(again)) == (type(error), str(error), vars(error))
    words = {
        "MeasurementNotFound": "does not exist",
        "PageNotAccessible": "status code 401",
        "UnexpectedResponse": "unknown way",
    }
    assert words.get(type(error).__name__, "") in str(error)


def test_no_secret_shows() -> None:
    """Credentials take any mapping of the published form, and hide themselves; a missing part is a KeyError."""
    config = {"http": {"username": "u", "password": "pa55"}, "auth": {"username": "me", "password": "w0rd"}}
    found = SCC_Credentials(config)

    assert (found.http_auth_user, found.http_auth_password, found.username, found.password) == (
        "u",
        "pa55",
        "me",
        "w0rd",
    )
    assert not any(secret in repr(found) for secret in ("pa55", "w0rd"))
    with pytest.raises(KeyError):
        SCC_Credentials({"http": {}, "auth": {}})


def test_another_server_is_set_in_one_place(monkeypatch: pytest.MonkeyPatch) -> None:
    """All addresses follow the base URL; each may be set by itself too, and all can be set back."""
    before = {name: value for name, value in vars(constants).items() if isinstance(value, str)}
    with monkeypatch.context() as patch:
        patch.setattr(constants, "BASE_URL", "http://127.0.0.1:1")
        assert constants.BASE_URL == "http://127.0.0.1:1/"
        assert constants.download_optical_pattern.format("x") == (
            "http://127.0.0.1:1/data_processing/measurements/x/download-optical/"
        )
        patch.setattr(constants, "login_url", "http://127.0.0.1:2/accounts/login/")
        assert constants.login_url == "http://127.0.0.1:2/accounts/login/"
        assert constants.logout_url == "http://127.0.0.1:1/accounts/logout/"
    assert {name: value for name, value in vars(constants).items() if isinstance(value, str)} == before
    assert constants.login_url == "https://scc.imaa.cnr.it/accounts/login/"


@given(st.text(), st.sampled_from([None, "", "True", "OK"]) | st.text())
def test_any_cell_gives_a_value_or_the_documented_error(text: str, icon: str | None) -> None:
    """Whatever stands in a cell of either kind, and whether it has a picture or not."""
    bs4 = pytest.importorskip("bs4")
    soup = bs4.BeautifulSoup("<td></td>", "html.parser")
    soup.td.string = text
    if icon is not None:
        soup.td.append(soup.new_tag("img", alt=icon))
    for cell in (Cell(text, icon), soup.td):
        assert isinstance(types.scc_product_status(cell).status, ProductStatus)
        assert types.scc_bool(cell) in {True, False}
        with suppress(ValueError):
            assert isinstance(types.scc_date(cell), datetime)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(
    st.dictionaries(
        st.sampled_from(["id", "start", "stop", "upload", "is_queued", "is_being_processed", *MODULES]), JSON
    )
)
def test_any_object_gives_a_measurement_or_the_documented_error(value: dict[str, object]) -> None:
    """Of the API, whose objects are what its server makes them; and an ancillary one is always one."""
    with suppress(KeyError, ValueError):
        assert isinstance(Measurement.from_json(value).to_csv(), str)
    with suppress(KeyError, ValueError):
        whole = {"id": "x", "start": "2021-03-07T09:30:00", "stop": "2021-03-07T11:00:00", **value}
        assert isinstance(Measurement.from_json(whole).to_csv(), str)
    assert isinstance(types.APIObject({"__class__": 1, **value}).exists, bool)


@given(st.dictionaries(st.sampled_from([*TEXTS, *CONSTANT, "is_being_processed", "elda_ok"]), st.text().map(Cell)))
def test_any_row_gives_a_value_or_the_documented_error(cells: dict[str, Cell]) -> None:
    """A row may lack any cell; the error names it."""
    for kind in (Measurement, LidarConstant):
        with suppress(ValueError):
            assert isinstance(kind.from_table_row(Row(cells)).to_csv(), str)  # type: ignore[attr-defined]
    with pytest.raises(ValueError, match="no cell 'id'"):
        Measurement.from_table_row(Row({}))
    with pytest.raises(ValueError, match="no cell 'measurement_id_display'"):
        LidarConstant.from_table_row(Row({}))


@pytest.mark.parametrize("options", [{}, {"multi_valued_attributes": None}])
def test_classes_as_a_list_or_as_a_text(options: dict[str, None]) -> None:
    """BeautifulSoup gives them in either way, by how it was told to parse."""
    bs4 = pytest.importorskip("bs4")
    cells = "".join(f'<td class="a field-{name} b">{text}</td>' for name, text in CONSTANT.items())
    row = bs4.BeautifulSoup(f"<table><tr>{cells}</tr></table>", "html.parser", **options).tr
    assert LidarConstant.from_table_row(row).lidar_constant == CONSTANT["lidar_constant"]


def test_flags_travel() -> None:
    """To other processes and back, with their status."""
    for flag in (Flag(True), Flag(False), Flag(False, ProductStatus.UNKNOWN)):
        again = pickle.loads(pickle.dumps(copy.deepcopy(flag)))
        assert (again, again.status, f"{again}") == (flag, flag.status, str(bool(flag)))


def test_neither_beautifulsoup_nor_pollyxt_is_needed() -> None:
    """Without them the package is imported and reads rows, and a station has its code as name."""
    program = (
        "import sys\n"
        "sys.modules.update(dict.fromkeys(['bs4', 'pollyxt_pipelines']))\n"
        "from scckit.plugins import Cell, Row\n"
        "from scckit_compat.scc_access import Measurement\n"
        f"cells = {{name: Cell(text) for name, text in {TEXTS}.items()}}\n"
        "print(Measurement.from_table_row(Row(cells)).to_csv())\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("20210307aky0930,aky,aky,2021-03-07T09:30:00,")
