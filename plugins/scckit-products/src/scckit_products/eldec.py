"""ELDEC, the depolarization calibration: facts of its files (scc-interface.md 6.10).

They come with those of ELDA, in one archive; there is no download of their own (2.4).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from scckit.plugins import ProductKind, hookimpl
from scckit_products.drawing import calibrations
from scckit_products.joining import SeriesKind

__all__ = ["ELDEC", "scckit_product_kinds"]

ELDEC: Final = SeriesKind(
    name="eldec",
    route="download-optical/",
    module="eldec",
    part="eldec",
    draw=calibrations,
    aliases=("optical",),
    dimensions=("time", "altitude", "ratio", "nv"),
    variables=(
        "altitude",
        "station_altitude",
        "time_bounds",
        "polarization_calibration_ratio",
        # after format 1.0, and up to it
        ("polarization_gain_factor", "polarization_calibration_ratio_average"),
    ),
)


@hookimpl
def scckit_product_kinds() -> Sequence[ProductKind]:
    """Offer this kind."""
    return (ELDEC,)
