"""What all netCDF product kinds have in common; what is particular to one stands in its own module."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import field, frozen

from scckit.errors import UnreadableProduct
from scckit.models import PRODUCT_TYPES, Problem, ProductName
from scckit_products.dataset import open_decoded
from scckit_products.flags import Flags
from scckit_products.netcdf import open_undecoded, read_attributes, read_dimensions, reading

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["NetCDFKind"]


@frozen(eq=False)
class NetCDFKind:
    """A product kind whose files are netCDF.

    Attributes:
        name: Name of the kind.
        route: Last part of the download address (scc-interface.md 2.4).
        module: Name of the module whose status tells about it.
        part: Module part of its file names (6.2), in small letters.
        aliases: Further names that select it.
        dimensions: Dimensions that every file has.
        variables: Variables that every file has, after renaming; of several in a tuple, one.
        by_type: Further variables by the product type in the file name.
        names: New names of variables by those that older versions of the SCC gave them.
        flags: Meanings of flags by the names that the variables have in the files.
    """

    name: str
    route: str
    module: str | None
    part: str
    aliases: tuple[str, ...] = ()
    dimensions: tuple[str, ...] = ()
    variables: tuple[str | tuple[str, ...], ...] = ()
    by_type: Mapping[int, tuple[str, ...]] = field(factory=dict)
    names: Mapping[str, str] = field(factory=dict)
    flags: Mapping[str, Flags] = field(factory=dict)

    def owns(self, member: str, /) -> bool:
        """Tell by the module part of the name."""
        module = ProductName.parse(member).module
        return module is not None and module.casefold() == self.part and member.lower().endswith(".nc")

    def header(self, path: Path, /) -> Mapping[str, Any]:
        """Return the global attributes, with plain Python values.

        They name persons (scc-interface.md 6.4): keep them out of logs.

        Raises:
            UnreadableProduct: It is no netCDF file, or damaged.
            MissingLibrary: A library to read it is not installed.
        """
        return read_attributes(path)

    def open(self, path: Path, /) -> xr.Dataset:
        """Open a file lazily; see ``scckit_products.dataset`` for what is done to it. Close it when done.

        Raises:
            UnreadableProduct: It is no netCDF file, or damaged.
            MissingLibrary: A library to open it is not installed.
        """
        return open_decoded(path, names=self.names, flags=self.flags)

    def verify(self, path: Path, /) -> Sequence[Problem]:
        """Return what is wrong with a file: its form, its times, and whether its name and its attributes agree.

        The data themselves are not read.

        Codes: ``unreadable``, ``missing-dimension``, ``missing-variable``, ``missing-attribute``, ``time-bounds``,
        ``disagreement``.

        Raises:
            MissingLibrary: A library to read it is not installed.
        """
        try:
            dimensions = read_dimensions(path)
            with open_undecoded(path) as dataset, reading(path):
                return [
                    *self._missing_dimensions(dimensions),
                    *self._missing_variables(dataset, ProductName.parse(path.name)),
                    *_disordered(dataset),
                    *self._disagreeing(dataset.attrs, ProductName.parse(path.name)),
                ]
        except UnreadableProduct as error:
            return [Problem("unreadable", path.name, str(error))]

    def summary(self, path: Path, /) -> str:
        """Return one line: station, kind, type, wavelengths, times, altitudes, SCC version, as far as they are told.

        Raises:
            UnreadableProduct: It is no netCDF file, or damaged.
            MissingLibrary: A library to open it is not installed.
        """
        with self.open(path) as dataset, reading(path):
            return ", ".join(part for part in self._told(dataset, ProductName.parse(path.name)) if part)

    def _missing_dimensions(self, dimensions: Sequence[str]) -> Iterator[Problem]:
        for dimension in self.dimensions:
            if dimension not in dimensions:
                found = ", ".join(dimensions) or "none"
                yield Problem("missing-dimension", dimension, f"there is no dimension {dimension!r}; found: {found}")

    def _missing_variables(self, dataset: xr.Dataset, name: ProductName) -> Iterator[Problem]:
        present = {self.names.get(str(variable), str(variable)) for variable in dataset.variables}
        for wanted in (*self.variables, *self.by_type.get(_type(dataset, name), ())):
            choice = (wanted,) if isinstance(wanted, str) else wanted
            if not present & set(choice):
                where = " or ".join(choice)
                yield Problem("missing-variable", where, f"there is no variable {where}, which every such file has")

    def _disagreeing(self, attributes: Mapping[str, Any], name: ProductName) -> Iterator[Problem]:
        named = (("measurement_ID", name.measurement_id), ("scc_version", name.version), ("station_ID", name.station))
        return (problem for attribute, text in named for problem in compare(attributes, attribute, text))

    def _told(self, dataset: xr.Dataset, name: ProductName) -> Iterator[str]:
        yield f"{name.station or dataset.attrs.get('station_ID', '?')} {self.name}"
        number = _type(dataset, name)
        if number >= 0:
            yield f"type {number} ({PRODUCT_TYPES.get(number, 'unknown')})"
        yield _wavelengths(dataset, name)
        yield _times(dataset)
        yield _altitudes(dataset)
        version = dataset.attrs.get("scc_version", name.version)
        yield f"SCC {version}" if version else ""


def compare(attributes: Mapping[str, Any], attribute: str, named: str | None) -> Iterator[Problem]:
    """Find out whether an attribute is there and says the same as the file's name, if that says anything."""
    if attribute not in attributes:
        yield Problem("missing-attribute", attribute, f"there is no global attribute {attribute}")
    elif named is not None and str(attributes[attribute]).casefold() != named.casefold():
        message = f"the name of the file says {named!r}, its attribute {attribute} says {str(attributes[attribute])!r}"
        yield Problem("disagreement", attribute, message)


