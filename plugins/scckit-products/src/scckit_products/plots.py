"""Plots: the pictures that ELDA leaves (scc-interface.md 2.4, 6.13)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from scckit.plugins import ProductKind, hookimpl
from scckit_products.pictures import PictureKind

__all__ = ["PLOTS", "scckit_product_kinds"]

PLOTS: Final = PictureKind(name="plots", route="download-plots/", module="elda", aliases=("elda_plots",))


@hookimpl
def scckit_product_kinds() -> Sequence[ProductKind]:
    """Offer this kind."""
    return (PLOTS,)
