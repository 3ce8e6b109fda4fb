"""Writing netCDF-4 files in the manner of the SCC: its fill values, its attribute types. Knows nothing of lidar.

Fill values and layout: scc-interface.md 6.4.
"""

# ruff: noqa: PLR0913 - a variable is described by many values

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

import h5py
import numpy as np
from numpy.typing import ArrayLike

__all__ = ["FILL", "Attribute", "NetCDFWriter", "flags"]

Attribute = str | int | float | np.ndarray

#: Fill value by type code.
FILL: Mapping[str, float | int] = {
    "f8": 9.969209968386869e36,
    "f4": 9.969209968386869e36,
    "i1": -127,
    "i4": -2147483647,
}


#: What the netCDF library takes for the name of a dimension that is no variable; its size follows, in ten places.
_NO_VARIABLE = "This is a netCDF dimension but not a netCDF variable."
_PROPERTIES = f"version=2,h5py={h5py.version.version},hdf5={h5py.version.hdf5_version}"


class NetCDFWriter:
    """Writes one netCDF-4 file without groups and without unlimited dimensions.

    It puts the netCDF dimensions on HDF5 itself: h5netcdf takes five times as long for as many small variables as these
    files have.

    Args:
        path: Where to write; an existing file is replaced.
        dimensions: Sizes by name.
        compress: Whether variables are compressed (ELPP is, ELDA is not).
    """

    def __init__(self, path: Path, dimensions: Mapping[str, int], *, compress: bool = False) -> None:
        self._file = h5py.File(path, "w", track_order=True)
        self._compression = {"compression": "gzip", "compression_opts": 4} if compress else {}
        self._sizes = dict(dimensions)
        self._variables: dict[str, tuple[h5py.Dataset, tuple[str, ...]]] = {}
        for name, size in dimensions.items():
            self._file.create_dataset(name, (size,), ">f4", track_order=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._file:
            if kind is None:
                self._connect()

    def _connect(self) -> None:
        """Tell of each variable which dimensions it has, now that those are there which are variables too."""
        numbers = {name: np.int32(number) for number, name in enumerate(self._sizes)}
        for name, size in self._sizes.items():
            self._file[name].make_scale(name if name in self._variables else f"{_NO_VARIABLE}{size:10}")
            self._file[name].attrs["_Netcdf4Dimid"] = numbers[name]
        for name, (variable, dimensions) in self._variables.items():
            if not dimensions:
                continue
            variable.attrs["_Netcdf4Coordinates"] = np.array([numbers[each] for each in dimensions])
            variable.attrs["_Netcdf4Dimid"] = numbers[dimensions[0]]
            if dimensions != (name,):
                for axis, each in enumerate(dimensions):
                    variable.dims[axis].attach_scale(self._file[each])
        kind = h5py.string_dtype("ascii", len(_PROPERTIES))
        self._file.attrs["_NCProperties"] = np.array(_PROPERTIES, dtype=kind)

    def attributes(self, values: Mapping[str, Attribute]) -> None:
        """Set global attributes; whole numbers become 32-bit ones, as in files of the SCC."""
        for name, value in values.items():
            _set(self._file, name, np.int32(value) if isinstance(value, int) else value)

    def add(
        self,
        name: str,
        code: str,
        dimensions: tuple[str, ...],
        data: ArrayLike,
        attributes: Mapping[str, Attribute] | None = None,
        *,
        fill: bool = True,
    ) -> None:
        """Add a variable with its data.

        Args:
            name: Its name.
            code: Type code: ``f8``, ``f4``, ``i1``, ``i4``, or ``str`` for text.
            dimensions: Names of its dimensions.
            data: A value for each place, or one for all.
            attributes: Its attributes.
            fill: Whether it gets the SCC's fill value; text never does.
        """
        shape = tuple(self._sizes[each] for each in dimensions)
        if dimensions == (name,):
            del self._file[name]  # the variable is the dimension
        if code == "str":
            text = np.full(shape, data, dtype=object)
            variable = self._file.create_dataset(name, dtype=h5py.string_dtype(), data=text, track_order=True)
        else:
            value = np.dtype(code).type(FILL[code]) if fill else None
            filled = np.array(np.broadcast_to(np.asarray(data, dtype=code), shape))
            packed = self._compression if shape else {}
            variable = self._file.create_dataset(name, data=filled, fillvalue=value, track_order=True, **packed)
            if value is not None:
                _set(variable, "_FillValue", value)
        for key, given in (attributes or {}).items():
            _set(variable, key, given)
        self._variables[name] = variable, dimensions


def _set(owner: h5py.HLObject, name: str, value: ArrayLike) -> None:
    """Set an attribute as the netCDF library does: a number is an array of one."""
    owner.attrs[name] = value if isinstance(value, str) else np.atleast_1d(value)


def flags(meanings: str, code: str = "i1", *, masks: bool = False, first: int = 0) -> dict[str, Attribute]:
    """Attributes of a flag variable.

    Args:
        meanings: Names of the flags, separated by blanks.
        code: Type code of the variable.
        masks: Whether the flags are bits (1, 2, 4 …) and not values.
        first: Value of the first flag that is not a bit.
    """
    count = len(meanings.split())
    values = [2**number for number in range(count)] if masks else list(range(first, first + count))
    return {"flag_masks" if masks else "flag_values": np.array(values, dtype=code), "flag_meanings": meanings}
