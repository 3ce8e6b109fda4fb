"""A transport around another one that writes what goes through it to a cassette, without secrets, when it is closed."""

from __future__ import annotations

import base64
import binascii
import os
import re
import tempfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import IO, Final, Self
from urllib.parse import parse_qsl, urlsplit

from attrs import evolve, field, frozen

from scckit.errors import InvalidInput, LocalFileError
from scckit.plugins import Body, Exchange, Head, Headers, Request, Transport
from scckit_replay.cassette import Interaction, takes_body, write
from scckit_replay.scrub import Scrub, Scrubber

__all__ = ["RecordingTransport"]

_LIMIT: Final = 2**20
#: A body is kept in memory up to here, and in a temporary file from there on.
_IN_MEMORY: Final = 2**20
#: The first bytes of a form, which is all that is looked at for names of accounts.
_FORM: Final = 64 * 1024
#: More than the head of a field in a form of several parts.
_OVERLAP: Final = 4096
_FORM_TYPE: Final = "application/x-www-form-urlencoded"
_PARTS_TYPE: Final = "multipart/form-data"
_BOUNDARY: Final = re.compile(r'boundary="?([^";]+)', re.IGNORECASE)
#: Fields of forms whose values are secrets.
_SECRET_FIELDS: Final = frozenset({"username", "password", "csrfmiddlewaretoken"})
#: What looks like a token; cookies hold other things too, such as the language.
_TOKEN: Final = re.compile(r"[\w.:=+/-]{16,}")
_PACKED: Final = frozenset({"gzip", "x-gzip", "deflate"})
#: zlib's names for gzip or zlib by its head, and for bare deflate, which some servers mean.
_WINDOWS: Final = (zlib.MAX_WBITS + 32, -zlib.MAX_WBITS)
#: How many refused bodies a message names.
_LISTED: Final = 3


class RecordingTransport:
    """Carries requests by another transport and keeps what went through; ``close`` writes it to a cassette.

    The one who asks sees no difference: chunks pass as they come, errors as they are. In the file the server is
    ``https://scc.example/``, and ``scckit_replay.scrub`` tells what is replaced there. Of requests it has method, address,
    type of the body and the names of a form's fields. Compressed bodies are stored unpacked.

    Whatever failed is not in the file: exchanges without an answer, bodies that broke off, were shorter than announced, or
    were given up half read. An answer that was closed unread, as redirects are, has an empty body there.

    Used as a context manager it closes at the end; if the block fails, nothing is written. Without any exchange nothing is
    written either.

    Args:
        transport: Does the work; closing this closes it.
        path: The cassette; an old one of that name is replaced.
        scrub: What is taken out beyond what always is.
        limit: How many bytes a body may have; of a larger one nothing is kept, and ``close`` raises.

    Raises:
        InvalidInput: The limit is no number of bytes.
        LocalFileError: The path is that of a folder.

    Example:
        >>> from scckit.testing import Answer, ScriptTransport
        >>> with RecordingTransport(ScriptTransport(Answer(200)), "one.yaml") as transport:  # doctest: +SKIP
        ...     transport.open(Request("GET", "https://scc.imaa.cnr.it/")).close()
    """

    def __init__(
        self, transport: Transport, path: str | os.PathLike[str], *, scrub: Scrub | None = None, limit: int = _LIMIT
    ) -> None:
        """Wrap a transport; nothing is written yet."""
        self._transport: Final = transport
        self._path: Final = Path(path)
        self._scrub: Final = scrub or Scrub()
        self._limit: Final = limit
        if limit < 0:
            msg = f"limit is how many bytes a body may have; found {limit}"
            raise InvalidInput(msg)
        if self._path.is_dir():
            msg = f"{self._path} is a folder; give the name of the file to record to"
            raise LocalFileError(msg)
        self._recorder: Final = _Recorder(limit)

    def __repr__(self) -> str:
        """Show what is wrapped, where it is recorded to, and how much so far; no secret."""
        return f"<RecordingTransport {self._path} {self._recorder.size} recorded, around {self._transport!r}>"

    def __enter__(self) -> Self:
        """Return the transport itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close; write what was recorded unless the block failed."""
        if error is not None:
            for one in self._recorder.end():
                one.body.discard()
        self.close()

    def open(self, request: Request, /) -> Exchange:
        """Send a request by the wrapped transport; raises what that raises."""
        sent = None if request.body is None else _WatchedBody(request.body)
        exchange = self._transport.open(request if sent is None else evolve(request, body=sent))
        return self._recorder.watched(exchange, request, sent)

    def close(self) -> None:
        """Close the wrapped transport and write the cassette; may be called twice.

        Raises:
            LocalFileError: A body could not be kept, as it was larger than the limit or is packed in a way that is not
                known, so that the cassette would not be whole; or the file system refuses. Nothing is written then, and an
                old file stays.
        """
        try:
            self._transport.close()
        finally:
            taken = self._recorder.end()
            bodies, refused = self._bodies(taken)
        if refused:
            more = f"; and {len(refused) - _LISTED} more" if refused[_LISTED:] else ""
            msg = f"{self._path} is not written, for it would not be whole: {'; '.join(refused[:_LISTED])}{more}"
            raise LocalFileError(msg)
        if taken:
            scrubber = Scrubber(self._scrub, self._recorder.learned, self._recorder.servers)
            write(self._path, [_scrubbed(one, body, scrubber) for one, body in zip(taken, bodies, strict=True)])

    def _bodies(self, taken: Sequence[_Taken]) -> tuple[list[bytes], list[str]]:
        """Return all bodies, unpacked, and what is wrong with those that are not to be had."""
        bodies, refused = [], []
        for one in taken:
            try:
                bodies.append(_unpacked(one.body.take(), one.encoding, self._limit))
            except _Refused as refusal:
                refused.append(f"{one.request.method} {urlsplit(one.request.url).path}: {refusal}")
        return bodies, refused


