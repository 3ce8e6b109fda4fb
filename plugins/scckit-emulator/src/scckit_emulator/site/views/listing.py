"""The old list of measurements, before the API took its place (scc-interface.md 2.6)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from scckit_emulator.site.models import Measurements

__all__ = ["measurements"]

_STATUSES = ("upload_status", "preprocessing_status", "optical_processing_status")
#: All must be there, empty if unused, or there are no results.
_PARAMETERS = ("station", "system", "start", "stop", *_STATUSES)


@dataclass(frozen=True)
class _Row:
    measurement: Measurements
    statuses: tuple[int, int, int]


def measurements(request: HttpRequest) -> HttpResponse:
    """The list."""
    given = {name: request.GET.get(name) for name in _PARAMETERS}
    rows: list[_Row] = []
    if None not in given.values():
        wanted = {name: value or "" for name, value in given.items()}
        rows = [row for row in map(_row, _chosen(wanted)) if _has_statuses(row, wanted)]
    return render(request, "scc/measurements.html", {"rows": rows, "parameters": given})


def _chosen(wanted: dict[str, str]) -> QuerySet[Measurements]:
    chosen = Measurements.objects.select_related("system")
    if wanted["station"]:
        chosen = chosen.filter(station_id=wanted["station"])
    if wanted["system"]:
        chosen = chosen.filter(system_id=wanted["system"]) if wanted["system"].isdigit() else chosen.none()
    try:
        if wanted["start"]:
            chosen = chosen.filter(start__gte=datetime.fromisoformat(wanted["start"]))
        if wanted["stop"]:
            chosen = chosen.filter(stop__lte=datetime.fromisoformat(wanted["stop"]))
    except ValueError:
        return chosen.none()
    return chosen


def _row(measurement: Measurements) -> _Row:
    statuses = measurement.progress().statuses
    optical = statuses["eldec" if measurement.is_calibration else "elda"]
    return _Row(measurement, (measurement.upload, statuses["elpp"], optical))


def _has_statuses(row: _Row, wanted: dict[str, str]) -> bool:
    return all(wanted[name] in {"", str(status)} for name, status in zip(_STATUSES, row.statuses, strict=True))
