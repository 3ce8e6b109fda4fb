"""ELIC, the attenuated calibrated products: facts of its files (scc-interface.md 6.9)."""

from __future__ import annotations

from typing import Final

from scckit_products.kind import NetCDFKind

__all__ = ["ELIC"]

ELIC: Final = NetCDFKind(
    name="elic",
    route="download-elic/",
    module="elic",
    part="elic",
    dimensions=("time", "level", "channel", "angle", "nv", "ncal"),
    variables=("altitude", "time", "time_bounds", "attenuated_backscatter"),
)
