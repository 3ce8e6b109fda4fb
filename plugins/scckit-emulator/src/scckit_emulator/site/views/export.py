"""The export of a system as CSV sections (scc-interface.md 5.1)."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404

from scckit_emulator.site.models import HoiChannels, HoiSystems, Products

__all__ = ["system"]

# IDs of signal types: elastic total, N2 Raman, reflected, transmitted (5.1).
_SIGNAL_TYPES = {"elT": 0, "vrRN2": 3, "elCP": 6, "elPR": 6, "elPP": 7, "elPT": 7}


def system(_request: HttpRequest, system_id: int) -> HttpResponse:
    """All that the database knows of a system, as text."""
    chosen = get_object_or_404(HoiSystems, pk=system_id)
    channels = list(HoiChannels.objects.filter(system=chosen))
    products = list(Products.objects.filter(system=chosen))
    text = io.StringIO()
    _section(text, "HoiSystems", _SYSTEM_COLUMNS, [_system_row(chosen)])
    _section(text, "HoiChannels", _CHANNEL_COLUMNS, [_channel_row(each) for each in channels])
    _section(text, "HoiTelescopes", ("id", "full_overlap_height_m"), [(chosen.id, "400.00")])
    _section(text, "HoiLaser", ("id", "repetition_rate"), [(chosen.id, "20.00")])
    crosstalk = [
        (each.id, "1.00000", "-1.00000" if each.scattering_mechanism == "elCP" else "0E-8") for each in channels
    ]
    _section(text, "PolarizationCrosstalkParameter", ("channel_id", "g", "h"), crosstalk)
    kinds = {each.id: _SIGNAL_TYPES.get(each.scattering_mechanism, 0) for each in channels}
    signals = [(channel, kinds.get(channel, 0)) for each in products for channel in each.channels]
    _section(text, "PRODUCSTCHANNELS", ("channelID", "signalTypeID"), signals)
    text.write(f"CHECKSUM,{len(text.getvalue())}\r\n")
    response = HttpResponse(text.getvalue(), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="hoi_system_{chosen.id}.csv"'
    return response


_SYSTEM_COLUMNS = (
    "id",
    "owner_id_id",
    "lidar_version_id",
    "name",
    "configuration",
    "height_asl",
    "Latitude",
    "Longitude",
    "lidar_pointing_angle",
)
_CHANNEL_COLUMNS = (
    "id",
    "_telescope_id_id",
    "_laser_id_id",
    "_scat_mechanism_id_id",
    "_detection_mode_id_id",
    "if_center",
    "if_fwhm",
    "emission_wavelength",
    "raw_range_resolution",
    "dead_time",
    "trigger_delay",
    "first_signal_rangebin",
)


def _system_row(chosen: HoiSystems) -> tuple[object, ...]:
    station = chosen.station
    return (
        chosen.id,
        station.id,
        chosen.lidar_version_id,
        chosen.name,
        chosen.configuration,
        station.height_asl,
        station.latitude,
        station.longitude,
        chosen.pointing_angle,
    )


def _channel_row(channel: HoiChannels) -> tuple[object, ...]:
    return (
        channel.id,
        channel.system_id,
        channel.system_id,
        channel.scattering_mechanism,
        channel.detection_mode,
        channel.detection_wavelength,
        1.0,
        channel.emission_wavelength,
        channel.raw_range_resolution,
        "0E-8",
        channel.trigger_delay,
        channel.first_signal_rangebin,
    )


def _section(text: io.StringIO, name: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """A line with the name, a header, the rows and a blank line; an empty section has only its name (5.1)."""
    writer = csv.writer(text)
    writer.writerow([name])
    if rows:
        writer.writerow(columns)
        writer.writerows(rows)
    writer.writerow([])
