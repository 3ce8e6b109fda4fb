"""Carries requests with urllib3: connections, TLS, and what is told of failures.

What may live here: opening, reading and closing exchanges. What may not: redirects, cookies, retries, decoding, proxies
from the environment. Those are the session's business, or nobody's.
"""

from __future__ import annotations

import re
import ssl
from collections.abc import Iterator
from http import HTTPStatus
from http.client import IncompleteRead
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import SplitResult, urlsplit

import urllib3
from urllib3.exceptions import (
    ClosedPoolError,
    ConnectTimeoutError,
    EmptyPoolError,
    HTTPError,
    LocationValueError,
    ProtocolError,
    ProxyError,
)
from urllib3.exceptions import SSLError as PoolSSLError
from urllib3.exceptions import TimeoutError as PoolTimeoutError
from urllib3.util import SKIP_HEADER, Timeout

from scckit.errors import (
    BodyTruncated,
    CertificateRejected,
    ConfigurationError,
    ConnectionBroken,
    ConnectionFailed,
    InvalidInput,
    TransportError,
    TransportTimeout,
)
from scckit.plugins import Body, Exchange, Head, Headers, Request, TransportSettings

if TYPE_CHECKING:
    # urllib3 has no public name for what its pools hold.
    from urllib3._base_connection import BaseHTTPConnection

__all__ = ["Urllib3Transport"]

#: Bytes asked of an answer at a time.
_CHUNK: Final = 256 * 1024
#: Bytes given to the socket at a time: each piece must leave within the connect time-out, on slow lines too.
_PIECE: Final = 16 * 1024
#: Bodies up to this size go out in one piece, which also keeps recorded requests readable.
_SMALL: Final = 64 * 1024
#: Seconds after which a thread that waits for a free connection looks whether the transport was closed meanwhile.
_LOOK: Final = 0.25

_PORTS: Final = {"http": 80, "https": 443}
_TOKEN: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_HASHED_NAME: Final = re.compile(r"[0-9a-f]{8}\.\d+")
_WORDS_LIMIT: Final = 300


class Urllib3Transport:
    """A transport on one urllib3 connection pool, shared by threads.

    Nothing is sent when it is made. Proxies named by the environment are not used: the transport talks to the origin
    that it was told, directly.

    Args:
        settings: Base URL, time-outs, TLS verification and number of connections.

    Raises:
        InvalidInput: The base URL is not an absolute HTTP address, or an argument stands behind the transport's name.
        ConfigurationError: The CA file or folder cannot be used.

    Example:
        >>> from scckit.plugins import TransportSettings
        >>> Urllib3Transport(TransportSettings("https://scc.example/"))
        <Urllib3Transport https://scc.example/ open>
    """

    def __init__(self, settings: TransportSettings) -> None:
        if settings.argument:
            msg = f"the transport urllib3 takes no argument, found {settings.argument!r} behind its name; ask for 'urllib3'"
            raise InvalidInput(msg)
        parts = _split(settings.base_url)
        self._settings: Final = settings
        self._origin: Final = _origin(parts)
        self._shown: Final = f"{parts.scheme}://{_authority(parts)}{parts.path or '/'}"
        self._pool: Final = _pool(parts, settings)
        self._closed = False

    def __repr__(self) -> str:
        return f"<Urllib3Transport {self._shown} {'closed' if self._closed else 'open'}>"

    def open(self, request: Request, /) -> Exchange:
        """Send a request and return once the head of the answer is there.

        Where all connections are in use, this waits for one.

        Raises:
            InvalidInput: The request cannot be sent as it is: a header with a line break, another origin, a body that
                gives other than the number of bytes it announced.
            ConnectionFailed: Nothing was sent.
            TransportError: Anything else that kept a head from coming.
            Exception: Whatever the request's body raised, unchanged.
        """
        what, target = self._aim(request)
        length = None if request.body is None else request.body.length
        headers = _headers(request, length)
        while True:
            self._check_open(what)
            try:
                response = self._pool.urlopen(
                    request.method,
                    target,
                    body=None if request.body is None else _outgoing(request.body, length or 0),
                    headers=headers,
                    retries=False,
                    redirect=False,
                    pool_timeout=_LOOK,  # type: ignore[arg-type]  # annotated as int, handed on to a queue that takes parts of seconds
                    preload_content=False,
                    decode_content=False,
                )
            except (ClosedPoolError, EmptyPoolError):
                continue
            except _BodyFailed as failed:
                failure = failed.error
                break
            except (HTTPError, OSError) as error:
                raise _translated(error, what, self._settings) from error
            return _exchange(response, request, what, self._settings)
        raise failure

    def close(self) -> None:
        """Give up all connections; threads that wait for one are sent away."""
        self._closed = True
        self._pool.close()

    def _check_open(self, what: str) -> None:
        if self._closed:
            msg = f"{what}: not sent, because the client was closed; make a new one"
            raise TransportError(msg)

    def _aim(self, request: Request) -> tuple[str, str]:
        """Return how a request is called in messages (its query may tell secrets), and its target on the origin."""
        parts = _split(request.url)
        if _origin(parts) != self._origin:
            msg = f"{_authority(parts)} was asked for, but this transport talks to {self._shown} only; nothing was sent"
            raise InvalidInput(msg)
        if not _TOKEN.fullmatch(request.method):
            msg = f"{request.method!r} is no HTTP method; nothing was sent"
            raise InvalidInput(msg)
        path = parts.path or "/"
        return f"{request.method} {_authority(parts)}{path}", f"{path}?{parts.query}" if parts.query else path


