"""Serving a WSGI callable on loopback: HTTP/1.1 with keep-alive and streaming. Knows nothing of the SCC.

What the callable does wrong is done to the socket: where it raises ConnectionResetError the connection is reset, and where
it gives another number of bytes than it announced, they go out as they are and the connection ends.
"""

from __future__ import annotations

import logging
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from cheroot.server import HTTPConnection
from cheroot.wsgi import Gateway_10, Server

if TYPE_CHECKING:
    from wsgiref.types import WSGIApplication

__all__ = ["serving"]

_LOOPBACK = "127.0.0.1"
_THREADS = 8

_log = logging.getLogger("scckit_emulator")


class _Connection(HTTPConnection):
    """Cheroot's connection, but it can end in a reset."""

    torn = False

    def close(self) -> None:
        if self.torn:
            self.rfile.close()
            # Lingering for no time makes a reset of the close; cheroot's own close would first end it in good order.
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.socket.close()
        else:
            super().close()
        # Cheroot leaves its writer open: what a client did not take would be tried again, in vain, when it is collected.
        with suppress(OSError):
            self.wfile.close()


class _Gateway(Gateway_10):
    """Cheroot's gateway, but it does not mend what the application does wrong."""

    sent = 0

    def respond(self) -> None:
        try:
            super().respond()
        except ConnectionResetError:
            self.req.conn.torn = True
            raise  # cheroot ends the connection
        if (
            self.remaining_bytes_out is not None
            and self.sent != self.remaining_bytes_out
            and self.req.method != b"HEAD"
        ):
            # The client still waits for more, or would take the surplus for the next answer.
            self.req.close_connection = True

    def write(self, chunk: bytes) -> None:
        self.sent += len(chunk)
        self.req.ensure_headers_sent()
        self.req.write(chunk)


class _Server(Server):
    """Cheroot's server, but it stops at once, and what goes wrong goes to the log and not to standard error."""

    ConnectionClass = _Connection
    expiration_interval = 0.05  # s; how often it looks whether it should stop

    def error_log(self, msg: str = "", level: int = logging.INFO, traceback: bool = False) -> None:  # noqa: FBT001, FBT002 - cheroot's form
        _log.log(level, msg, exc_info=traceback)


@contextmanager
def serving(application: WSGIApplication, port: int = 0) -> Iterator[str]:
    """Serve while the block runs.

    Args:
        application: What to serve.
        port: Port on loopback; 0 takes a free one.

    Yields:
        The base URL, with its final slash.

    Raises:
        OSError: The port cannot be used.
    """
    server = _Server(
        (_LOOPBACK, port), application, numthreads=_THREADS, server_name="scckit-emulator", shutdown_timeout=2
    )
    server.gateway = _Gateway
    server.prepare()
    thread = threading.Thread(target=server.serve, name="scckit-emulator", daemon=True)
    thread.start()
    try:
        yield f"http://{_LOOPBACK}:{server.bind_addr[1]}/"
    finally:
        server.stop()
        thread.join()
