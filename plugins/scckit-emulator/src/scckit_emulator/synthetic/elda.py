"""ELDA products: one file for a product and wavelength (scc-interface.md 6.4, 6.6, file format 2.1)."""

# ruff: noqa: PLR0913, PLR0917 - a product is described by many values

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import numpy as np

from scckit_emulator.synthetic import attributes as common
from scckit_emulator.synthetic.atmosphere import Aerosol, Profile, molecular_backscatter
from scckit_emulator.synthetic.netcdf import Attribute, NetCDFWriter, flags
from scckit_emulator.synthetic.scene import Scene, product_file_name

__all__ = ["ELDA_TYPES", "write_elda"]

#: Raman backscatter, lidar ratio and extinction, elastic backscatter, Raman backscatter with depolarization.
ELDA_TYPES = (0, 2, 3, 7)
_ELASTIC, _EXTINCTION, _DEPOLARIZATION = 3, 2, 7

_STEP = 60.0  # m
_LEVELS = 180
_GRID = ("wavelength", "time", "altitude")
_MOLECULAR_DEPOLARIZATION = 0.0046
_PRODUCTS = "e0355 b0355 e0351 b0351 e0532 b0532 e1064 b1064 b0253 b0313 b0335 b0511 b0694 b0817"


def write_elda(
    folder: Path,
    scene: Scene,
    *,
    product_id: int,
    product_type: int,
    wavelength: int,
    start: datetime | None = None,
    stop: datetime | None = None,
) -> Path:
    """Write an ELDA product.

    Args:
        folder: Where to write; the name follows the grammar of the SCC.
        scene: The measurement.
        product_id: Number of the product.
        product_type: One of `ELDA_TYPES`.
        wavelength: Emitted wavelength, nm: 355, 532 or 1064.
        start: Start of the product where it is a part of the measurement.
        stop: Stop of the product where it is a part of the measurement.

    Returns:
        The file.

    Raises:
        ValueError: The type or the wavelength is none of those.
    """
    kind = "e" if product_type == _EXTINCTION else "b"
    name = f"{kind}{wavelength:04d}"
    if product_type not in ELDA_TYPES or name not in _PRODUCTS:
        raise ValueError(
            f"ELDA products can be written for types {ELDA_TYPES} at 355, 532 and 1064 nm; found type {product_type} at "
            f"{wavelength} nm"
        )
    start, stop = start or scene.start, stop or scene.stop
    path = folder / product_file_name(
        scene,
        "elda",
        product_type=product_type,
        wavelength=wavelength,
        product_id=product_id,
        start=start,
        stop=stop,
    )
    sizes = {"altitude": _LEVELS, "time": 1, "wavelength": 1, "nv": 2}
    height = 150.0 + _STEP * np.arange(_LEVELS, dtype=np.float64)
    with NetCDFWriter(path, sizes) as file:
        header = common.common(
            scene,
            "elda",
            title="Profiles of aerosol optical properties",
            format_version="2.1",
            input_file=product_file_name(scene, "elpp", product_type=product_type, product_id=product_id),
        )
        header["measurement_start_datetime"] = f"{start:%Y-%m-%dT%H:%M:%SZ}"
        header["measurement_stop_datetime"] = f"{stop:%Y-%m-%dT%H:%M:%SZ}"
        if product_type == _EXTINCTION:
            header["overlap_correction_file"] = scene.overlap_file or " "
        file.attributes(header)
        _axes(file, scene, height, start, stop, wavelength)
        _state(file, scene, product_type, name)
        profiles = _Profiles(file, scene, height, wavelength, seed=product_id)
        profiles.backscatter(elastic=product_type == _ELASTIC)
        if product_type == _EXTINCTION:
            profiles.extinction()
        if product_type == _DEPOLARIZATION:
            profiles.depolarization()
    return path


