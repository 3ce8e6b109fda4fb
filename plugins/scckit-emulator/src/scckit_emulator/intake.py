"""Reading what stations upload, and the reasons why the SCC refuses it. Reads files, writes nothing, knows no web page.

What must be there: scc-interface.md 8.2 to 8.5; where a reason is shown: 2.2.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import h5netcdf
import numpy as np
from scipy.io import netcdf_file

__all__ = ["Incomplete", "RawFile", "Refused", "check_ancillary", "check_sounding", "read_raw"]

_HDF5 = b"\x89HDF\r\n\x1a\n"
_CLASSIC = (b"CDF\x01", b"CDF\x02")

#: scc-interface.md 5.2: eight digits, then letters and digits, 12 to 15 in all.
_MEASUREMENT_ID = re.compile(r"\d{8}[0-9A-Za-z]{4,7}")

_MANDATORY_ATTRIBUTES = ("RawData_Start_Date", "RawData_Start_Time_UT", "RawData_Stop_Time_UT")
#: Name and number of dimensions.
_MANDATORY_VARIABLES = {
    "Raw_Lidar_Data": 3,
    "Raw_Data_Start_Time": 2,
    "Raw_Data_Stop_Time": 2,
    "Laser_Shots": 2,
    "Background_Low": 1,
    "Background_High": 1,
    "Laser_Pointing_Angle": 1,
    "Laser_Pointing_Angle_of_Profiles": 2,
    "id_timescale": 1,
    "Molecular_Calc": 0,
}
_CHANNEL_NAMES = ("channel_ID", "channel_string_ID")
_SOUNDING = ("Altitude", "Temperature", "Pressure")


class Refused(Exception):
    """The SCC refuses an upload, and says why in an alert."""


class Incomplete(Refused):
    """The SCC refuses an upload, and says why beside the field of the raw file."""


@dataclass(frozen=True)
class RawFile:
    """What the SCC takes from a raw file's header; names of files are empty where none is named."""

    measurement_id: str
    start: datetime
    stop: datetime
    sounding: str
    overlap: str
    lidar_ratio: str
    latitude: float | None
    longitude: float | None
    altitude: float | None


@dataclass(frozen=True)
class _Contents:
    attributes: dict[str, str | float]
    variables: dict[str, tuple[int, str]]
    read: Callable[[str], np.ndarray]


def read_raw(path: Path) -> RawFile:
    """Read the header of a raw file and check it.

    Args:
        path: The file.

    Raises:
        Refused: It is no netCDF file, or has no usable ``Measurement_ID``.
        Incomplete: Something mandatory is missing or has the wrong form.
    """
    with _opened(path, "raw data file") as contents:
        attributes, variables = contents.attributes, contents.variables
    measurement_id = attributes.get("Measurement_ID")
    if measurement_id is None or not str(measurement_id).strip():
        raise Refused("The raw data file has no global attribute Measurement_ID.")
    if not _MEASUREMENT_ID.fullmatch(str(measurement_id)):
        raise Refused(
            f"Measurement_ID {str(measurement_id)[:40]!r} is not valid: 8 digits of the date, then letters and digits, "
            "12 to 15 characters in all, are needed."
        )
    missing = [name for name in _MANDATORY_ATTRIBUTES if not str(attributes.get(name, "")).strip()]
    if missing:
        raise Incomplete(f"Error: mandatory global attributes are missing: {', '.join(missing)}.")
    missing = [name for name in _MANDATORY_VARIABLES if name not in variables]
    if not any(name in variables for name in _CHANNEL_NAMES):
        missing.append(" or ".join(_CHANNEL_NAMES))
    if missing:
        raise Incomplete(f"Error: mandatory variables are missing: {', '.join(missing)}.")
    for name, rank in _MANDATORY_VARIABLES.items():
        found, kind = variables[name]
        if found != rank or kind not in "iuf":
            raise Incomplete(
                f"Error: variable {name} must be numbers of {rank} dimensions; found {found} dimensions of type {kind}."
            )
    start, stop = _span(attributes)
    return RawFile(
        measurement_id=str(measurement_id),
        start=start,
        stop=stop,
        sounding=_text(attributes, "Sounding_File_Name"),
        overlap=_text(attributes, "Overlap_File_Name"),
        lidar_ratio=_text(attributes, "LR_File_Name"),
        latitude=_number(attributes, "Latitude_degrees_north", 90),
        longitude=_number(attributes, "Longitude_degrees_east", 360),
        altitude=_number(attributes, "Altitude_meter_asl", 9000),
    )


