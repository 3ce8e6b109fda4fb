"""What pictures are made of: numbers with their gaps, units, grids and words, taken from a dataset. Nothing is drawn here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import numpy as np
from attrs import frozen
from matplotlib import dates

from scckit.errors import UnreadableProduct

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

__all__ = [
    "Floats",
    "Grid",
    "Masked",
    "Quantity",
    "altitudes",
    "channel_label",
    "days",
    "edges",
    "intervals",
    "joined",
    "moment",
    "nothing_to_draw",
    "quantity",
    "time_levels",
]

Floats: TypeAlias = "NDArray[np.float64]"
#: Values whose mask says where one is missing.
Masked: TypeAlias = "np.ma.MaskedArray[Any, np.dtype[np.float64]]"

#: What to multiply by, and the unit after it, by the unit in the file (without blanks, ``*``, ``^`` and brackets).
_SCALES: Final[Mapping[str, tuple[float, str]]] = {
    "1/msr": (1e6, "Mm⁻¹ sr⁻¹"),
    "m-1sr-1": (1e6, "Mm⁻¹ sr⁻¹"),
    "sr-1m-1": (1e6, "Mm⁻¹ sr⁻¹"),
    "1/m": (1e6, "Mm⁻¹"),
    "m-1": (1e6, "Mm⁻¹"),
    "m": (1e-3, "km"),
}

#: Names for people; of all else the variable's own name is shown.
_LABELS: Final[Mapping[str, str]] = {
    "range_corrected_signal": "Range-corrected signal",
    "attenuated_backscatter": "Attenuated backscatter",
    "volume_linear_depolarization_ratio": "Volume linear depolarization ratio",
    "backscatter": "Particle backscatter coefficient",
    "extinction": "Particle extinction coefficient",
    "volumedepolarization": "volume",
    "particledepolarization": "particle",
    "polarization_calibration_ratio": "Calibration ratio",
    "automatic_cloud_mask": "Automatic cloud mask",
    "manual_cloud_mask": "Manual cloud mask",
    "cloud_mask": "Cloud mask",
}

#: Signals in units of their own, which the files give as 1 (scc-interface.md 6.5).
_UNCALIBRATED: Final = ("range_corrected_signal",)

#: What is larger was never measured, and no scale can show it.
_NO_NUMBER: Final = 1e100

#: Its functions have no types.
_DATES: Final[Any] = dates

#: Half of the height of a level, in km, where there is no other beside it that would tell: half a bin of 15 m.
_HALF_LEVEL: Final = 0.0075


@frozen(eq=False)
class Quantity:
    """A variable, ready to be drawn.

    Attributes:
        name: Its name in the dataset.
        label: What it is, for people.
        unit: Its unit after scaling.
        values: Its values: first all dimensions that were not asked for, as one, then those that were.
        places: For each along the first, its index by dimension.
    """

    name: str
    label: str
    unit: str
    values: Masked
    places: tuple[Mapping[str, int], ...]

    @property
    def axis(self) -> str:
        """What to write at an axis."""
        return f"{self.label} ({self.unit})"


@frozen(eq=False)
class Grid:
    """Where the values of a product stand.

    Attributes:
        times: Begin and end of each interval, in days as matplotlib counts them.
        altitudes: Middle of each level, in the unit of the axis, for each interval; NaN where it has no such level.
        label: What to write at the axis.
    """

    times: Floats
    altitudes: Floats
    label: str


def days(times: object) -> Floats:
    """Return times as days, as matplotlib counts them; NaN where one is missing."""
    return np.asarray(_DATES.date2num(times), np.float64)


def moment(day: float) -> datetime:
    """Return the time of a day as matplotlib counts them, to the second."""
    found: datetime = _DATES.num2date(day, tz=UTC)
    return (found + timedelta(milliseconds=500)).replace(microsecond=0)


def joined(parts: Sequence[Masked]) -> Masked:
    """Return all values of several, one after the other."""
    together: Masked = np.ma.MaskedArray(
        np.concatenate([np.ma.getdata(one) for one in parts]),
        np.concatenate([np.ma.getmaskarray(one) for one in parts]),
    )
    return together


def nothing_to_draw(dataset: xr.Dataset, reason: str) -> UnreadableProduct:
    """Make the error that says what a dataset lacks."""
    where = dataset.encoding.get("source", "the dataset")
    found = ", ".join(sorted(map(str, dataset.variables))) or "none"
    return UnreadableProduct(f"{where} cannot be drawn: {reason}; its variables: {found}")


def quantity(dataset: xr.Dataset, name: str, *dimensions: str) -> Quantity:
    """Read a variable: missing and infinite values masked, its unit made one for people.

    Args:
        dataset: The opened product.
        name: Name of the variable.
        dimensions: Its last dimensions, as they are wanted.

    Raises:
        UnreadableProduct: It is not there, holds no numbers, or does not have these dimensions.
    """
    variable = _variable(dataset, name, dimensions)
    others = [str(one) for one in variable.dims if one not in dimensions]
    variable = variable.transpose(*others, *dimensions)
    factor, unit = _scale(name, str(variable.attrs.get("units", "1")))
    shape = tuple(variable.sizes[one] for one in others)
    values: Masked = _numbers(variable, factor).reshape((-1, *variable.shape[len(others) :]))
    places = tuple(dict(zip(others, index, strict=True)) for index in np.ndindex(shape))
    return Quantity(name, _LABELS.get(name, name.replace("_", " ")), unit, values, places)


def intervals(dataset: xr.Dataset) -> Floats:
    """Return begin and end of each time, in days as matplotlib counts them; NaN where they are missing.

    Raises:
        UnreadableProduct: They are not there.
    """
    variable = _variable(dataset, "time_bounds", ("time",))
    values = variable.transpose("time", ...).values
    if values.dtype.kind != "M" or values.ndim != 2 or values.shape[1] != 2:  # noqa: PLR2004 - a begin and an end
        raise nothing_to_draw(dataset, "time_bounds holds no begin and end for each time")
    return days(values)


def altitudes(dataset: xr.Dataset) -> tuple[Floats, str]:
    """Return the altitudes of a product whose altitude is one axis for all times, and what to write at it.

    Raises:
        UnreadableProduct: They are not there.
    """
    found = quantity(dataset, "altitude", "altitude")
    return found.values[0].filled(np.nan), f"Altitude ({found.unit} a.s.l.)"


def time_levels(dataset: xr.Dataset) -> Grid:
    """Return where the values of a product stand whose levels may differ from time to time (scc-interface.md 6.4).

    Raises:
        UnreadableProduct: Times or altitudes are not there.
    """
    times = intervals(dataset)
    # Old files of HiRELPP have another quantity, of which nobody wrote down whether the sea or the ground is its zero.
    name = "altitude" if "altitude" in dataset.variables else "height"
    found = quantity(dataset, name, "level")
    rows = found.values.filled(np.nan)
    places = found.places
    if places and "angle" in places[0]:
        pointing = quantity(dataset, "laser_pointing_angle_of_profiles", "time").values[0]
        rows = rows[pointing.filled(0).astype(int)]
    elif places == ({},):
        rows = np.broadcast_to(rows, (len(times), rows.shape[1]))
    label = f"Altitude ({found.unit} a.s.l.)" if name == "altitude" else f"Height ({found.unit})"
    return Grid(times, rows, label)


def edges(middles: Floats) -> Floats:
    """Return the edges of levels from their middles; one that is missing gets no height."""
    bounds = np.full(len(middles) + 1, np.nan)
    known = np.flatnonzero(np.isfinite(middles))
    if not known.size:
        return np.zeros(len(middles) + 1)
    middle = middles[known]
    halves = np.diff(middle) / 2
    before, after = (halves[0], halves[-1]) if halves.size else (_HALF_LEVEL, _HALF_LEVEL)
    between = np.concatenate([[middle[0] - before], middle[:-1] + halves, [middle[-1] + after]])
    bounds[known + 1] = between[1:]
    bounds[known] = between[:-1]
    # Each edge that is not known is where the one below it is; those below all are where the lowest is.
    last = np.maximum.accumulate(np.where(np.isfinite(bounds), np.arange(len(bounds)), known[0]))
    return np.asarray(bounds[last])


def channel_label(dataset: xr.Dataset, prefix: str, place: Mapping[str, int]) -> str:
    """Return what tells a channel from others: wavelengths, range, and its own name."""
    parts = []
    emitted, detected = (_of_channel(dataset, f"{prefix}_{way}_wavelength", place) for way in ("emission", "detection"))
    waves = [f"{float(one):.0f}" for one in (emitted, detected) if one is not None and np.isfinite(float(one))]
    if waves:
        parts.append(" → ".join(dict.fromkeys(waves)) + " nm")
    bits = _of_channel(dataset, f"{prefix}_range", place)
    if bits is not None and int(bits) > 0:
        names = ("ultra-near", "near", "far")
        parts.append(" and ".join(name for bit, name in enumerate(names) if int(bits) >> bit & 1) + " range")
    name = _of_channel(dataset, f"{prefix}_channel_name", place)
    if name is not None:
        parts.append(name.decode("utf-8", "replace") if isinstance(name, bytes) else str(name))
    return ", ".join(parts) or ", ".join(f"{dimension} {index}" for dimension, index in place.items())


def _of_channel(dataset: xr.Dataset, name: str, place: Mapping[str, int]) -> Any:  # noqa: ANN401 - number or text
    if name not in dataset.variables:
        return None
    variable = dataset.variables[name]
    if any(one not in place for one in variable.dims):
        return None
    return variable.isel({one: place[str(one)] for one in variable.dims}).values.item()


def _variable(dataset: xr.Dataset, name: str, dimensions: Sequence[str]) -> xr.Variable:
    if name not in dataset.variables:
        raise nothing_to_draw(dataset, f"there is no variable {name}")
    variable = dataset.variables[name]
    if not set(dimensions) <= set(variable.dims):
        reason = f"{name} has the dimensions {tuple(map(str, variable.dims))}, without {' or '.join(dimensions)}"
        raise nothing_to_draw(dataset, reason)
    return variable


def _numbers(variable: xr.Variable, factor: float) -> Masked:
    values = variable.values
    missing = np.zeros(values.shape, bool)
    if "_FillValue" in variable.attrs:
        missing |= values == variable.attrs["_FillValue"]
    with np.errstate(over="ignore"):
        numbers = values.astype(float) * factor
    # NaN is not below anything.
    return np.ma.MaskedArray(numbers, missing | ~(np.abs(numbers) < _NO_NUMBER))


def _scale(name: str, unit: str) -> tuple[float, str]:
    if name in _UNCALIBRATED and unit in {"", "1"}:
        return 1.0, "arb. units"
    plain = "".join(letter for letter in unit if letter not in " *^()·.")
    return _SCALES.get(plain, (1.0, unit or "1"))
