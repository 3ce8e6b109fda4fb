"""Transports without a network: a script of answers, and any WSGI application in this process."""

from __future__ import annotations

import io
from collections.abc import Callable, Generator, Iterable, Iterator
from threading import Lock
from types import TracebackType
from typing import Any, Final, TypeAlias
from urllib.parse import unquote_to_bytes, urlsplit

from attrs import field, frozen

from scckit.errors import ConnectionBroken, TransportError
from scckit.session.messages import Exchange, Head, Headers, Request

__all__ = ["Answer", "ScriptTransport", "WSGITransport"]

_CHUNK: Final = 64 * 1024


def _tuple(pairs: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    return tuple(pairs)


@frozen
class Answer:
    """One scripted answer: status, headers and body; ``error`` is raised where the body ends, if there is one.

    ``Content-Length`` is added from the body unless the headers have it or ``error`` is given.
    """

    status: int = 200
    headers: tuple[tuple[str, str], ...] = field(default=(), converter=_tuple)
    body: bytes = b""
    error: TransportError | None = None

    @classmethod
    def page(cls, html: str, status: int = 200, *headers: tuple[str, str]) -> Answer:
        """Make a page of HTML."""
        return cls(status, (("Content-Type", "text/html; charset=utf-8"), *headers), html.encode())

    @classmethod
    def json(cls, text: str, status: int = 200) -> Answer:
        """Make an answer of the API from JSON text."""
        return cls(status, (("Content-Type", "application/json"),), text.encode())

    @classmethod
    def redirect(cls, location: str, status: int = 302, *headers: tuple[str, str]) -> Answer:
        """Make a redirect."""
        return cls(status, (("Location", location), *headers))


class ScriptTransport:
    """Gives scripted answers in order, and keeps what was asked.

    Args:
        script: Answers, or transport errors to raise in place of one, or functions from the request to either.

    Attributes:
        requests: What was asked so far, bodies not read.
        open_exchanges: How many exchanges are open now; 0 after every complete flow.
        closed: True after ``close``.
    """

    def __init__(self, *script: Answer | BaseException | Callable[[Request], Answer | BaseException]) -> None:
        """Begin at the first answer."""
        self._script = list(script)
        self._lock = Lock()
        self.requests: list[Request] = []
        self.open_exchanges = 0
        self.closed = False

    @property
    def left(self) -> int:
        """How many answers were not asked for."""
        return len(self._script)

    def open(self, request: Request, /) -> Exchange:
        """Give the next answer of the script.

        Raises:
            AssertionError: The script is at its end.
        """
        with self._lock:
            self.requests.append(request)
            if not self._script:
                msg = f"{request.method} {request.url} was asked, but the script has no answer left"
                raise AssertionError(msg)
            step = self._script.pop(0)
        answer = step(request) if callable(step) else step
        if isinstance(answer, BaseException):
            raise answer
        if request.body is not None:
            # A server reads what it is sent; doing so here lets errors of a body surface as they would.
            for _ in request.body.chunks():
                pass
        headers = Headers(answer.headers)
        if "content-length" not in headers and answer.error is None:
            headers = headers.with_(("Content-Length", str(len(answer.body))))
        with self._lock:
            self.open_exchanges += 1
        return _Scripted(self, Head(answer.status, headers, request.url), answer)

    def close(self) -> None:
        """Remember that it was closed."""
        self.closed = True

    def ended(self) -> None:
        """Count an exchange as ended; exchanges call this."""
        with self._lock:
            self.open_exchanges -= 1


class _Scripted:
    def __init__(self, transport: ScriptTransport, head: Head, answer: Answer) -> None:
        self._transport = transport
        self._answer = answer
        self._closed = False
        self.head: Final = head

    def chunks(self) -> Iterator[bytes]:
        for begin in range(0, len(self._answer.body), _CHUNK):
            yield self._answer.body[begin : begin + _CHUNK]
        if self._answer.error is not None:
            raise self._answer.error

    def close(self) -> None:
        if not self._closed:
            self._closed = True
            self._transport.ended()


_ExcInfo: TypeAlias = tuple[type[BaseException], BaseException, TracebackType] | tuple[None, None, None]
_StartResponse: TypeAlias = Callable[..., Callable[[bytes], object]]

#: A WSGI application (PEP 3333).
WSGIApp: TypeAlias = Callable[[dict[str, Any], _StartResponse], Iterable[bytes]]


class WSGITransport:
    """Carries requests to a WSGI application in this process, such as the emulator's; no socket is opened.

    What happens is what would happen over a wire: an ``OSError`` of the application is a connection that broke, before or
    after its head, and blanks around the values of headers are gone.

    Args:
        app: The application.
    """

    def __init__(self, app: WSGIApp) -> None:
        """Keep the application."""
        self._app = app

    def open(self, request: Request, /) -> Exchange:
        """Call the application.

        Raises:
            ConnectionBroken: It raised an ``OSError`` before the head of its answer.
            Exception: Whatever the request's body raised, unchanged.
        """
        started: list[tuple[str, list[tuple[str, str]]]] = []

        def start(
            status: str, headers: list[tuple[str, str]], exc_info: _ExcInfo | None = None
        ) -> Callable[[bytes], object]:
            del exc_info  # an application may correct its head until the first byte is out
            started[:] = [(status, headers)]
            return lambda _: None

        body = self._body(request, start)
        first, broken = b"", None
        try:
            # An application may start its answer as late as with its first chunk.
            first = next(body, b"")
        except ConnectionBroken as error:
            if not started:
                raise
            broken = error
        status, pairs = started[0]
        headers = Headers((name, value.strip(" \t")) for name, value in pairs)
        return _Called(Head(int(status.split(" ", 1)[0]), headers, request.url), first, body, broken)

    def close(self) -> None:
        """Do nothing: there is no connection."""

    def _body(self, request: Request, start: _StartResponse) -> Generator[bytes]:
        """Call the application and give its chunks; closes what it returned, as WSGI asks."""
        source = _BodyReader(request.body.chunks() if request.body is not None else iter(()))
        chunks: Iterable[bytes] = ()
        try:
            chunks = self._app(_environ(request, source), start)
            yield from chunks
        except OSError as error:
            if error is source.failure:  # our own side's
                raise
            msg = f"{request.method} {urlsplit(request.url).path}: the connection broke ({error}); try again"
            raise ConnectionBroken(msg) from error
        finally:
            close = getattr(chunks, "close", None)
            if close is not None:
                close()


class _Called:
    def __init__(self, head: Head, first: bytes, rest: Generator[bytes], broken: ConnectionBroken | None) -> None:
        self.head: Final = head
        self._first = first
        self._rest = rest
        self._broken = broken

    def chunks(self) -> Iterator[bytes]:
        if self._broken is not None:
            raise self._broken
        if self._first:
            yield self._first
        yield from self._rest

    def close(self) -> None:
        self._rest.close()


class _BodyReader(io.RawIOBase):
    """A request body as the file that WSGI wants, without holding it in memory."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        super().__init__()
        self._chunks = chunks
        self._left = b""
        self.failure: OSError | None = None

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:  # noqa: ANN401 - any writable buffer
        while not self._left:
            try:
                chunk = next(self._chunks, None)
            except OSError as error:
                self.failure = error
                raise
            if chunk is None:
                return 0
            self._left = chunk
        size = min(len(buffer), len(self._left))
        buffer[:size] = self._left[:size]
        self._left = self._left[size:]
        return size


def _environ(request: Request, source: _BodyReader) -> dict[str, Any]:
    parts = urlsplit(request.url)
    body = request.body
    environ: dict[str, Any] = {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(parts.path).decode("latin-1"),
        "QUERY_STRING": parts.query,
        "SERVER_NAME": parts.hostname or "localhost",
        "SERVER_PORT": str(parts.port or (443 if parts.scheme == "https" else 80)),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_HOST": parts.netloc,
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": parts.scheme,
        "wsgi.input": io.BufferedReader(source),
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for name, value in request.headers:
        key = f"HTTP_{name.upper().replace('-', '_')}"
        environ[key] = f"{environ[key]}, {value}" if key in environ and key != "HTTP_HOST" else value
    if body is not None:
        environ["CONTENT_TYPE"] = body.content_type
        environ["CONTENT_LENGTH"] = str(body.length)
    return environ
