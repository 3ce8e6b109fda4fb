"""From a netCDF file as it is to a dataset as people want it (scc-interface.md 6.4). No kind of product is known here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from scckit_products.flags import Flags
from scckit_products.netcdf import open_undecoded, reading

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["DEFAULT_FILL", "ORIGINAL_NAME", "decode", "open_decoded"]

#: Attribute of a renamed variable that keeps the name that it has in the file.
ORIGINAL_NAME: Final = "original_name"

#: Variables that describe where and when; they are made coordinates if they are there.
_COORDINATES: Final = (
    "altitude",
    "range",
    "time",
    "latitude",
    "longitude",
    "station_altitude",
    "wavelength",
)

_TIME_UNITS: Final = "seconds since 1970-01-01T00:00:00Z"

#: What netCDF writes where a program wrote nothing; of this type and rounded to the variable's own.
DEFAULT_FILL: Final = 9.969209968386869e36


def open_decoded(path: Path, *, names: Mapping[str, str], flags: Mapping[str, Flags]) -> xr.Dataset:
    """Open a file lazily: only times and the short coordinates that index the data are read.

    - ``time`` and ``time_bounds`` are ``datetime64`` in UTC, rounded to the microsecond: the numbers in the files reach no
      further, and ELDA writes full hours that are 0.3 microseconds too early. ``time`` is the begin of the interval.
    - Where and when are coordinates.
    - Missing values of real numbers are NaN. Integers stay integers, for they are flags, numbers and counts; what stands
      for a missing one is in their attribute ``_FillValue``.
    - Flags have ``flag_meanings``, also where the file lacks them.

    Args:
        path: The file.
        names: New names of variables by the old ones; the file's name is kept in the attribute ``original_name``.
        flags: Meanings by the names that the variables have in the file.

    Raises:
        UnreadableProduct: It is no netCDF file, is damaged, or its times make no sense.
        MissingLibrary: A library to open it is not installed.
    """
    opened = open_undecoded(path)
    try:
        with reading(path):
            dataset = decode(opened, names=names, flags=flags)
    except BaseException:
        opened.close()
        raise
    # What xarray derives from a dataset does not close its file.
    dataset.set_close(opened.close)
    return dataset


def decode(opened: xr.Dataset, *, names: Mapping[str, str], flags: Mapping[str, Flags]) -> xr.Dataset:
    """Make a dataset as people want it of one as it is in its file; the attributes of that are changed, nothing is closed."""
    import xarray as xr  # noqa: PLC0415 - an optional library

    _complete_time(opened)
    fills: dict[str, Any] = {}
    for name, variable in _variables(opened):
        if name in flags:
            _complete_flags(variable, flags[name])
        if _is_status(name, variable):
            if "_FillValue" in variable.attrs:
                fills[name] = variable.attrs.pop("_FillValue")
        elif variable.dtype.kind == "f" and (name,) != variable.dims:
            variable.attrs.setdefault("_FillValue", variable.dtype.type(DEFAULT_FILL))
    dataset = xr.decode_cf(opened, decode_timedelta=False)
    for name, fill in fills.items():
        dataset.variables[name].attrs["_FillValue"] = fill
    renamed = {old: new for old, new in names.items() if old in dataset.variables and new not in dataset.variables}
    for old in renamed:
        dataset.variables[old].attrs[ORIGINAL_NAME] = old
    dataset = dataset.rename(renamed).assign(_rounded_times(dataset))
    return dataset.set_coords([name for name in _COORDINATES if name in dataset.variables])


def _rounded_times(dataset: xr.Dataset) -> dict[str, xr.Variable]:
    import numpy as np  # noqa: PLC0415 - an optional library

    rounded = {}
    for name in ("time", "time_bounds"):
        if name in dataset.variables and dataset.variables[name].dtype.kind == "M":
            variable = dataset.variables[name]
            values = (variable.values + np.timedelta64(500, "ns")).astype("datetime64[us]").astype(variable.dtype)
            rounded[name] = variable.copy(data=values)
    return rounded


def _variables(dataset: xr.Dataset) -> Iterator[tuple[str, xr.Variable]]:
    return ((str(name), variable) for name, variable in dataset.variables.items())


def _complete_time(opened: xr.Dataset) -> None:
    """Say of ``time`` what it always is, where the file does not (scc-interface.md 6.4)."""
    if "time" in opened.variables:
        attributes = opened.variables["time"].attrs
        attributes.setdefault("units", _TIME_UNITS)
        if "time_bounds" in opened.variables:
            attributes.setdefault("bounds", "time_bounds")
    elif "time_bounds" in opened.variables:
        opened.variables["time_bounds"].attrs.setdefault("units", _TIME_UNITS)


def _is_status(name: str, variable: xr.Variable) -> bool:
    """Tell whether a variable holds flags, numbers of things, or counts: integers that are neither times nor packed."""
    return (
        variable.dtype.kind in "iu"
        and name not in {"time", "time_bounds"}
        and " since " not in str(variable.attrs.get("units", ""))
        and not {"scale_factor", "add_offset"} & set(variable.attrs)
    )


def _complete_flags(variable: xr.Variable, flags: Flags) -> None:
    import numpy as np  # noqa: PLC0415 - an optional library

    # Values without meanings are left alone: they may be of another version of the format.
    if {"flag_meanings", "flag_masks", "flag_values"} & set(variable.attrs):
        return
    if variable.dtype.kind in "iu" and max(flags.values) <= np.iinfo(variable.dtype).max:
        variable.attrs["flag_masks" if flags.masks else "flag_values"] = np.array(flags.values, variable.dtype)
        variable.attrs["flag_meanings"] = " ".join(flags.meanings)
