"""ELIC, the attenuated calibrated products: facts of its files (scc-interface.md 6.9)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from scckit.plugins import ProductKind, hookimpl
from scckit_products.drawing import signals
from scckit_products.joining import SeriesKind

__all__ = ["ELIC", "scckit_product_kinds"]

ELIC: Final = SeriesKind(
    name="elic",
    route="download-elic/",
    module="elic",
    part="elic",
    draw=signals,
    dimensions=("time", "level", "channel", "angle", "nv", "ncal"),
    variables=("altitude", "time", "time_bounds", "attenuated_backscatter"),
)


@hookimpl
def scckit_product_kinds() -> Sequence[ProductKind]:
    """Offer this kind."""
    return (ELIC,)
