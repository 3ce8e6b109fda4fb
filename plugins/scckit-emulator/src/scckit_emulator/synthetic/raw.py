"""Files that a station uploads: raw lidar data and soundings, made up but sensible (scc-interface.md 8.2 to 8.5)."""

# ruff: noqa: PLR0913, PLR0917 - a raw file is described by many values

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from scckit_emulator.synthetic.atmosphere import Aerosol, overlap, pressure, temperature
from scckit_emulator.synthetic.netcdf import Attribute, NetCDFWriter

__all__ = ["DEFAULT_CHANNELS", "RawChannel", "write_raw", "write_sounding"]

SYNTHETIC = "synthetic, made by scckit-emulator"


@dataclass(frozen=True)
class RawChannel:
    """A channel of a raw file.

    Attributes:
        id: SCC channel number.
        emission: Emitted wavelength, nm.
        detection: Detected wavelength, nm; another one than emitted means N2 Raman.
        strength: Counts of a profile where the range-corrected signal is largest, about.
        background: Counts of the sky in each bin.
    """

    id: int
    emission: float
    detection: float
    strength: float = 4.0e4
    background: float = 20.0


DEFAULT_CHANNELS = (
    RawChannel(8740, 355, 355),
    RawChannel(8741, 355, 387, strength=3.0e3, background=2.0),
    RawChannel(8742, 532, 532),
    RawChannel(8743, 532, 607, strength=2.0e3, background=2.0),
    RawChannel(8744, 1064, 1064, strength=2.0e4, background=60.0),
)


def write_raw(
    path: Path,
    *,
    measurement_id: str,
    start: datetime,
    stop: datetime,
    seed: int = 0,
    profiles: int = 4,
    channels: Sequence[RawChannel] = DEFAULT_CHANNELS,
    points: int = 800,
    range_resolution: float = 15.0,
    zenith_angle: float = 5.0,
    latitude: float = 35.86,
    longitude: float = 23.31,
    altitude: float = 193.0,
    sounding: str | None = None,
    overlap_file: str | None = None,
    lidar_ratio_file: str | None = None,
    attributes: Mapping[str, Attribute] | None = None,
    leave_out: Sequence[str] = (),
) -> Path:
    """Write a raw SCC file.

    The aerosol belongs to the measurement ID, so that it is the one that the emulator's products show.

    Args:
        path: Where to write; an existing file is replaced.
        measurement_id: The measurement's ID.
        start: Start of the first profile, with time zone.
        stop: End of the last profile, with time zone.
        seed: Seed of the noise.
        profiles: Number of profiles.
        channels: The channels.
        points: Bins of a profile.
        range_resolution: Length of a bin, m.
        zenith_angle: Degrees.
        latitude: Degrees north.
        longitude: Degrees east.
        altitude: Of the station, m above sea level.
        sounding: Name of a sounding file that the file refers to.
        overlap_file: Name of an overlap file that the file refers to.
        lidar_ratio_file: Name of a lidar ratio file that the file refers to.
        attributes: Further global attributes; they win over those made here.
        leave_out: Names of global attributes and variables that are not written, for files that the SCC refuses.

    Returns:
        ``path``.

    Raises:
        ValueError: A time has no zone, ``stop`` is not later than ``start``, or a count is not positive.
    """
    if start.tzinfo is None or stop.tzinfo is None:
        raise ValueError(f"start and stop of {measurement_id} need a time zone; add tzinfo=UTC")
    if stop <= start or min(profiles, points, len(channels)) < 1:
        raise ValueError(
            f"{measurement_id} needs a stop after its start and at least one profile, channel and point; found "
            f"{start.isoformat()} to {stop.isoformat()}, {profiles} profiles, {len(channels)} channels, {points} points"
        )
    start, stop = start.astimezone(UTC), stop.astimezone(UTC)
    count = len(channels)
    sizes = {
        "time": profiles,
        "channels": count,
        "points": points,
        "nb_of_time_scales": 1,
        "scan_angles": 1,
    }
    edges = np.linspace(0, (stop - start).total_seconds(), profiles + 1).round().astype("i4")
    end = points * range_resolution
    has_sounding = sounding is not None
    variables: dict[str, tuple[str, tuple[str, ...], object]] = {
        "channel_ID": ("i4", ("channels",), [each.id for each in channels]),
        "id_timescale": ("i4", ("channels",), 0),
        "Raw_Data_Start_Time": ("i4", ("time", "nb_of_time_scales"), edges[:-1, None]),
        "Raw_Data_Stop_Time": ("i4", ("time", "nb_of_time_scales"), edges[1:, None]),
        "Raw_Lidar_Data": (
            "f8",
            ("time", "channels", "points"),
            _counts(measurement_id, seed, profiles, channels, points, range_resolution, zenith_angle, altitude),
        ),
        "Laser_Shots": ("i4", ("time", "channels"), 600),
        "Laser_Pointing_Angle": ("f8", ("scan_angles",), zenith_angle),
        "Laser_Pointing_Angle_of_Profiles": ("i4", ("time", "nb_of_time_scales"), 0),
        "Background_Low": ("f8", ("channels",), 0.75 * end),
        "Background_High": ("f8", ("channels",), end),
        "Molecular_Calc": ("i4", (), 1 if has_sounding else 0),
        "Pressure_at_Lidar_Station": ("f8", (), float(pressure(np.array(altitude)))),
        "Temperature_at_Lidar_Station": ("f8", (), float(temperature(np.array(altitude))) - 273.15),
        "LR_Input": ("i4", ("channels",), 0 if lidar_ratio_file is not None else 1),
        "Raw_Data_Range_Resolution": ("f8", ("channels",), range_resolution),
        "Emitted_Wavelength": ("f8", ("channels",), [each.emission for each in channels]),
        "Detected_Wavelength": ("f8", ("channels",), [each.detection for each in channels]),
    }
    header: dict[str, Attribute] = {
        "Measurement_ID": measurement_id,
        "RawData_Start_Date": f"{start:%Y%m%d}",
        "RawData_Start_Time_UT": f"{start:%H%M%S}",
        "RawData_Stop_Time_UT": f"{stop:%H%M%S}",
        "Latitude_degrees_north": latitude,
        "Longitude_degrees_east": longitude,
        "Altitude_meter_asl": altitude,
        "Comments": SYNTHETIC,
    }
    links = {"Sounding_File_Name": sounding, "Overlap_File_Name": overlap_file, "LR_File_Name": lidar_ratio_file}
    header |= {name: value for name, value in links.items() if value is not None}
    header |= dict(attributes or {})
    with NetCDFWriter(path, sizes, compress=True) as file:
        file.attributes({name: value for name, value in header.items() if name not in leave_out})
        for name, (code, dimensions, data) in variables.items():
            if name not in leave_out:
                file.add(name, code, dimensions, np.asarray(data), fill=False)
    return path


