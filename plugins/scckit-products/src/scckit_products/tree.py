"""The products of a measurement as one ``xarray.DataTree``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from scckit.errors import InvalidInput, MissingLibrary
from scckit.plugins import hookimpl
from scckit_products.netcdf import require

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["data_tree", "scckit_trees"]


@hookimpl
def scckit_trees() -> Mapping[str, Callable[[Mapping[str, object]], object]]:
    """Offer the tree of xarray."""
    return {"xarray": data_tree}


def data_tree(products: Mapping[str, object]) -> xr.DataTree:
    """Put opened products into a tree; nothing of them is read.

    Each product is a node of its own, with its own coordinates. Datasets and trees become nodes; what is neither, such as
    the bytes of a picture, is left out. Closing the tree closes every product that can be closed, those left out too.

    Args:
        products: What was opened, by its path in the tree, such as ``elda/hpb_000_0355_…_elda_v5.1.2``.

    Raises:
        InvalidInput: A path leads through a product, which would have to share its coordinates with the one below.
        MissingLibrary: There is no xarray with trees.
    """
    require("xarray")
    import xarray as xr  # noqa: PLC0415 - an optional library

    if not hasattr(xr, "DataTree"):
        msg = (
            f"a tree of products needs xarray 2024.10 or newer, found {xr.__version__}: "
            "pip install --upgrade 'scckit-products[netcdf]' 'xarray>=2024.10'"
        )
        raise MissingLibrary(msg)
    nodes = {path: product for path, product in products.items() if isinstance(product, xr.Dataset | xr.DataTree)}
    _refuse_shared(nodes)
    tree = xr.DataTree.from_dict(nodes)
    # The nodes are closed by the products that they were made of, each once, also if one of them fails.
    for node in tree.subtree:
        node.set_close(None)
    closing = ExitStack()
    for product in products.values():
        if callable(close := getattr(product, "close", None)):
            closing.callback(close)
    tree.set_close(closing.close)
    return tree


def _refuse_shared(nodes: Mapping[str, object]) -> None:
    paths = {PurePosixPath("/", path): path for path in nodes}
    for path, name in paths.items():
        above = next((paths[parent] for parent in path.parents if parent in paths), None)
        if above is not None:
            msg = f"{name} would lie below {above}, which is a product itself; give each a path of its own"
            raise InvalidInput(msg)
