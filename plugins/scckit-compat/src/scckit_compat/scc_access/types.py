"""Types under their published names, made of rows of the site's tables and of objects of its API.

A cell is what BeautifulSoup gives (``td``, with ``.text`` and ``.img["alt"]``) or a ``scckit.plugins.Cell``; a row is a ``tr``
of BeautifulSoup or a ``scckit.plugins.Row``. Times are without a zone, as published, and mean UTC.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum, auto
from typing import Any, Final, Protocol, Self

from scckit.plugins import Cell, Row

__all__ = [
    "APIObject",
    "Flag",
    "LidarConstant",
    "Location",
    "Measurement",
    "Product",
    "ProductStatus",
    "get_location_by_scc_code",
    "scc_bool",
    "scc_date",
    "scc_product_status",
]

_MODULES: Final = ("hirelpp", "cloudmask", "elpp", "elda", "eldec", "elic", "elquick")
_DONE, _NOT_RUN, _RUNNING = 127, 0, 1


class Location(Protocol):
    """What is needed of a station: any ``pollyxt_pipelines`` location is one."""

    @property
    def name(self) -> str:
        """Its name."""

    @property
    def scc_code(self) -> str:
        """Its code at the SCC."""


@dataclass(frozen=True)
class _Station:
    """A station of which the code alone is known."""

    name: str
    scc_code: str


def get_location_by_scc_code(code: str | None) -> Location | None:
    """Return the station of a code: that of ``pollyxt_pipelines``, where it is installed and knows it, else one with the code
    as its name. None without a code.
    """  # noqa: D205 - one sentence
    if code is None:
        return None
    try:
        from pollyxt_pipelines import locations  # noqa: PLC0415 - used where it is installed
    except ImportError:
        known = None
    else:
        known = locations.get_location_by_scc_code(code)
    location: Location = _Station(code, code) if known is None else known
    return location


class ProductStatus(Enum):
    """What became of a product."""

    OK = auto()
    ERROR = auto()
    NO_RUN = auto()
    UNKNOWN = auto()

    def to_emoji(self) -> str:
        """Return a sign, with colour marks for ``rich``."""
        signs = {"OK": "[green]✔[/green]", "ERROR": "[red]✘[/red]", "NO_RUN": "∅", "UNKNOWN": "❓"}
        return signs[self.name]


class Product:
    """Status of a product, and the number behind it where the API gave it."""

    def __init__(self, status: ProductStatus, code: int | None = None) -> None:
        """Keep both."""
        self.status = status
        self.code = code

    def __repr__(self) -> str:
        """Show both."""
        return f"Product({self.status}, {self.code})"

    def __eq__(self, other: object) -> bool:
        """Compare both."""
        return isinstance(other, Product) and (self.status, self.code) == (other.status, other.code)

    def __hash__(self) -> int:
        """Hash both."""
        return hash((self.status, self.code))

    @staticmethod
    def from_code(code: int | None) -> Product:
        """Make one of the API's number: 127 is done, 0 not run, 1 running, and anything else failed."""
        statuses = {_DONE: ProductStatus.OK, _NOT_RUN: ProductStatus.NO_RUN, _RUNNING: ProductStatus.UNKNOWN}
        return Product(ProductStatus.UNKNOWN if code is None else statuses.get(code, ProductStatus.ERROR), code)


def _text(cell: Any) -> str:  # noqa: ANN401 - a cell of either kind
    return str(cell.text).strip()


def _alt(cell: Any) -> str:  # noqa: ANN401 - a cell of either kind
    if isinstance(cell, Cell):
        return (cell.icon or cell.text).strip()
    image = cell.find("img")
    return str(image.get("alt", "") if image is not None else cell.text).strip()


def scc_date(tag: Any) -> datetime:  # noqa: ANN401 - a cell of either kind
    """Read a date of a table.

    Raises:
        ValueError: It is none.
    """
    return datetime.strptime(_text(tag), "%Y-%m-%d %H:%M")  # noqa: DTZ007 - without a zone, as published


