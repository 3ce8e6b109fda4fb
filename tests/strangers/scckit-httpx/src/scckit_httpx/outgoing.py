"""What a request looks like to httpx: its target and headers as they were given, its body in pieces, counted."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from typing import Final
from urllib.parse import SplitResult, urlsplit

import httpx

from scckit.errors import InvalidInput
from scckit.plugins import Body, Request

__all__ = ["RequestBody", "origin", "outgoing", "shown", "split"]

_PORTS: Final = {"http": 80, "https": 443}
_TOKEN: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
#: Bytes given to a socket at a time.
_PIECE: Final = 64 * 1024


class RequestBody(httpx.AsyncByteStream):
    """The body of a request: taken in a worker thread, since it reads files, and held to its announced length."""

    def __init__(self, body: Body, length: int) -> None:
        """Keep the body; nothing is read yet."""
        self._body = body
        self._length = length

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Give the pieces.

        Raises:
            InvalidInput: The body gives other than the announced number of bytes.
        """
        pieces = self._pieces()
        while True:
            piece, error = await asyncio.to_thread(_next, pieces)
            if error is not None:
                raise error
            if not piece:
                return
            yield piece

    def _pieces(self) -> Iterator[bytes]:
        # A server would take surplus bytes for the next request, and wait for missing ones until its time-out.
        given = 0
        for chunk in self._body.chunks():
            given += len(chunk)
            if given > self._length:
                break
            for begin in range(0, len(chunk), _PIECE):
                yield chunk[begin : begin + _PIECE]
        if given != self._length:
            found = f"more than {self._length}" if given > self._length else str(given)
            msg = f"the body of the request announced {self._length} bytes and gave {found}; the request was broken off"
            raise InvalidInput(msg)


def _next(pieces: Iterator[bytes]) -> tuple[bytes, BaseException | None]:
    """Take the next piece. Errors come as values: as the error of a future, a TimeoutError would become another one."""
    try:
        return next(pieces, b""), None
    except BaseException as error:  # noqa: BLE001 - handed on, whatever it is
        return b"", error


def outgoing(request: Request, parts: SplitResult, timeouts: dict[str, float]) -> httpx.Request:
    """Make the request for httpx.

    Raises:
        InvalidInput: It cannot be sent as it is.
    """
    if not _TOKEN.fullmatch(request.method):
        msg = f"{request.method!r} is no HTTP method; nothing was sent"
        raise InvalidInput(msg)
    headers = [(b"Host", parts.netloc.rpartition("@")[2].encode())]
    headers += [_header(name, value) for name, value in request.headers if name.lower() != "content-length"]
    body: httpx.AsyncByteStream = httpx.ByteStream(b"")
    if request.body is not None:
        length = request.body.length
        headers.append((b"Content-Length", str(length).encode()))
        if "content-type" not in request.headers:
            headers.append(_header("Content-Type", request.body.content_type))
        body = RequestBody(request.body, length)
    elif request.method not in {"GET", "HEAD"}:
        headers.append((b"Content-Length", b"0"))
    target = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
    return httpx.Request(
        request.method,
        httpx.URL(scheme=parts.scheme, host=parts.hostname or "", port=parts.port),
        headers=headers,
        stream=body,
        # The target as it was written: httpx would write some of its signs in another way.
        extensions={"timeout": timeouts, "target": target.encode("ascii")},
    )


def _header(name: str, value: str) -> tuple[bytes, bytes]:
    if not _TOKEN.fullmatch(name):
        msg = f"{name!r} is no name of a header; nothing was sent"
        raise InvalidInput(msg)
    try:
        if not any(sign in value for sign in "\r\n\0"):
            return name.encode(), value.encode()
    except UnicodeEncodeError:
        pass
    msg = f"the value of the header {name} holds a line break, NUL or half a character; nothing was sent"
    raise InvalidInput(msg)


def split(url: str) -> SplitResult:
    """Take an address apart.

    Raises:
        InvalidInput: It is no absolute HTTP address.
    """
    try:
        parts = urlsplit(url)
        usable = parts.scheme in _PORTS and bool(parts.hostname) and parts.port != 0 and url.isascii()
    except ValueError:
        usable = False
    if not usable:
        msg = f"{url.partition('?')[0].rpartition('@')[2]!r} is no absolute HTTP address; nothing was sent"
        raise InvalidInput(msg)
    return parts


def origin(parts: SplitResult) -> tuple[str, str | None, int]:
    """Return what two addresses of one server have in common."""
    return parts.scheme, parts.hostname, parts.port or _PORTS[parts.scheme]


def shown(parts: SplitResult) -> str:
    """Return an address for messages: without user, password and query."""
    return f"{parts.netloc.rpartition('@')[2]}{parts.path or '/'}"
