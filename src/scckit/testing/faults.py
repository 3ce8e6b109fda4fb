"""A transport that fails on demand, around any other: for tests of what a tool does when the network does not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from enum import Enum
from typing import Final

from scckit.errors import ConnectionBroken, ConnectionFailed
from scckit.session.messages import Exchange, Head, Headers, Request, Transport

__all__ = ["Fault", "FaultyTransport"]


class Fault(Enum):
    """What goes wrong with one exchange."""

    #: No connection is made; the server sees nothing.
    REFUSED = "refused"
    #: The server acts, its answer is lost.
    LOST = "lost"
    #: The server's front is overloaded: 503 without the server having acted.
    BUSY = "busy"
    #: The server's front is overloaded and says when to come back: 429 with ``Retry-After``.
    LATER = "later"
    #: The server acts, and its answer turns into a 502 on the way.
    BAD_GATEWAY = "bad gateway"
    #: The server acts; of the body of its answer, half arrives.
    CUT = "cut"
    #: The server acts; a page of somebody else comes with status 200 in place of its answer.
    CAPTIVE = "captive"


_PAGE: Final = b"<!DOCTYPE html><html><head><title>Maintenance</title></head><body><h1>Maintenance</h1></body></html>"
_HTML: Final = ("Content-Type", "text/html; charset=utf-8")


class FaultyTransport:
    """Carries requests by another transport, and lets some of them fail.

    Args:
        transport: Does the work.
        plan: Is asked before each request for what goes wrong with it; None for nothing.

    Example:
        >>> from scckit.testing import Answer, ScriptTransport
        >>> from scckit.plugins import Request
        >>> faulty = FaultyTransport(ScriptTransport(Answer(200)), lambda request: Fault.BUSY)
        >>> faulty.open(Request("GET", "https://scc.example/")).head.status
        503
    """

    def __init__(self, transport: Transport, plan: Callable[[Request], Fault | None]) -> None:
        """Wrap a transport; closing this closes it."""
        self._transport = transport
        self._plan = plan

    def open(self, request: Request, /) -> Exchange:
        """Send a request, or do what the plan says.

        Raises:
            ConnectionFailed: The fault was ``REFUSED``.
            ConnectionBroken: The fault was ``LOST``.
        """
        fault = self._plan(request)
        if fault is Fault.REFUSED:
            raise ConnectionFailed("no connection, on demand; nothing was sent")
        if fault is Fault.BUSY:
            return _Made(503, request.url, (_HTML,), _PAGE)
        if fault is Fault.LATER:
            return _Made(429, request.url, (_HTML, ("Retry-After", "7")), b"")
        exchange = self._transport.open(request)
        if fault is None:
            return exchange
        if fault is Fault.CUT:
            return _Cut(exchange)
        for _ in exchange.chunks():  # the server finishes what it does
            pass
        exchange.close()
        if fault is Fault.LOST:
            raise ConnectionBroken("the answer was lost, on demand")
        return _Made(502 if fault is Fault.BAD_GATEWAY else 200, request.url, (_HTML,), _PAGE)

    def close(self) -> None:
        """Close the wrapped transport."""
        self._transport.close()


class _Made:
    """An answer that no server gave."""

    def __init__(self, status: int, url: str, headers: tuple[tuple[str, str], ...], body: bytes) -> None:
        self.head: Final = Head(status, Headers((*headers, ("Content-Length", str(len(body))))), url)
        self._body = body

    def chunks(self) -> Iterator[bytes]:
        yield self._body

    def close(self) -> None:
        """There is nothing to end."""


class _Cut:
    """An exchange that ends after half of its body."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    @property
    def head(self) -> Head:
        return self._exchange.head

    def chunks(self) -> Iterator[bytes]:
        body = b"".join(self._exchange.chunks())
        if len(body) > 1:
            yield body[: len(body) // 2]
        if body:
            raise ConnectionBroken("the answer broke off, on demand")

    def close(self) -> None:
        self._exchange.close()