def _counts(
    measurement_id: str,
    seed: int,
    profiles: int,
    channels: Sequence[RawChannel],
    points: int,
    range_resolution: float,
    zenith_angle: float,
    altitude: float,
) -> np.ndarray:
    random = np.random.default_rng(seed)
    aerosol = Aerosol.of(measurement_id)
    distance = (np.arange(points, dtype=np.float64) + 0.5) * range_resolution
    height = distance * np.cos(np.radians(zenith_angle))
    counts = np.empty((profiles, len(channels), points))
    for number, channel in enumerate(channels):
        shape = aerosol.signal(height, altitude, channel.emission, channel.detection) * overlap(distance) / distance**2
        expected = channel.strength * shape / shape.max() + channel.background
        counts[:, number, :] = random.poisson(expected, size=(profiles, points))
    return counts


def write_sounding(
    path: Path,
    *,
    start: datetime,
    latitude: float = 35.86,
    longitude: float = 23.31,
    altitude: float = 193.0,
    levels: int = 120,
    top: float = 24_000.0,
    descending: bool = False,
    name: str = SYNTHETIC,
) -> Path:
    """Write a sounding file with the standard atmosphere.

    Args:
        path: Where to write; an existing file is replaced.
        start: Launch, with time zone.
        latitude: Degrees north.
        longitude: Degrees east.
        altitude: Of the ground, m above sea level; the lowest level.
        levels: Number of levels.
        top: Highest level, m above sea level.
        descending: Whether altitudes descend, which the SCC refuses.
        name: Name of the sounding station.

    Returns:
        ``path``.

    Raises:
        ValueError: ``start`` has no time zone, or there are fewer than two levels.
    """
    if start.tzinfo is None:
        raise ValueError(f"start of the sounding {path.name} needs a time zone; add tzinfo=UTC")
    if levels < 2:  # noqa: PLR2004 - one level is no profile
        raise ValueError(f"the sounding {path.name} needs at least two levels; found {levels}")
    start = start.astimezone(UTC)
    heights = np.linspace(altitude, top, levels)
    if descending:
        heights = heights[::-1]
    columns = {
        "Altitude": heights,
        "Temperature": temperature(heights) - 273.15,
        "Pressure": pressure(heights),
        "RelativeHumidity": np.clip(70.0 - heights / 200.0, 2.0, 100.0),
    }
    with NetCDFWriter(path, {"points": levels}) as file:
        file.attributes(
            {
                "Latitude_degrees_north": latitude,
                "Longitude_degrees_east": longitude,
                "Altitude_meter_asl": altitude,
                "Sounding_Start_Date": f"{start:%Y%m%d}",
                "Sounding_Start_Time_UT": f"{start:%H%M%S}",
                "Sounding_Station_Name": name,
            }
        )
        for column, values in columns.items():
            file.add(column, "f8", ("points",), values, fill=False)
    return path
