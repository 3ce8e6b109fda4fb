"""What rows and API objects of the SCC mean: their names become the fields of our models (scc-interface.md 3.2, 4.3).

Columns and keys are found by name, never by position. A module that scckit has never heard of becomes a module; a
column that must be there and is not is an error that names it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from scckit.errors import UnreadablePage
from scckit.models.ancillary import AncillaryFile, AncillaryKind
from scckit.models.constants import LidarConstant
from scckit.models.measurement import Measurement, Status
from scckit.site.content import Cell, Row
from scckit.site.wire import STATUS_CODES, STATUS_ICONS, structure, system_number

__all__ = ["ancillary_from_api", "constant_from_row", "measurement_from_api", "measurement_from_row"]

#: Modules with a status of their own in the API; others are recognised by an ``…_exit_code`` beside them. The last two
#: are what SCC 4 had.
_MODULES = (
    "hirelpp",
    "cloudmask",
    "elpp",
    "elda",
    "eldec",
    "elic",
    "elquick",
    "pre_processing",
    "processing",
)
_EXIT = "_exit_code"
#: Endings of the cells with a status icon: since March 2021, and before.
_ICON_ENDINGS = ("_ok_evo", "_ok")
#: How Django's admin writes "no value".
_EMPTY = frozenset({"", "-", "—", "None", "(None)"})


def measurement_from_api(value: object) -> Measurement:
    """Make a measurement of an object of the API.

    Raises:
        UnreadablePage: It is no such object.
    """
    what = "a measurement of the API"
    if not isinstance(value, Mapping):
        msg = f"{what} should be an object; found {type(value).__name__}"
        raise UnreadablePage(msg)
    names = {name for name in _MODULES if name in value}
    names |= {key.removesuffix(_EXIT) for key in value if isinstance(key, str) and key.endswith(_EXIT)} & value.keys()
    flags = [value.get(name) for name in ("is_being_processed", "is_running")]
    shaped: dict[str, Any] = {
        "id": value.get("id"),
        "modules": {
            name: _module(value[name], value.get(name + _EXIT)) for name in sorted(names) if value[name] is not None
        },
        "is_processing": next((flag for flag in flags if flag is not None), None),
        **{name: value.get(name) for name in ("start", "stop", "is_calibration", "is_queued", "is_delayed")},
    }
    if value.get("upload") is not None:
        shaped["upload"] = _module(value["upload"], None)
    try:
        shaped["system"] = system_number(value.get("system"))
    except ValueError as error:
        msg = f"{what} cannot be understood: {error}"
        raise UnreadablePage(msg) from error
    return structure({key: item for key, item in shaped.items() if item is not None}, Measurement, what)


def _module(code: object, exit_code: object) -> dict[str, object]:
    status = STATUS_CODES.get(code, Status.UNKNOWN) if isinstance(code, int) else Status.UNKNOWN
    return {"status": status, "code": code, "exit": _exit(exit_code)}


def _exit(value: object) -> object:
    # Seen as null or as an object; a description of null has not been seen but would be no reason to fail.
    if isinstance(value, Mapping):
        return {**value, "description": value.get("description") or ""}
    return value


def measurement_from_row(row: Row) -> Measurement:
    """Make a measurement of a row of the admin's list.

    Raises:
        UnreadablePage: The row lacks its ID, or a cell cannot be read.
    """
    what = "a row of the measurement list"
    cells = row.cells
    identity = _text(cells, "id") or row.key
    if identity is None:
        msg = f"{what} has no column 'id' (found {', '.join(sorted(cells)) or 'none'}); the site may have changed"
        raise UnreadablePage(msg)
    shaped: dict[str, Any] = {
        "id": identity,
        "station": _text(cells, "station_id"),
        "start": _text(cells, "start"),
        "stop": _text(cells, "stop"),
        "created": _text(cells, "creation_date"),
        "updated": _text(cells, "updated_date"),
        "is_processing": _flag(cells, "is_being_processed", "is_running"),
        "is_queued": _flag(cells, "is_queued"),
        "is_delayed": _flag(cells, "is_delayed"),
        "is_calibration": _flag(cells, "is_calibration"),
    }
    modules = {name: {"status": _icon_status(cell)} for name, cell in _icon_cells(cells).items()}
    if "upload" in modules:
        shaped["upload"] = modules.pop("upload")
    shaped["modules"] = modules
    return structure({key: item for key, item in shaped.items() if item is not None}, Measurement, what)


def _icon_cells(cells: Mapping[str, Cell]) -> dict[str, Cell]:
    found: dict[str, Cell] = {}
    for ending in _ICON_ENDINGS:
        for name, cell in cells.items():
            if name.endswith(ending):
                found.setdefault(name.removesuffix(ending), cell)
    return found


def _icon_status(cell: Cell) -> Status:
    return STATUS_ICONS.get((cell.icon or cell.text).strip().lower(), Status.UNKNOWN)


def _text(cells: Mapping[str, Cell], name: str) -> str | None:
    cell = cells.get(name)
    return None if cell is None or cell.text in _EMPTY else cell.text


def _flag(cells: Mapping[str, Cell], *names: str) -> bool | None:
    for name in names:
        cell = cells.get(name)
        if cell is not None:
            return {"true": True, "false": False}.get((cell.icon or cell.text).strip().lower())
    return None


#: Column of a lidar constant -> field, and whether it is a whole number, a number, or text.
_CONSTANT: Mapping[str, tuple[str, Callable[[str], object]]] = {
    "measurement_id_display": ("measurement_id", str),
    "channel_id_display": ("channel_id", int),
    "system_id_display": ("system_id", int),
    "product_id_display": ("product_id", int),
    "detection_wavelength": ("detection_wavelength", float),
    "lidar_constant": ("lidar_constant", float),
    "lidar_constant_stat_err": ("lidar_constant_stat_err", float),
    "profile_start_time": ("profile_start", str),
    "profile_end_time": ("profile_end", str),
    "creation_date": ("created", str),
    "calibr_window_bottom": ("calibr_window_bottom", float),
    "calibr_window_top": ("calibr_window_top", float),
    "elda_version": ("elda_version", str),
}


def constant_from_row(row: Row) -> LidarConstant:
    """Make a lidar constant of a row of the admin's list.

    Raises:
        UnreadablePage: The row lacks the constant's own column, or a cell is no number or date.
    """
    what = "a row of the list of lidar constants"
    if "lidar_constant" not in row.cells:
        msg = f"{what} has no column 'lidar_constant' (found {', '.join(sorted(row.cells)) or 'none'}); the site may have changed"
        raise UnreadablePage(msg)
    shaped: dict[str, object] = {}
    for column, (name, read) in _CONSTANT.items():
        text = _text(row.cells, column)
        if text is None:
            continue
        try:
            shaped[name] = read(text)
        except ValueError as error:
            msg = f"{what} has {text!r} in its column {column!r}, which is no number; the site may have changed"
            raise UnreadablePage(msg) from error
    return structure(shaped, LidarConstant, what)


def ancillary_from_api(value: object, kind: AncillaryKind) -> AncillaryFile:
    """Make an ancillary file of an object of the API.

    Raises:
        UnreadablePage: It is no such object.
    """
    what = f"a {kind.value} file of the API"
    if not isinstance(value, Mapping):
        msg = f"{what} should be an object; found {type(value).__name__}"
        raise UnreadablePage(msg)
    shaped = {"id": value.get("id"), "filename": value.get("filename"), "kind": kind, "status": value.get("status")}
    return structure(shaped, AncillaryFile, what)