def scc_product_status(node: Any) -> Product:  # noqa: ANN401 - a cell of either kind
    """Read the status of a product from its icon."""
    statuses = {"OK": ProductStatus.OK, "Not Executed": ProductStatus.NO_RUN, "Error": ProductStatus.ERROR}
    return Product(statuses.get(_alt(node), ProductStatus.UNKNOWN))


class Flag(int):
    """Yes or no of a table: true or false, and equal to that, with the ``status`` that the published type has."""

    def __new__(cls, value: bool, status: ProductStatus | None = None) -> Self:  # noqa: FBT001 - the value itself
        """Make one; of a cell that says neither, it is false, and its status unknown."""
        flag = super().__new__(cls, value)
        flag.status = status or (ProductStatus.OK if value else ProductStatus.ERROR)
        return flag

    status: ProductStatus

    def __repr__(self) -> str:
        """Show it as a boolean."""
        return repr(bool(self))


def scc_bool(node: Any) -> Flag:  # noqa: ANN401 - a cell of either kind
    """Read yes or no from an icon."""
    words = _alt(node)
    return Flag(words == "True", None if words in {"True", "False"} else ProductStatus.UNKNOWN)


def _cells(row: Any) -> Mapping[str, Any]:  # noqa: ANN401 - a row of either kind
    """Return the cells of a row by name."""
    if isinstance(row, Row):
        return row.cells
    named: dict[str, Any] = {}
    for cell in row.find_all(["td", "th"]):
        # As a list or as one text, by the parser that BeautifulSoup was told to use.
        for word in " ".join(cell.get_attribute_list("class", "")).split():
            if word.startswith("field-"):
                named.setdefault(word.removeprefix("field-"), cell)
    return named


def _cell(cells: Mapping[str, Any], name: str) -> Any:  # noqa: ANN401 - a cell of either kind
    if name not in cells:
        msg = f"the row has no cell {name!r}; it has: {', '.join(cells) or 'none'}"
        raise ValueError(msg)
    return cells[name]


def _status(cells: Mapping[str, Any], module: str) -> Product:
    # `_ok_evo` since March 2021, `_ok` before (scc-interface.md 3.2); a module that the list has no column for is not known.
    cell = cells.get(f"{module}_ok_evo") or cells.get(f"{module}_ok")
    return Product(ProductStatus.UNKNOWN) if cell is None else scc_product_status(cell)


