"""The export of a system: text of CSV sections to a model (scc-interface.md 5.1).

The names of sections and columns are as a client expects them; they have not been seen in a file, so their case does not
matter here, and a section or column that is absent is "not told".
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping, Sequence
from typing import Final, TypeAlias

from scckit.errors import UnreadablePage
from scckit.models.systems import System
from scckit.site.wire import structure

__all__ = ["system_from_export"]

_Rows: TypeAlias = tuple[dict[str, str], ...]
_Fields: TypeAlias = Mapping[str, tuple[str, Callable[[str], object]]]

_WHAT: Final = "the export of a system"

_SYSTEM: Final[_Fields] = {
    "id": ("id", int),
    "station": ("owner_id_id", str),
    "name": ("name", str),
    "configuration": ("configuration", str),
    "height_asl": ("height_asl", float),
    "latitude": ("latitude", float),
    "longitude": ("longitude", float),
    "lidar_pointing_angle": ("lidar_pointing_angle", float),
}
_CHANNEL: Final[_Fields] = {
    "id": ("id", int),
    "telescope_id": ("_telescope_id_id", int),
    "laser_id": ("_laser_id_id", int),
    "scattering_mechanism": ("_scat_mechanism_id_id", str),
    "detection_mode": ("_detection_mode_id_id", str),
    "emission_wavelength": ("emission_wavelength", float),
    "if_center": ("if_center", float),
    "if_fwhm": ("if_fwhm", float),
    "raw_range_resolution": ("raw_range_resolution", float),
    "dead_time": ("dead_time", float),
    "trigger_delay": ("trigger_delay", float),
    "first_signal_rangebin": ("first_signal_rangebin", int),
}
_TELESCOPE: Final[_Fields] = {"id": ("id", int), "full_overlap_height_m": ("full_overlap_height_m", float)}
_LASER: Final[_Fields] = {"id": ("id", int), "repetition_rate": ("repetition_rate", float)}
_CROSSTALK: Final[_Fields] = {"channel_id": ("channel_id", int), "g": ("g", float), "h": ("h", float)}


def system_from_export(text: str) -> System:
    """Make a system of its export.

    Raises:
        UnreadablePage: It is no such export.
    """
    sections = _sections(text)
    systems = sections.get("hoisystems", ())
    if len(systems) != 1:
        msg = f"{_WHAT} should have one row of HoiSystems; it has {len(systems)} (sections: {', '.join(sections) or 'none'})"
        raise UnreadablePage(msg)
    signal_types: dict[str, list[int]] = {}
    for row in sections.get("productschannels", sections.get("productstchannels", ())):
        if (kind := row.get("signaltypeid", "")).isdecimal():
            signal_types.setdefault(row.get("channelid", ""), []).append(int(kind))
    channels = [
        {**_read(row, _CHANNEL), "signal_types": sorted(set(signal_types.get(row.get("id", ""), ())))}
        for row in sections.get("hoichannels", ())
    ]
    shaped = {
        **_read(systems[0], _SYSTEM),
        "channels": channels,
        "telescopes": [_read(row, _TELESCOPE) for row in sections.get("hoitelescopes", ())],
        "lasers": [_read(row, _LASER) for row in sections.get("hoilaser", ())],
        "crosstalk": [_read(row, _CROSSTALK) for row in sections.get("polarizationcrosstalkparameter", ())],
        "sections": sections,
    }
    return structure(shaped, System, _WHAT)


def _read(row: Mapping[str, str], fields: _Fields) -> dict[str, object]:
    read: dict[str, object] = {}
    for name, (column, kind) in fields.items():
        text = row.get(column, "").strip()
        if not text or text.lower() in {"none", "null"}:
            continue
        try:
            read[name] = kind(text)
        except ValueError as error:
            msg = f"{_WHAT} has {text!r} in its column {column!r}, which is no number; the site may have changed"
            raise UnreadablePage(msg) from error
    return read


def _sections(text: str) -> dict[str, _Rows]:
    """Split the text: a line with the name, a line of column names, lines of values, an empty line; until CHECKSUM."""
    sections: dict[str, _Rows] = {}
    block: list[str] = []
    for line in (*text.splitlines(), ""):
        if "CHECKSUM" in line:
            _close(sections, block)
            break
        if line.strip():
            block.append(line)
        else:
            _close(sections, block)
            block = []
    return sections


def _close(sections: dict[str, _Rows], block: Sequence[str]) -> None:
    if block:
        name, *lines = block
        rows = csv.DictReader([line.strip() for line in lines])
        sections[name.strip().strip(",").lower()] = tuple(
            {str(key).strip().lower(): value or "" for key, value in row.items() if isinstance(value, str)}
            for row in rows
        )
