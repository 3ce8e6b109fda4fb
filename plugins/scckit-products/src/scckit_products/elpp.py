"""ELPP, the low-resolution pre-processing: facts of its files (scc-interface.md 6.5)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from scckit.plugins import ProductKind, hookimpl
from scckit_products.drawing import signals
from scckit_products.flags import ELPP_FLAGS
from scckit_products.joining import SeriesKind

__all__ = ["ELPP", "scckit_product_kinds"]

#: Format 1.0 (SCC 5.1.0) has these names. The variables are renamed; their dimensions stay as they are in the file, in
#: format 1.0 ``(angle, level)`` and ``(channel, angle, level)`` where later ones have ``time`` in the place of ``angle``.
_NAMES: Final = {
    "atmospheric_temperature": "temperature",
    "atmospheric_pressure": "pressure",
    "atmospheric_molecular_calculation_source": "molecular_calculation_source",
    "atmospheric_molecular_extinction": "molecular_extinction",
    "atmospheric_molecular_trasmissivity_at_emission_wavelength": "molecular_transmissivity_at_emission_wavelength",
    "atmospheric_molecular_trasmissivity_at_detection_wavelength": "molecular_transmissivity_at_detection_wavelength",
    "atmospheric_molecular_lidar_ratio": "molecular_lidar_ratio",
}

ELPP: Final = SeriesKind(
    name="elpp",
    route="download-preprocessed/",
    module="elpp",
    part="elpp",
    draw=signals,
    aliases=("preprocessed",),
    dimensions=("time", "level", "channel", "angle", "nv"),
    variables=(
        "latitude",
        "longitude",
        "station_altitude",
        "altitude",
        "range",
        "laser_pointing_angle",
        "laser_pointing_angle_of_profiles",
        "shots",
        "time",
        "time_bounds",
        "cloud_mask",
        "temperature",
        "pressure",
        "range_corrected_signal",
        "range_corrected_signal_statistical_error",
        "range_corrected_signal_emission_wavelength",
        "range_corrected_signal_detection_wavelength",
        "molecular_extinction",
        "molecular_lidar_ratio",
    ),
    names=_NAMES,
    flags=ELPP_FLAGS,
)


@hookimpl
def scckit_product_kinds() -> Sequence[ProductKind]:
    """Offer this kind."""
    return (ELPP,)
