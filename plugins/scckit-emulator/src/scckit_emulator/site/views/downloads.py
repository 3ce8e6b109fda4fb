"""Downloads: each a zip with one folder named by the measurement (scc-interface.md 2.4, 6.1)."""

from __future__ import annotations

import tempfile
import zipfile
from collections.abc import Iterable
from pathlib import Path

from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render

from scckit_emulator import chain, runtime
from scckit_emulator.site.models import Measurements
from scckit_emulator.site.products import files_of, raw_file

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
#: One time stamp for all members, so that the same products make the same archive.
_STAMP = (2000, 1, 1, 0, 0, 0)


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
        return _archive(measurement, what, [file for kind in kinds for file in files_of(measurement, kind)])
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
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in files:
            # No entry for the folder itself: the clients would take it for a file (6.1).
            member = zipfile.ZipInfo(f"{measurement.id}/{file.name}", _STAMP)
            member.compress_type = zipfile.ZIP_DEFLATED
            member.external_attr = 0o644 << 16
            archive.writestr(member, file.read_bytes())
    target.seek(0)
    return FileResponse(
        target, as_attachment=True, filename=f"{what}_{measurement.id}.zip", content_type="application/zip"
    )
