"""Serving a WSGI callable on loopback: HTTP/1.1 with keep-alive and streaming. Knows nothing of the SCC."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from cheroot.wsgi import Server

if TYPE_CHECKING:
    from wsgiref.types import WSGIApplication

__all__ = ["serving"]

_LOOPBACK = "127.0.0.1"
_THREADS = 8

_log = logging.getLogger("scckit_emulator")


class _Server(Server):
    """Cheroot's server, but it stops at once, and what goes wrong goes to the log and not to standard error."""

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
    server.prepare()
    thread = threading.Thread(target=server.serve, name="scckit-emulator", daemon=True)
    thread.start()
    try:
        yield f"http://{_LOOPBACK}:{server.bind_addr[1]}/"
    finally:
        server.stop()
        thread.join()
