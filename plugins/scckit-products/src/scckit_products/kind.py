"""What all netCDF product kinds have in common; what is particular to one stands in its own module."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import field, frozen

from scckit.errors import UnreadableProduct
from scckit.models import PRODUCT_TYPES, Problem, ProductName
from scckit_products.checks import check_agreement, check_altitude, check_data, check_sizes, check_times, compare
from scckit_products.dataset import open_decoded
from scckit_products.drawing import Draw
from scckit_products.flags import Flags
from scckit_products.netcdf import open_undecoded, read_attributes, read_dimensions, reading

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.figure import Figure

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
        draw: Draws an opened file under a title.
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
    draw: Draw = field(kw_only=True)

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
        """Return what is wrong with a file (scc-interface.md 6).

        ===================== ======== ======================================================================================
        code                  severity what was found
        ===================== ======== ======================================================================================
        ``unreadable``        error    it is no netCDF file, or damaged
        ``missing-dimension`` error    a dimension that every such file has is not there
        ``missing-variable``  error    a variable that every such file has, or every one of its type, is not there
        ``missing-attribute`` error    an attribute that every file has is not there
        ``dimension-size``    error    ``nv`` is not 2
        ``time-bounds``       error    an interval does not go forward, or begins before the one before it
        ``altitude-order``    error    altitudes on an axis of their own do not ascend
        ``disagreement``      error    name and content say different things about measurement, station, version, product,
                                       type or wavelength (a warning for the wavelength of ELDEC)
        ``time-start``        warning  ``time`` is not the begin of its interval
        ``time-name``         warning  the intervals begin or end over a minute off the times in the name
        ``time-attribute``    warning  the same of the attributes ``measurement_start_datetime`` and ``…_stop_datetime``
        ``fill-value``        warning  another value than those of the SCC, or one of another type, stands for missing ones
        ``no-data``           warning  a variable of profiles has nothing but missing values
        ``infinite``          warning  a variable has infinite values
        ``flag-value``        warning  a flag has a value that neither the file nor the interface gives a meaning
        ===================== ======== ======================================================================================

        Raises:
            MissingLibrary: A library to read it is not installed.
        """
        problems: list[Problem] = []
        name = ProductName.parse(path.name)
        try:
            dimensions = read_dimensions(path)
            with open_undecoded(path) as dataset, reading(path):
                # One by one, so that what is found before the damage is told too.
                for problem in self._problems(dataset, dimensions, name):
                    problems.append(problem)  # noqa: PERF402
        except UnreadableProduct as error:
            problems.append(Problem("unreadable", path.name, str(error)))
        return problems

    def summary(self, path: Path, /) -> str:
        """Return one line: station, kind, type, wavelengths, times, altitudes, SCC version, as far as they are told.

        Raises:
            UnreadableProduct: It is no netCDF file, or damaged.
            MissingLibrary: A library to open it is not installed.
        """
        with self.open(path) as dataset, reading(path):
            return ", ".join(part for part in self._told(dataset, ProductName.parse(path.name)) if part)

    def plot(self, product: Path | xr.Dataset, /) -> Figure:
        """Draw a product into a figure of its own, without ``pyplot``; show it or save it with ``savefig``.

        Missing data are shown as missing, times are in UTC. Needs matplotlib.

        Args:
            product: The path of a file, or what ``open`` or ``open_many`` returned, which is left open.

        Raises:
            UnreadableProduct: It is no netCDF file, is damaged, or holds nothing that can be drawn.
            MissingLibrary: A library to open it or to draw it is not installed.
        """
        if isinstance(product, str | PathLike):
            with self.open(Path(product)) as dataset:
                return self.plot(dataset)
        source = str(product.encoding.get("source", ""))
        if "file_name" in product.coords and product.sizes["time"]:
            # Files that were joined are of one product: what the name of one tells of it is true of all.
            source = str(product["file_name"].values[0])
        name = ProductName.parse(Path(source).name)
        title = ", ".join(part for part in self._titled(product, name) if part)
        return self.draw(product, title)

    def _problems(self, dataset: xr.Dataset, dimensions: Mapping[str, int], name: ProductName) -> Iterator[Problem]:
        yield from self._missing_dimensions(dimensions)
        yield from check_sizes(dimensions)
        yield from self._missing_variables(dataset, name)
        yield from self._disagreeing(dataset.attrs, name)
        yield from check_agreement(dataset, name)
        yield from check_times(dataset, name)
        yield from check_altitude(dataset)
        yield from check_data(dataset, self.flags)

    def _missing_dimensions(self, dimensions: Mapping[str, int]) -> Iterator[Problem]:
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
        yield from self._titled(dataset, name)
        yield _altitudes(dataset)
        version = dataset.attrs.get("scc_version", name.version)
        yield f"SCC {version}" if version else ""

    def _titled(self, dataset: xr.Dataset, name: ProductName) -> Iterator[str]:
        yield f"{name.station or dataset.attrs.get('station_ID', '?')} {self.name}"
        number = _type(dataset, name)
        if number >= 0:
            yield f"type {number} ({PRODUCT_TYPES.get(number, 'unknown')})"
        yield _wavelengths(dataset, name)
        yield _times(dataset)


def _type(dataset: xr.Dataset, name: ProductName) -> int:
    """Return the product type, from the name or else the file (since SCC 5.3), -1 if neither tells it."""
    if name.product_type is not None:
        return name.product_type
    if "product_type_id" in dataset.variables:
        return int(dataset.variables["product_type_id"].values.item())
    return -1


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
