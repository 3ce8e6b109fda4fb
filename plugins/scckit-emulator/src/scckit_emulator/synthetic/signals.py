"""What ELPP, HiRELPP, CloudScreen and ELIC files have in common: place, time, grid and signals by channel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from scckit_emulator.synthetic import attributes as common
from scckit_emulator.synthetic.atmosphere import (
    Aerosol,
    Profile,
    molecular_extinction,
    molecular_transmission,
    pressure,
    temperature,
)
from scckit_emulator.synthetic.netcdf import Attribute, NetCDFWriter, flags
from scckit_emulator.synthetic.scene import Scene

__all__ = [
    "Grid",
    "SignalChannel",
    "write_channels",
    "write_molecular",
    "write_place",
    "write_signal",
    "write_thermodynamics",
]

_LIDAR_CONSTANT = 1.0e12
_MOLECULAR_LIDAR_RATIO = 8.49
_PARTICLE_BITS, _NITROGEN_BITS = 15, 2
_PROFILE = ("channel", "time", "level")


@dataclass(frozen=True)
class SignalChannel:
    """A channel of a product.

    Attributes:
        id: SCC channel number.
        name: Text ID of the channel.
        emission: Emitted wavelength, nm.
        detection: Detected wavelength, nm.
        photon_counting: Whether it counts photons.
        cross: Whether it sees the cross-polarized light only.
    """

    id: int
    name: str
    emission: float
    detection: float
    photon_counting: bool = True
    cross: bool = False


class Grid:
    """Time and height of a product.

    Args:
        scene: The measurement.
        length: Of a time slice.
        step: Of a level along the laser beam, m.
        levels: How many levels.
    """

    def __init__(self, scene: Scene, *, length: timedelta, step: float, levels: int) -> None:
        self.scene = scene
        self.bounds: list[tuple[datetime, datetime]] = scene.slices(length)
        self.distance: Profile = (np.arange(levels, dtype=np.float64) + 0.5) * step
        self.height: Profile = self.distance * np.cos(np.radians(scene.zenith_angle))

    @property
    def sizes(self) -> dict[str, int]:
        """Dimensions that all of these files have."""
        return {"time": len(self.bounds), "level": len(self.distance), "nv": 2}

    @property
    def altitude(self) -> Profile:
        """Metres above sea level."""
        return self.height + self.scene.altitude


def write_place(file: NetCDFWriter, grid: Grid, *, pointing: bool = True) -> None:
    """Write site, time and height; with `pointing` the range, the laser's angle and the shots too."""
    scene = grid.scene
    places: tuple[tuple[str, float, dict[str, Attribute]], ...] = (
        (
            "latitude",
            scene.latitude,
            {"standard_name": "latitude", "long_name": "measurement site latitude", "units": "degrees_north"},
        ),
        (
            "longitude",
            scene.longitude,
            {"standard_name": "longitude", "long_name": "measurement site longitude", "units": "degrees_east"},
        ),
        ("station_altitude", scene.altitude, {"units": "m", "long_name": "station altitude above sea level"}),
    )
    for name, value, attributes in places:
        file.add(name, "f8", (), value, attributes, fill=False)
    bounds = np.array([[start.timestamp(), stop.timestamp()] for start, stop in grid.bounds])
    file.add("time", "f8", ("time",), bounds[:, 0], common.TIME, fill=False)
    file.add("time_bounds", "f8", ("time", "nv"), bounds, fill=False)
    above: dict[str, Attribute] = {"units": "m", "standard_name": "altitude", "long_name": "altitude above sea level"}
    file.add("altitude", "f8", ("time", "level"), grid.altitude, above, fill=False)
    file.add("scc_product_type", "i1", (), 2, common.PRODUCT_TYPE)
    if not pointing:
        return
    file.add("range", "f8", ("level",), grid.distance, {"units": "m", "long_name": "lidar range scale"})
    angle: dict[str, Attribute] = {
        "units": "degrees",
        "long_name": "laser pointing angle with respect to the zenith",
    }
    file.add("laser_pointing_angle", "f8", ("angle",), scene.zenith_angle, angle)
    index: dict[str, Attribute] = {"units": "1", "long_name": "index of the laser pointing angle of each profile"}
    file.add("laser_pointing_angle_of_profiles", "i4", ("time",), 0, index)
    shots = (20 * (bounds[:, 1] - bounds[:, 0])).astype("i4")
    file.add("shots", "i4", ("time",), shots, {"units": "1", "long_name": "accumulated laser shots"})


def write_thermodynamics(file: NetCDFWriter, grid: Grid) -> None:
    """Write temperature, pressure and where they come from."""
    altitude = grid.altitude
    air: dict[str, Attribute] = {"units": "K", "long_name": "atmospheric temperature"}
    file.add("temperature", "f8", ("time", "level"), temperature(altitude), air)
    file.add("pressure", "f8", ("time", "level"), pressure(altitude), {**air, "units": "mbar", "long_name": "pressure"})
    source = common.molecular_source(grid.scene)
    file.add("molecular_calculation_source", "i1", (), source, common.MOLECULAR_SOURCE)


