"""CloudMask, called CloudScreen in its files: facts of them (scc-interface.md 6.8)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from scckit.plugins import ProductKind, hookimpl
from scckit_products.drawing import clouds
from scckit_products.flags import ELPP_FLAGS
from scckit_products.joining import SeriesKind

__all__ = ["CLOUDMASK", "scckit_product_kinds"]

CLOUDMASK: Final = SeriesKind(
    name="cloudmask",
    route="download-cloudmask/",
    module="cloudmask",
    part="cloudscreen",
    draw=clouds,
    aliases=("cloudscreen",),
    dimensions=("time", "level", "nv"),
    variables=(
        "latitude",
        "longitude",
        "station_altitude",
        "altitude",
        "scc_product_type",
        "time",
        "time_bounds",
        "automatic_cloud_mask",
    ),
    # The bits of the masks themselves are not known to be those of ELPP's mask.
    flags={"scc_product_type": ELPP_FLAGS["scc_product_type"]},
)


@hookimpl
def scckit_product_kinds() -> Sequence[ProductKind]:
    """Offer this kind."""
    return (CLOUDMASK,)
