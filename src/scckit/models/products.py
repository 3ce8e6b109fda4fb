"""Products as files: what their names tell, the types of products, and a product file on this side. No I/O."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Final

from attrs import Factory, field, frozen

from scckit.errors import InvalidInput, InvalidMeasurementID
from scckit.models._html import table
from scckit.models.ids import MeasurementID

__all__ = ["PRODUCT_TYPES", "ProductFile", "ProductName"]

#: Meaning of the product types by their number (scc-interface.md 6.3).
PRODUCT_TYPES: Final[Mapping[int, str]] = MappingProxyType(
    {
        0: "Raman backscatter",
        1: "extinction only",
        2: "lidar ratio and extinction",
        3: "elastic backscatter",
        4: "Raman telecover",
        5: "elastic telecover",
        6: "linear polarization calibration",
        7: "Raman backscatter and linear depolarization ratio",
        8: "elastic backscatter and linear depolarization ratio",
        9: "high-resolution pre-processed data",
        10: "low-resolution aerosol layer",
        11: "high-resolution aerosol layer",
        12: "multi-wavelength product",
        13: "Angstrom exponent",
        14: "color ratio",
        15: "volume depolarization ratio",
        16: "particle depolarization ratio",
        17: "backscatter ratio",
    }
)

#: The grammar since SCC 5.1.1 (scc-interface.md 6.2). CloudScreen has neither type nor product, only some modules have a
#: wavelength. Module and version are taken as loosely as the rest allows, for modules to come.
_GRAMMAR: Final = re.compile(
    r"(?P<station>[A-Za-z]{3})"
    r"(?:_(?P<product_type>[0-9]{3})(?:_(?P<wavelength>[0-9]{4}))?_(?P<product_id>[0-9]{7,10}))?"
    r"_(?P<start>[0-9]{12})_(?P<stop>[0-9]{12})"
    r"_(?P<measurement_id>[0-9]{8}[A-Za-z0-9]{4,7})"
    r"_(?P<module>[A-Za-z][A-Za-z0-9_-]*)_v(?P<version>[0-9]+(?:\.[0-9]+)*)\.nc"
)

#: ELPP until SCC 5.1.0: ``20181228oh00_0000379.nc``; the number may be shorter.
_OLD_ELPP: Final = re.compile(r"(?P<measurement_id>[0-9]{8}[A-Za-z0-9]{4,7})_(?P<product_id>[0-9]{1,10})\.nc")

#: Optical products of SCC 4: ``pid291_pot1207092259.b355.nc``, with a year of two digits.
_SCC_4: Final = re.compile(
    r"pid(?P<product_id>[0-9]{1,10})_(?P<station>[A-Za-z]{3})(?P<start>[0-9]{10})\.[a-z](?P<wavelength>[0-9]{3,4})\.nc"
)

_VERSION: Final = re.compile(r"v([0-9]+(?:\.[0-9]+)+)")
_TIME: Final = re.compile(r"[0-9]{12}")
_SUFFIX: Final = re.compile(r"\.[A-Za-z][A-Za-z0-9]*\Z")


@frozen(kw_only=True)
class _Parts:
    """What a name tells; None is "not told"."""

    station: str | None = None
    product_type: int | None = None
    wavelength: int | None = None
    product_id: int | None = None
    start: datetime | None = None
    stop: datetime | None = None
    measurement_id: MeasurementID | None = None
    module: str | None = None
    version: str | None = None


@frozen
class ProductName:
    """Base name of a product file, and what it tells by the grammar of scc-interface.md 6.2.

    ``<station>_<type>[_<wavelength>]_<product>_<start>_<stop>_<measurementID>_<module>_v<X.Y.Z>.nc``

    Any text is a name. What a name outside the grammar does not tell is None, and so is a part that makes no sense, such
    as a month 13. The text is the whole truth: the parts are read from it, and two names are equal if their texts are.

    Attributes:
        text: The name itself, letter for letter.

    Example:
        >>> name = ProductName.parse("gra_007_0532_0002371_202310122059_202310122159_20231012gra2100_elda_v5.2.7.nc")
        >>> name.module, name.product_type, name.wavelength, name.product_id
        ('elda', 7, 532, 2371)
    """

    text: str
    _parts: _Parts = field(
        init=False, repr=False, eq=False, default=Factory(lambda self: _read(self.text), takes_self=True)
    )

    @classmethod
    def parse(cls, name: str) -> ProductName:
        """Read a name; takes any text, raises nothing."""
        return cls(name)

    @classmethod
    def build(  # noqa: PLR0913 - the parts of the grammar
        cls,
        *,
        station: str,
        start: datetime,
        stop: datetime,
        measurement_id: str,
        module: str,
        version: str,
        product_type: int | None = None,
        wavelength: int | None = None,
        product_id: int | None = None,
    ) -> ProductName:
        """Make a name by the grammar from its parts.

        Args:
            station: Station code of 3 letters.
            start: Begin of the product, to the minute; aware.
            stop: End of the product, to the minute; aware.
            measurement_id: ID of the measurement.
            module: Module, in the letters that it has in names: ``elda``, ``cloudscreen``, ``ELDAmwl``.
            version: Version of the SCC without its ``v``.
            product_type: Number of the product type; None, together with ``product_id``, for CloudScreen.
            wavelength: Wavelength in nm, None where the module has none in its names.
            product_id: Number of the product.

        Raises:
            InvalidInput: The parts do not make a name that reads back as these parts.
        """
        for moment in (start, stop):
            if moment.tzinfo is None:
                msg = f"the times of a product name must be aware, in UTC; found {moment!r}"
                raise InvalidInput(msg)
        start, stop = start.astimezone(UTC), stop.astimezone(UTC)
        given = _Parts(
            station=station,
            product_type=product_type,
            wavelength=wavelength,
            product_id=product_id,
            start=start,
            stop=stop,
            measurement_id=MeasurementID(measurement_id),
            module=module,
            version=version,
        )
        fields = [station]
        fields += [f"{product_type:03d}"] if product_type is not None else []
        fields += [f"{wavelength:04d}"] if wavelength is not None else []
        fields += [f"{product_id:07d}"] if product_id is not None else []
        fields += [_minute(start), _minute(stop), measurement_id, module, f"v{version}.nc"]
        name = cls("_".join(fields))
        if _GRAMMAR.fullmatch(name.text) is None or name._parts != given:
            msg = f"{name.text} would not be a product name that tells these parts; see the grammar in {cls.__name__}"
            raise InvalidInput(msg)
        return name

    def __str__(self) -> str:
        """Return the name as it was given."""
        return self.text

    @property
    def station(self) -> str | None:
        """Station code of 3 letters."""
        return self._parts.station

    @property
    def product_type(self) -> int | None:
        """Number of the product type; ``PRODUCT_TYPES`` has its meaning."""
        return self._parts.product_type

    @property
    def wavelength(self) -> int | None:
        """Wavelength in nm."""
        return self._parts.wavelength

    @property
    def product_id(self) -> int | None:
        """Number of the product; ``text`` keeps its leading zeros."""
        return self._parts.product_id

    @property
    def start(self) -> datetime | None:
        """Begin of the product (UTC), which need not be the one in the measurement ID."""
        return self._parts.start

    @property
    def stop(self) -> datetime | None:
        """End of the product (UTC)."""
        return self._parts.stop

    @property
    def measurement_id(self) -> MeasurementID | None:
        """ID of the measurement."""
        return self._parts.measurement_id

    @property
    def module(self) -> str | None:
        """Module in the letters of the name, such as ``elda``; for the two old forms the module that wrote them."""
        return self._parts.module

    @property
    def version(self) -> str | None:
        """Version of the SCC, such as ``5.2.7``."""
        return self._parts.version


@frozen
class ProductFile:
    """A product on this side.

    Attributes:
        path: Where it is.
        name: What its name tells.
        kind: Name of its product kind, such as ``elda``.
        size: Length in bytes.
        sha256: SHA-256 of its content as hexadecimal digits, None if it was not computed.
    """

    path: Path
    name: ProductName
    kind: str
    size: int
    sha256: str | None = None

    def _repr_html_(self) -> str:
        """Show a notebook what the name tells."""
        name = self.name
        number = name.product_type
        rows = (
            ("kind", self.kind),
            ("station", name.station),
            ("type", None if number is None else f"{number} ({PRODUCT_TYPES.get(number, 'unknown')})"),
            ("wavelength", None if name.wavelength is None else f"{name.wavelength} nm"),
            ("product", name.product_id),
            ("start", _told(name.start)),
            ("stop", _told(name.stop)),
            ("measurement", name.measurement_id),
            ("SCC version", name.version),
            ("size", f"{self.size:,} bytes"),
            ("path", self.path),
        )
        return table(name.text, rows)


def _read(text: str) -> _Parts:
    match = _GRAMMAR.fullmatch(text)
    if match is not None:
        return _Parts(
            station=match["station"],
            product_type=_number(match["product_type"]),
            wavelength=_number(match["wavelength"]),
            product_id=_number(match["product_id"]),
            start=_moment(match["start"]),
            stop=_moment(match["stop"]),
            measurement_id=_identity(match["measurement_id"]),
            module=match["module"],
            version=match["version"],
        )
    match = _OLD_ELPP.fullmatch(text)
    if match is not None:
        return _Parts(
            measurement_id=_identity(match["measurement_id"]), product_id=_number(match["product_id"]), module="elpp"
        )
    match = _SCC_4.fullmatch(text)
    if match is not None:
        return _Parts(
            station=match["station"],
            wavelength=_number(match["wavelength"]),
            product_id=_number(match["product_id"]),
            start=_moment(f"20{match['start']}"),
            module="elda",
        )
    return _scattered(text)


def _scattered(text: str) -> _Parts:
    """Find the parts that can be told by themselves in any other name, such as those of raw files and pictures.

    12 digits are a time and not a measurement ID, although an ID may be of that form too: IDs carry a call sign.
    """
    words = _SUFFIX.sub("", text).split("_")
    times = [moment for word in words if _TIME.fullmatch(word) and (moment := _moment(word)) is not None]
    ids = [identity for word in words if not word.isdecimal() and (identity := _identity(word)) is not None]
    start, stop = times if len(times) == 2 else (None, None)  # noqa: PLR2004 - a begin and an end
    version = _VERSION.fullmatch(words[-1])
    return _Parts(
        start=start,
        stop=stop,
        measurement_id=ids[0] if len(ids) == 1 else None,
        module=words[-2] if version and len(words) > 1 and words[-2].isalpha() else None,
        version=version[1] if version else None,
    )


def _told(moment: datetime | None) -> str | None:
    return None if moment is None else f"{moment:%Y-%m-%d %H:%M} UTC"


def _number(digits: str | None) -> int | None:
    return int(digits) if digits else None


def _identity(text: str) -> MeasurementID | None:
    try:
        return MeasurementID(text)
    except InvalidMeasurementID:
        return None


def _moment(digits: str) -> datetime | None:
    year, month, day, hour, minute = (int(digits[a:b]) for a, b in ((0, 4), (4, 6), (6, 8), (8, 10), (10, 12)))
    try:
        return datetime(year, month, day, hour, minute, tzinfo=UTC)
    except ValueError:
        return None


def _minute(moment: datetime) -> str:
    # Not strftime, which drops the leading zeros of early years on some systems.
    return f"{moment.year:04d}{moment.month:02d}{moment.day:02d}{moment.hour:02d}{moment.minute:02d}"