def write_channels(file: NetCDFWriter, prefix: str, channels: Sequence[SignalChannel]) -> None:
    """Write what the channels are: ``{prefix}_channel_id`` and its like; needs the dimensions channel and nc."""
    each = ("channel",)
    ids = [[channel.id] for channel in channels]
    file.add(f"{prefix}_channel_id", "i4", ("channel", "nc"), ids, {"units": "1", "long_name": "SCC channel IDs"})
    names: dict[str, Attribute] = {"cf_role": "timeseries_id", "long_name": "channel name"}
    text = np.array([channel.name for channel in channels], dtype=object)
    file.add(f"{prefix}_channel_name", "str", each, text, names)
    emissions = [channel.emission for channel in channels]
    emitted: dict[str, Attribute] = {"units": "nm", "long_name": "emission wavelength"}
    file.add(f"{prefix}_emission_wavelength", "f8", each, emissions, emitted)
    detections = [channel.detection for channel in channels]
    detected: dict[str, Attribute] = {"units": "nm", "long_name": "detection wavelength"}
    file.add(f"{prefix}_detection_wavelength", "f8", each, detections, detected)
    bits: tuple[tuple[str, list[int], str, str], ...] = (
        ("range", [0 for _ in channels], "range type", "ultra_near_range near_range far_range"),
        (
            "scatterers",
            [_PARTICLE_BITS if each.emission == each.detection else _NITROGEN_BITS for each in channels],
            "scatterers",
            "particle nitrogen oxygen water_vapour",
        ),
        (
            "detection_mode",
            [2 if each.photon_counting else 1 for each in channels],
            "detection mode",
            "analog photoncounting",
        ),
    )
    for name, values, long_name, meanings in bits:
        about = {"units": "1", "long_name": long_name, **flags(meanings, masks=True)}
        file.add(f"{prefix}_{name}", "i1", each, values, about)


def write_signal(
    file: NetCDFWriter, prefix: str, grid: Grid, channels: Sequence[SignalChannel], *, calibrated: bool = False
) -> None:
    """Write the signal and its error; the aerosol is the one that belongs to the measurement ID.

    Args:
        file: Where to write.
        prefix: Name of the variable.
        grid: Time and height.
        channels: The channels.
        calibrated: Whether it is attenuated backscatter in 1/(m sr) and not a signal in arbitrary units.
    """
    scene = grid.scene
    aerosol = Aerosol.of(scene.measurement_id)
    random = np.random.default_rng([len(channels), len(grid.distance)])
    constant = 1.0 if calibrated else _LIDAR_CONSTANT
    clean = np.empty((len(channels), 1, len(grid.height)))
    for number, channel in enumerate(channels):
        signal = aerosol.signal(grid.height, scene.altitude, channel.emission, channel.detection)
        if channel.cross:
            signal = signal * aerosol.depolarization(grid.height) * 0.5
        clean[number, 0] = constant * signal
    # Noise grows with the square of the distance, as the range correction makes it.
    error = np.broadcast_to(
        clean[..., :1] * 2e-3 * (1 + (grid.distance / 4000.0) ** 2),
        (len(channels), len(grid.bounds), len(grid.height)),
    )
    noisy = clean + error * random.standard_normal(error.shape)
    units = "1/(m*sr)" if calibrated else "1"
    what = "attenuated backscatter" if calibrated else "uncalibrated range corrected signal"
    about: dict[str, Attribute] = {"units": units, "long_name": what, "coordinates": "time altitude"}
    file.add(prefix, "f8", _PROFILE, noisy, about)
    uncertain: dict[str, Attribute] = {"units": units, "long_name": f"statistical error of {what}"}
    file.add(f"{prefix}_statistical_error", "f8", _PROFILE, error, uncertain)


def write_molecular(file: NetCDFWriter, grid: Grid, channels: Sequence[SignalChannel]) -> None:
    """Write extinction, transmission and lidar ratio of air by channel."""
    station = grid.scene.altitude
    extinction = np.stack([molecular_extinction(grid.altitude, each.emission) for each in channels])[:, None]
    about: dict[str, Attribute] = {"units": "m-1", "long_name": "molecular extinction at emission wavelength"}
    file.add("molecular_extinction", "f8", _PROFILE, extinction, about)
    for way in ("emission", "detection"):
        values = np.stack(
            [molecular_transmission(grid.height, station, float(getattr(each, way))) for each in channels]
        )[:, None]
        along: dict[str, Attribute] = {"units": "1", "long_name": f"molecular transmissivity at {way} wavelength"}
        file.add(f"molecular_transmissivity_at_{way}_wavelength", "f8", _PROFILE, values, along)
    ratio: dict[str, Attribute] = {"units": "sr", "long_name": "molecular lidar ratio at emission wavelength"}
    file.add("molecular_lidar_ratio", "f8", ("channel",), _MOLECULAR_LIDAR_RATIO, ratio)
