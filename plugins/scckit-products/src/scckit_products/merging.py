"""One form for several files of a product: what each holds is looked at, and what is common to all is worked out.

Nothing is opened or closed here. All is said before anything is joined: what stands against it is an ``InvalidInput``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from attrs import evolve, field, frozen

from scckit.errors import InvalidInput
from scckit_products.flags import SYNONYMS
from scckit_products.netcdf import plain

if TYPE_CHECKING:
    import numpy as np
    import xarray as xr

__all__ = ["Form", "Look", "common_form", "shaped"]

#: Index of the angle of each profile: the one variable that only tells how to read others.
_ANGLES: Final = "laser_pointing_angle_of_profiles"

#: Altitudes that differ by less are the same, m.
_SAME_ALTITUDE: Final = 1e-3

#: Wavelengths of one channel that differ by more make it another channel, nm.
_SAME_WAVELENGTH: Final = 1.5

_TIME_ENCODING: Final = {"units": "seconds since 1970-01-01T00:00:00", "dtype": "float64"}

#: What netCDF writes where a program wrote nothing, for the types of integers; SCC uses that of ``i1`` and ``i4``.
_FILLS: Final[Mapping[str, int]] = {
    "i1": -127,
    "i2": -32767,
    "i4": -2147483647,
    "i8": -9223372036854775806,
    "u1": 255,
    "u2": 65535,
    "u4": 4294967295,
    "u8": 18446744073709551614,
}


@frozen(eq=False)
class _Held:
    """A variable of one file. Those by time are read later and have no values here."""

    dims: tuple[str, ...]
    dtype: np.dtype[Any]
    attrs: Mapping[str, Any]
    values: np.ndarray | None
    #: Flags that have another number in the common table.
    renumbered: Mapping[int, int] = field(factory=dict)


@frozen(eq=False)
class Look:
    """What has to be known of a file before it is joined with others.

    Attributes:
        path: The file.
        attributes: Its global attributes.
        sizes: Sizes of its dimensions.
        times: Its times.
        bounds: Begin and end of each of its intervals; without intervals, both are the time.
        variables: Its variables.
        coordinates: Names of those that are coordinates.
        angles: Index of the angle of each profile, if it has angles.
    """

    path: Path
    attributes: Mapping[str, Any]
    sizes: Mapping[str, int]
    times: np.ndarray
    bounds: np.ndarray
    variables: Mapping[str, _Held]
    coordinates: frozenset[str]
    angles: np.ndarray | None

    @classmethod
    def at(cls, path: Path, dataset: xr.Dataset) -> Look:
        """Look at an opened file. Whatever does not go by time is read: it is small.

        Raises:
            InvalidInput: It has no times, or some are missing.
        """
        import numpy as np  # noqa: PLC0415 - an optional library

        bounds = dataset.variables["time_bounds"].values if "time_bounds" in dataset.variables else None
        times = dataset.variables["time"].values if "time" in dataset.variables else None
        if bounds is None or bounds.ndim != 2 or bounds.shape[1] != 2 or bounds.dtype.kind != "M":  # noqa: PLR2004 - two ends
            bounds = None if times is None else np.stack([times, times], axis=1)
        times = bounds[:, 0] if times is None and bounds is not None else times
        is_told = times is not None and bounds is not None and times.size and times.dtype.kind == "M"
        if times is None or bounds is None or not is_told or np.isnat(times).any() or np.isnat(bounds).any():
            msg = f"{path.name} has no times, or some are missing, so that it cannot be joined along time"
            raise InvalidInput(msg)
        sizes = {str(dimension): size for dimension, size in dataset.sizes.items()}
        variables = {
            str(name): _Held(
                tuple(map(str, variable.dims)),
                variable.dtype,
                dict(variable.attrs),
                None if "time" in variable.dims else variable.values,
            )
            for name, variable in dataset.variables.items()
            if name not in {"time", "time_bounds"}
        }
        for name in {"time", "time_bounds"} & set(dataset.variables):
            variable = dataset.variables[name]
            variables[str(name)] = _Held(tuple(map(str, variable.dims)), variable.dtype, dict(variable.attrs), None)
        angles = None
        if "angle" in sizes:
            index = dataset.variables.get(_ANGLES)
            angles = np.zeros(len(times), int) if index is None and sizes["angle"] == 1 else None
            angles = index.values if index is not None else angles
        coordinates = frozenset(map(str, dataset.coords))
        attributes = {str(name): plain(value) for name, value in dataset.attrs.items()}
        return cls(path, attributes, sizes, times, bounds, variables, coordinates, angles)

    @property
    def product_type(self) -> int | None:
        """Product type, where the file tells it."""
        held = self.variables.get("product_type_id")
        return (
            int(held.values.item()) if held is not None and held.values is not None and held.values.size == 1 else None
        )


@frozen(eq=False)
class _Common:
    """A variable of the whole; with a value, it is the same in all files."""

    dims: tuple[str, ...]
    dtype: np.dtype[Any]
    fill: Any
    attrs: Mapping[str, Any]
    value: np.ndarray | None


@frozen(eq=False)
class Form:
    """The form of the whole.

    Attributes:
        looks: What was seen of the files, in the order of their times; flags have the numbers of the whole.
        sizes: Sizes of the dimensions other than time.
        variables: The variables.
        coordinates: Names of those that are coordinates.
        attributes: The global attributes.
        is_by_angle: Whether something still depends on the angle.
        altitudes: The axis of altitudes, if there is one.
    """

    looks: Sequence[Look]
    sizes: Mapping[str, int]
    variables: Mapping[str, _Common]
    coordinates: frozenset[str]
    attributes: Mapping[str, Any]
    is_by_angle: bool
    altitudes: np.ndarray | None


def common_form(looks: Sequence[Look]) -> Form:
    """Work out the form of the whole.

    Args:
        looks: What was seen of the files, in the order of their times.

    Raises:
        InvalidInput: The files cannot be brought to one form; it says which, and what differs.
    """
    files = _Files.of(_with_one_table(looks))
    is_by_angle = not files.angles_differ()
    if not is_by_angle:
        files = _Files.of([_by_time(look) for look in files.looks])
    names = dict.fromkeys(["time", *(name for look in files.looks for name in look.variables)])
    return Form(
        files.looks,
        files.sizes,
        {name: files.common(name) for name in names},
        frozenset().union(*(look.coordinates for look in looks)),
        _equal([look.attributes for look in looks]),
        is_by_angle,
        files.altitudes,
    )


def shaped(dataset: xr.Dataset, look: Look, form: Form) -> xr.Dataset:
    """Bring a decoded file to the common form. What is lazy stays so if it is an array of dask.

    Args:
        dataset: The file as it is opened.
        look: What was seen of it, from ``form.looks``.
        form: The form of the whole.
    """
    import numpy as np  # noqa: PLC0415 - an optional library
    import xarray as xr  # noqa: PLC0415 - an optional library

    if not form.is_by_angle and "angle" in dataset.sizes:
        dataset = dataset.drop_vars(_ANGLES, errors="ignore").isel(angle=xr.DataArray(look.angles, dims="time"))
    count = len(look.times)
    variables = {}
    for name, common in form.variables.items():
        held = look.variables.get(name)
        if name in {"time", "time_bounds"}:
            values = look.times if name == "time" else look.bounds
            variables[name] = xr.Variable(common.dims, values, common.attrs, _TIME_ENCODING)
        elif common.value is not None:
            variables[name] = xr.Variable(common.dims, common.value, common.attrs)
        elif held is None:
            shape = [count if dimension == "time" else form.sizes[dimension] for dimension in common.dims]
            variables[name] = xr.Variable(common.dims, np.full(shape, common.fill, common.dtype), common.attrs)
        else:
            data = dataset.variables[name].data if held.values is None else held.values
            variables[name] = _stretched(xr.Variable(held.dims, _numbered(data, held, common)), common, look, form)
    names = [look.path.name, str(look.attributes.get("measurement_ID", ""))]
    for name, text in zip(("file_name", "measurement_id"), names, strict=True):
        variables[name] = xr.Variable(("time",), np.full(count, text))
    coordinates = {*form.coordinates, "time", "file_name", "measurement_id"}
    return xr.Dataset(
        {name: variable for name, variable in variables.items() if name not in coordinates},
        {name: variable for name, variable in variables.items() if name in coordinates},
        form.attributes,
    )


def _stretched(variable: xr.Variable, common: _Common, look: Look, form: Form) -> xr.Variable:
    """Give a variable all dimensions of the common one, in its order and of its sizes."""
    import numpy as np  # noqa: PLC0415 - an optional library
    import xarray as xr  # noqa: PLC0415 - an optional library

    if "time" not in variable.dims:
        dims = ("time", *variable.dims)
        variable = xr.Variable(dims, np.broadcast_to(variable.data, (len(look.times), *variable.shape)))
    variable = variable.transpose(*common.dims)
    for dimension in common.dims:
        if dimension != "time":
            places = _places(look, dimension, form.altitudes)
            variable = _placed(variable, dimension, places, form.sizes[dimension], common.fill)
    return xr.Variable(common.dims, variable.data, common.attrs)


def _placed(variable: xr.Variable, dimension: str, places: np.ndarray, size: int, fill: Any) -> xr.Variable:  # noqa: ANN401 - of the variable's type
    """Put the values along a dimension to their places, and what stands for missing ones to the others."""
    import numpy as np  # noqa: PLC0415 - an optional library

    if len(places) == size:
        return variable
    # What is missing is taken from behind the last value.
    sources = np.full(size, len(places))
    sources[places] = np.arange(len(places))
    longer: xr.Variable = variable.pad({dimension: (0, 1)}, constant_values=fill)
    return longer.isel({dimension: sources})


def _places(look: Look, dimension: str, altitudes: np.ndarray | None) -> np.ndarray:
    """Return where the values of a file along a dimension are in the whole."""
    import numpy as np  # noqa: PLC0415 - an optional library

    if dimension == "altitude" and altitudes is not None:
        # The first of those that are the same is the lowest.
        own = np.asarray(look.variables["altitude"].values)
        return np.asarray(np.searchsorted(altitudes, own, side="right") - 1)
    return np.arange(look.sizes[dimension])


def _numbered(data: Any, held: _Held, common: _Common) -> Any:  # noqa: ANN401 - an array of numpy or dask
    """Give integers the flags and the fill value of the whole, and everything the type of the whole."""
    import numpy as np  # noqa: PLC0415 - an optional library

    if data.dtype.kind not in "iu":
        return data if data.dtype == common.dtype else data.astype(common.dtype)
    own = held.attrs.get("_FillValue")
    values = data.astype(common.dtype)
    result = values
    if "flag_masks" in held.attrs and held.renumbered:
        result = values & ~sum(held.renumbered)
        for old, new in held.renumbered.items():
            result = result | np.where(values & old, new, 0)
        own = common.fill if own is None else own
    else:
        for old, new in held.renumbered.items():
            result = np.where(values == old, new, result)
    if own is not None and (held.renumbered or own != common.fill):
        result = np.where(values == own, common.fill, result)
    return result.astype(common.dtype)


@frozen(eq=False)
class _Files:
    """What was seen of all files."""

    looks: Sequence[Look]
    altitudes: np.ndarray | None
    sizes: Mapping[str, int]

    @classmethod
    def of(cls, looks: Sequence[Look]) -> _Files:
        altitudes = _altitudes(looks)
        return cls(looks, altitudes, _sizes(looks, altitudes))

    def holding(self, name: str) -> list[tuple[Look, _Held]]:
        return [(look, held) for look in self.looks if (held := look.variables.get(name)) is not None]

    def angles_differ(self) -> bool:
        """Tell whether anything that depends on the angle is not the same in all files."""
        if "angle" not in self.sizes:
            return any("angle" in look.sizes for look in self.looks)
        names = {name for look in self.looks for name, held in look.variables.items() if "angle" in held.dims}
        return any(
            self.common(name).value is None if self._is_static(name) else self._has_other_dimensions(name)
            for name in names
        )

    def common(self, name: str) -> _Common:
        holding = self.holding(name)
        if not holding:
            # Only the begin of the intervals tells the times.
            return _Common(("time",), self.looks[0].times.dtype, None, {"bounds": "time_bounds"}, None)
        _require_same_units(name, holding)
        dtype, fill = _type(name, holding)
        attrs = _equal([held.attrs for _, held in holding])
        if dtype.kind in "iu":
            has_gaps = len(holding) < len(self.looks) or any(
                look.sizes[one] != self.sizes[one] for look, held in holding for one in held.dims if one != "time"
            )
            if has_gaps or any("_FillValue" in held.attrs for _, held in holding):
                attrs["_FillValue"] = dtype.type(fill)
        dims = _dimensions(name, holding)
        common = _Common(dims, dtype, fill, attrs, None)
        if name == "altitude" and self.altitudes is not None:
            return evolve(common, dims=("altitude",), value=self.altitudes)
        if self._is_static(name):
            value = self._merged(holding, common)
            if value is not None:
                return evolve(common, dims=holding[0][1].dims, value=value)
            if holding[0][1].dims == (name,):
                msg = f"the files have different values of {name}, along which their data go; join those that are alike"
                raise InvalidInput(msg)
            _require_same_wavelengths(name, holding)
        return common

    def _is_static(self, name: str) -> bool:
        """Tell whether a variable is in all files, by the same dimensions, and time is none of them."""
        holding = self.holding(name)
        dims = {held.dims for _, held in holding}
        return len(holding) == len(self.looks) and len(dims) == 1 and "time" not in next(iter(dims))

    def _has_other_dimensions(self, name: str) -> bool:
        holding = self.holding(name)
        return len(holding) < len(self.looks) or len({held.dims for _, held in holding}) > 1

    def _merged(self, holding: Sequence[tuple[Look, _Held]], common: _Common) -> np.ndarray | None:
        """Return the values that all files have, None if they differ where more than one has any."""
        import numpy as np  # noqa: PLC0415 - an optional library

        dims = holding[0][1].dims
        shape = [self.sizes[dimension] for dimension in dims]
        merged, is_known = np.full(shape, common.fill, common.dtype), np.zeros(shape, bool)
        for look, held in holding:
            values = _numbered(held.values, held, common)
            where = np.ix_(*(_places(look, dimension, self.altitudes) for dimension in dims)) if dims else ()
            here = merged[where]
            same = (values == here) | ((values != values) & (here != here))  # noqa: PLR0124 - what is missing is NaN
            if not (same | ~is_known[where]).all():
                return None
            merged[where], is_known[where] = values, True
        return merged


def _altitudes(looks: Sequence[Look]) -> np.ndarray | None:
    """Return the altitudes of all files, where they have an axis of them."""
    import numpy as np  # noqa: PLC0415 - an optional library

    own = []
    for look in looks:
        held = look.variables.get("altitude")
        if held is None or held.dims != ("altitude",) or held.values is None:
            return None
        if not ((np.diff(held.values) > _SAME_ALTITUDE).all() and np.isfinite(held.values).all()):
            msg = f"the altitudes of {look.path.name} do not ascend, so that it cannot be joined; see what verify finds"
            raise InvalidInput(msg)
        own.append(held.values)
    every = np.unique(np.concatenate(own))
    altitudes: np.ndarray = every[np.diff(every, prepend=-np.inf) > _SAME_ALTITUDE]
    return altitudes


def _sizes(looks: Sequence[Look], altitudes: np.ndarray | None) -> Mapping[str, int]:
    """Return the sizes of all dimensions but time; without angle, if the files have different ones."""
    sizes: dict[str, int] = {}
    for dimension in dict.fromkeys(one for look in looks for one in look.sizes if one != "time"):
        found = {look.sizes[dimension]: look.path.name for look in looks if dimension in look.sizes}
        if dimension == "altitude" and altitudes is not None:
            sizes[dimension] = len(altitudes)
        elif dimension in {"level", "altitude"} or len(found) == 1:
            sizes[dimension] = max(found)
        elif dimension != "angle":
            listed = ", ".join(f"{size} in {name}" for size, name in sorted(found.items()))
            msg = f"the files have different sizes of {dimension} ({listed}) and cannot be joined; join those that are alike"
            raise InvalidInput(msg)
    return sizes


def _by_time(look: Look) -> Look:
    """Let what is by angle be by time, as it will be."""
    if "angle" not in look.sizes:
        return look
    if look.angles is None or not ((look.angles >= 0) & (look.angles < look.sizes["angle"])).all():
        msg = f"{look.path.name} does not tell the angle of each profile, so that it cannot be joined with files of other angles"
        raise InvalidInput(msg)
    variables = {}
    for name, held in look.variables.items():
        if name != _ANGLES:
            dims = dict.fromkeys("time" if dimension == "angle" else dimension for dimension in held.dims)
            is_by_angle = "angle" in held.dims
            variables[name] = evolve(held, dims=tuple(dims), values=None) if is_by_angle else held
    return evolve(look, variables=variables)


def _dimensions(name: str, holding: Sequence[tuple[Look, _Held]]) -> tuple[str, ...]:
    """Return the dimensions of a variable that has time in the whole."""
    dims = next((held.dims for _, held in holding if "time" in held.dims), ("time", *holding[0][1].dims))
    for look, held in holding:
        if {*held.dims, "time"} != set(dims):
            msg = (
                f"{name} depends on {', '.join(held.dims) or 'nothing'} in {look.path.name}, but on {', '.join(dims)} in"
                " another file; join those that are alike"
            )
            raise InvalidInput(msg)
    return dims


def _type(name: str, holding: Sequence[tuple[Look, _Held]]) -> tuple[np.dtype[Any], Any]:
    """Return the type of a variable in the whole, and what stands for a missing value."""
    import numpy as np  # noqa: PLC0415 - an optional library

    groups = {_group(held.dtype): look.path.name for look, held in holding}
    if len(groups) > 1:
        listed = ", ".join(f"{group} in {file}" for group, file in sorted(groups.items()))
        msg = f"{name} is of different types ({listed}); join the files that are alike"
        raise InvalidInput(msg)
    group = next(iter(groups))
    if group == "text":
        return np.dtype(object), ""
    dtype = np.result_type(*(held.dtype for _, held in holding))
    if group == "integers":
        declared = {held.attrs.get("_FillValue") for _, held in holding} - {None}
        is_one = len(declared) == 1 and all(held.dtype == dtype for _, held in holding)
        return dtype, next(iter(declared)) if is_one else _FILLS[dtype.str[1:]]
    return dtype, np.datetime64("NaT", "ns") if group == "times" else np.nan


def _group(dtype: np.dtype[Any]) -> str:
    if dtype.kind in "iu":
        return "integers"
    return {"f": "real numbers", "M": "times"}.get(dtype.kind, "text")


def _with_one_table(looks: Sequence[Look]) -> Sequence[Look]:
    """Find one table for each flag that all files can use: older versions give some values other meanings."""
    changed: list[dict[str, _Held]] = [dict(look.variables) for look in looks]
    for name in {name for look in looks for name in look.variables}:
        tables = [_table(look.variables[name].attrs) if name in look.variables else {} for look in looks]
        kinds = {
            kind for look in looks if name in look.variables for kind in _FLAGS if kind in look.variables[name].attrs
        }
        if not any(tables) or all(table == tables[0] for table in tables):
            continue
        if len(kinds) > 1:
            msg = f"{name} holds bits in some of the files and values in others; join those that are alike"
            raise InvalidInput(msg)
        largest: dict[int, str] = max(tables, key=_by_size)
        whole = dict(largest)
        for number, (look, table) in enumerate(zip(looks, tables, strict=True)):
            if table:
                changed[number][name] = evolve(
                    look.variables[name], renumbered=dict(_renumbered(name, look, table, whole))
                )
        _tell(whole, next(iter(kinds)), [one for one, table in zip(changed, tables, strict=True) if table], name)
    return [evolve(look, variables=variables) for look, variables in zip(looks, changed, strict=True)]


_FLAGS: Final = ("flag_masks", "flag_values")


def _by_size(table: Mapping[int, str]) -> tuple[int, list[tuple[int, str]]]:
    return len(table), sorted(table.items())


def _table(attrs: Mapping[str, Any]) -> dict[int, str]:
    """Return the meanings of a flag by their values; empty if it has none."""
    import numpy as np  # noqa: PLC0415 - an optional library

    values = next((attrs[kind] for kind in _FLAGS if kind in attrs), ())
    meanings = str(plain(attrs.get("flag_meanings", ""))).split()
    values = [int(value) for value in np.atleast_1d(values)]
    if len(values) != len(meanings):
        return {}
    return {value: SYNONYMS.get(meaning, meaning) for value, meaning in zip(values, meanings, strict=True)}


def _renumbered(name: str, look: Look, table: Mapping[int, str], whole: dict[int, str]) -> Iterator[tuple[int, int]]:
    """Give the values of a file that mean the same as another value in the whole; those without a home get one."""
    values = look.variables[name].values
    is_mask = "flag_masks" in look.variables[name].attrs
    for value, meaning in table.items():
        home = next((one for one, other in whole.items() if other == meaning), None)
        if home is None and value not in whole:
            whole[value] = meaning
        elif home is None:
            if values is None or (values & value if is_mask else values == value).any():
                msg = (
                    f"{look.path.name} has {name} {value}, which means {meaning} there and {whole[value]} in another file;"
                    " join the files that are alike"
                )
                raise InvalidInput(msg)
        elif home != value:
            yield value, home


def _tell(whole: Mapping[int, str], kind: str, variables: Sequence[dict[str, _Held]], name: str) -> None:
    """Write the table of the whole into the attributes of each file's variable."""
    import numpy as np  # noqa: PLC0415 - an optional library

    for held in variables:
        values = np.array(sorted(whole), held[name].dtype)
        meanings = " ".join(whole[value] for value in sorted(whole))
        held[name] = evolve(held[name], attrs={**held[name].attrs, kind: values, "flag_meanings": meanings})


def _require_same_units(name: str, holding: Sequence[tuple[Look, _Held]]) -> None:
    units = {str(plain(held.attrs["units"])): look.path.name for look, held in holding if "units" in held.attrs}
    if len(units) > 1:
        listed = ", ".join(f"{unit} in {file}" for unit, file in sorted(units.items()))
        msg = f"{name} has different units ({listed}); join the files that are alike"
        raise InvalidInput(msg)


def _require_same_wavelengths(name: str, holding: Sequence[tuple[Look, _Held]]) -> None:
    """Refuse channels that are others: what is at one place along ``channel`` must belong together."""
    if name.endswith("_wavelength"):
        first_look, first = holding[0]
        for look, held in holding:
            if not (abs(held.values - first.values) < _SAME_WAVELENGTH).all():  # type: ignore[operator]
                msg = (
                    f"{name} is {plain(first.values)} in {first_look.path.name} and {plain(held.values)} in {look.path.name}:"
                    " these are different channels; join the files that have the same"
                )
                raise InvalidInput(msg)


def _equal(every: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the attributes that are there and equal in all."""
    first, *others = every
    return {
        name: value
        for name, value in first.items()
        if all(name in other and plain(other[name]) == plain(value) for other in others)
    }
