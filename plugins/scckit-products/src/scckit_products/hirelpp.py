"""HiRELPP, the high-resolution pre-processing: facts of its files (scc-interface.md 6.7)."""

from __future__ import annotations

from typing import Final

from scckit_products.kind import NetCDFKind

__all__ = ["HIRELPP"]

HIRELPP: Final = NetCDFKind(
    name="hirelpp",
    route="download-hirelpp/",
    module="hirelpp",
    part="hirelpp",
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
