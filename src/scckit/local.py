"""What can be done with files on this side, without a client, a server or credentials: open, check, draw. Sends nothing."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

from scckit.archive.folder import MeasurementFolder, owned
from scckit.archive.raw import raw_measurement_id, require_file
from scckit.errors import InvalidInput, InvalidMeasurementID, InvalidRawFile, LocalFileError
from scckit.models.ancillary import AncillaryKind
from scckit.models.ids import MeasurementID
from scckit.models.kinds import ChecksInput, Draws, JoinsFiles, Problem, ProductKind
from scckit.models.products import ProductFile
from scckit.plugins.registry import Registry

__all__ = [
    "PathLike",
    "ProductLike",
    "ancillary_files",
    "check_raw",
    "kind_of",
    "open_measurement",
    "open_product",
    "open_products",
    "plot_product",
    "require_raw",
    "summarize_product",
    "verify_product",
]

#: A path as callers give it.
PathLike = str | os.PathLike[str]

#: A product file as callers give it.
ProductLike = ProductFile | PathLike

#: The kind of the files that are uploaded; it owns any name.
_RAW: Final = "raw"


def open_product(file: ProductLike, *, registry: Registry | None = None) -> Any:  # noqa: ANN401 - the kind's own type
    """Open a product file as data, an ``xarray.Dataset`` for most kinds; close it when done.

    Args:
        file: What a download returned, or a path.
        registry: Plugins; by default all that are installed.

    Raises:
        InvalidInput: No installed kind knows a file of that name.
        UnreadableProduct: The file is not what its name says.
        MissingLibrary: A library to open it is not installed.

    Example:
        >>> with scckit.open_product(path) as dataset:  # doctest: +SKIP
        ...     print(dataset["backscatter"])
    """
    kind, path = kind_of(registry or Registry(), file)
    return kind.open(path)


def open_products(files: Sequence[ProductLike], *, registry: Registry | None = None) -> Any:  # noqa: ANN401 - as above
    """Open files of one product as one dataset, joined along time; close it when done.

    Nothing is read before it is used where dask is installed; without it, the data of all files are read.

    Args:
        files: What downloads returned, or paths, in any order.
        registry: Plugins; by default all that are installed.

    Raises:
        InvalidInput: There is no file, they are not of one product, or their kind cannot join files.
        UnreadableProduct: A file is not what its name says.
        MissingLibrary: A library to open them is not installed.
    """
    registry = registry or Registry()
    pairs = [kind_of(registry, file) for file in files]
    kinds = {kind.name: kind for kind, _ in pairs}
    if len(kinds) != 1:
        found = ", ".join(sorted(kinds)) or "no file at all"
        raise InvalidInput(f"files of one kind can be opened together; found {found}; open each kind by itself")
    kind = pairs[0][0]
    if not isinstance(kind, JoinsFiles):
        raise InvalidInput(f"files of the kind {kind.name} cannot be joined; open each by itself")
    return kind.open_many([path for _, path in pairs])


def open_measurement(
    folder: PathLike,
    *,
    kinds: Sequence[str] | str | None = None,
    tree: str = "xarray",
    registry: Registry | None = None,
) -> Any:  # noqa: ANN401 - what the tree's plugin makes of the products
    """Open all products of a measurement that were downloaded, as one tree; close it when done.

    Each product is at ``<kind>/<name of the file without its suffix>``. Of a kind that the download's manifest records,
    these are the files that it records, else all that are in the kind's folder.

    Args:
        folder: The measurement's folder, as a download makes it: ``into/<measurement ID>``.
        kinds: Names of product kinds; by default all that are there.
        tree: Name of an installed way to put products together; ``xarray`` makes an ``xarray.DataTree``.
        registry: Plugins; by default all that are installed.

    Raises:
        LocalFileError: The folder has no products, or cannot be read.
        UnreadableProduct: A file is not what its name says.
        MissingPlugin: A kind or the tree is not known.
        MissingLibrary: A library to open them is not installed.

    Example:
        >>> with scckit.open_measurement("products/20210307aky0930") as tree:  # doctest: +SKIP
        ...     print(tree["elda"])
    """
    registry = registry or Registry()
    path = Path(folder)
    names = [kinds] if isinstance(kinds, str) else kinds
    chosen = registry.product_kinds() if names is None else registry.kinds(names)
    together = registry.tree(tree)
    found = [(kind, file) for kind in chosen for file in _files(path, kind)]
    if not found:
        known = ", ".join(kind.name for kind in chosen) or "none is installed"
        raise LocalFileError(
            f"{path} has no products (kinds looked for: {known}); give the folder of one measurement that"
            " `products.download` has filled, such as products/20210307aky0930"
        )
    with ExitStack() as opened:
        products: dict[str, object] = {}
        for kind, file in found:
            product = kind.open(file)
            if hasattr(product, "close"):
                opened.callback(product.close)
            products[f"{kind.name}/{file.stem}"] = product
        whole = together(products)
        opened.pop_all()
    return whole


def verify_product(file: ProductLike, *, registry: Registry | None = None) -> Sequence[Problem]:
    """Return what is wrong with a product file: its form, its content, and whether name and attributes agree.

    Args:
        file: What a download returned, or a path.
        registry: Plugins; by default all that are installed.

    Raises:
        InvalidInput: No installed kind knows a file of that name.
        MissingLibrary: A library to read it is not installed.
    """
    kind, path = kind_of(registry or Registry(), file)
    return kind.verify(path)


def summarize_product(file: ProductLike, *, registry: Registry | None = None) -> str:
    """Return one line about a product file.

    Args:
        file: What a download returned, or a path.
        registry: Plugins; by default all that are installed.

    Raises:
        InvalidInput: No installed kind knows a file of that name.
        UnreadableProduct: The file is not what its name says.
        MissingLibrary: A library to read it is not installed.
    """
    kind, path = kind_of(registry or Registry(), file)
    return kind.summary(path)


def plot_product(file: ProductLike, *, registry: Registry | None = None) -> Any:  # noqa: ANN401 - a library's own type
    """Draw a product file.

    Args:
        file: What a download returned, or a path.
        registry: Plugins; by default all that are installed.

    Returns:
        A ``matplotlib.figure.Figure``: show it in a notebook, or write it with ``savefig``.

    Raises:
        InvalidInput: No installed kind knows a file of that name, or its kind does not draw.
        UnreadableProduct: The file is not what its name says, or holds nothing to draw.
        MissingLibrary: A library to read or to draw it is not installed.

    Example:
        >>> scckit.plot_product(path).savefig("profile.png")  # doctest: +SKIP
    """
    kind, path = kind_of(registry or Registry(), file)
    if not isinstance(kind, Draws):
        raise InvalidInput(f"{path.name} is of the kind {kind.name}, which has no picture of its own to draw")
    return kind.plot(path)


def check_raw(
    path: PathLike,
    *,
    sounding: PathLike | None = None,
    overlap: PathLike | None = None,
    lidar_ratio: PathLike | None = None,
    registry: Registry | None = None,
) -> Sequence[Problem]:
    """Return all that is wrong with a raw file before it is uploaded (scc-interface.md 8); empty if nothing is.

    Args:
        path: The raw SCC netCDF file.
        sounding: Sounding file that will be uploaded with it.
        overlap: Overlap file that will be uploaded with it.
        lidar_ratio: Lidar ratio file that will be uploaded with it.
        registry: Plugins; by default all that are installed.

    Raises:
        MissingPlugin: No plugin reads raw files.
        MissingLibrary: A library to read them is not installed.

    Example:
        >>> for problem in scckit.check_raw("20210307aky0930.nc"):  # doctest: +SKIP
        ...     print(problem.severity, problem.message)
    """
    given = ancillary_files(sounding=sounding, overlap=overlap, lidar_ratio=lidar_ratio)
    problems, _ = _look(Path(path), given, registry or Registry())
    return problems


def require_raw(path: Path, ancillary: Mapping[AncillaryKind, Path], *, registry: Registry) -> MeasurementID:
    """Make sure that a raw file has no error, and return its measurement ID; warnings do not count.

    Raises:
        InvalidRawFile: It has; ``problems`` holds all that was found.
        MissingPlugin: No plugin reads raw files.
        MissingLibrary: A library to read them is not installed.
    """
    found, identity = _look(path, ancillary, registry)
    if identity is None:
        errors = [problem.message for problem in found if problem.severity == "error"]
        listed = "; ".join(errors)
        error = InvalidRawFile(f"{path} was not sent, {len(errors)} error{'s' * (len(errors) > 1)}: {listed}")
        error.problems = tuple(found)
        raise error
    return identity


def ancillary_files(
    *, sounding: PathLike | None, overlap: PathLike | None, lidar_ratio: PathLike | None
) -> dict[AncillaryKind, Path]:
    """Put the ancillary files that are given under their kinds."""
    given = (
        (AncillaryKind.SOUNDING, sounding),
        (AncillaryKind.OVERLAP, overlap),
        (AncillaryKind.LIDAR_RATIO, lidar_ratio),
    )
    return {kind: Path(one) for kind, one in given if one is not None}


def kind_of(registry: Registry, file: ProductLike) -> tuple[ProductKind, Path]:
    """Return the kind of a product file, and its path.

    Raises:
        InvalidInput: No kind knows a file of that name.
    """
    if isinstance(file, ProductFile):
        return registry.kinds([file.kind])[0], file.path
    path = Path(file)
    owners = [kind for kind in registry.product_kinds() if kind.owns(path.name)]
    # "raw" takes any name, so it is the answer only where no other kind knows it.
    owners.sort(key=lambda kind: kind.name == _RAW)
    if not owners:
        names = ", ".join(kind.name for kind in registry.product_kinds()) or "none"
        msg = f"no installed product kind ({names}) knows a file named {path.name}"
        raise InvalidInput(msg)
    return owners[0], path


def _look(
    raw: Path, ancillary: Mapping[AncillaryKind, Path], registry: Registry
) -> tuple[list[Problem], MeasurementID | None]:
    """Return all that is wrong with a raw file, and its measurement ID; None if there is an error among it."""
    problems = _not_there(raw, ancillary)
    if problems:
        return problems, None
    kind = registry.kinds([_RAW])[0]
    problems = list(kind.check_input(raw, ancillary)) if isinstance(kind, ChecksInput) else []
    if any(problem.severity == "error" for problem in problems):
        return problems, None
    # What the upload itself needs to know, whatever the plugin looks at.
    try:
        return problems, raw_measurement_id(raw, kind)
    except InvalidRawFile as error:
        return [*problems, Problem("measurement-id", raw.name, str(error))], None


def _not_there(raw: Path, ancillary: Mapping[AncillaryKind, Path]) -> list[Problem]:
    problems = []
    files = {
        "the raw file": raw,
        **{f"the {kind.value.replace('_', ' ')} file": one for kind, one in ancillary.items()},
    }
    for what, one in files.items():
        try:
            require_file(one, what)
        except InvalidRawFile as error:
            problems.append(Problem("unreadable", one.name, str(error)))
    return problems


def _files(folder: Path, kind: ProductKind) -> Sequence[Path]:
    """Return the files of a kind: those of the manifest that are there, or where it knows none, all."""
    try:
        manifest = MeasurementFolder(folder, MeasurementID(folder.resolve().name)).manifest()
    except InvalidMeasurementID:
        manifest = None
    record = manifest.covering(kind.name) if manifest is not None else None
    if record is None:
        return owned(folder, kind)
    recorded = [folder / file.path for file in record.files if file.kind == kind.name]
    return [path for path in recorded if path.is_file()]
