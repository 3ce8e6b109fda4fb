"""Writing netCDF-4 files in the manner of the SCC: its fill values, its attribute types. Knows nothing of lidar.

Fill values and layout: scc-interface.md 6.4.
"""

# ruff: noqa: PLR0913 - a variable is described by many values

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

import h5netcdf
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


class NetCDFWriter:
    """Writes one netCDF-4 file without groups and without unlimited dimensions.

    Args:
        path: Where to write; an existing file is replaced.
        dimensions: Sizes by name.
        compress: Whether variables are compressed (ELPP is, ELDA is not).
    """

    def __init__(self, path: Path, dimensions: Mapping[str, int], *, compress: bool = False) -> None:
        self._file = h5netcdf.File(path, "w")
        self._compression = {"compression": "gzip", "compression_opts": 4} if compress else {}
        self._sizes = dict(dimensions)
        for name, size in dimensions.items():
            self._file.dimensions[name] = size

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def attributes(self, values: Mapping[str, Attribute]) -> None:
        """Set global attributes; whole numbers become 32-bit ones, as in files of the SCC."""
        for name, value in values.items():
            self._file.attrs[name] = np.int32(value) if isinstance(value, int) else value

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
        if code == "str":
            text = np.full(shape, data, dtype=object)
            variable = self._file.create_variable(name, dimensions, h5py.string_dtype(), data=text)
        else:
            filled = np.array(np.broadcast_to(np.asarray(data, dtype=code), shape))
            variable = self._file.create_variable(
                name,
                dimensions,
                code,
                data=filled,
                fillvalue=np.dtype(code).type(FILL[code]) if fill else None,
                **(self._compression if shape else {}),
            )
        for key, value in (attributes or {}).items():
            variable.attrs[key] = value


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
