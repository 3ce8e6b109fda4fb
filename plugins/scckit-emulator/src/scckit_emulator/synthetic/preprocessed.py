"""Pre-processed, calibrated and screened products: ELPP, HiRELPP, CloudScreen, ELIC and ELDEC files.

Variables: scc-interface.md 6.5 (ELPP of SCC 5.3.0, format 1.1), 6.7, 6.8, 6.9, 6.10 (ELDEC format 1.1).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import numpy as np

from scckit_emulator.synthetic import attributes as common
from scckit_emulator.synthetic.atmosphere import Aerosol
from scckit_emulator.synthetic.netcdf import Attribute, NetCDFWriter, flags
from scckit_emulator.synthetic.scene import Scene, product_file_name
from scckit_emulator.synthetic.signals import (
    Grid,
    SignalChannel,
    write_channels,
    write_molecular,
    write_place,
    write_signal,
    write_thermodynamics,
)

__all__ = ["HIGH_RESOLUTION", "write_cloudscreen", "write_eldec", "write_elic", "write_elpp", "write_hirelpp"]

#: Product type of HiRELPP files (scc-interface.md 6.3).
HIGH_RESOLUTION = 9
_ELASTIC = (3, 8)
_DEPOLARIZATION = (7, 8)
_ELPP_TYPES = (0, 1, 2, 3, 6, 7, 8)
_TYPE_NAMES = (
    "raman_backscatter extinction_only lidar_ratio_and_extinction elastic_bakscatter raman_telecover elastic_telecover "
    "linear_polarization_calibration raman_backscatter_and_linear_depolarization_ratio "
    "elastic_backscatter_and_linear_depolarization_ratio high_resolution_preprocessed_data "
    "low_resolution_aerosol_layer high_resolution_aerosol_layer multi-wavelength_product angstrom_exponent color_ratio "
    "volume_depolarization_ratio particle_depolarization_ratio"
)
_GAIN = 0.052
_MOLECULAR_DEPOLARIZATION = 0.0046


def _low_resolution(scene: Scene) -> Grid:
    return Grid(scene, length=timedelta(hours=1), step=15.0, levels=640)


def _high_resolution(scene: Scene) -> Grid:
    return Grid(scene, length=timedelta(minutes=10), step=30.0, levels=400)


def write_elpp(
    folder: Path, scene: Scene, *, product_id: int, product_type: int, channels: Sequence[SignalChannel]
) -> Path:
    """Write an ELPP product; its name follows the grammar of the SCC.

    Args:
        folder: Where to write.
        scene: The measurement.
        product_id: Number of the product.
        product_type: Type of the optical product that will be made of it: 0 to 3, 6, 7 or 8.
        channels: The channels that the product needs.

    Returns:
        The file.

    Raises:
        ValueError: The type is none of those.
    """
    if product_type not in _ELPP_TYPES:
        raise ValueError(f"ELPP products can be written for types {_ELPP_TYPES}; found {product_type}")
    path = folder / product_file_name(scene, "elpp", product_type=product_type, product_id=product_id)
    grid = _low_resolution(scene)
    sizes = {**grid.sizes, "channel": len(channels), "angle": 1, "nc": 1}
    if product_type in _DEPOLARIZATION:
        sizes["depolarization"] = 1
    with NetCDFWriter(path, sizes, compress=True) as file:
        file.attributes(common.common(scene, "elpp", title="low resolution SCC L1 product", format_version="1.1"))
        write_place(file, grid)
        names: dict[str, Attribute] = {"units": "1", "long_name": "Product type numeric ID", **flags(_TYPE_NAMES)}
        file.add("product_type_id", "i1", (), product_type, names)
        _clouds(file)
        write_thermodynamics(file, grid)
        write_channels(file, "range_corrected_signal", channels)
        write_signal(file, "range_corrected_signal", grid, channels)
        write_molecular(file, grid, channels)
        _polarization(file, channels)
        overlap: dict[str, Attribute] = {"units": "1", "long_name": "overlap function used to correct the signal"}
        file.add("overlap_correction_function", "f8", ("channel", "angle", "level"), 1.0, overlap)
        if product_type in _ELASTIC:
            ratio: dict[str, Attribute] = {"units": "sr", "long_name": "assumed particle lidar ratio"}
            value = round(Aerosol.of(scene.measurement_id).lidar_ratio)
            file.add("assumed_particle_lidar_ratio", "f8", ("angle", "level"), value, ratio)
            error: dict[str, Attribute] = {**ratio, "long_name": "error of the assumed particle lidar ratio"}
            file.add("assumed_particle_lidar_ratio_error", "f8", ("angle", "level"), 5.0, error)
        if product_type in _DEPOLARIZATION:
            _depolarization(file, scene)
    return path


def _clouds(file: NetCDFWriter) -> None:
    file.add("cloud_mask_type", "i1", (), 2, common.CLOUD_MASK_TYPE)
    file.add("cloud_mask", "i1", ("time", "level"), 0, {**common.CLOUD_MASK, "coordinates": "time altitude"})
    fraction: dict[str, Attribute] = {"units": "1", "long_name": "fraction of cloud contamination"}
    file.add("cloud_fraction", "f8", ("time", "level"), 0.0, fraction)


def _polarization(file: NetCDFWriter, channels: Sequence[SignalChannel]) -> None:
    each = ("channel",)
    for letter, values in (("g", [1.0 for _ in channels]), ("h", [-1.0 if c.cross else 0.0 for c in channels])):
        name = f"polarization_crosstalk_parameter_{letter}"
        about: dict[str, Attribute] = {"units": "1", "long_name": f"polarization crosstalk parameter {letter.upper()}"}
        file.add(name, "f8", each, values, about)
        for kind in ("statistical", "systematic"):
            error: dict[str, Attribute] = {**about, "long_name": f"{kind} error of {about['long_name']}"}
            file.add(f"{name}_{kind}_error", "f8", each, 0.01, error)
    geometry = [2 if channel.cross else 1 for channel in channels]
    seen = {"units": "1", "long_name": "geometry", **flags("transmitted reflected", masks=True)}
    file.add("polarization_channel_geometry", "i1", each, geometry, seen)
    # Totals see both planes.
    planes = [2 if channel.cross else 3 for channel in channels]
    bits = {
        "units": "1",
        "long_name": "configuration",
        **flags("0_degrees 90_degrees +45_degrees -45_degrees", masks=True),
    }
    file.add("polarization_channel_configuration", "i1", each, planes, bits)


def _depolarization(file: NetCDFWriter, scene: Scene) -> None:
    each = ("depolarization",)
    file.add("depolarization_calibration_index", "i4", ("channel",), 0, {"units": "1", "long_name": "calibration"})
    day = scene.start - timedelta(days=1)
    for name, value, error in (
        ("polarization_gain_factor", _GAIN, 0.002),
        ("polarization_gain_factor_correction", 1.0, 0.0),
    ):
        about: dict[str, Attribute] = {"units": "1", "long_name": name.replace("_", " ")}
        file.add(name, "f8", each, value, about)
        file.add(f"{name}_statistical_error", "f8", each, error, about)
        file.add(f"{name}_systematic_error", "f8", each, error, about)
        span: dict[str, Attribute] = {"units": "seconds since 1970-01-01T00:00:00Z", "long_name": f"time of {name}"}
        file.add(f"{name}_start_datetime", "f8", each, day.timestamp(), span)
        file.add(f"{name}_stop_datetime", "f8", each, day.timestamp() + 1800.0, span)
    calibration = f"{day:%Y%m%d}{scene.station}{day:%H%M}"
    file.add("polarization_gain_factor_measurementid", "str", each, calibration, {"long_name": "measurement ID"})
    kinds: dict[str, Attribute] = {"long_name": "calibration type", **flags("automatic manual", first=1)}
    file.add("polarization_calibration_type", "i1", each, 1, kinds)
    air: dict[str, Attribute] = {"units": "1", "long_name": "molecular depolarization ratio"}
    wide = ("depolarization", "time", "level")
    file.add("molecular_depolarization_ratio", "f8", wide, _MOLECULAR_DEPOLARIZATION, air)


def write_hirelpp(folder: Path, scene: Scene, *, product_id: int, channels: Sequence[SignalChannel]) -> Path:
    """Write a HiRELPP product; its name follows the grammar of the SCC.

    Args:
        folder: Where to write.
        scene: The measurement.
        product_id: Number of the product.
        channels: The channels that it shows.

    Returns:
        The file.
    """
    path = folder / product_file_name(scene, "hirelpp", product_type=HIGH_RESOLUTION, product_id=product_id)
    grid = _high_resolution(scene)
    sizes = {**grid.sizes, "channel": len(channels), "angle": 1, "nc": 1}
    with NetCDFWriter(path, sizes, compress=True) as file:
        file.attributes(common.common(scene, "hirelpp", title="high resolution SCC L1 product", format_version="1.1"))
        write_place(file, grid)
        write_channels(file, "range_corrected_signal", channels)
        write_signal(file, "range_corrected_signal", grid, channels)
        by_channel = ("channel", "time")
        for name, value in (
            ("atmospheric_background", 12.0),
            ("atmospheric_background_min", 9.0),
            ("atmospheric_background_max", 15.0),
            ("atmospheric_background_stdev", 1.5),
            ("atmospheric_background_sterr", 0.05),
        ):
            about: dict[str, Attribute] = {"units": "1", "long_name": name.replace("_", " ")}
            file.add(name, "f8", by_channel, value, about)
    return path


def write_cloudscreen(folder: Path, scene: Scene) -> Path:
    """Write a CloudScreen product: a sky without clouds, but for a few minutes of cirrus at its end.

    Args:
        folder: Where to write; the name follows the grammar of the SCC.
        scene: The measurement.

    Returns:
        The file.
    """
    path = folder / product_file_name(scene, "cloudscreen")
    grid = _high_resolution(scene)
    mask = np.zeros((len(grid.bounds), len(grid.height)), dtype="i1")
    mask[-1, (grid.height > 9000) & (grid.height < 9600)] = 2  # noqa: PLR2004 - cirrus heights in m
    with NetCDFWriter(path, grid.sizes, compress=True) as file:
        file.attributes(common.common(scene, "cloudscreen", title="SCC cloud mask", format_version="1.1"))
        write_place(file, grid, pointing=False)
        file.add("automatic_cloud_mask", "i1", ("time", "level"), mask, common.CLOUD_MASK)
    return path


def write_elic(
    folder: Path, scene: Scene, *, product_id: int, product_type: int, channels: Sequence[SignalChannel]
) -> Path:
    """Write an ELIC product; its name follows the grammar of the SCC.

    Args:
        folder: Where to write.
        scene: The measurement.
        product_id: Number of the product.
        product_type: That of the ELPP product it was made of, or `HIGH_RESOLUTION` for HiRELPP.
        channels: The channels that are calibrated.

    Returns:
        The file.
    """
    path = folder / product_file_name(scene, "elic", product_type=product_type, product_id=product_id)
    grid = _high_resolution(scene) if product_type == HIGH_RESOLUTION else _low_resolution(scene)
    sizes = {**grid.sizes, "channel": len(channels), "angle": 1, "nc": 1, "ncal": 1}
    with NetCDFWriter(path, sizes, compress=True) as file:
        file.attributes(common.common(scene, "elic", title="calibrated SCC L1 product", format_version="1.0"))
        write_place(file, grid)
        write_thermodynamics(file, grid)
        write_channels(file, "attenuated_backscatter", channels)
        write_signal(file, "attenuated_backscatter", grid, channels, calibrated=True)
        about: dict[str, Attribute] = {"units": "m*sr", "long_name": "lidar constant used"}
        file.add("attenuated_backscatter_calibration", "f8", ("channel", "ncal"), 1.0e12, about)
        error: dict[str, Attribute] = {**about, "long_name": "statistical error of the lidar constant used"}
        file.add("attenuated_backscatter_calibration_statistical_error", "f8", ("channel", "ncal"), 2.0e10, error)
        write_molecular(file, grid, channels)
    return path


def write_eldec(folder: Path, scene: Scene, *, product_id: int, wavelength: int) -> Path:
    """Write an ELDEC product: one depolarization calibration; its name follows the grammar of the SCC.

    Args:
        folder: Where to write.
        scene: The measurement.
        product_id: Number of the product.
        wavelength: Emitted wavelength, nm.

    Returns:
        The file.
    """
    path = folder / product_file_name(scene, "eldec", product_type=6, wavelength=wavelength, product_id=product_id)
    random = np.random.default_rng([product_id, wavelength])
    height = 60.0 * np.arange(1, 121)
    # The two ratios of a ±45° calibration; their geometric mean is the gain.
    ratios = _GAIN * np.array([1.08, 1 / 1.08])
    profiles = ratios[:, None, None] * (1 + 0.01 * random.standard_normal((2, 1, len(height))))
    sizes = {"time": 1, "altitude": len(height), "ratio": 2, "calibration": 1, "nv": 2}
    with NetCDFWriter(path, sizes) as file:
        header = common.common(scene, "eldec", title="polarization calibration", format_version="1.1")
        file.attributes({**header, "scc_product_ID": product_id})
        above: dict[str, Attribute] = {"units": "m", "standard_name": "altitude", "positive": "up"}
        file.add("altitude", "f8", ("altitude",), height + scene.altitude, above, fill=False)
        bounds = np.array([[scene.start.timestamp(), scene.stop.timestamp()]])
        file.add("time", "f8", ("time",), bounds[:, 0], common.TIME, fill=False)
        file.add("time_bounds", "f8", ("time", "nv"), bounds, fill=False)
        # By time, since its reader takes the first of several (scc-interface.md 6.10).
        file.add("station_altitude", "f8", ("time",), scene.altitude, {"units": "m"}, fill=False)
        one: dict[str, Attribute] = {"units": "1"}
        name = "polarization_calibration_ratio"
        file.add(name, "f8", ("ratio", "time", "altitude"), profiles, one)
        file.add(f"{name}_statistical_error", "f8", ("ratio", "time", "altitude"), profiles * 0.01, one)
        file.add(f"{name}_emission_wavelength", "f8", ("ratio",), wavelength, {"units": "nm"})
        file.add("polarization_calibration_minimum_range", "f8", ("ratio",), 1200.0, {"units": "m"})
        file.add("polarization_calibration_maximum_range", "f8", ("ratio",), 2500.0, {"units": "m"})
        file.add("polarization_gain_factor", "f8", ("calibration", "time"), _GAIN, one)
        file.add("polarization_gain_factor_statistical_error", "f8", ("calibration", "time"), 0.0005, one)
    return path
