"""The page of a measurement and its restarts (scc-interface.md 2.2, 2.3)."""

from __future__ import annotations

from typing import get_args

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render

from scckit_emulator import chain
from scckit_emulator.site.models import Measurements

__all__ = ["page", "rerun"]

_STATES = {
    chain.NOT_RUN: "not executed",
    chain.RUNNING: "in progress",
    chain.DONE: "OK",
    chain.FAILED: "failed",
}


def page(request: HttpRequest, measurement_id: str) -> HttpResponse:
    """The status page."""
    measurement = get_object_or_404(Measurements, pk=measurement_id)
    statuses = measurement.progress().statuses
    modules = [
        {"name": name, "state": _STATES[status], "exit": measurement.exit_code(name, status)}
        for name, status in statuses.items()
    ]
    context = {"measurement": measurement, "modules": modules, "missing": measurement.missing_files()}
    return render(request, "scc/measurement.html", context)


def rerun(request: HttpRequest, measurement_id: str, scope: str) -> HttpResponse:
    """Restart modules: a change of state by GET, without a token (2.3)."""
    scopes: tuple[chain.Scope, ...] = get_args(chain.Scope)
    measurement = get_object_or_404(Measurements, pk=measurement_id)
    for known in scopes:
        if known == scope:
            measurement.restart(known)
            messages.success(request, "The processing chain was restarted")
            return redirect("measurement", measurement_id=measurement.id)
    raise Http404(f"no restart {scope}")
