"""Plots: the pictures that ELDA leaves (scc-interface.md 2.4, 6.13)."""

from __future__ import annotations

from typing import Final

from scckit_products.pictures import PictureKind

__all__ = ["PLOTS"]

PLOTS: Final = PictureKind(name="plots", route="download-plots/", module="elda", aliases=("elda_plots",))
