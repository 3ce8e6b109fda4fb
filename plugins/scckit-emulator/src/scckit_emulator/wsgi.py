"""The outer layer: HTTP Basic in front of the whole site, as a WSGI callable around another (scc-interface.md 1.1).

Further layers can be put around or between in the same way.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from scckit_emulator.account import Account

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

__all__ = ["BasicAuth", "Closing"]

_REFUSAL = b"<!DOCTYPE html><html><head><title>401 Unauthorized</title></head><body><h1>Unauthorized</h1></body></html>"


class Closing:
    """Closes this thread's connections to the database when an answer has begun.

    In process, an answer may be read and closed by other threads than the one that asked, and Django closes connections
    where the answer is closed.

    Args:
        application: What is behind.
        close: Closes the connections of the calling thread.
    """

    def __init__(self, application: WSGIApplication, close: Callable[[], None]) -> None:
        self._application = application
        self._close = close

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Pass the request on."""
        try:
            return self._application(environ, start_response)
        finally:
            self._close()


class BasicAuth:
    """Asks every request for the shared HTTP account.

    Args:
        application: What is behind.
        account: Whose pair is asked for.
    """

    def __init__(self, application: WSGIApplication, account: Account) -> None:
        self._application = application
        self._expected = f"{account.http_user}:{account.http_password}".encode()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer 401, or let the request pass."""
        if self._allows(environ.get("HTTP_AUTHORIZATION", "")):
            return self._application(environ, start_response)
        start_response(
            "401 Unauthorized",
            [
                ("Content-Type", "text/html; charset=utf-8"),
                ("Content-Length", str(len(_REFUSAL))),
                ("WWW-Authenticate", 'Basic realm="SCC"'),
            ],
        )
        return [_REFUSAL]

    def _allows(self, header: str) -> bool:
        scheme, _, encoded = header.partition(" ")
        if scheme.lower() != "basic":
            return False
        try:
            given = base64.b64decode(encoded.strip(), validate=True)
        except (binascii.Error, ValueError):
            return False
        return hmac.compare_digest(given, self._expected)
