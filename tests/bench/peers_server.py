"""The emulator as the server of the comparison with other clients, with one large product, and taking large uploads.

Arguments: how many measurements there are; the file of the archive that one more has as its optical products. What the
emulator takes longer for than any client, and on the same cores, passes it by: to make such an archive, to look into what
is uploaded, and to find an archive again that it has given before. Each answer can be kept back for a while:
``/latency/<seconds>`` says for how long.

It writes its base URL and its account to standard output, as JSON, and ends when its standard input does.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final
from wsgiref.util import FileWrapper

from scckit.models.ids import MeasurementID
from scckit.site import routes
from scckit_emulator import Behaviour, Emulator
from scckit_emulator.server import serving

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment

__all__ = ["LARGE", "LATENCY", "SENT"]

#: The measurement with the large product.
LARGE: Final = "20240321aky2000"
#: One that it has not, so that it can be sent.
SENT: Final = "20260321aky2000"
LATENCY: Final = "/latency/"
_PIECE: Final = 256 * 1024
_PAGE: Final = f"<h3>Measurement {SENT} <small>aky</small></h3>".encode()


class _Site:
    """The emulator, late, and what passes it by."""

    def __init__(self, emulator: Emulator, archive: Path) -> None:
        self._emulator = emulator
        self._archive = archive
        self._latency = 0.0
        self._kept: dict[str, bytes] = {}

    def __call__(self, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        path = environ["PATH_INFO"]
        if path.startswith(LATENCY):
            self._latency = float(path.removeprefix(LATENCY))
            return _answer(start)
        time.sleep(self._latency)
        if path == f"/{routes.download(MeasurementID(LARGE), 'download-optical/')}":
            start("200 OK", _zip(self._archive.stat().st_size))
            return FileWrapper(self._archive.open("rb"), _PIECE)
        if path == f"/{routes.measurement(MeasurementID(SENT))}":
            return _answer(start, _PAGE)
        if "/download-" in path:
            return self._keeping(path, environ, start)
        if path == f"/{routes.UPLOAD}" and environ["REQUEST_METHOD"] == "POST":
            while environ["wsgi.input"].read(_PIECE):
                pass
            start("302 Found", [("Location", f"/{routes.measurement(MeasurementID(SENT))}"), ("Content-Length", "0")])
            return []
        return self._emulator.wsgi(environ, start)

    def _keeping(self, path: str, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        if path in self._kept:
            start("200 OK", _zip(len(self._kept[path])))
            return [self._kept[path]]
        heads: list[tuple[str, list[tuple[str, str]]]] = []

        def note(status: str, headers: list[tuple[str, str]], *_: object) -> Callable[[bytes], object]:
            heads.append((status, headers))
            return start(status, headers)

        body = b"".join(self._emulator.wsgi(environ, note))
        if ("Content-Type", "application/zip") in heads[-1][1]:
            self._kept[path] = body
        return [body]


def _zip(length: int) -> list[tuple[str, str]]:
    return [("Content-Type", "application/zip"), ("Content-Length", str(length))]


def _answer(start: StartResponse, page: bytes = b"") -> Iterable[bytes]:
    start("200 OK", [("Content-Type", "text/html"), ("Content-Length", str(len(page)))])
    return [page]


def _serve(measurements: int, archive: Path) -> None:
    # The generation that the other clients were written for.
    with (
        Emulator(behaviour=Behaviour(generation="legacy"), speed=0, seed_measurements=measurements) as emulator,
        serving(_Site(emulator, archive)) as base_url,
    ):
        start = datetime(2024, 3, 21, 20, tzinfo=UTC)
        emulator.add_measurement(LARGE, system=437, start=start, stop=start + timedelta(hours=1))
        sys.stdout.write(json.dumps({"base_url": base_url, **asdict(emulator.account)}) + "\n")
        sys.stdout.flush()
        sys.stdin.read()


if __name__ == "__main__":
    _serve(int(sys.argv[1]), Path(sys.argv[2]))