def _axes(file: NetCDFWriter, scene: Scene, height: Profile, start: datetime, stop: datetime, wavelength: int) -> None:
    altitude: dict[str, Attribute] = {
        "long_name": "height above sea level",
        "units": "m",
        "axis": "Z",
        "positive": "up",
        "standard_name": "altitude",
    }
    bounds = np.array([[start.timestamp(), stop.timestamp()]])
    time: dict[str, Attribute] = {**common.TIME, "standard_name": "time", "calendar": "gregorian"}
    transmitted: dict[str, Attribute] = {"long_name": "wavelength of the transmitted laser pulse", "units": "nm"}
    file.add("altitude", "f8", ("altitude",), height + scene.altitude, altitude, fill=False)
    file.add("time", "f8", ("time",), bounds[:, 0], time, fill=False)
    file.add("time_bounds", "f8", ("time", "nv"), bounds, fill=False)
    file.add("wavelength", "f4", ("wavelength",), wavelength, transmitted, fill=False)
    places: tuple[tuple[str, float, str, str], ...] = (
        ("latitude", scene.latitude, "latitude of station", "degrees_north"),
        ("longitude", scene.longitude, "longitude of station", "degrees_east"),
        ("station_altitude", scene.altitude, "station altitude above sea level", "m"),
        ("zenith_angle", scene.zenith_angle, "laser pointing angle with respect to the zenith", "degrees"),
    )
    for name, value, long_name, units in places:
        more: dict[str, Attribute] = {"standard_name": name} if name in {"latitude", "longitude"} else {}
        file.add(name, "f4", (), value, {"long_name": long_name, "units": units, **more}, fill=not more)


def _state(file: NetCDFWriter, scene: Scene, product_type: int, earlinet_name: str) -> None:
    resolution: dict[str, Attribute] = {"long_name": "effective vertical resolution", "units": "m"}
    file.add("vertical_resolution", "f8", _GRID, _STEP * 2, resolution)
    file.add("cloud_mask", "i1", ("time", "altitude"), 0, common.CLOUD_MASK)
    file.add("cloud_mask_type", "i1", (), 2, common.CLOUD_MASK_TYPE)
    file.add("scc_product_type", "i1", (), 2, common.PRODUCT_TYPE)
    file.add("molecular_calculation_source", "i1", (), common.molecular_source(scene), common.MOLECULAR_SOURCE)
    shots = int((scene.stop - scene.start).total_seconds() * 20)
    file.add("shots", "i4", (), shots, {"long_name": "accumulated laser shots", "units": "1"})
    file.add(
        "user_defined_category",
        "i4",
        (),
        scene.categories,
        {"long_name": "category of the measurement", **flags(common.CATEGORIES, "i4", masks=True)},
    )
    names = _PRODUCTS.split()
    file.add(
        "earlinet_product_type",
        "i4",
        (),
        names.index(earlinet_name) + 1,
        {"long_name": "Earlinet product type", **flags(_PRODUCTS, "i4", first=1)},
    )
    # Whose knowledge the flags are: long name and meanings.
    single: tuple[tuple[str, tuple[str, ...], int, str, str], ...] = (
        ("cirrus_contamination", (), 1, "cirrus layers in the profiles", "not_available no_cirrus cirrus_detected"),
        (
            "cirrus_contamination_source",
            (),
            2,
            "how cirrus_contamination was obtained",
            "not_available user_provided automatic_calculated",
        ),
        (
            "error_retrieval_method",
            ("wavelength",),
            0,
            "method used for the retrieval of uncertainties",
            "monte_carlo error_propagation",
        ),
        (
            "backscatter_evaluation_method",
            ("wavelength",),
            1 if product_type == _ELASTIC else 0,
            "method used for the backscatter retrieval",
            "Raman elastic_backscatter",
        ),
        (
            "backscatter_calibration_range_search_algorithm",
            ("wavelength",),
            1 if product_type == _ELASTIC else 0,
            "algorithm used for the search of the calibration range",
            "minimum_of_signal_ratio minimum_of_elastic_signal Rayleigh_fit",
        ),
    )
    for name, dimensions, value, long_name, meanings in single:
        file.add(name, "i1", dimensions, value, {"long_name": long_name, **flags(meanings)})