def _type(dataset: xr.Dataset, name: ProductName) -> int:
    """Return the product type, from the name or else the file (since SCC 5.3), -1 if neither tells it."""
    if name.product_type is not None:
        return name.product_type
    if "product_type_id" in dataset.variables:
        return int(dataset.variables["product_type_id"].values.item())
    return -1


def _disordered(dataset: xr.Dataset) -> Iterator[Problem]:
    if "time_bounds" not in dataset.variables:
        return
    bounds = dataset.variables["time_bounds"]
    if bounds.ndim != 2 or bounds.shape[1] != 2:  # noqa: PLR2004 - intervals have a begin and an end
        message = f"it should hold a begin and an end for each time; its dimensions are {dict(bounds.sizes)}"
        yield Problem("time-bounds", "time_bounds", message)
        return
    values = bounds.values
    for number, (start, stop) in enumerate(values):
        # Written so that a missing value (NaN) is disorder too.
        if not start < stop:
            yield Problem("time-bounds", f"time_bounds[{number}]", f"the interval begins at {start} and ends at {stop}")
    for number in range(1, len(values)):
        if not values[number - 1, 0] < values[number, 0]:
            yield Problem("time-bounds", f"time_bounds[{number}]", "it does not begin after the one before it")


def _wavelengths(dataset: xr.Dataset, name: ProductName) -> str:
    found = {name.wavelength} if name.wavelength is not None else set()
    for variable in ("wavelength", "range_corrected_signal_emission_wavelength"):
        if not found and variable in dataset.variables:
            values = dataset.variables[variable].values.ravel()
            found = {round(float(value)) for value in values if value > 0}
    return f"{', '.join(map(str, sorted(found)))} nm" if found else ""


def _times(dataset: xr.Dataset) -> str:
    import numpy as np  # noqa: PLC0415 - an optional library

    where = next((one for one in ("time_bounds", "time") if one in dataset.variables), None)
    values = dataset.variables[where].values.ravel() if where else np.array([])
    if values.dtype.kind != "M" or not (~np.isnat(values)).any():
        return ""
    start, stop = (
        np.datetime_as_string(moment, "m").replace("T", " ") for moment in (np.nanmin(values), np.nanmax(values))
    )
    return f"{start} to {stop} UTC" if where == "time_bounds" else f"from {start} UTC"


def _altitudes(dataset: xr.Dataset) -> str:
    import numpy as np  # noqa: PLC0415 - an optional library

    if "altitude" not in dataset.variables:
        return ""
    values = dataset.variables["altitude"].values
    values = values[np.isfinite(values)]
    return f"{values.min():.0f} to {values.max():.0f} m a.s.l." if values.size else ""
