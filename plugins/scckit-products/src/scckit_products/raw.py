"""Raw files, as they were uploaded: facts of them (scc-interface.md 8)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from attrs import frozen

from scckit.models import Problem, ProductName
from scckit_products.kind import NetCDFKind, compare

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["RAW"]


@frozen(eq=False)
class _RawKind(NetCDFKind):
    """The one kind whose files may have any name; its attributes are spelt differently too (8.3)."""

    def owns(self, member: str, /) -> bool:
        """Take every file: the archive holds what was uploaded, under the name that it was given."""
        return bool(member)

    def _disagreeing(self, attributes: Mapping[str, Any], name: ProductName) -> Iterator[Problem]:
        yield from compare(attributes, "Measurement_ID", name.measurement_id)
        for attribute in ("RawData_Start_Date", "RawData_Start_Time_UT", "RawData_Stop_Time_UT"):
            yield from compare(attributes, attribute, None)

    def _told(self, dataset: xr.Dataset, name: ProductName) -> Iterator[str]:
        told = {attribute: str(value).strip() for attribute, value in dataset.attrs.items()}
        yield f"raw {told.get('Measurement_ID') or name.measurement_id or '?'}"
        start, stop = (_clock(told.get(f"RawData_{edge}_Time_UT", "")) for edge in ("Start", "Stop"))
        yield f"{_day(told.get('RawData_Start_Date', ''))} {start} to {stop} UTC"
        sizes = dataset.sizes
        yield from (f"{sizes[one]} {word}{'s' * (sizes[one] != 1)}" for one, word in _COUNTED if one in sizes)


_COUNTED: Final = (("channels", "channel"), ("time", "profile"), ("points", "bin"))


def _day(text: str) -> str:
    """``20170227`` -> ``2017-02-27``; a text of another form stays as it is."""
    return f"{text[:4]}-{text[4:6]}-{text[6:]}" if len(text) == len("YYYYMMDD") else text or "?"


def _clock(text: str) -> str:
    """``112300`` -> ``11:23:00``; a text of another form stays as it is."""
    return f"{text[:2]}:{text[2:4]}:{text[4:]}" if len(text) == len("HHMMSS") else text or "?"


RAW: Final = _RawKind(
    name="raw",
    route="download-raw/",
    module=None,
    part="raw",
    dimensions=("time", "channels", "points", "nb_of_time_scales", "scan_angles"),
    variables=(
        "Raw_Lidar_Data",
        "Raw_Data_Start_Time",
        "Raw_Data_Stop_Time",
        "Laser_Shots",
        "Laser_Pointing_Angle",
        "Laser_Pointing_Angle_of_Profiles",
        "Background_Low",
        "Background_High",
        "Molecular_Calc",
        "id_timescale",
        ("channel_ID", "channel_string_ID"),
    ),
)
