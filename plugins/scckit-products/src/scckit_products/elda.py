"""ELDA, the optical products: facts of its files (scc-interface.md 6.6)."""

from __future__ import annotations

from typing import Final

from scckit_products.flags import ELDA_FLAGS
from scckit_products.kind import NetCDFKind

__all__ = ["ELDA"]

_BACKSCATTER: Final = ("backscatter", "error_backscatter")
_EXTINCTION: Final = ("extinction", "error_extinction")
_DEPOLARIZATION: Final = (
    "volumedepolarization",
    "error_volumedepolarization",
    "particledepolarization",
    "error_particledepolarization",
)

ELDA: Final = NetCDFKind(
    name="elda",
    route="download-optical/",
    module="elda",
    part="elda",
    aliases=("optical",),
    dimensions=("altitude", "time", "wavelength", "nv"),
    variables=(
        "altitude",
        "time",
        "time_bounds",
        "wavelength",
        "vertical_resolution",
        "cloud_mask",
        "latitude",
        "longitude",
        "station_altitude",
        "zenith_angle",
        "shots",
    ),
    by_type={
        0: _BACKSCATTER,
        1: _EXTINCTION,
        2: _BACKSCATTER + _EXTINCTION,  # but no lidar ratio
        3: _BACKSCATTER,
        7: _BACKSCATTER + _DEPOLARIZATION,
        8: _BACKSCATTER + _DEPOLARIZATION,
    },
    # Format 2.0 (SCC 5.1.0).
    names={"atmospheric_molecular_calculation_source": "molecular_calculation_source"},
    flags=ELDA_FLAGS,
)