class _Refused(Exception):
    """A body is not kept; the message says why, and what to do."""


@frozen
class _Taken:
    """An exchange as it was, with all its secrets; only a scrubbed one is ever written."""

    request: Request = field(repr=False)
    note: str = field(repr=False)
    head: Head = field(repr=False)
    body: _Kept = field(repr=False)

    @property
    def encoding(self) -> str:
        """How the body is packed; empty if it is not, or there is none."""
        encoding = self.head.headers.get("content-encoding").strip().lower()
        has_body = takes_body(self.request.method, self.head.status)
        return encoding if has_body and encoding != "identity" else ""


class _Recorder:
    """What went through a transport so far; safe for threads."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._lock = Lock()
        self._opened = 0
        self._taken: dict[int, _Taken] = {}
        self._ended = False
        self.servers: set[str] = set()
        self.learned: set[str] = set()

    @property
    def size(self) -> int:
        return len(self._taken)

    def watched(self, exchange: Exchange, request: Request, sent: _WatchedBody | None) -> Exchange:
        learned = {
            *_of_request(request.headers),
            *_of_cookies(exchange.head.headers),
            *(sent.secrets() if sent else ()),
        }
        with self._lock:
            self._opened += 1
            number = self._opened
            self.servers.add(request.url)
            self.learned |= learned
        return _Recorded(exchange, request, sent, _Kept(self._limit), lambda taken: self._take(number, taken))

    def end(self) -> list[_Taken]:
        """Take no more; return what was taken so far, in the order in which it was opened, and forget it."""
        with self._lock:
            self._ended = True
            taken = [one for _, one in sorted(self._taken.items())]
            self._taken.clear()
        return taken

    def _take(self, number: int, taken: _Taken) -> None:
        with self._lock:
            if not self._ended:
                self._taken[number] = taken
                return
        taken.body.discard()


class _Kept:
    """The bytes of a body so far; none of them once they are too many."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._file: IO[bytes] | None = None
        self._refusal = ""
        self.size = 0

    def add(self, chunk: bytes) -> None:
        self.size += len(chunk)
        if self._refusal:
            return
        if self.size > self._limit:
            self._refusal = _too_large(self._limit)
            self.discard()
            return
        try:
            if self._file is None:
                self._file = tempfile.SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115 - closed by take and discard
            self._file.write(chunk)
        except OSError as error:  # the one who reads must not be disturbed
            self._refusal = f"its body could not be kept ({error.strerror or error}); make room and try again"
            self.discard()

    def take(self) -> bytes:
        """Return all bytes, and forget them.

        Raises:
            _Refused: They were not kept.
        """
        if self._refusal:
            raise _Refused(self._refusal)
        if self._file is None:
            return b""
        self._file.seek(0)
        content = self._file.read()
        self.discard()
        return content

    def discard(self) -> None:
        file, self._file = self._file, None
        if file is not None:
            with suppress(OSError):
                file.close()


class _Recorded:
    """An exchange that is watched; gives what the wrapped one gives."""

    def __init__(
        self,
        exchange: Exchange,
        request: Request,
        sent: _WatchedBody | None,
        kept: _Kept,
        take: Callable[[_Taken], None],
    ) -> None:
        self._exchange = exchange
        self._request = request
        self._sent = sent
        self._kept = kept
        self._take = take
        self._begun = False
        self._ended = False

    @property
    def head(self) -> Head:
        return self._exchange.head

    def chunks(self) -> Iterator[bytes]:
        if self._begun:  # a second reading is none of ours
            yield from self._exchange.chunks()
            return
        self._begun = True
        for chunk in self._exchange.chunks():
            if not self._ended:
                self._kept.add(chunk)
            yield chunk
        self._end(whole=True)

    def close(self) -> None:
        self._exchange.close()
        # Whoever counts bytes may stop at the last one, and does not see the end.
        self._end(whole=not self._begun or self._kept.size == self.head.content_length)

    def _end(self, *, whole: bool) -> None:
        if self._ended:
            return
        self._ended = True
        head, size = self.head, self._kept.size
        has_body = takes_body(self._request.method, head.status)
        if has_body and head.content_length not in {None, size}:
            if self._begun:
                whole = False
            else:
                head = evolve(head, headers=head.headers.with_(("Content-Length", "0")))
        if whole:
            self._take(_Taken(self._request, "" if self._sent is None else self._sent.note(), head, self._kept))
        else:
            self._kept.discard()


