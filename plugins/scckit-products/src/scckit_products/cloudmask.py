"""CloudMask, called CloudScreen in its files: facts of them (scc-interface.md 6.8)."""

from __future__ import annotations

from typing import Final

from scckit_products.flags import ELPP_FLAGS
from scckit_products.kind import NetCDFKind

__all__ = ["CLOUDMASK"]

CLOUDMASK: Final = NetCDFKind(
    name="cloudmask",
    route="download-cloudmask/",
    module="cloudmask",
    part="cloudscreen",
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
