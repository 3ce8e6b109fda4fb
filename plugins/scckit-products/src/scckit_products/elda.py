"""ELDA, the optical products: facts of its files (scc-interface.md 6.6)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from scckit.plugins import ProductKind, hookimpl
from scckit_products.drawing import optical_products
from scckit_products.flags import ELDA_FLAGS
from scckit_products.joining import SeriesKind

__all__ = ["ELDA", "scckit_product_kinds"]

_BACKSCATTER: Final = ("backscatter", "error_backscatter")
_EXTINCTION: Final = ("extinction", "error_extinction")
_DEPOLARIZATION: Final = (
    "volumedepolarization",
    "error_volumedepolarization",
    "particledepolarization",
    "error_particledepolarization",
)

ELDA: Final = SeriesKind(
    name="elda",
    route="download-optical/",
    module="elda",
    part="elda",
    draw=optical_products,
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


@hookimpl
def scckit_product_kinds() -> Sequence[ProductKind]:
    """Offer this kind."""
    return (ELDA,)
