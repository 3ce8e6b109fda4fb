"""What ``verify`` looks at in every netCDF product (scc-interface.md 6.4). What one kind must have stands with that kind.

Each check takes a dataset as it is in its file, and yields what it finds. Where the facts about the SCC are not sure, or a
file can be used all the same, the finding is a warning. Data are read in blocks, each once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import reduce
from itertools import product
from math import prod
from operator import or_
from typing import TYPE_CHECKING, Any, Final

from scckit.models import Problem, ProductName, Severity
from scckit_products.dataset import DEFAULT_FILL, decode
from scckit_products.flags import Flags
from scckit_products.netcdf import plain

if TYPE_CHECKING:
    import numpy as np
    import xarray as xr

__all__ = ["check_agreement", "check_altitude", "check_data", "check_sizes", "check_times", "compare"]

#: Fill values by type (6.4).
_FILLS: Final[Mapping[str, float]] = {"f8": DEFAULT_FILL, "f4": DEFAULT_FILL, "i1": -127, "i4": -2147483647}

#: Dimensions along which profiles go.
_HEIGHTS: Final = frozenset({"altitude", "level"})

#: How many values are read at once.
_BLOCK: Final = 1_000_000

#: Names and attributes tell times to the minute or second, and round them up or down.
_MINUTE: Final = 60.0

#: Times in files are real numbers; full hours were seen 0.3 microseconds too early.
_TIME_ERROR: Final = 0.001

_WAVELENGTH_ERROR: Final = 1.0


def check_sizes(dimensions: Mapping[str, int]) -> Iterator[Problem]:
    """``dimension-size``: intervals have two ends."""
    if dimensions.get("nv", 2) != 2:  # noqa: PLR2004 - a begin and an end
        yield Problem("dimension-size", "nv", f"the dimension nv has the size {dimensions['nv']}; it must be 2")


def check_times(dataset: xr.Dataset, name: ProductName) -> Iterator[Problem]:
    """``time-bounds``, ``time-start``, ``time-name`` and ``time-attribute``."""
    if "time_bounds" not in dataset.variables:
        return
    bounds = dataset.variables["time_bounds"]
    if bounds.ndim != 2 or bounds.shape[1] != 2:  # noqa: PLR2004 - a begin and an end
        message = f"it should hold a begin and an end for each time; its dimensions are {dict(bounds.sizes)}"
        yield Problem("time-bounds", "time_bounds", message)
        return
    values = bounds.values
    yield from _disordered(values)
    if "time" in dataset.variables:
        yield from _begins(dataset.variables["time"].values, values[:, 0])
    yield from _named_times(dataset, name)


def _disordered(bounds: np.ndarray) -> Iterator[Problem]:
    for number, (start, stop) in enumerate(bounds):
        # Written so that a missing value (NaN) is disorder too.
        if not start < stop:
            yield Problem("time-bounds", f"time_bounds[{number}]", f"the interval begins at {start} and ends at {stop}")
    for number in range(1, len(bounds)):
        if not bounds[number - 1, 0] < bounds[number, 0]:
            yield Problem("time-bounds", f"time_bounds[{number}]", "it does not begin after the one before it")


def _begins(times: np.ndarray, begins: np.ndarray) -> Iterator[Problem]:
    if times.shape != begins.shape:
        message = f"there are {times.size} times and {begins.size} intervals"
        yield Problem("time-start", "time", message, "warning")
        return
    wrong = [number for number in range(len(times)) if abs(float(times[number]) - float(begins[number])) > _TIME_ERROR]
    if wrong:
        first = wrong[0]
        message = (
            f"{len(wrong)} of {len(times)} times are not the begin of their interval, the first is time[{first}]: "
            f"{times[first]}, where the interval begins at {begins[first]}"
        )
        yield Problem("time-start", "time", message, "warning")


def _named_times(dataset: xr.Dataset, name: ProductName) -> Iterator[Problem]:
    """Compare the whole span with what the name and the attributes say."""
    import numpy as np  # noqa: PLC0415 - an optional library

    times = dataset[[one for one in ("time", "time_bounds") if one in dataset.variables]].copy()
    bounds = decode(times, names={}, flags={}).variables["time_bounds"].values
    if not bounds.size or np.isnat(bounds).any():
        return
    for edge, held, named in (("start", bounds.min(), name.start), ("stop", bounds.max(), name.stop)):
        found = datetime.fromtimestamp(int(held.astype("datetime64[s]").astype(int)), UTC)
        if named is not None and abs((found - named).total_seconds()) > _MINUTE:
            message = (
                f"the name of the file says that it has its {edge} at {named:%Y-%m-%d %H:%M}, its times say {found}"
            )
            yield Problem("time-name", edge, message, "warning")
        attribute = f"measurement_{edge}_datetime"
        if attribute in dataset.attrs:
            text = str(plain(dataset.attrs[attribute]))
            told = _moment(text)
            if told is None or abs((found - told).total_seconds()) > _MINUTE:
                message = f"the attribute {attribute} says {text!r}, the times of the file say {found}"
                yield Problem("time-attribute", attribute, message, "warning")


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment


def check_altitude(dataset: xr.Dataset) -> Iterator[Problem]:
    """``altitude-order``: one axis of altitudes for all profiles goes up."""
    if "altitude" not in dataset.variables or dataset.variables["altitude"].ndim != 1:
        return
    values = dataset.variables["altitude"].values
    for number in range(1, len(values)):
        # Written so that a missing value (NaN) is disorder too.
        if not values[number - 1] < values[number]:
            message = f"altitudes must ascend; altitude[{number}] is {values[number]} after {values[number - 1]}"
            yield Problem("altitude-order", "altitude", message)
            return


def check_agreement(dataset: xr.Dataset, name: ProductName) -> Iterator[Problem]:
    """``disagreement``: what the content says of the product is what the name says."""
    attributes = dataset.attrs
    if "scc_product_ID" in attributes and name.product_id is not None:
        yield from _differing("scc_product_ID", plain(attributes["scc_product_ID"]), name.product_id)
    if "product_type_id" in dataset.variables and name.product_type is not None:
        found = dataset.variables["product_type_id"].values.ravel()
        for value in found[found != name.product_type][:1]:
            yield from _differing("product_type_id", int(value), name.product_type)
    severities: tuple[tuple[str, Severity], ...] = (
        ("wavelength", "error"),
        # Nobody has seen a name of ELDEC in full.
        ("polarization_calibration_ratio_emission_wavelength", "warning"),
    )
    for variable, severity in severities:
        if variable in dataset.variables and name.wavelength is not None:
            values = dataset.variables[variable].values.ravel()
            # Written so that a missing value (NaN) disagrees too.
            for value in values[~(abs(values - name.wavelength) < _WAVELENGTH_ERROR)][:1]:
                yield from _differing(variable, float(value), name.wavelength, severity)


def _differing(where: str, found: object, named: int, severity: Severity = "error") -> Iterator[Problem]:
    if str(found) != str(named):
        message = f"the name of the file says {named}, {where} in the file says {found}"
        yield Problem("disagreement", where, message, severity)


def compare(attributes: Mapping[str, Any], attribute: str, named: str | None) -> Iterator[Problem]:
    """Find out whether an attribute is there and says the same as the file's name, if that says anything.

    ``missing-attribute``, ``disagreement``.
    """
    if attribute not in attributes:
        yield Problem("missing-attribute", attribute, f"there is no global attribute {attribute}")
        return
    found = str(plain(attributes[attribute]))
    if named is not None and found.casefold() != named.casefold():
        message = f"the name of the file says {named!r}, its attribute {attribute} says {found!r}"
        yield Problem("disagreement", attribute, message)


def check_data(dataset: xr.Dataset, flags: Mapping[str, Flags]) -> Iterator[Problem]:
    """``fill-value``, ``no-data``, ``infinite`` and ``flag-value``; reads the real numbers and the flags."""
    for name, variable in dataset.variables.items():
        yield from _fill(str(name), variable)
        if variable.dtype.kind == "f":
            yield from _real_numbers(str(name), variable)
        elif variable.dtype.kind in "iu":
            yield from _flags(str(name), variable, flags.get(str(name)))


def _fill(name: str, variable: xr.Variable) -> Iterator[Problem]:
    import numpy as np  # noqa: PLC0415 - an optional library

    known = _FILLS.get(variable.dtype.str[1:])
    if known is None or "_FillValue" not in variable.attrs:
        return
    declared = np.asarray(variable.attrs["_FillValue"])
    if declared.dtype != variable.dtype:
        message = f"its fill value is of the type {declared.dtype}, the variable of the type {variable.dtype}"
        yield Problem("fill-value", name, message, "warning")
    elif not (declared == variable.dtype.type(known)).all():
        message = f"its fill value is {plain(declared)}, the SCC writes {known!r} where values of this type are missing"
        yield Problem("fill-value", name, message, "warning")


def _real_numbers(name: str, variable: xr.Variable) -> Iterator[Problem]:
    import numpy as np  # noqa: PLC0415 - an optional library

    fill = variable.attrs.get("_FillValue", variable.dtype.type(DEFAULT_FILL))
    infinite, is_empty = 0, True
    for block in _blocks(variable):
        infinite += int(np.isinf(block).sum())
        is_empty = is_empty and bool((np.isnan(block) | (block == fill)).all())
    if infinite:
        yield Problem("infinite", name, f"{infinite} of {variable.size} values are infinite", "warning")
    if is_empty and _HEIGHTS & set(variable.dims):
        yield Problem("no-data", name, f"all {variable.size} values are missing", "warning")


def _flags(name: str, variable: xr.Variable, table: Flags | None) -> Iterator[Problem]:
    """Find values that the file itself does not name, or if it names none, the table."""
    import numpy as np  # noqa: PLC0415 - an optional library

    is_mask = "flag_masks" in variable.attrs
    known = variable.attrs.get("flag_masks", variable.attrs.get("flag_values"))
    if known is None and table is not None:
        is_mask, known = table.masks, table.values
    if known is None:
        return
    known = {int(value) for value in np.atleast_1d(known)}
    fill = variable.attrs.get("_FillValue", _FILLS.get(variable.dtype.str[1:]))
    unknown: set[int] = set()
    for block in _blocks(variable):
        for value in map(int, np.unique(block)):
            is_known = value & ~reduce(or_, known, 0) == 0 if is_mask else value in known
            if not is_known and value != fill:
                unknown.add(value)
    if unknown:
        held, listed = (" ".join(map(str, sorted(values))) for values in (unknown, known))
        message = f"it holds {held}; the known {'bits' if is_mask else 'values'} are {listed}"
        yield Problem("flag-value", name, message, "warning")


def _blocks(variable: xr.Variable) -> Iterator[np.ndarray]:
    """Read a variable in blocks that fit into memory, each once."""
    shape = variable.shape
    axis = next((number for number in range(len(shape)) if prod(shape[number + 1 :]) <= _BLOCK), None)
    if axis is None:
        yield variable.values
        return
    step = max(1, _BLOCK // max(1, prod(shape[axis + 1 :])))
    for leading in product(*(range(size) for size in shape[:axis])):
        for start in range(0, shape[axis], step):
            yield variable[(*leading, slice(start, start + step))].values
