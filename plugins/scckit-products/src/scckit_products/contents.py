"""Reading netCDF files by parts, in bounded memory: sizes, attributes, small variables whole, large ones block by block.

For files that may be much larger than memory; no product and no rule is known here. NetCDF-4 is read with h5py alone, for
h5netcdf leaves a damaged file open and reads a variable whole where it is shorter than its dimensions; netCDF-3 by hand, for
scipy either reads such a file whole or leaves a damaged one open. Only what is in the root group is seen. Needs numpy, so
that it may only be imported when a file is read.
"""

from __future__ import annotations

import itertools
import math
import struct
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final, Literal, Protocol, TypeAlias

import numpy as np
from attrs import evolve, frozen

from scckit.errors import SCCError
from scckit_products.netcdf import is_classic, plain, reading, require

if TYPE_CHECKING:
    import h5py
    from numpy.typing import NDArray

__all__ = ["Contents", "Kind", "TooLarge", "Variable", "opened"]

#: What the values of a variable are; ``other`` is what the SCC has no use for, such as compounds.
Kind: TypeAlias = Literal["int", "real", "text", "other"]

#: Part of an array: one slice for each dimension.
Index: TypeAlias = tuple[slice, ...]

#: Values that are read whole are at most so many.
_LARGEST: Final = 500_000
#: Bytes of a block, about.
_BLOCK: Final = 2**22
#: A packed chunk cannot be read in parts; netCDF libraries make them of 4 MiB, newer ones of 16 MiB at most.
_LARGEST_CHUNK: Final = 2**24
#: Deflate packs no better than 1032 to 1: what claims to be more was never written, or is a trap.
_LARGEST_RATIO: Final = 1100
#: A netCDF-3 header is at most so long.
_HEADER: Final = 2**22

_KINDS: Final[Mapping[str, Kind]] = {"i": "int", "u": "int", "f": "real", "S": "text", "U": "text"}

#: A raw file was made on this side, and not downloaded.
_reading: Final = partial(reading, then=": it is damaged or was cut short; make it again")

#: What the netCDF library puts where a program wrote nothing, by type code.
_DEFAULT_FILLS: Final[Mapping[str, float]] = {
    "i1": -127,
    "u1": 255,
    "i2": -32767,
    "u2": 65535,
    "i4": -2147483647,
    "u4": 4294967295,
    "i8": -9223372036854775806,
    "u8": 18446744073709551614,
    "f4": 9.969209968386869e36,
    "f8": 9.969209968386869e36,
}


class TooLarge(SCCError):
    """A variable is not read, for it would need too much memory or never end."""


@frozen
class Variable:
    """A variable without its values.

    Attributes:
        name: Its name.
        dimensions: Names of its dimensions.
        shape: Their sizes.
        dtype: Type of its values.
        kind: What its values are.
        fills: Values that stand for a missing one: the file's own and the netCDF library's.
    """

    name: str
    dimensions: tuple[str, ...]
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    kind: Kind
    fills: tuple[float, ...]


class Contents(Protocol):
    """An opened file. Whatever fails in it is an ``UnreadableProduct``."""

    @property
    def dimensions(self) -> Mapping[str, int]:
        """Sizes by name."""

    @property
    def attributes(self) -> Mapping[str, object]:
        """Global attributes: text, numbers, or tuples of them."""

    def variable(self, name: str, /) -> Variable | None:
        """Return a variable, or None if there is none of that name."""

    def read(self, variable: Variable, /) -> NDArray[Any]:
        """Read a variable whole.

        Raises:
            TooLarge: It has more than half a million values.
            UnreadableProduct: It is damaged.
        """

    def blocks(self, variable: Variable, /) -> Iterator[tuple[Index, NDArray[Any]]]:
        """Read a variable once, in blocks of a few megabytes that lie on its chunks; what was never written is left out.

        Raises:
            TooLarge: It is packed in chunks of more than 16 MiB, or claims more data than the file can hold.
            UnreadableProduct: It is damaged.
        """


@contextmanager
def opened(path: Path) -> Iterator[Contents]:
    """Open a netCDF file, and close it at the end.

    Raises:
        UnreadableProduct: It is no netCDF file, or damaged.
        MissingLibrary: A library to read it is not installed.
    """
    if is_classic(path):
        with _reading(path), path.open("rb") as stream:
            header = _Header(stream.read(_HEADER), path.stat().st_size)
        with path.open("rb") as stream:
            yield _Classic(path, stream, header)
        return
    require("h5py")
    import h5py  # noqa: PLC0415 - an optional library, and netCDF-3 needs none

    with _reading(path):
        file = h5py.File(path, "r")
    with file:
        with _reading(path):
            opened_file = _HDF5(path, file)
        yield opened_file