def check_sounding(path: Path) -> None:
    """Check a sounding file.

    Args:
        path: The file.

    Raises:
        Refused: It is no netCDF file, a column is missing, or altitudes do not ascend.
    """
    with _opened(path, "sounding file") as contents:
        missing = [name for name in _SOUNDING if name not in contents.variables]
        if missing:
            raise Refused(f"The sounding file lacks the variables {', '.join(missing)}.")
        altitude = np.asarray(contents.read("Altitude"), dtype=np.float64).ravel()
    if altitude.size < 1 or not np.all(np.diff(altitude) > 0):
        raise Refused("The altitude in the sounding file must be in ascending order.")


def check_ancillary(path: Path, name: str) -> None:
    """Check an overlap or lidar ratio file: a netCDF file, no more is known.

    Args:
        path: The file.
        name: What it is, for the message.

    Raises:
        Refused: It is no netCDF file.
    """
    with _opened(path, name):
        pass


def _span(attributes: dict[str, str | float]) -> tuple[datetime, datetime]:
    day, first, last = (str(attributes[name]).strip() for name in _MANDATORY_ATTRIBUTES)
    try:
        start = datetime.strptime(day + first, "%Y%m%d%H%M%S").replace(tzinfo=UTC)
        stop = datetime.strptime(day + last, "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        raise Incomplete(
            "Error: RawData_Start_Date must be YYYYMMDD and RawData_Start_Time_UT, RawData_Stop_Time_UT must be HHMMSS; "
            f"found {day[:20]!r}, {first[:20]!r}, {last[:20]!r}."
        ) from None
    # There is no stop date: a stop before the start is on the next day (scc-interface.md 8.3).
    return start, stop if stop > start else stop + timedelta(days=1)


def _text(attributes: dict[str, str | float], name: str) -> str:
    return str(attributes.get(name, "")).strip()


def _number(attributes: dict[str, str | float], name: str, limit: float) -> float | None:
    try:
        value = float(attributes[name])
    except (KeyError, ValueError):
        return None
    return value if abs(value) <= limit else None


@contextmanager
def _opened(path: Path, what: str) -> Iterator[_Contents]:
    with path.open("rb") as file:
        magic = file.read(8)
    if magic != _HDF5 and magic[:4] not in _CLASSIC:
        raise Refused(f"The {what} is not a netCDF file.")
    opened = _hdf5 if magic == _HDF5 else _classic
    try:
        with opened(path) as contents:
            yield contents
    except (OSError, ValueError, KeyError, IndexError, TypeError) as error:
        # What the libraries raise on damaged files differs from version to version.
        raise Refused(f"The {what} cannot be read as netCDF.") from error


@contextmanager
def _hdf5(path: Path) -> Iterator[_Contents]:
    with h5netcdf.File(path, "r", phony_dims="access") as file:
        yield _Contents(
            {name: _plain(value) for name, value in file.attrs.items()},
            {name: (len(each.shape), np.dtype(each.dtype).kind) for name, each in file.variables.items()},
            lambda name: np.asarray(file.variables[name][...]),
        )


@contextmanager
def _classic(path: Path) -> Iterator[_Contents]:
    with netcdf_file(path, "r", mmap=False) as file:
        yield _Contents(
            {name: _plain(value) for name, value in file._attributes.items()},  # noqa: SLF001 - there is no other way
            {name: (len(each.shape), np.dtype(each.typecode()).kind) for name, each in file.variables.items()},
            lambda name: np.asarray(file.variables[name][...]),
        )


def _plain(value: object) -> str | float:
    if isinstance(value, np.ndarray):
        value = value.ravel()[0] if value.size == 1 else value.tolist()
    if isinstance(value, bytes):
        return value.decode("utf-8", errors="replace")
    if isinstance(value, (int, float, np.integer, np.floating)):
        return float(value)
    return str(value)