class _WatchedBody:
    """The body of a request, from which the names of a form's fields are read as it leaves."""

    def __init__(self, body: Body) -> None:
        self._body = body
        self._type, _, parameters = body.content_type.partition(";")
        self._type = self._type.strip().lower()
        boundary = _BOUNDARY.search(parameters)
        self._part: re.Pattern[bytes] | None = None
        if self._type == _PARTS_TYPE and boundary is not None:
            # A field begins after a boundary, so that nothing of a file is taken for one.
            begin = re.escape(b"--" + boundary[1].strip().encode())
            self._part = re.compile(begin + rb'\r\nContent-Disposition: form-data; name="([^"\r\n]*)"', re.IGNORECASE)
        self._form = b""
        self._names: list[str] = []

    @property
    def content_type(self) -> str:
        return self._body.content_type

    @property
    def length(self) -> int:
        return self._body.length

    def chunks(self) -> Iterator[bytes]:
        self._form, self._names = b"", []
        rest = b""
        for chunk in self._body.chunks():
            if self._type == _FORM_TYPE:
                self._form += chunk[: _FORM - len(self._form)]
            elif self._part is not None:
                rest = self._look(self._part, rest + chunk)
            yield chunk

    def _look(self, part: re.Pattern[bytes], window: bytes) -> bytes:
        """Note the fields that begin in a window of the body; return what the next one must see again."""
        end = 0
        for match in part.finditer(window):
            self._names.append(match[1].decode(errors="replace"))
            end = match.end()
        return window[max(end, len(window) - _OVERLAP) :]

    def _fields(self) -> list[tuple[str, str]]:
        return parse_qsl(self._form.decode(errors="replace"), keep_blank_values=True)

    def secrets(self) -> set[str]:
        return {value for name, value in self._fields() if name.lower() in _SECRET_FIELDS}

    def note(self) -> str:
        names = [name for name, _ in self._fields()] or self._names
        return f"(form: {', '.join(names)})" if names else "(body)"


def _of_request(headers: Headers) -> Iterator[str]:
    """Give the secrets in the headers of a request."""
    yield from headers.get_all("x-csrftoken")
    for value in headers.get_all("authorization"):
        scheme, _, token = value.strip().partition(" ")
        token = token.strip()
        yield token
        if scheme.lower() == "basic":
            with suppress(binascii.Error, ValueError):
                pair = base64.b64decode(token).decode()
                yield from (pair, *pair.split(":", 1))
    for value in headers.get_all("cookie"):
        for one in value.split(";"):
            yield from _tokens(one)


def _of_cookies(headers: Headers) -> Iterator[str]:
    """Give the secrets among the cookies of an answer."""
    for value in headers.get_all("set-cookie"):
        yield from _tokens(value.partition(";")[0])


def _tokens(pair: str) -> Iterator[str]:
    value = pair.partition("=")[2].strip().strip('"')
    if _TOKEN.fullmatch(value):
        yield value


def _too_large(limit: int) -> str:
    return f"its body has more than {limit} bytes; ask for less, or raise the limit"


def _unpacked(content: bytes, encoding: str, limit: int) -> bytes:
    """Return a body as it was before it was compressed, for what cannot be read cannot be scrubbed.

    Raises:
        _Refused: It cannot be unpacked, or is too large then.
    """
    if not encoding or not content:
        return content
    if encoding not in _PACKED:
        msg = f"its body is compressed as {encoding!r}, which cannot be scrubbed; ask for Accept-Encoding: identity"
        raise _Refused(msg)
    for bits in _WINDOWS:
        unpacking = zlib.decompressobj(bits)
        try:
            plain = unpacking.decompress(content, limit + 1)
        except zlib.error:
            continue
        if len(plain) > limit:
            raise _Refused(_too_large(limit))
        if unpacking.eof and not unpacking.unused_data:
            return plain
    msg = f"its body is not what its head says, {encoding!r}; ask for Accept-Encoding: identity"
    raise _Refused(msg)


def _scrubbed(taken: _Taken, body: bytes, scrubber: Scrubber) -> Interaction:
    headers = taken.head.headers
    if taken.encoding:
        headers = Headers(pair for pair in headers if pair[0].lower() != "content-encoding")
        if "content-length" in headers:
            headers = headers.with_(("Content-Length", str(len(body))))
    request_type = taken.request.body.content_type if taken.request.body is not None else ""
    return Interaction(
        taken.request.method,
        scrubber.url(taken.request.url),
        taken.head.status,
        Headers(scrubber.headers(headers)),
        scrubber.body(body, taken.head.content_type),
        # Without its parameters: a boundary is made anew each time.
        scrubber.text(request_type.partition(";")[0].strip()),
        scrubber.text(taken.note),
    )