class _Profiles:
    """Writes the profiles of one file; the noise is the same for the same measurement and product."""

    def __init__(self, file: NetCDFWriter, scene: Scene, height: Profile, wavelength: int, *, seed: int) -> None:
        self._file = file
        self._height = height
        self._wavelength = wavelength
        self._aerosol = Aerosol.of(scene.measurement_id)
        self._air = molecular_backscatter(height + scene.altitude, wavelength)
        self._random = np.random.default_rng([seed, wavelength])

    def backscatter(self, *, elastic: bool) -> None:
        file = self._file
        algorithm, meanings = (
            ("elastic_backscatter_algorithm", "Klett-Fernald iterative")
            if elastic
            else ("raman_backscatter_algorithm", "Ansmann via_backscatter_ratio")
        )
        how: dict[str, Attribute] = {"long_name": "algorithm used for the backscatter profile", **flags(meanings)}
        file.add(algorithm, "i1", ("wavelength",), 0, how)
        if elastic:
            assumed: dict[str, Attribute] = {"long_name": "assumed particle lidar ratio", "units": "sr"}
            file.add("assumed_particle_lidar_ratio", "f8", _GRID, round(self._aerosol.lidar_ratio), assumed)
        self._pair(
            "backscatter",
            "aerosol backscatter coefficient",
            "1/(m*sr)",
            self._aerosol.backscatter(self._height, self._wavelength),
            noise=2.0e-8,
        )
        ranges: tuple[tuple[str, tuple[str, ...], object, str, str], ...] = (
            ("backscatter_calibration_value", ("wavelength",), 1.01, "backscatter ratio in calibration range", "1"),
            (
                "backscatter_calibration_search_range",
                ("wavelength", "nv"),
                [[6000, 10000]],
                "height range wherein calibration range is searched",
                "m",
            ),
            (
                "backscatter_calibration_range",
                ("wavelength", "nv"),
                [[8000, 8500]],
                "height range where calibration was calculated",
                "m",
            ),
        )
        for name, dimensions, value, long_name, units in ranges:
            file.add(name, "f4", dimensions, np.asarray(value), {"long_name": long_name, "units": units})

    def extinction(self) -> None:
        how: dict[str, Attribute] = {
            "long_name": "algorithm used for the extinction retrieval",
            **flags("weighted_linear_fit non-weighted_linear_fit"),
        }
        self._file.add("extinction_evaluation_algorithm", "i1", ("wavelength",), 0, how)
        assumed: dict[str, Attribute] = {"long_name": "assumed wavelength dependence of extinction", "units": "1"}
        self._file.add("extinction_assumed_wavelength_dependence", "f4", ("wavelength",), 1.0, assumed)
        values = self._aerosol.extinction(self._height, self._wavelength)
        self._pair("extinction", "aerosol extinction coefficient", "1/m", values, noise=2.0e-6)

    def depolarization(self) -> None:
        particles = self._aerosol.depolarization(self._height)
        aerosol = self._aerosol.backscatter(self._height, self._wavelength)
        # Share of the light that comes back cross-polarized, of particles and of air.
        cross = aerosol * particles / (1 + particles)
        cross += self._air * _MOLECULAR_DEPOLARIZATION / (1 + _MOLECULAR_DEPOLARIZATION)
        volume = cross / (aerosol + self._air - cross)
        self._pair("volumedepolarization", "volume linear depolarization ratio", "1", volume, noise=2.0e-4)
        # Without particles there is nothing to see: such places hold the fill value.
        seen = aerosol > 0.05 * self._air
        self._pair("particledepolarization", "particle linear depolarization ratio", "1", particles, 5.0e-3, seen=seen)

    def _pair(
        self,
        name: str,
        long_name: str,
        units: str,
        values: Profile,
        noise: float,
        *,
        seen: np.ndarray | None = None,
    ) -> None:
        error = noise * (1 + self._height / 5000.0)
        noisy = values + error * self._random.standard_normal(values.shape)
        if seen is not None:
            fill = 9.969209968386869e36
            noisy, error = np.where(seen, noisy, fill), np.where(seen, error, fill)
        about: dict[str, Attribute] = {
            "long_name": long_name,
            "units": units,
            "ancillary_variables": f"error_{name} vertical_resolution",
            "coordinates": "longitude latitude",
        }
        uncertainty: dict[str, Attribute] = {
            "long_name": f"absolute statistical uncertainty of {name}",
            "units": units,
            "coordinates": "longitude latitude",
        }
        self._file.add(name, "f8", _GRID, noisy, about)
        self._file.add(f"error_{name}", "f8", _GRID, error, uncertainty)