def _fills(dtype: np.dtype[Any], attributes: Mapping[str, object]) -> tuple[float, ...]:
    own = (attributes.get(name) for name in ("_FillValue", "missing_value"))
    default = _DEFAULT_FILLS.get(dtype.str[1:])
    return tuple(value for value in (*own, default) if isinstance(value, int | float))


def _grid(shape: tuple[int, ...], chunk: tuple[int, ...], itemsize: int) -> Iterator[Index]:
    """Cut a shape into blocks of whole chunks, as large as they may be, each one run of the last dimensions."""
    block = [max(1, min(pair)) for pair in zip(shape, chunk, strict=True)]
    for axis in reversed(range(len(shape))):
        block[axis] *= max(1, _BLOCK // (math.prod(block) * itemsize))
        if block[axis] < shape[axis]:
            break
        block[axis] = max(1, shape[axis])
    starts = (range(0, size, step) for size, step in zip(shape, block, strict=True))
    for corner in itertools.product(*starts):
        yield tuple(
            slice(start, min(start + step, size)) for start, step, size in zip(corner, block, shape, strict=True)
        )


def _limit(variable: Variable, size: int) -> None:
    """Refuse a variable that claims more data than a file of this size can hold."""
    claimed = math.prod(variable.shape) * variable.dtype.itemsize
    if claimed > size * _LARGEST_RATIO:
        raise TooLarge(f"{variable.name} claims {claimed} bytes in a file of {size}")


def _limit_whole(variable: Variable) -> None:
    count = math.prod(variable.shape) * max(1, variable.dtype.itemsize // 8)
    if count > _LARGEST:
        raise TooLarge(f"{variable.name} has {math.prod(variable.shape)} values, in dimensions of {variable.shape}")


# -- netCDF-4 ---------------------------------------------------------------------------------------------------------


#: Attributes by which the netCDF library keeps its own house in HDF5.
_HIDDEN: Final = frozenset(
    {
        "CLASS",
        "DIMENSION_LIST",
        "NAME",
        "REFERENCE_LIST",
        "_NCProperties",
        "_Netcdf4Coordinates",
        "_Netcdf4Dimid",
        "_nc3_strict",
    }
)
#: How the name of a dimension begins that is no variable too.
_ONLY_DIMENSION: Final = "This is a netCDF dimension but not a netCDF variable"


class _HDF5:
    """A netCDF-4 file.

    Args:
        path: Where it is.
        file: The opened file, which is not closed here.
    """

    def __init__(self, path: Path, file: h5py.File) -> None:
        self.path = path
        # What is linked from another file is none of this one.
        self._datasets = {name: file[name] for name in file if _is_dataset(file, name)}
        self.attributes: Mapping[str, object] = _attributes(file)
        sizes = {name: one.shape[0] for name, one in self._datasets.items() if one.is_scale and one.shape}
        self._dimensions_of = {name: _named_axes(name, one) for name, one in self._datasets.items()}
        for name, one in self._datasets.items():
            # An unlimited dimension is as long as the longest of its variables.
            for axis, size in zip(self._dimensions_of[name], one.shape or (), strict=True):
                if axis in sizes:
                    sizes[axis] = max(sizes[axis], size)
        self.dimensions: Mapping[str, int] = sizes

    def variable(self, name: str, /) -> Variable | None:
        if name not in self._datasets:
            return None
        with _reading(self.path):
            stored = self._datasets[name]
            kept = _attributes(stored)
            if str(kept.pop("NAME", "")).startswith(_ONLY_DIMENSION):
                return None
            axes = self._dimensions_of[name]
            shape = tuple(self.dimensions.get(axis, size) for axis, size in zip(axes, stored.shape or (), strict=True))
            kind = _KINDS.get(stored.dtype.kind, "text" if _is_text(stored) else "other")
            return Variable(name, axes, shape, stored.dtype, kind, _fills(stored.dtype, kept))

    def read(self, variable: Variable, /) -> NDArray[Any]:
        _limit_whole(variable)
        with _reading(self.path):
            stored = self._datasets[variable.name]
            found = np.asarray(stored.asstr(errors="replace")[()] if _is_text(stored) else stored[()])
            if found.shape == variable.shape:
                return found
            whole = np.full(variable.shape, "" if found.dtype.kind == "O" else stored.fillvalue, found.dtype)
            whole[tuple(slice(0, size) for size in found.shape)] = found
            return whole

    def blocks(self, variable: Variable, /) -> Iterator[tuple[Index, NDArray[Any]]]:
        _limit(variable, self.path.stat().st_size)
        with _reading(self.path):
            stored = self._datasets[variable.name]
            shape, chunk = stored.shape, stored.chunks
            is_packed = stored.id.get_create_plist().get_nfilters() > 0
        size = math.prod(chunk or ()) * variable.dtype.itemsize
        if is_packed and size > _LARGEST_CHUNK:
            raise TooLarge(f"{variable.name} is packed in chunks of {size} bytes")
        if chunk is None or (size > _BLOCK and not is_packed):
            # What is not packed can be read in parts.
            chunk = (1,) * len(shape)
        for index in _grid(shape, chunk, variable.dtype.itemsize):
            with _reading(self.path):
                values = np.asarray(stored[index])
            yield index, values
            # Two blocks at a time would be one too many where they are large.
            del values


def _is_dataset(file: h5py.File, name: str) -> bool:
    import h5py  # noqa: PLC0415 - an optional library

    return isinstance(file.get(name, getlink=True), h5py.HardLink) and file.get(name, getclass=True) is h5py.Dataset


def _is_text(stored: h5py.Dataset) -> bool:
    """Tell whether values are texts of any length."""
    import h5py  # noqa: PLC0415 - an optional library

    return h5py.check_string_dtype(stored.dtype) is not None and stored.dtype.kind == "O"


def _attributes(where: h5py.File | h5py.Dataset) -> dict[str, object]:
    """Return the attributes that can be read, of a variable also what the netCDF library calls it."""
    found: dict[str, object] = {}
    for name in where.attrs:
        if name in _HIDDEN - {"NAME"}:
            continue
        try:
            value = plain(where.attrs[name])
        except (OSError, TypeError):  # of a type that h5py or numpy does not know
            continue
        # Text that is not in UTF-8 comes with surrogates, which nobody can print.
        found[name] = (
            value.encode("utf-8", "surrogateescape").decode("utf-8", "replace") if isinstance(value, str) else value
        )
    return found


def _named_axes(name: str, stored: h5py.Dataset) -> tuple[str, ...]:
    """Return the names of the dimensions of a variable; a dimension that has none is called by its number."""
    axes = [scales[0].name.rpartition("/")[2] if len(scales) else f"#{axis}" for axis, scales in enumerate(stored.dims)]
    if stored.is_scale and axes:
        # A variable that has the name of its dimension.
        axes[0] = name
    return tuple(axes)


# -- netCDF-3 ---------------------------------------------------------------------------------------------------------

_CLASSIC_TYPES: Final = {1: ">i1", 2: "S1", 3: ">i2", 4: ">i4", 5: ">f4", 6: ">f8"}
_DIMENSIONS, _VARIABLES, _ATTRIBUTES = 10, 11, 12
#: Number of records of a file that was never closed: as many as are there.
_STREAMING: Final = 0xFFFFFFFF


@frozen
class _Place:
    """Where a variable of a netCDF-3 file stands: its first byte, and from one record to the next, 0 if it has none."""

    variable: Variable
    begin: int
    step: int


class _Header:
    """The header of a netCDF-3 file (the classic and the 64-bit offset form), read from its first bytes.

    Args:
        data: First bytes of the file.
        size: Size of the file.

    Raises:
        ValueError: It makes no sense, or the file is shorter than it says.
        struct.error: It ends too early.
    """

    def __init__(self, data: bytes, size: int) -> None:
        self._data = data
        self._at = 4
        self._wide = data[3] == 2  # noqa: PLR2004 - the fourth byte is the version, 2 has 64-bit offsets
        records = self._number()
        sizes = [(self._name(), self._number()) for _ in self._list(_DIMENSIONS)]
        self.attributes = self._named_values()
        found = [self._variable(sizes) for _ in self._list(_VARIABLES)]
        places = [_Place(variable, begin, step) for variable, begin, step in found]
        lengths = [_padded(place) for place in places if place.step]
        record = sum(lengths)
        if len(lengths) == 1:
            # The one variable with records has no gaps between them.
            record = next(place.step for place in places if place.step)
        if records == _STREAMING:
            first = min((place.begin for place in places if place.step), default=size)
            records = (size - first) // record if record else 0
        self.dimensions = {name: length or records for name, length in sizes}
        self.places = {place.variable.name: _placed(place, records, record) for place in places}
        for place in self.places.values():
            _require_inside(place, size)

    def _number(self) -> int:
        (number,) = struct.unpack_from(">I", self._data, self._at)
        self._at += 4
        return int(number)

    def _bytes(self, count: int) -> bytes:
        taken = self._data[self._at : self._at + count]
        if len(taken) < count:
            raise ValueError("its header is cut short")
        self._at += count + -count % 4
        return taken

    def _name(self) -> str:
        return self._bytes(self._number()).decode("utf-8", "replace")

    def _list(self, tag: int) -> Iterator[int]:
        found, count = self._number(), self._number()
        if found not in {0, tag} or (found == 0 and count):
            raise ValueError(f"its header has a list of kind {found} where {tag} should be")
        return iter(range(count))

    def _type(self) -> np.dtype[Any]:
        return np.dtype(_CLASSIC_TYPES[self._number()])

    def _named_values(self) -> dict[str, object]:
        values: dict[str, object] = {}
        for _ in self._list(_ATTRIBUTES):
            name, dtype, count = self._name(), self._type(), self._number()
            data = self._bytes(count * dtype.itemsize)
            values[name] = plain(data if dtype.kind == "S" else np.frombuffer(data, dtype))
        return values

    def _variable(self, sizes: list[tuple[str, int]]) -> tuple[Variable, int, int]:
        """Return a variable, its first byte, and the length of its part of a record, 0 if it has no records."""
        name = self._name()
        used = [sizes[self._number()] for _ in range(self._number())]
        attributes, dtype = self._named_values(), self._type()
        self._number()  # the size of it, which need not be right where it is large
        (begin,) = struct.unpack_from(">Q" if self._wide else ">I", self._data, self._at)
        self._at += 8 if self._wide else 4
        shape = tuple(length for _, length in used)
        step = math.prod(shape[1:]) * dtype.itemsize if shape[:1] == (0,) else 0
        dimensions = tuple(one for one, _ in used)
        return Variable(name, dimensions, shape, dtype, _KINDS[dtype.kind], _fills(dtype, attributes)), int(begin), step


def _padded(place: _Place) -> int:
    return place.step + -place.step % 4


def _placed(place: _Place, records: int, record: int) -> _Place:
    """Return a place with the number of records that there are, and the way from one to the next."""
    if not place.step:
        return place
    one = place.variable
    return _Place(evolve(one, shape=(records, *one.shape[1:])), place.begin, record)


def _require_inside(place: _Place, size: int) -> None:
    shape, itemsize = place.variable.shape, place.variable.dtype.itemsize
    length = math.prod(shape) * itemsize
    if place.step and length:
        length = (shape[0] - 1) * place.step + math.prod(shape[1:]) * itemsize
    if place.begin + length > size:
        raise ValueError(f"it has {size} bytes, {place.variable.name} ends at {place.begin + length}")


@frozen(eq=False)
class _Classic:
    """A netCDF-3 file."""

    path: Path
    _stream: BinaryIO
    _header: _Header

    @property
    def dimensions(self) -> Mapping[str, int]:
        return self._header.dimensions

    @property
    def attributes(self) -> Mapping[str, object]:
        return self._header.attributes

    def variable(self, name: str, /) -> Variable | None:
        place = self._header.places.get(name)
        return place.variable if place is not None else None

    def read(self, variable: Variable, /) -> NDArray[Any]:
        _limit_whole(variable)
        return self._read(variable, tuple(slice(0, size) for size in variable.shape))

    def blocks(self, variable: Variable, /) -> Iterator[tuple[Index, NDArray[Any]]]:
        _limit(variable, self.path.stat().st_size)
        for index in _grid(variable.shape, (1,) * len(variable.shape), variable.dtype.itemsize):
            yield index, self._read(variable, index)

    def _read(self, variable: Variable, index: Index) -> NDArray[Any]:
        """Read a part that is one run within each record, as those of ``_grid`` and the whole are."""
        place = self._header.places[variable.name]
        shape = tuple(part.stop - part.start for part in index)
        first = tuple(part.start for part in index)
        if not place.step:
            return self._run(place.begin, variable.shape, first, variable.dtype, math.prod(shape)).reshape(shape)
        count = math.prod(shape[1:])
        values = np.empty((shape[0], count), variable.dtype)
        for row in range(shape[0]):
            begin = place.begin + (first[0] + row) * place.step
            values[row] = self._run(begin, variable.shape[1:], first[1:], variable.dtype, count)
        return values.reshape(shape)

    def _run(
        self, begin: int, shape: tuple[int, ...], first: tuple[int, ...], dtype: np.dtype[Any], count: int
    ) -> NDArray[Any]:
        offset = 0
        for size, start in zip(shape, first, strict=True):
            offset = offset * size + start
        with _reading(self.path):
            self._stream.seek(begin + offset * dtype.itemsize)
            data = self._stream.read(count * dtype.itemsize)
            return np.frombuffer(data, dtype, count)
