"""``scckit_compat.scc_access`` beside the package whose API it is, name by name; no server is needed.

Whatever can be imported from theirs and is its own is compared: signatures, kinds of callables, fields, members, values, bases,
and what helpers and exceptions make of the same arguments. ``DIFFERENT`` names each deliberate difference, and the migration
guide must tell of it.
"""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Iterator
from datetime import date
from enum import Enum
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

pytestmark = [pytest.mark.peer, pytest.mark.filterwarnings("ignore")]

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "migration.md"
MODULES = ("", ".constants", ".exceptions", ".types")
#: What is not as there, by name, and the words by which the guide tells of it.
DIFFERENT = {
    "SCC().session": "`SCC.session`",
    "types.Measurement.from_json: to_csv": "`to_csv` of what `get_measurement` returns",
    "types.Product.from_code(1)": "a module that is running",
    "types.Product.from_code(None)": "a status that the API does not tell",
    "types.Measurement.from_table_row: is_processing": "`is_processing` of a row",
    "types.Measurement.from_table_row: stranger": "a station that its list does not have",
    "types.scc_bool(True)": "`scc_bool`",
    "types.scc_bool(False)": "`scc_bool`",
    "types.scc_bool(odd)": "`scc_bool`",
    "types.Product(OK) == types.Product(OK)": "two `Product`s of the same status",
    "exceptions.UnexpectedResponse('odd')": "without a body",
    "types.APIObject({})": "an ancillary file without a status",
}
#: Names that a module of theirs imports for its own use; the guide tells of them by these words.
BORROWED = "what it imports for its own use"
STATES = ("upload", "hirelpp", "cloudmask", "elpp", "elda", "eldec", "elic", "elquick")


def row(station: str = "aky", **texts: str) -> Any:
    """A row as the site has it, read by BeautifulSoup."""
    from bs4 import BeautifulSoup

    cells = {"id": f"20210307{station}0930", "start": "2021-03-07 09:30", "stop": "2021-03-07 11:00"}
    cells |= {"creation_date": "2021-03-08 01:02", "updated_date": "2021-03-08 03:04"} | texts
    parts = [f'<td class="field-{name} nowrap">{text}</td>' for name, text in cells.items()]
    parts.append(f'<th class="field-station_id"><a href="x">{station}</a></th>')
    for state, alt in zip(STATES, ("OK", "Error", "Not Executed", "?", "OK", "OK", "OK", "Error"), strict=True):
        parts.append(f'<td class="field-{state}_ok_evo"><img src="i.svg" alt="{alt}"></td>')
    parts.append('<td class="field-is_being_processed"><img src="i.svg" alt="False"></td>')
    return BeautifulSoup(f'<table><tr class="grp-row">{"".join(parts)}</tr></table>', "html.parser").tr


def icon(alt: str) -> Any:
    """A cell with a picture."""
    from bs4 import BeautifulSoup

    return BeautifulSoup(f'<td><img alt="{alt}"></td>', "html.parser").td


CONSTANT = {
    **{f"{name}_display": name for name in ("measurement_id", "channel_id", "system_id", "product_id")},
    **{name: name for name in ("detection_wavelength", "lidar_constant", "lidar_constant_stat_err", "elda_version")},
    **dict.fromkeys(("profile_start_time", "profile_end_time"), "2021-03-07 09:30"),
    **{name: name for name in ("calibr_window_bottom", "calibr_window_top")},
}


def told(call: Any) -> Any:
    """What comes of a call, in words that do not tell which package it was; the kind of an error, where it is one."""
    try:
        return plain(call())
    except Exception as error:  # noqa: BLE001 - whichever it is
        return type(error).__name__


def plain(value: Any) -> Any:
    """A value without its class."""
    if isinstance(value, Enum):
        return value.name
    if hasattr(value, "scc_code"):
        return value.scc_code, value.name
    if hasattr(value, "status") and hasattr(value, "code"):
        return plain(value.status), value.code
    if dataclasses.is_dataclass(value):
        return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if type(value).__name__ == "APIObject":
        return vars(value)
    return value


