"""HiRELPP, the high-resolution pre-processing: facts of its files (scc-interface.md 6.7)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from scckit.plugins import ProductKind, hookimpl
from scckit_products.drawing import signals
from scckit_products.joining import SeriesKind

__all__ = ["HIRELPP", "scckit_product_kinds"]

HIRELPP: Final = SeriesKind(
    name="hirelpp",
    route="download-hirelpp/",
    module="hirelpp",
    part="hirelpp",
    draw=signals,
    dimensions=("time", "level", "channel", "angle", "nv"),
    variables=(
        "latitude",
        "longitude",
        "station_altitude",
        "time",
        "time_bounds",
        "laser_pointing_angle",
        # Older files have other quantities in their place, so nothing is renamed.
        ("altitude", "height"),
        ("range_corrected_signal", "attenuated_backscatter"),
    ),
)


@hookimpl
def scckit_product_kinds() -> Sequence[ProductKind]:
    """Offer this kind."""
    return (HIRELPP,)
