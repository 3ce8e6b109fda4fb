"""ELDAmwl for scckit: the product kind and the hook that offers it. What needs xarray is in ``files`` and ``drawing``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from scckit.errors import UnreadableProduct
from scckit.models import ProductName
from scckit.plugins import Problem, ProductKind, hookimpl

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.figure import Figure

__all__ = ["ELDAMWL", "EldamwlKind", "scckit_product_kinds"]


class EldamwlKind:
    """Optical products of several wavelengths, in groups of one file.

    The libraries are imported when a file is read, so that a client which only may need this kind does not wait for them.
    """

    name: Final = "eldamwl"
    aliases: Final[tuple[str, ...]] = ()
    module: Final = "eldamwl"
    route: Final = "download-eldamwl/"

    def owns(self, member: str, /) -> bool:
        """Tell by the module part of the name: ``…_ELDAmwl_v0.0.1.nc``."""
        module = ProductName.parse(member).module
        return module is not None and module.casefold() == self.name and member.endswith(".nc")

    def header(self, path: Path, /) -> Mapping[str, Any]:
        """Return the global attributes.

        Raises:
            UnreadableProduct: It is no netCDF-4 file, or damaged.
        """
        from scckit_eldamwl import files

        return files.read_header(path)

    def verify(self, path: Path, /) -> Sequence[Problem]:
        """Return what is wrong with a file.

        Codes: ``unreadable``, ``missing-group``, ``missing-variable``, ``missing-error``, ``dimensions``, ``altitude-order``,
        ``no-data`` (a warning), ``metadata``, ``disagreement``.
        """
        from scckit_eldamwl import files

        try:
            return files.find_problems(path)
        except UnreadableProduct as error:
            return [Problem("unreadable", path.name, str(error))]

    def open(self, path: Path, /) -> xr.DataTree:
        """Open the groups of a file as a tree; profiles are read when they are used. Close the tree when done.

        Raises:
            UnreadableProduct: It is no netCDF-4 file, or damaged.
        """
        from scckit_eldamwl import files

        return files.open_tree(path)

    def summary(self, path: Path, /) -> str:
        """Return one line: station, wavelengths, times, quantities, version.

        Raises:
            UnreadableProduct: It is no netCDF-4 file, or damaged.
        """
        from scckit_eldamwl import files

        return files.summarize(path)

    def plot(self, product: Path | xr.DataTree, /) -> Figure:
        """Draw the profiles of the first time with their errors, a panel for each quantity and a line for each wavelength.

        Args:
            product: The path of a file, or an opened tree, which is left open.

        Raises:
            UnreadableProduct: It is no netCDF-4 file, damaged, or has no profile with values.
            MissingLibrary: matplotlib is not installed.
        """
        from scckit_eldamwl import drawing, files

        if not isinstance(product, Path):
            return drawing.draw(product)
        with files.open_tree(product) as tree, files.reading(product):
            return drawing.draw(tree)


ELDAMWL: Final = EldamwlKind()


@hookimpl
def scckit_product_kinds() -> Sequence[ProductKind]:
    """Offer ELDAmwl."""
    return [ELDAMWL]
