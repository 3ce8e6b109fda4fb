"""Downloads: each a zip with one folder named by the measurement (scc-interface.md 2.4, 6.1)."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import IO

from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render

from scckit_emulator import chain, runtime
from scckit_emulator.site.models import Measurements
from scckit_emulator.site.products import archive_of, raw_file, write_archive

__all__ = ["download"]

#: Tail of the address, and the modules that it serves; plots come with ELDA (2.4).
_MODULES: dict[str, tuple[str, ...]] = {
    "hirelpp": ("hirelpp",),
    "cloudmask": ("cloudmask",),
    "preprocessed": ("elpp",),
    "optical": ("elda", "eldec"),
    "plots": ("elda",),
    "elic": ("elic",),
    "elquick": ("elquick",),
}


def download(request: HttpRequest, measurement_id: str, what: str) -> HttpResponseBase:
    """An archive of the products of modules that are done."""
    measurement = get_object_or_404(Measurements, pk=measurement_id)
    if what == "raw":
        return _archive(measurement, what, [raw_file(measurement)])
    if what not in _MODULES:
        raise Http404(f"no download {what}")
    statuses = measurement.progress().statuses
    done = [module for module in _MODULES[what] if statuses[module] == chain.DONE]
    if done:
        kinds = ["plots"] if what == "plots" else done
        return _answer(measurement, what, archive_of(measurement, what, kinds).open("rb"))
    return _nothing(request, measurement, what)


def _nothing(request: HttpRequest, measurement: Measurements, what: str) -> HttpResponseBase:
    answer = runtime.current().behaviour.missing_product
    if answer == "empty_zip":
        return _archive(measurement, what, [])
    if answer == "page":
        return render(request, "scc/no_product.html", {"measurement": measurement, "what": what})
    return HttpResponse("Not Found", status=404, content_type="text/html; charset=utf-8")


def _archive(measurement: Measurements, what: str, files: Iterable[Path]) -> FileResponse:
    # An unnamed file: it is gone when the response has been sent.
    target = tempfile.TemporaryFile(dir=runtime.current().uploads)  # noqa: SIM115 - the response closes it
    write_archive(target, measurement.id, files)
    target.seek(0)
    return _answer(measurement, what, target)


class _Archive(FileResponse):
    # Django's own 4 KiB would take longer than all else that a download takes.
    block_size = 256 * 1024


def _answer(measurement: Measurements, what: str, archive: IO[bytes]) -> FileResponse:
    return _Archive(
        archive, as_attachment=True, filename=f"{what}_{measurement.id}.zip", content_type="application/zip"
    )