class _Exchange:
    """A response that is open; uses only what a replayed response has too: status, headers, stream, close, release."""

    def __init__(self, response: urllib3.BaseHTTPResponse, head: Head, what: str, settings: TransportSettings) -> None:
        self.head: Final = head
        self._response = response
        self._what = what
        self._settings = settings
        self._ended = False
        self._closed = False

    def chunks(self) -> Iterator[bytes]:
        """Give the body as it comes."""
        if self._closed:
            msg = f"{self._what}: the answer was closed, its body cannot be read any more; ask again"
            raise TransportError(msg)
        stream = iter(self._response.stream(_CHUNK, decode_content=False))
        while True:
            try:
                chunk = next(stream, None)
            except (HTTPError, OSError) as error:
                raise _translated(error, self._what, self._settings) from error
            if chunk is None:
                break
            if chunk:  # a replayed response ends with an empty one
                yield chunk
        self._ended = True

    def close(self) -> None:
        """End the exchange: an unread rest is thrown away together with its connection."""
        self._closed = True
        if not self._ended:
            self._response.close()
        # close() alone would not give the place in the pool back.
        self._response.release_conn()


def _exchange(
    response: urllib3.BaseHTTPResponse, request: Request, what: str, settings: TransportSettings
) -> _Exchange:
    headers = Headers((name, _readable(value)) for name, value in response.headers.items())
    head = Head(response.status, headers, request.url)
    exchange = _Exchange(response, head, what, settings)
    if head.status < HTTPStatus.OK:
        # The real answer is still to come on this connection; nobody else may find it there.
        exchange.close()
        msg = f"{what}: the server sent an interim answer that was not asked for (status {head.status}); report it"
        raise ConnectionBroken(msg)
    if _is_bodyless(request.method, head):
        # Reading "nothing" frees the connection for the next request even if nobody looks at the body.
        tuple(exchange.chunks())
    return exchange


def _is_bodyless(method: str, head: Head) -> bool:
    if method == "HEAD" or head.status in {HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED}:
        return True
    return head.content_length == 0 and "transfer-encoding" not in head.headers


# -- what goes out ----------------------------------------------------------------------------------------------------