@dataclass(frozen=True)
class Measurement:
    """A measurement. Of what its source does not tell, the value is None."""

    id: str
    station_code: str | None
    location: Location | None = field(init=False)

    date_start: datetime
    date_end: datetime
    date_creation: datetime | None
    date_updated: datetime | None

    is_uploaded: Product
    hirelpp: Product
    cloudmask: Product
    elpp: Product
    elda: Product
    eldec: Product
    elic: Product
    elquick: Product

    is_queued: bool | None
    is_processing: Flag | bool | None

    def __post_init__(self) -> None:
        """Find the station."""
        object.__setattr__(self, "location", get_location_by_scc_code(self.station_code))

    def to_csv(self) -> str:
        """Return a line of CSV in the published order of columns."""
        name = self.location.name if self.location is not None else ""
        dates = (self.date_start, self.date_end, self.date_creation, self.date_updated)
        products = (self.is_uploaded, *(getattr(self, module) for module in _MODULES))
        values = [self.id, name, self.station_code or ""]
        values += ["" if date is None else date.isoformat() for date in dates]
        values += [product.status.name for product in products]
        return ",".join(values)

    @staticmethod
    def from_table_row(tr: Any) -> Measurement:  # noqa: ANN401 - a row of either kind
        """Make one of a row of the list of measurements.

        Raises:
            ValueError: It lacks a cell, or a date of it is none.
        """
        cells = _cells(tr)
        processing = cells.get("is_being_processed") or cells.get("is_running")
        return Measurement(
            id=_text(_cell(cells, "id")),
            station_code=_text(_cell(cells, "station_id")),
            date_start=scc_date(_cell(cells, "start")),
            date_end=scc_date(_cell(cells, "stop")),
            date_creation=scc_date(_cell(cells, "creation_date")),
            date_updated=scc_date(_cell(cells, "updated_date")),
            is_uploaded=_status(cells, "upload"),
            **{module: _status(cells, module) for module in _MODULES},
            is_processing=Flag(False, ProductStatus.UNKNOWN) if processing is None else scc_bool(processing),  # noqa: FBT003 - the value
            is_queued=None,
        )

    @staticmethod
    def from_json(json: Mapping[str, Any]) -> Measurement:
        """Make one of an object of the API.

        Raises:
            KeyError: It has no ID, begin or end.
            ValueError: One of these or a status is not what it must be.
        """
        for name in ("id", "start", "stop"):
            if not isinstance(json[name], str):
                msg = f"{name} of a measurement is a text; found {json[name]!r}"
                raise ValueError(msg)  # noqa: TRY004 - as for texts that cannot be read
        for name in ("upload", *_MODULES):
            if not isinstance(json.get(name), int | None):
                msg = f"{name} of a measurement is a number; found {json[name]!r}"
                raise ValueError(msg)  # noqa: TRY004 - as above
        running = json.get("is_being_processed", json.get("is_running"))
        return Measurement(
            id=json["id"],
            station_code=None,
            date_start=datetime.fromisoformat(json["start"]),
            date_end=datetime.fromisoformat(json["stop"]),
            date_creation=None,
            date_updated=None,
            is_uploaded=Product.from_code(json.get("upload")),
            **{module: Product.from_code(json.get(module)) for module in _MODULES},
            is_processing=running,
            is_queued=json.get("is_queued"),
        )


@dataclass(frozen=True)
class LidarConstant:
    """A lidar constant; numbers are texts as the table has them."""

    measurement_id: str
    channel_id: str
    system_id: str
    product_id: str

    detection_wavelength: str
    lidar_constant: str
    lidar_constant_stat_err: str

    profile_start_time: datetime
    profile_end_time: datetime

    calibration_window_bottom: str
    calibration_window_top: str

    creation_date: datetime
    elda_version: str

    def to_csv(self) -> str:
        """Return a line of CSV in the published order of columns."""
        return ",".join(str(getattr(self, name)) for name in self.__dataclass_fields__)

    @staticmethod
    def from_table_row(tr: Any) -> LidarConstant:  # noqa: ANN401 - a row of either kind
        """Make one of a row of the list of lidar constants.

        Raises:
            ValueError: It lacks a cell, or a date of it is none.
        """
        cells = _cells(tr)
        texts = {
            name: _text(_cell(cells, f"{name}_display"))
            for name in ("measurement_id", "channel_id", "system_id", "product_id")
        }
        same = ("detection_wavelength", "lidar_constant", "lidar_constant_stat_err", "elda_version")
        return LidarConstant(
            **texts,
            **{name: _text(_cell(cells, name)) for name in same},
            profile_start_time=scc_date(_cell(cells, "profile_start_time")),
            profile_end_time=scc_date(_cell(cells, "profile_end_time")),
            calibration_window_bottom=_text(_cell(cells, "calibr_window_bottom")),
            calibration_window_top=_text(_cell(cells, "calibr_window_top")),
            creation_date=scc_date(_cell(cells, "creation_date")),
        )


class APIObject:
    """An object of the API: its values as attributes, and whether it exists. None stands for one that does not."""

    exists: bool

    def __init__(self, response_body: Mapping[str, Any] | None) -> None:
        """Take the values."""
        values = response_body or {}
        vars(self).update(values)
        # An object without a status is there all the same (scc-interface.md 4.6).
        self.exists = response_body is not None and str(values.get("status", "ok")).lower() != "missing"
