"""The inner layer: who has not signed in gets no further (scc-interface.md 1.3). What he gets instead is a behaviour."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from scckit_emulator import runtime
from scckit_emulator.behaviour import Area
from scckit_emulator.site.views.accounts import sign_in

__all__ = ["SignInMiddleware"]

#: What can be had without signing in; the export asks for the HTTP account only (scc-interface.md 5.1).
_OPEN = re.compile(r"/(accounts/|static/|admin/database/hoisystems/export/)")
_DOWNLOAD = re.compile(r"/data_processing/measurements/[^/]+/download-")


class SignInMiddleware:
    """Stops requests without a session before they reach a view."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Pass the request on."""
        return self._get_response(request)

    def process_view(self, request: HttpRequest, *_: Any) -> HttpResponseBase | None:  # noqa: ANN401 - Django's form
        """Answer instead of the view where there is no session."""
        if request.user.is_authenticated or _OPEN.match(request.path):
            return None
        answer = runtime.current().behaviour.without_session(_area(request.path))
        if answer == "401":
            return HttpResponse("Unauthorized", status=401, content_type="text/plain")
        if answer == "form":
            # Posting the form to the very address signs in and goes on to it.
            return sign_in(request, next_page=request.get_full_path())
        return redirect_to_login(request.get_full_path())


def _area(path: str) -> Area:
    if path.startswith("/api/"):
        return "api"
    return "download" if _DOWNLOAD.match(path) else "page"
