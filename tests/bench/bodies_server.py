"""A made-up SCC on loopback that gives one large archive and takes large uploads.

Arguments: the file of the archive; how many bytes a second it gives, 0 for as many as it can. It sends the archive with
``sendfile`` and throws away what it is sent, so that it takes as little as can be of what is measured. It writes its base
URL to standard output, and ends when its standard input does.
"""

from __future__ import annotations

import sys
import time
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

from scckit.site import routes

from . import stand_in

__all__: list[str] = []

_PIECE = 1024 * 1024


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        """Send a page or the archive."""
        if "/download-" in self.path:
            self._send_archive(Path(sys.argv[1]))
        elif self.path.endswith(routes.SIGN_IN):
            self._send(stand_in.SIGN_IN, cookie=stand_in.CSRF_COOKIE)
        elif self.path.endswith(routes.UPLOAD):
            self._send(stand_in.UPLOAD)
        elif stand_in.ID in self.path:
            self._send(stand_in.UPLOADED)
        else:
            self._send(stand_in.HOME)

    def do_POST(self) -> None:
        """Take a sign-in or an upload."""
        left, piece = int(self.headers["Content-Length"]), memoryview(bytearray(_PIECE))
        while left:
            left -= self.rfile.readinto(piece[: min(left, _PIECE)])
        if self.path.endswith(routes.SIGN_IN):
            self._send("", location="/", cookie=stand_in.SESSION_COOKIE)
        else:
            self._send("", location=f"/data_processing/measurements/{stand_in.ID}/")

    def _send(self, text: str, *, location: str = "", cookie: str = "") -> None:
        body = text.encode()
        self.send_response(HTTPStatus.FOUND if location else HTTPStatus.OK)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        for name, value in (("Location", location), ("Set-Cookie", cookie)):
            if value:
                self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def _send_archive(self, archive: Path) -> None:
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", "application/zip")
        self.send_header("Content-Length", str(archive.stat().st_size))
        self.end_headers()
        rate = float(sys.argv[2])
        with archive.open("rb") as file:
            begin = time.perf_counter()
            while rate and self.connection.sendfile(file, file.tell(), _PIECE):
                time.sleep(max(0.0, begin + file.tell() / rate - time.perf_counter()))
            if not rate:
                self.connection.sendfile(file)


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of clients that hang up, as ours do on a body that they have no use for."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]  # passed on as it came


def _serve() -> None:
    with _Server(("127.0.0.1", 0), _Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        sys.stdout.write(f"http://127.0.0.1:{server.server_port}/\n")
        sys.stdout.flush()
        sys.stdin.read()
        server.shutdown()


if __name__ == "__main__":
    _serve()
