"""The transport: connections, exchanges, what is cancelled and what is closed."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from functools import partial
from pathlib import Path
from typing import Final

import httpx

from scckit.errors import ConfigurationError, InvalidInput, TransportError
from scckit.plugins import AsyncExchange, Head, Headers, Request, TransportSettings
from scckit_httpx.failures import translated
from scckit_httpx.outgoing import origin, outgoing, shown, split

__all__ = ["HttpxTransport"]


class HttpxTransport:
    """A transport for asyncio on one connection pool of httpx; it belongs to the first event loop that uses it.

    Args:
        settings: Base URL, time-outs, TLS verification and number of connections.

    Raises:
        InvalidInput: A setting cannot be used.
        ConfigurationError: The file or folder of certificate authorities cannot be used.

    Example:
        >>> from scckit.plugins import TransportSettings
        >>> HttpxTransport(TransportSettings("https://scc.example/"))
        <HttpxTransport scc.example/ open>
    """

    def __init__(self, settings: TransportSettings) -> None:
        """Check the settings; nothing is sent."""
        if settings.argument:
            msg = f"the transport httpx takes no argument, found {settings.argument!r} behind its name; ask for 'httpx'"
            raise InvalidInput(msg)
        if settings.connections < 1 or min(settings.connect_timeout, settings.read_timeout) <= 0:
            found = (settings.connections, settings.connect_timeout, settings.read_timeout)
            msg = f"a transport needs 1 connection at least, and time-outs above 0; found {found}"
            raise InvalidInput(msg)
        base = split(settings.base_url)
        self._settings: Final = settings
        self._origin: Final = origin(base)
        self._shown: Final = shown(base)
        self._timeouts: Final = {
            "connect": settings.connect_timeout,
            "read": settings.read_timeout,
            "write": settings.connect_timeout,
        }
        limits = httpx.Limits(max_connections=settings.connections, max_keepalive_connections=settings.connections)
        self._pool: Final = httpx.AsyncHTTPTransport(
            verify=_tls(settings.verify) if base.scheme == "https" else False, trust_env=False, limits=limits
        )
        # httpx lets tasks wait for a connection too, but those who wait would not hear that it was closed.
        self._places: Final = asyncio.Semaphore(settings.connections)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._closed = False

    def __repr__(self) -> str:
        return f"<HttpxTransport {self._shown} {'closed' if self._closed else 'open'}>"

    async def open(self, request: Request, /) -> AsyncExchange:
        """Send a request and return once the head of the answer is there.

        Raises:
            InvalidInput: The request cannot be sent as it is.
            ConnectionFailed: Nothing was sent.
            TransportError: Anything else that kept a head from coming.
            Exception: Whatever the request's body raised, unchanged.
        """
        parts = split(request.url)
        if origin(parts) != self._origin:
            msg = f"{shown(parts)} was asked for, but this transport talks to {self._shown} only; nothing was sent"
            raise InvalidInput(msg)
        what = f"{request.method} {shown(parts)}"
        sent = outgoing(request, parts, self._timeouts)
        self._check_usable(what)
        await self._places.acquire()
        try:
            self._check_usable(what)  # it may have been closed meanwhile
            try:
                response = await self._pool.handle_async_request(sent)
            except httpx.TransportError as error:
                raise translated(error, what, self._settings) from error
        except BaseException:
            self._places.release()
            raise
        return _Exchange(response, request.url, partial(translated, what=what, settings=self._settings), self._places)

    async def aclose(self) -> None:
        """Give up all connections."""
        self._closed = True
        # What is open on a loop that has ended cannot be reached from another one, and is gone with it.
        if self._loop is asyncio.get_running_loop():
            await self._pool.aclose()

    def _check_usable(self, what: str) -> None:
        if self._closed:
            msg = f"{what}: not sent, because the client was closed; make a new one"
            raise TransportError(msg)
        loop = asyncio.get_running_loop()
        if self._loop is None:
            self._loop = loop
        if self._loop is not loop:
            msg = f"{what}: not sent, because the client belongs to another event loop; make a new one for this loop"
            raise TransportError(msg)


class _Exchange:
    """A response that is open."""

    def __init__(
        self, response: httpx.Response, url: str, translate: Callable[..., TransportError], places: asyncio.Semaphore
    ) -> None:
        headers = Headers((_text(name), _text(value)) for name, value in response.headers.raw)
        self.head: Final = Head(response.status_code, headers, url)
        self._response = response
        self._translate = translate
        self._places = places
        self._reading: asyncio.Task[bytes | None] | None = None
        self._closed = False

    async def chunks(self) -> AsyncIterator[bytes]:
        """Give the body as it is asked for."""
        self._check_open()
        came = 0
        source = aiter(self._response.stream)  # type: ignore[arg-type]  # made by an asynchronous transport
        while True:
            # A task of its own, which can be cancelled by whoever closes the exchange.
            self._reading = asyncio.ensure_future(_step(source))
            try:
                chunk = await self._reading
            except asyncio.CancelledError:
                if self._closed and not _is_cancelled():
                    self._check_open()
                raise
            except httpx.TransportError as error:
                raise self._translate(error, expected=self.head.content_length, came=came) from error
            finally:
                self._reading = None
            if chunk is None:
                return
            came += len(chunk)
            yield chunk

    async def aclose(self) -> None:
        """End the exchange: an unread rest is thrown away together with its connection."""
        if self._closed:
            return
        self._closed = True
        try:
            if self._reading is not None:
                self._reading.cancel()
                await asyncio.wait([self._reading])
            await self._response.stream.aclose()  # type: ignore[union-attr]  # as above
        finally:
            self._places.release()

    def _check_open(self) -> None:
        if self._closed:
            msg = (
                f"{self.head.url.partition('?')[0]}: the answer was closed, its body cannot be read any more; ask again"
            )
            raise TransportError(msg)


async def _step(source: AsyncIterator[bytes]) -> bytes | None:
    return await anext(source, None)


def _is_cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def _text(value: bytes) -> str:
    """Read a header as UTF-8 where it is, else as Latin-1."""
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")


def _tls(verify: bool | Path) -> ssl.SSLContext:
    if verify is True:
        return ssl.create_default_context()
    if verify is False:
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return context
    try:
        if verify.is_dir():
            return ssl.create_default_context(capath=verify)
        return ssl.create_default_context(cafile=verify)
    except OSError as error:
        msg = f"verify={verify}: no usable file of certificate authorities ({error}); give a file in PEM form"
        raise ConfigurationError(msg) from error