def names(module: ModuleType) -> Iterator[tuple[str, Any]]:
    """What is a module's own, under the name that it is imported by."""
    for name, value in vars(module).items():
        if not name.startswith("_") and (isinstance(value, str) or ".scc_access" in getattr(value, "__module__", "")):
            yield name, value


def described(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    """Each thing that a program can rely on, by name."""
    if isinstance(value, type):
        bases = [base.__name__ for base in value.__mro__[1:]]
        yield name, ("class", "Exception" in bases, "Enum" in bases)
        if issubclass(value, Enum):
            yield f"{name} members", [(member.name, member.value) for member in value]
        if dataclasses.is_dataclass(value):
            yield f"{name} fields", [(field.name, field.init, field.default) for field in dataclasses.fields(value)]
            yield f"{name} frozen", value.__dataclass_params__.frozen
        for inner in vars(value):
            found = inspect.getattr_static(value, inner)
            if inner == "__init__" or (not inner.startswith("_") and callable(getattr(value, inner))):
                yield from described(f"{name}.{inner}", getattr(value, inner))
                yield f"{name}.{inner} kind", type(found).__name__
    elif callable(value):
        parameters = inspect.signature(value).parameters.values()
        yield name, [(one.name, one.kind.name, one.default) for one in parameters]
        yield f"{name} is a generator", inspect.isgeneratorfunction(value)
    else:
        yield name, value


def of_helpers(types: ModuleType) -> Iterator[tuple[str, Any]]:
    """What they make of the same cells and numbers."""
    for text in ("2021-03-07 09:30", "", "07.03.2021", "2021-03-07 09:30:01"):
        yield (
            f"types.scc_date({text})",
            told(lambda text=text: types.scc_date(row(start=text).find("td", "field-start"))),
        )
    for alt in ("OK", "Not Executed", "Error", "odd", ""):
        yield f"types.scc_product_status({alt})", told(lambda alt=alt: types.scc_product_status(icon(alt)))
    for alt in ("True", "False", "odd"):
        yield f"types.scc_bool({alt})", told(lambda alt=alt: types.scc_bool(icon(alt)))
        yield f"types.scc_bool({alt}).status", told(lambda alt=alt: types.scc_bool(icon(alt)).status)
    for code in (127, 0, -127, 1, -1, None):
        yield f"types.Product.from_code({code})", told(lambda code=code: types.Product.from_code(code))
    for status in types.ProductStatus:
        yield f"types.ProductStatus.{status.name}.to_emoji()", status.to_emoji()
        yield f"types.Product({status.name})", plain(types.Product(status)) + plain(types.Product(status, code=5))

    yield (
        "types.Product(OK) == types.Product(OK)",
        types.Product(types.ProductStatus.OK) == types.Product(types.ProductStatus.OK),
    )


def of_types(types: ModuleType) -> Iterator[tuple[str, Any]]:
    """What they make of the same rows and objects."""
    known = types.Measurement.from_table_row(row())
    for name, value in plain(known).items():
        yield f"types.Measurement.from_table_row: {name}", value
    yield "types.Measurement.from_table_row: to_csv", known.to_csv()
    yield (
        "types.Measurement.from_table_row: stranger",
        told(lambda: types.Measurement.from_table_row(row("pot")).to_csv()),
    )
    yield "types.LidarConstant.from_table_row", told(lambda: types.LidarConstant.from_table_row(row(**CONSTANT)))
    yield "types.LidarConstant: to_csv", told(lambda: types.LidarConstant.from_table_row(row(**CONSTANT)).to_csv())
    yield "types.LidarConstant: repr", told(lambda: repr(types.LidarConstant.from_table_row(row(**CONSTANT))))

    value = {"id": "x", "start": "2021-03-07T09:30:00", "stop": "2021-03-07T11:00:00", "is_queued": False}
    value |= {"is_being_processed": True, **dict(zip(STATES, (127, 127, 0, -127, 127, 0, 127, 0), strict=True))}
    yield "types.Measurement.from_json", told(lambda: types.Measurement.from_json(value))
    yield "types.Measurement.from_json: to_csv", told(lambda: types.Measurement.from_json(value).to_csv())
    yield "types.Measurement.from_json({})", told(lambda: types.Measurement.from_json({}))
    yield "frozen", told(lambda: setattr(known, "id", "other"))
    for given in ({"id": 1, "status": "ok"}, {"status": "missing"}, None, {}):
        yield f"types.APIObject({given})", told(lambda given=given: types.APIObject(given))
    for code in ("aky", None):
        yield f"types.get_location_by_scc_code({code})", told(lambda code=code: types.get_location_by_scc_code(code))


def of_exceptions(exceptions: ModuleType) -> Iterator[tuple[str, Any]]:
    """What they say and hold."""
    for error in (
        exceptions.MeasurementNotFound("x"),
        exceptions.PageNotAccessible("https://scc.example/", 401),
        exceptions.SCCError("no such system"),
        exceptions.UnexpectedResponse("odd", "<html>"),
        exceptions.UnexpectedResponse("odd"),
        exceptions.UnexpectedResponse(None),
        exceptions.WrongCredentialsException(),
        exceptions.WrongCredentialsException("why"),
    ):
        yield f"exceptions.{type(error).__name__}{error.args}".replace(",)", ")"), (str(error), error.args, vars(error))
    yield "exceptions.UnexpectedResponse()", told(exceptions.UnexpectedResponse)


def of_session(package: Any) -> Iterator[tuple[str, Any]]:
    """What its classes hold before anything is sent."""
    whole = {section: {"username": f"u-{section}", "password": f"p-{section}"} for section in ("http", "auth")}
    credentials = package.SCC_Credentials(whole)
    yield "SCC_Credentials", vars(credentials)
    for lacking in ({}, {"http": {}}, {"http": whole["http"]}, {**whole, "auth": {"username": "me"}}):
        yield f"SCC_Credentials({lacking})", told(lambda lacking=lacking: package.SCC_Credentials(lacking))
    scc = package.SCC(credentials)
    for name in ("credentials", "session"):
        yield f"SCC().{name}", hasattr(scc, name)
    yield "page 0", told(lambda: scc.query_measurements(date(2021, 3, 7), date(2021, 3, 8), None, page=0))


@pytest.fixture(scope="module")
def shapes() -> tuple[dict[str, Any], dict[str, Any]]:
    """Theirs and ours."""
    found = []
    for package in ("pollyxt_pipelines.scc_access", "scckit_compat.scc_access"):
        pytest.importorskip(package, reason=f"{package} is not installed", exc_type=ImportError)
        shape: dict[str, Any] = {}
        for suffix in MODULES:
            module = import_module(package + suffix)
            for name, value in names(module):
                shape.update(described(f"{suffix[1:]}.{name}".lstrip("."), value))
        module = import_module(package)
        shape.update([*of_helpers(module.types), *of_types(module.types), *of_exceptions(module.exceptions)])
        shape.update(of_session(module))
        found.append(shape)
    return found[0], found[1]


def test_everything_is_as_there_but_what_is_named(shapes: tuple[dict[str, Any], dict[str, Any]]) -> None:
    """Neither a difference that is not named, nor a name that is no difference."""
    theirs, ours = shapes
    absent = object()
    different = {name for name, value in theirs.items() if ours.get(name, absent) != value}

    assert len(theirs) > 150
    assert {name: (theirs[name], ours.get(name)) for name in different if name not in DIFFERENT} == {}
    assert set(DIFFERENT) - different == set()


def test_the_guide_tells_of_each_difference() -> None:
    """In its table, by these words."""
    told = GUIDE.read_text(encoding="utf-8").partition("## What `scckit_compat` does differently")[2]

    assert [words for words in (BORROWED, *DIFFERENT.values()) if words not in told] == []


def test_modules_are_imported_in_the_same_ways() -> None:
    """As a module, as an attribute of the package, and name by name."""
    for package in ("pollyxt_pipelines.scc_access", "scckit_compat.scc_access"):
        pytest.importorskip(package, reason=f"{package} is not installed", exc_type=ImportError)
        for suffix in MODULES[1:]:
            assert getattr(import_module(package), suffix[1:]) is import_module(package + suffix)
