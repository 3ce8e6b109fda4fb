"""Meanings of the status and flag variables, for files that lack them (scc-interface.md 6.5, 6.6). Only tables are here.

The words are those that the SCC itself writes where it writes them, wrong spelling included, so that a program that
compares them sees no difference.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from attrs import frozen

__all__ = ["ELDA_FLAGS", "ELPP_FLAGS", "SYNONYMS", "Flags"]


@frozen
class Flags:
    """What the values of a variable mean.

    Attributes:
        values: The values, or the bits.
        meanings: A word for each.
        masks: True if several bits can be set at once; 0 then means that none is.
    """

    values: tuple[int, ...]
    meanings: tuple[str, ...]
    masks: bool = False


def _numbered(*meanings: str, first: int = 0) -> Flags:
    return Flags(tuple(range(first, first + len(meanings))), meanings)


def _bits(*meanings: str) -> Flags:
    return Flags(tuple(1 << bit for bit in range(len(meanings))), meanings, masks=True)


_CLOUD_MASK: Final = _bits("unknown_cloud", "cirrus_cloud", "water_cloud")
_CLOUD_MASK_TYPE: Final = _numbered("no_cloudmask_available", "manual_cloudmask", "automatic_cloudmask")
_SCC_PRODUCT_TYPE: Final = _numbered("experimental", "operational", first=1)
_OLD_MOLECULAR_SOURCE: Final = _numbered("US_standard_atmosphere", "radiosounding", "ecmwf", "icon_iglo_12_23", "gdas")

#: ELPP; some of the tables change with the version of the format, and then the variable has another name too.
ELPP_FLAGS: Final[Mapping[str, Flags]] = {
    "scc_product_type": _SCC_PRODUCT_TYPE,
    "product_type_id": _numbered(
        "raman_backscatter",
        "extinction_only",
        "lidar_ratio_and_extinction",
        "elastic_bakscatter",
        "raman_telecover",
        "elastic_telecover",
        "linear_polarization_calibration",
        "raman_backscatter_and_linear_depolarization_ratio",
        "elastic_backscatter_and_linear_depolarization_ratio",
        "high_resolution_preprocessed_data",
        "low_resolution_aerosol_layer",
        "high_resolution_aerosol_layer",
        "multi-wavelength_product",
        "angstrom_exponent",
        "color_ratio",
        "volume_depolarization_ratio",
        "particle_depolarization_ratio",
    ),
    "cloud_mask_type": _CLOUD_MASK_TYPE,
    "cloud_mask": _CLOUD_MASK,
    "molecular_calculation_source": _numbered(
        "US_standard_atmosphere",
        "radiosounding",
        "ecmwf",
        "icon_iglo_12_23",
        "icon_iglo_24_35",
        "icon_iglo_36_47",
        "gdas",
        "era5-1-12",
        "era5-7-18",
    ),
    "atmospheric_molecular_calculation_source": _OLD_MOLECULAR_SOURCE,
    "range_corrected_signal_range": _bits("ultra_near_range", "near_range", "far_range"),
    "range_corrected_signal_scatterers": _bits("particle", "nitrogen", "oxygen", "water_vapour"),
    "range_corrected_signal_detection_mode": _bits("analog", "photoncounting"),
    "polarization_channel_geometry": _bits("transmitted", "reflected"),
    "polarization_channel_configuration": _bits("0_degrees", "90_degrees", "+45_degrees", "-45_degrees"),
    "polarization_calibration_type": _numbered("automatic", "manual", first=1),
}

ELDA_FLAGS: Final[Mapping[str, Flags]] = {
    "scc_product_type": _SCC_PRODUCT_TYPE,
    "cloud_mask": _CLOUD_MASK,
    "cloud_mask_type": _CLOUD_MASK_TYPE,
    "cirrus_contamination": _numbered("not_available", "no_cirrus", "cirrus_detected"),
    "cirrus_contamination_source": _numbered("not_available", "user_provided", "automatic_calculated"),
    "error_retrieval_method": _numbered("monte_carlo", "error_propagation"),
    "user_defined_category": _bits(
        "cirrus",
        "climatol",
        "dicycles",
        "volcanic",
        "forfires",
        "photosmog",
        "rurban",
        "sahadust",
        "stratos",
        "satellite_overpasses",
    ),
    "molecular_calculation_source": _numbered(
        "US_standard_atmosphere",
        "radiosounding",
        "ecmwf",
        "icon_iglo_12_23",
        "icon_iglo_24_35",
        "icon_iglo_36_47",
        "gdas",
    ),
    "atmospheric_molecular_calculation_source": _OLD_MOLECULAR_SOURCE,
    # Format 2.0 has b0510 in the place of b0511.
    "earlinet_product_type": _numbered(
        *("e0355", "b0355", "e0351", "b0351", "e0532", "b0532", "e1064"),
        *("b1064", "b0253", "b0313", "b0335", "b0511", "b0694", "b0817"),
        first=1,
    ),
    "backscatter_evaluation_method": _numbered("Raman", "elastic_backscatter"),
    "raman_backscatter_algorithm": _numbered("Ansmann", "via_backscatter_ratio"),
    "elastic_backscatter_algorithm": _numbered("Klett-Fernald", "iterative"),
    "backscatter_calibration_range_search_algorithm": _numbered(
        "minimum_of_signal_ratio", "minimum_of_elastic_signal", "Rayleigh_fit"
    ),
    "extinction_evaluation_algorithm": _numbered("weighted_linear_fit", "non-weighted_linear_fit"),
}

#: Words of today for those that older versions of the formats have for the same (6.6).
SYNONYMS: Final[Mapping[str, str]] = {"etna": "volcanic", "b0510": "b0511"}
