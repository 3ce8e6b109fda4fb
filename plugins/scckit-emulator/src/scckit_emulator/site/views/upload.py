"""The quick upload: a raw file and its ancillary files become a measurement (scc-interface.md 2.2, 4.6)."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from scckit_emulator import chain, runtime
from scckit_emulator.clock import database_time
from scckit_emulator.intake import Incomplete, Refused, check_ancillary, check_sounding, read_raw
from scckit_emulator.site.forms import QuickUploadForm
from scckit_emulator.site.models import (
    MISSING,
    HoiSystems,
    LidarRatioFiles,
    Measurements,
    OverlapFiles,
    SoundingFiles,
    start_complete,
)

__all__ = ["quick"]

_Kind = TypeVar("_Kind", SoundingFiles, OverlapFiles, LidarRatioFiles)

_HOUR = 3600.0
#: Form field, table, and name in messages.
_ANCILLARY: tuple[tuple[str, type[SoundingFiles | OverlapFiles | LidarRatioFiles], str], ...] = (
    ("sounding_file", SoundingFiles, "sounding file"),
    ("overlap_file", OverlapFiles, "overlap file"),
    ("lidar_ratio_file", LidarRatioFiles, "lidar ratio file"),
)


def quick(request: HttpRequest) -> HttpResponse:
    """The form; and what becomes of it: a redirect to the new measurement, or the form again with the reasons."""
    if request.method != "POST":
        return _page(request, QuickUploadForm())
    form = QuickUploadForm(request.POST, request.FILES)
    if not form.is_valid():
        return _page(request, form, alerts=[str(text) for texts in form.errors.values() for text in texts])
    data = form.cleaned_data["data"]
    if not data:
        return _page(request, form, beside_data="Error: this field is required.")
    try:
        # All or nothing: a refused measurement leaves none of its ancillary files behind. And one after another: the
        # database lets one transaction write at a time, so that of two uploads of an ID one finds the other.
        with transaction.atomic():
            measurement = _register(form, data)
    except Incomplete as error:
        return _page(request, form, beside_data=str(error))
    except Refused as error:
        return _page(request, form, alerts=[str(error)])
    return redirect("measurement", measurement_id=measurement.id)


def _page(
    request: HttpRequest, form: QuickUploadForm, *, alerts: list[str] | None = None, beside_data: str = ""
) -> HttpResponse:
    return render(request, "scc/quick.html", {"form": form, "alerts": alerts or [], "beside_data": beside_data})


def _register(form: QuickUploadForm, data: UploadedFile[bytes]) -> Measurements:
    raw = read_raw(_path(data))
    if Measurements.objects.filter(pk=raw.measurement_id).exists():
        raise Refused(f"A measurement with ID {raw.measurement_id} already exists. Delete it first to upload it again.")
    for field, table, name in _ANCILLARY:
        file = form.cleaned_data[field]
        if file:
            _take_ancillary(table, file, name)
    state = runtime.current()
    system: HoiSystems = form.cleaned_data["system"]
    now = state.clock.now()
    files = {
        "sounding_file": _referred(SoundingFiles, raw.sounding),
        "overlap_file": _referred(OverlapFiles, raw.overlap),
        "lidar_ratio_file": _referred(LidarRatioFiles, raw.lidar_ratio),
    }
    waits = any(file is not None and file.status == MISSING for file in files.values())
    order = chain.Order(
        since=None if waits else now,
        delay_until=now + _HOUR * (form.cleaned_data["delay"] or 0),
        modules=chain.modules_of(is_calibration=system.is_calibration),
        kept={},
        failing=state.behaviour.failing(raw.measurement_id, system.id),
        pace=state.behaviour.pace,
    )
    moment = database_time(state.clock.datetime())
    measurement = Measurements.objects.create(
        id=raw.measurement_id,
        station=system.station,
        system=system,
        start=database_time(raw.start),
        stop=database_time(raw.stop),
        categories=form.chosen_categories(),
        creation_date=moment,
        updated_date=moment,
        latitude=raw.latitude,
        longitude=raw.longitude,
        height_asl=raw.altitude,
        order=order.to_json(),
        arrived=now,
        **files,
    )
    _keep(measurement, data)
    return measurement


def _path(file: UploadedFile[bytes]) -> Path:
    # Django has streamed it to a temporary file.
    return Path(file.temporary_file_path())  # type: ignore[attr-defined] # the one upload handler makes only such files


def _take_ancillary(
    table: type[SoundingFiles | OverlapFiles | LidarRatioFiles], file: UploadedFile[bytes], name: str
) -> None:
    if table is SoundingFiles:
        check_sounding(_path(file))
    else:
        check_ancillary(_path(file), name)
    state = runtime.current()
    known = table.objects.filter(filename=file.name).first()
    if known is not None and known.status != MISSING:
        # Files are matched by name only, and a file cannot be replaced (4.6).
        raise Refused(f"A {name} named {file.name} already exists.")
    stored = known or table(filename=file.name)
    stored.status = "ok"
    stored.submission_date = database_time(state.clock.datetime())
    stored.save()
    start_complete(stored)


def _referred(table: type[_Kind], filename: str) -> _Kind | None:
    if not filename:
        return None
    return table.objects.get_or_create(filename=filename, defaults={"status": MISSING})[0]


def _keep(measurement: Measurements, data: UploadedFile[bytes]) -> None:
    folder = runtime.current().raw / measurement.id
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / f"{measurement.id}.nc").open("wb") as target:
        for chunk in data.chunks():
            target.write(chunk)
