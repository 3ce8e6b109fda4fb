"""Reading ELDAmwl files: their header, their groups as a tree, what is wrong with them. Files are closed by whoever opened them.

The layout is that of ELDAmwl 0.0.1: products over (wavelength, time, level) in the groups ``lowres_products`` and
``highres_products``, and how each was derived in ``meta_data/<quantity>_<wavelength>``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import h5netcdf
import numpy as np
import xarray as xr

from scckit.errors import SCCError, UnreadableProduct
from scckit.models import ProductName
from scckit.plugins import Problem

__all__ = [
    "LEVELS",
    "QUANTITIES",
    "find_problems",
    "groups",
    "open_tree",
    "profiles",
    "read_header",
    "reading",
    "summarize",
]

#: Groups with products, the smoother one first.
LEVELS: Final = ("lowres_products", "highres_products")

#: What they hold, each with ``error_…`` and ``…_meta_data``.
QUANTITIES: Final = ("backscatter", "extinction", "lidarratio")

_META: Final = "meta_data"
_DIMENSIONS: Final = ("wavelength", "time", "level")
_HDF5: Final = b"\x89HDF\r\n\x1a\n"


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Turn whatever the libraries raise while reading a file into the error that callers can catch."""
    try:
        yield
    except SCCError:
        raise
    except Exception as error:
        message = f"{path} cannot be read as an ELDAmwl file ({type(error).__name__}: {error}); download it again"
        raise UnreadableProduct(message) from error


def read_header(path: Path) -> Mapping[str, Any]:
    """Return the global attributes as plain values; reads nothing else."""
    _require_hdf5(path)
    with reading(path), h5netcdf.File(path, "r") as file:
        return {name: value.tolist() if hasattr(value, "tolist") else value for name, value in file.attrs.items()}


def open_tree(path: Path) -> xr.DataTree:
    """Open all groups; closing the tree closes the file."""
    _require_hdf5(path)
    with reading(path):
        return xr.open_datatree(path, engine="h5netcdf", decode_timedelta=False)


def groups(tree: xr.DataTree) -> Mapping[str, xr.Dataset]:
    """Return the groups with products that are there, by name."""
    return {level: tree.children[level].dataset for level in LEVELS if level in tree.children}


def profiles(tree: xr.DataTree) -> Iterator[tuple[str, str]]:
    """Give the group and the name of each product that is there."""
    for level, group in groups(tree).items():
        yield from ((level, quantity) for quantity in QUANTITIES if quantity in group.data_vars)


def find_problems(path: Path) -> list[Problem]:
    """Return what is wrong with a file that can be read."""
    with open_tree(path) as tree, reading(path):
        return [
            *_missing(tree),
            *(problem for level, quantity in profiles(tree) for problem in _wrong_profile(tree, level, quantity)),
            *(problem for level, group in groups(tree).items() for problem in _wrong_altitudes(group, level)),
            *_disagreements(tree.attrs, ProductName.parse(path.name)),
        ]


def summarize(path: Path) -> str:
    """Return one line about a file."""
    name = ProductName.parse(path.name)
    with open_tree(path) as tree, reading(path):
        there = list(profiles(tree))
        coordinates = [group["wavelength"] for group in groups(tree).values() if "wavelength" in group]
        wavelengths = {round(float(one)) for coordinate in coordinates for one in coordinate.values}
    parts = [
        f"{name.station or '?'} eldamwl",
        ", ".join(map(str, sorted(wavelengths))) + " nm" if wavelengths else "",
        f"{name.start:%Y-%m-%d %H:%M} to {name.stop:%Y-%m-%d %H:%M} UTC" if name.start and name.stop else "",
        " ".join(quantity for quantity in QUANTITIES if quantity in {one for _, one in there}) or "no products",
        f"ELDAmwl {name.version}" if name.version else "",
    ]
    return ", ".join(part for part in parts if part)


def _require_hdf5(path: Path) -> None:
    """Look at the first bytes, so that a page of the server is told from a damaged file."""
    try:
        with path.open("rb") as file:
            head = file.read(1024)
    except OSError as error:
        raise UnreadableProduct(f"cannot read {path}: {error.strerror or error}") from error
    if not head.startswith(_HDF5):
        found = "empty" if not head else "a web page" if b"<html" in head.lower() else "of another format"
        raise UnreadableProduct(f"{path} is no netCDF-4 file, it is {found}; download it again")


def _missing(tree: xr.DataTree) -> Iterator[Problem]:
    if not groups(tree):
        yield Problem("missing-group", "/", f"there is neither {' nor '.join(LEVELS)}; found: {sorted(tree.children)}")
    if _META not in tree.children:
        yield Problem("missing-group", _META, f"there is no group {_META}; found: {sorted(tree.children)}")
    for level, group in groups(tree).items():
        if not [one for one, _ in profiles(tree) if one == level]:
            yield Problem("missing-variable", level, f"there is none of {', '.join(QUANTITIES)}")
        if "altitude" not in group.variables:
            yield Problem(
                "missing-variable", f"{level}/altitude", "there is no altitude, so that profiles have no place"
            )


def _wrong_profile(tree: xr.DataTree, level: str, quantity: str) -> Iterator[Problem]:
    where, group = f"{level}/{quantity}", groups(tree)[level]
    for name in (quantity, f"error_{quantity}"):
        if name not in group.data_vars:
            yield Problem("missing-error", where, f"there is no {name}, which every product has")
        elif group[name].dims != _DIMENSIONS:
            message = f"it depends on {group[name].dims}, and should on {_DIMENSIONS}"
            yield Problem("dimensions", f"{level}/{name}", message)
    if not np.isfinite(group[quantity].values).any():
        yield Problem("no-data", where, "there is no value that is not missing", "warning")
    if f"{quantity}_meta_data" in group.data_vars:
        for text in map(str, group[f"{quantity}_meta_data"].values.ravel()):
            if text and text.strip("/") not in {node.path.strip("/") for node in tree.subtree}:
                yield Problem("metadata", where, f"its metadata are said to be in {text!r}, where there is no group")


def _wrong_altitudes(group: xr.Dataset, level: str) -> Iterator[Problem]:
    if "altitude" in group.variables and not (np.diff(group["altitude"].values, axis=-1) > 0).all():
        yield Problem("altitude-order", f"{level}/altitude", "the altitudes do not rise from each level to the next")


def _disagreements(attributes: Mapping[Any, Any], name: ProductName) -> Iterator[Problem]:
    for attribute, named in (("measurement_ID", name.measurement_id), ("station_ID", name.station)):
        told = attributes.get(attribute)
        if told is not None and named is not None and str(told).casefold() != named.casefold():
            message = f"the name of the file says {named!r}, its attribute {attribute} says {str(told)!r}"
            yield Problem("disagreement", attribute, message)
