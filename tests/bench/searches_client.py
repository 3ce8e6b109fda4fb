"""The process that goes through 100 000 measurements; argument: ``traced`` (by tracemalloc) or ``held`` (by the system)."""

from __future__ import annotations

import sys
import tracemalloc
from collections.abc import Callable, Iterable
from typing import Any, Final
from urllib.parse import parse_qs

import scckit
from scckit.site import routes
from scckit.testing import WSGITransport

from . import stand_in
from .processes import give, peak_memory

__all__ = ["EARLY", "PAGES", "ROWS"]

PAGES: Final = 1000
ROWS: Final = 100
#: By this page everything that is made once has been made.
EARLY: Final = 10


class _Lists:
    """A WSGI application that has a sign-in and a very long list, and keeps nothing but a count."""

    def __init__(self) -> None:
        self.pages = 0

    def __call__(self, environ: dict[str, Any], start: Callable[..., object]) -> Iterable[bytes]:
        """Answer one request."""
        status, headers, text = self._answer(environ["REQUEST_METHOD"], environ["PATH_INFO"], environ["QUERY_STRING"])
        body = text.encode()
        start(status, [("Content-Type", "text/html"), ("Content-Length", str(len(body))), *headers])
        return [body]

    def _answer(self, method: str, path: str, query: str) -> tuple[str, list[tuple[str, str]], str]:
        if path.endswith(routes.ADMIN_MEASUREMENTS):
            self.pages += 1
            page = int(parse_qs(query).get("p", ["1"])[0])
            return "200 OK", [], stand_in.change_list(page, PAGES, ROWS)
        if path.endswith(routes.SIGN_IN) and method == "POST":
            return "302 Found", [("Location", "/"), ("Set-Cookie", stand_in.SESSION_COOKIE)], ""
        return "200 OK", [("Set-Cookie", stand_in.CSRF_COOKIE)], stand_in.SIGN_IN


def _search(memory: Callable[[], int]) -> dict[str, list[float]]:
    """Go through all measurements.

    Raises:
        RuntimeError: They were not all there.
    """
    server = _Lists()
    figures: dict[str, list[float]] = {}
    rows = 0
    with scckit.connect(
        "https://scc.example/", credentials=stand_in.CREDENTIALS, transport=WSGITransport(server)
    ) as scc:
        for rows, _ in enumerate(scc.measurements.search(stand_in.FIRST), start=1):
            if rows == 1:
                figures["pages at first row"] = [server.pages]
            if rows == EARLY * ROWS:
                figures["early"] = [memory()]
    figures["late"] = [memory()]
    figures["pages"] = [server.pages]
    if rows != PAGES * ROWS:
        msg = f"the list has {PAGES * ROWS} rows, the search gave {rows}"
        raise RuntimeError(msg)
    return figures


def _traced_peak() -> int:
    return tracemalloc.get_traced_memory()[1]


if __name__ == "__main__":
    if sys.argv[1] == "traced":
        tracemalloc.start()
        give(_search(_traced_peak))
    else:
        give(_search(peak_memory))
