"""The process that mirrors a made-up server; argument: how many measurements it has. Nothing is downloaded, all is looked at."""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs

import scckit
from scckit.batches import Outcome, OutcomeState
from scckit.client import Search
from scckit.mirror.catalogue import Catalogue
from scckit.mirror.layout import Layout
from scckit.mirror.update import Job, Server, Update, Window
from scckit.operations import SearchMeasurements
from scckit.site import routes
from scckit.testing import WSGITransport

from ..kinds import TextKind
from . import stand_in
from .processes import give, peak_memory

__all__ = ["ROWS"]

ROWS: Final = 100
#: Measurements of the new day.
_DAY: Final = 300
_KINDS: Final = {name: TextKind(name) for name in ("elda", "elpp")}


class _Lists:
    """A WSGI application with a sign-in and a list that obeys the dates of its filter; it keeps nothing but counts."""

    def __init__(self, measurements: int) -> None:
        self.measurements = measurements
        self.requests = 0

    def __call__(self, environ: dict[str, Any], start: Callable[..., object]) -> Iterable[bytes]:
        """Answer one request."""
        status, headers, text = self._answer(environ["REQUEST_METHOD"], environ["PATH_INFO"], environ["QUERY_STRING"])
        body = text.encode()
        start(status, [("Content-Type", "text/html"), ("Content-Length", str(len(body))), *headers])
        return [body]

    def _answer(self, method: str, path: str, query: str) -> tuple[str, list[tuple[str, str]], str]:
        if path.endswith(routes.ADMIN_MEASUREMENTS):
            self.requests += 1
            asked = parse_qs(query)
            # The links of a page lead on without the filter, as those of the real list lead on with it.
            self._first = _number(asked["start__gte"][0]) if "start__gte" in asked else self._first
            pages = (self.measurements - self._first) // ROWS
            return "200 OK", [], stand_in.change_list(int(asked.get("p", ["1"])[0]), pages, ROWS, self._first)
        if path.endswith(routes.SIGN_IN) and method == "POST":
            return "302 Found", [("Location", "/"), ("Set-Cookie", stand_in.SESSION_COOKIE)], ""
        return "200 OK", [("Set-Cookie", stand_in.CSRF_COOKIE)], stand_in.SIGN_IN

    _first = 0


def _number(text: str) -> int:
    moment = datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=stand_in.FIRST.tzinfo)
    return int((moment - stand_in.FIRST).total_seconds() // 60)


def _absent(jobs: Iterator[Job]) -> Iterator[Outcome]:
    return (Outcome(job.measurement.id, OutcomeState.ABSENT) for job in jobs)


def _run(folder: Path, lists: _Lists, first: int) -> float:
    """Let a mirror look at all from a measurement on; return the seconds."""
    with scckit.connect(
        "https://scc.example/", credentials=stand_in.CREDENTIALS, transport=WSGITransport(lists)
    ) as scc:
        scc.sign_in()
        server = Server(
            scc.base_url,
            lambda window: Search(scc, SearchMeasurements(window.start, window.stop)),
            lambda _: None,
            _absent,
        )
        window = Window(stand_in.FIRST + timedelta(minutes=first), None, None, _KINDS)
        layout = Layout(folder)
        catalogue = Catalogue(layout.catalogue)
        begin = time.perf_counter()
        report = Update(server, catalogue, layout, window, keep_versions=False, now=time.time).run()
        seconds = time.perf_counter() - begin
        catalogue.close()
    if report.seen != lists.measurements - first:
        raise RuntimeError(f"{report.seen} of {lists.measurements - first} measurements were seen")
    return seconds


def _main(measurements: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        lists = _Lists(measurements)
        figures: dict[str, list[float]] = {"first": [_run(folder, lists, 0)], "day": []}
        for _ in range(9):
            before = lists.measurements
            lists.measurements += _DAY
            lists.requests = 0
            os.sync()  # what the run before has written is not to be waited for
            figures["day"].append(_run(folder, lists, before))
        figures["requests"], figures["new"] = [lists.requests], [_DAY]
        figures["size"] = [sum(path.stat().st_size for path in folder.glob("*.sqlite*"))]
        figures["memory"] = [peak_memory()]
    give(figures)


if __name__ == "__main__":
    _main(int(sys.argv[1]))
