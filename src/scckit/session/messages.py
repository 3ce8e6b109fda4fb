"""Requests and the heads of answers as plain values; what goes over the wire, without any wire. No I/O here."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Protocol
from urllib.parse import urlencode

from attrs import evolve, field, frozen

__all__ = ["Body", "Exchange", "FormBody", "Head", "Headers", "Request", "Transport", "get"]

#: Header values that may be shown; every other value is hidden in ``repr`` (an allow-list, so that new secrets stay in).
_SHOWN = frozenset(
    {"accept", "accept-encoding", "content-disposition", "content-encoding", "content-length", "content-type", "date"}
    | {"location", "referer", "retry-after", "server", "user-agent"}
)


def _headers(value: Headers | Mapping[str, str] | Iterable[tuple[str, str]]) -> Headers:
    return value if isinstance(value, Headers) else Headers(value)


def _pairs(value: Mapping[str, str] | Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    items = value.items() if isinstance(value, Mapping) else value
    return tuple((str(name), str(text)) for name, text in items)


@frozen(repr=False)
class Headers:
    """Header fields in order, names case-blind, repeated names kept (``Set-Cookie`` often comes twice).

    Example:
        >>> headers = Headers([("Set-Cookie", "a=1"), ("set-cookie", "b=2")])
        >>> headers.get_all("SET-COOKIE")
        ('a=1', 'b=2')
        >>> headers
        Headers(Set-Cookie: <hidden>, set-cookie: <hidden>)
    """

    pairs: tuple[tuple[str, str], ...] = field(default=(), converter=_pairs)

    def get(self, name: str, default: str = "") -> str:
        """Return the first value of a name, or the default."""
        return next(iter(self.get_all(name)), default)

    def get_all(self, name: str) -> tuple[str, ...]:
        """Return all values of a name, in order."""
        name = name.lower()
        return tuple(value for key, value in self.pairs if key.lower() == name)

    def with_(self, *pairs: tuple[str, str]) -> Headers:
        """Return a copy in which each given name has just the given value."""
        names = {name.lower() for name, _ in pairs}
        return Headers((*((k, v) for k, v in self.pairs if k.lower() not in names), *pairs))

    def __iter__(self) -> Iterator[tuple[str, str]]:
        """Iterate over all (name, value) pairs in order."""
        return iter(self.pairs)

    def __contains__(self, name: str) -> bool:
        """Tell whether a name is there, whatever its case."""
        return bool(self.get_all(name))

    def __repr__(self) -> str:
        """Show names, and only such values as can hold no secret."""
        shown = (f"{k}: {v if k.lower() in _SHOWN else '<hidden>'}" for k, v in self.pairs)
        return f"Headers({', '.join(shown)})"


class Body(Protocol):
    """The body of a request: its type, its exact length, and its bytes as often as asked for."""

    @property
    def content_type(self) -> str:
        """Value for ``Content-Type``."""

    @property
    def length(self) -> int:
        """Number of bytes that ``chunks`` gives in all."""

    def chunks(self) -> Iterator[bytes]:
        """Give the bytes from the start; every call starts anew."""


@frozen(repr=False)
class FormBody:
    """The fields of a small HTML form, URL-encoded. Values may be secrets, so ``repr`` shows names only."""

    fields: tuple[tuple[str, str], ...] = field(converter=_pairs)

    @property
    def content_type(self) -> str:
        """``application/x-www-form-urlencoded``."""
        return "application/x-www-form-urlencoded"

    @property
    def length(self) -> int:
        """Length of the encoded form in bytes."""
        return len(self._encoded())

    def chunks(self) -> Iterator[bytes]:
        """Give the encoded form in one piece."""
        yield self._encoded()

    def _encoded(self) -> bytes:
        return urlencode(self.fields).encode("ascii")

    def __repr__(self) -> str:
        """Show the names of the fields without their values."""
        return f"FormBody({', '.join(name for name, _ in self.fields)})"


@frozen
class Request:
    """One HTTP request.

    Operations give ``url`` relative to the base URL of the session; what a transport gets is absolute, with all headers.
    ``safe`` says that sending it again can change nothing more (by default: GET and HEAD).
    """

    method: str
    url: str
    headers: Headers = field(factory=Headers, converter=_headers)
    body: Body | None = None
    safe: bool = field()

    @safe.default
    def _safe(self) -> bool:
        return self.method in {"GET", "HEAD"}

    def with_headers(self, *pairs: tuple[str, str]) -> Request:
        """Return a copy in which each given header has just the given value."""
        return evolve(self, headers=self.headers.with_(*pairs))


def get(url: str, query: Mapping[str, object] | Iterable[tuple[str, object]] = (), *, safe: bool = True) -> Request:
    """Build a GET request; ``safe=False`` for the GETs with which the SCC changes state (scc-interface.md 2.3).

    Example:
        >>> get("api/v1/measurements/", {"limit": 20}).url
        'api/v1/measurements/?limit=20'
    """
    encoded = urlencode(list(query.items() if isinstance(query, Mapping) else query))
    return Request("GET", f"{url}?{encoded}" if encoded else url, safe=safe)


@frozen
class Head:
    """Status and header fields of an answer, and the absolute URL that gave it."""

    status: int
    headers: Headers
    url: str

    @property
    def content_type(self) -> str:
        """Media type in lower case without parameters; empty if the server names none."""
        return self.headers.get("content-type").partition(";")[0].strip().lower()

    @property
    def content_length(self) -> int | None:
        """Announced number of body bytes; None where the server announces none or nonsense."""
        text = self.headers.get("content-length").strip()
        return int(text) if text.isascii() and text.isdigit() else None


class Exchange(Protocol):
    """One request and its answer, as a transport holds it open."""

    @property
    def head(self) -> Head:
        """Status and headers of the answer."""

    def chunks(self) -> Iterator[bytes]:
        """Give the body as it comes; raises ``TransportError`` and nothing else."""

    def close(self) -> None:
        """End the exchange, read to its end or not; the connection must be free or gone afterwards. May be called twice."""


class Transport(Protocol):
    """What carries requests: one exchange at a time per call, any number of threads.

    A transport follows no redirect, keeps no cookie, repeats nothing and does not change what it carries: the session
    does all of that. It lets only ``TransportError`` and its subclasses out for what goes wrong on the way, and nothing
    of ours or of a test's library is swallowed. It talks to the origin of its ``base_url`` only, sends header values as
    UTF-8 and reads them as UTF-8 where they are, else as Latin-1. A body that gives other than the number of bytes that it
    announced is refused, and nothing can be read from an exchange that was closed.
    """

    def open(self, request: Request, /) -> Exchange:
        """Send a request and return once the head of the answer is there.

        Raises:
            ConnectionFailed: Nothing was sent.
            TransportError: Anything else that kept a head from coming.
        """

    def close(self) -> None:
        """Give up all connections; may be called twice. Afterwards ``open`` raises ``TransportError``."""
