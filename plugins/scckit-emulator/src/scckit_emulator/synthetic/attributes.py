"""Global attributes that the products of the SCC share (scc-interface.md 5.4, 6.4); those of persons are left out."""

from __future__ import annotations

from scckit_emulator.synthetic.netcdf import Attribute, flags
from scckit_emulator.synthetic.scene import SCC_VERSION, Scene

__all__ = [
    "CATEGORIES",
    "CLOUD_MASK",
    "CLOUD_MASK_TYPE",
    "MOLECULAR_SOURCE",
    "PRODUCT_TYPE",
    "TIME",
    "common",
    "molecular_source",
]

_VERSIONS = {
    "hirelpp": "1.1.4",
    "cloudscreen": "1.6.0",
    "elpp": "7.1.4",
    "elda": "3.4.13",
    "eldec": "2.1.5",
    "elic": "1.0.8",
}
_DESCRIPTION = (
    f"SCC vers. {SCC_VERSION} (HiRELPP vers. 1.1.4, CloudMask vers. 1.6.0, ELPP vers. 7.1.4, ELDA vers. 3.4.13, "
    "ELIC vers. 1.0.8, ELQUICK vers. 1.0.8, LTOOL vers. 1.7.4, ELDEC vers. 2.1.5)"
)
_COMMENT = "synthetic, made by scckit-emulator"

#: Names of the categories of a measurement, in the order of their bits (scc-interface.md 6.6).
CATEGORIES = "cirrus climatol dicycles volcanic forfires photosmog rurban sahadust stratos satellite_overpasses"

TIME: dict[str, Attribute] = {
    "units": "seconds since 1970-01-01T00:00:00Z",
    "long_name": "time",
    "calendar": "standard",
    "axis": "T",
    "bounds": "time_bounds",
}
PRODUCT_TYPE: dict[str, Attribute] = {
    "long_name": "SCC product type",
    "units": "1",
    **flags("experimental operational", first=1),
}
CLOUD_MASK_TYPE: dict[str, Attribute] = {
    "long_name": "cloud mask type",
    "units": "1",
    **flags("no_cloudmask_available manual_cloudmask automatic_cloudmask"),
}
CLOUD_MASK: dict[str, Attribute] = {
    "long_name": "cloud mask",
    "units": "1",
    **flags("unknown_cloud cirrus_cloud water_cloud", masks=True),
}
_SOURCES = "US_standard_atmosphere radiosounding ecmwf icon_iglo_12_23 icon_iglo_24_35 icon_iglo_36_47 gdas era5-1-12 era5-7-18"
MOLECULAR_SOURCE: dict[str, Attribute] = {
    "long_name": "source of the molecular density",
    "units": "1",
    **flags(_SOURCES),
}


def molecular_source(scene: Scene) -> int:
    """``molecular_calculation_source``: a sounding where there is one, else the standard atmosphere."""
    return 1 if scene.sounding_file else 0


def common(scene: Scene, module: str, *, title: str, format_version: str, input_file: str = "") -> dict[str, Attribute]:
    """Global attributes of a product file.

    Args:
        scene: The measurement.
        module: The module as in file names.
        title: What the file holds.
        format_version: Version of the module's file format.
        input_file: What the module read; the raw file if empty.
    """
    version = _VERSIONS[module]
    attributes: dict[str, Attribute] = {
        "Conventions": "CF-1.7",
        "title": f"{title} ({_COMMENT})",
        "source": "synthetic",
        "references": "https://docs.scc.imaa.cnr.it",
        "location": scene.location,
        "station_ID": scene.station,
        "institution": "none, a synthetic station",
        "data_processing_institution": "none, scckit-emulator",
        "system": scene.system,
        "hoi_system_ID": scene.instrument,
        "hoi_configuration_ID": scene.configuration,
        "measurement_ID": scene.measurement_id,
        "measurement_start_datetime": f"{scene.start:%Y-%m-%dT%H:%M:%SZ}",
        "measurement_stop_datetime": f"{scene.stop:%Y-%m-%dT%H:%M:%SZ}",
        "comment": _COMMENT,
        "scc_version": SCC_VERSION,
        "scc_version_description": _DESCRIPTION,
        "processor_name": "ELDA" if module == "elda" else module,
        "processor_version": version,
        "history": f"{scene.processed:%Y-%m-%dT%H:%M:%SZ}: {module} -m {scene.measurement_id} ({_COMMENT})",
        "__file_format_version": format_version,
        "input_file": input_file or scene.raw_name,
    }
    if scene.sounding_file:
        attributes["molecular_calculation_source_file"] = scene.sounding_file
    return attributes