class _BodyFailed(Exception):
    """Carries an error of a request's body past urllib3, which would take an OSError for one of the connection."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error


def _outgoing(body: Body, length: int) -> bytes | Iterator[bytes]:
    pieces = _passed(_pieces(body, length))
    return b"".join(pieces) if length <= _SMALL else pieces


def _passed(pieces: Iterator[bytes]) -> Iterator[bytes]:
    try:
        yield from pieces
    except Exception as error:
        raise _BodyFailed(error) from error


def _pieces(body: Body, length: int) -> Iterator[bytes]:
    """Give the bytes of a body in small pieces, and not one more or fewer than announced.

    A server would take surplus bytes for the next request, and wait for missing ones until its time-out.
    """
    given = 0
    for chunk in body.chunks():
        given += len(chunk)
        if given > length:
            break
        for begin in range(0, len(chunk), _PIECE):
            yield chunk[begin : begin + _PIECE]
    if given != length:
        found = f"more than {length}" if given > length else f"{given}"
        msg = f"the body of the request announced {length} bytes and gave {found}; the request was broken off"
        raise InvalidInput(msg)


def _headers(request: Request, length: int | None) -> urllib3.HTTPHeaderDict:
    given = request.headers
    if request.body is not None:
        given = given.with_(("Content-Length", str(length)))
        if "content-type" not in given:
            given = given.with_(("Content-Type", request.body.content_type))
    headers = urllib3.HTTPHeaderDict()
    for name, value in given:
        headers.add(name, _sendable(name, value))
    for name in ("Accept-Encoding", "User-Agent"):
        if name not in given:
            headers.add(name, SKIP_HEADER)
    return headers


def _sendable(name: str, value: str) -> str:
    """Return a header value such that its UTF-8 bytes go out: http.client encodes text as Latin-1."""
    if not _TOKEN.fullmatch(name):
        msg = f"{name!r} is no name of a header; nothing was sent"
        raise InvalidInput(msg)
    try:
        if not any(sign in value for sign in "\r\n\0"):
            return value.encode().decode("latin-1")
    except UnicodeEncodeError:
        pass
    msg = f"the value of the header {name} holds a line break, NUL or half a character; nothing was sent"
    raise InvalidInput(msg)


# -- what comes in ----------------------------------------------------------------------------------------------------


def _readable(value: str) -> str:
    """Return a header value read as UTF-8 where it is; http.client reads bytes as Latin-1."""
    try:
        return value.encode("latin-1").decode()
    except UnicodeError:
        return value


def _translated(error: HTTPError | OSError, what: str, settings: TransportSettings) -> TransportError:
    """Make the transport error that says what happened, with what to do next."""
    inner: object = error
    if isinstance(error, ProtocolError | PoolSSLError | ProxyError) and error.args:
        inner = error.args[-1]
    elif isinstance(error, ConnectTimeoutError):
        inner = error.__cause__ or error
    words = " ".join(str(inner).split())[:_WORDS_LIMIT]
    if isinstance(inner, ssl.SSLCertVerificationError):
        return CertificateRejected(
            f"{what}: the certificate of the server does not verify ({inner.verify_message or words}); nothing was sent."
            " If it is the right server, point verify to the file of its certificate authority (verify=PATH)"
        )
    if isinstance(error, ConnectTimeoutError | LocationValueError | ProxyError):
        return ConnectionFailed(
            f"{what}: no connection ({words}); nothing was sent. Check the host name and the network"
        )
    if isinstance(inner, PoolTimeoutError | TimeoutError):
        return TransportTimeout(
            f"{what}: no sign of the server for {settings.read_timeout:g} s (or {settings.connect_timeout:g} s while it"
            " was to take something); try again later, or raise the time-outs"
        )
    if isinstance(inner, IncompleteRead):
        return BodyTruncated(f"{what}: the answer ended before its announced length ({words}); try again")
    return ConnectionBroken(f"{what}: the connection broke ({words}); try again")


# -- where it goes ----------------------------------------------------------------------------------------------------


class _UnverifiedPool(urllib3.HTTPSConnectionPool):
    """Verifies nothing, as its user asked; so it does not warn of that at every connection either."""

    def _validate_conn(self, conn: BaseHTTPConnection) -> None:
        # The inherited method does the same and warns. A warning filter would be the whole process's.
        if conn.is_closed:
            conn.connect()


def _pool(parts: SplitResult, settings: TransportSettings) -> urllib3.HTTPConnectionPool:
    if settings.connections < 1:
        msg = f"a transport needs 1 connection at least; found connections={settings.connections}"
        raise InvalidInput(msg)
    try:
        timeout = Timeout(connect=settings.connect_timeout, read=settings.read_timeout)
    except ValueError as error:
        msg = f"a time-out is a number of seconds above 0: {error}"
        raise InvalidInput(msg) from error
    host, port = parts.hostname or "", parts.port
    if parts.scheme == "http":
        return urllib3.HTTPConnectionPool(host, port, timeout=timeout, maxsize=settings.connections, block=True)
    kind = _UnverifiedPool if settings.verify is False else urllib3.HTTPSConnectionPool
    context = _tls(settings.verify)
    return kind(host, port, timeout=timeout, maxsize=settings.connections, block=True, ssl_context=context)


def _tls(verify: bool | Path) -> ssl.SSLContext:  # noqa: FBT001 - the setting as it is
    if verify is True:
        return ssl.create_default_context()
    if verify is False:
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return context
    try:
        if not verify.is_dir():
            return ssl.create_default_context(cafile=verify)
        if any(_HASHED_NAME.fullmatch(one.name) for one in verify.iterdir()):
            return ssl.create_default_context(capath=verify)
    except OSError as error:
        msg = f"verify={verify}: no usable file of certificate authorities ({error}); give a file in PEM form"
        raise ConfigurationError(msg) from error
    msg = f"verify={verify}: no file in this folder is named by its hash; run `openssl rehash` on it, or give one file"
    raise ConfigurationError(msg)


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        usable = parts.scheme in _PORTS and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        shown = url.partition("?")[0].rpartition("@")[2]
        msg = f"{shown!r} is no absolute HTTP address such as 'https://scc.example/'; nothing was sent"
        raise InvalidInput(msg)
    return parts


def _origin(parts: SplitResult) -> tuple[str, str | None, int]:
    return parts.scheme, parts.hostname, parts.port or _PORTS[parts.scheme]


def _authority(parts: SplitResult) -> str:
    """Return host and port, without the user and password that some addresses hold."""
    return parts.netloc.rpartition("@")[2]
