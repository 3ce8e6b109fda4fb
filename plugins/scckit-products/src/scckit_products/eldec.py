"""ELDEC, the depolarization calibration: facts of its files (scc-interface.md 6.10).

They come with those of ELDA, in one archive; there is no download of their own (2.4).
"""

from __future__ import annotations

from typing import Final

from scckit_products.kind import NetCDFKind

__all__ = ["ELDEC"]

ELDEC: Final = NetCDFKind(
    name="eldec",
    route="download-optical/",
    module="eldec",
    part="eldec",
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
