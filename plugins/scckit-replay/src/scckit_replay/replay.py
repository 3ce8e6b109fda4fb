"""A transport that answers from a cassette. No socket is opened and nothing is patched, so threads and asyncio are fine."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterator, Sequence
from threading import Lock
from types import TracebackType
from typing import Final, Self, TypeAlias
from urllib.parse import SplitResult, parse_qsl, urlsplit

from scckit.errors import InvalidInput, LocalFileError, SCCError, TransportError
from scckit.plugins import Exchange, Head, Headers, Request, TransportSettings
from scckit_replay.cassette import Cassette, Interaction, origin_of, split, takes_body

__all__ = ["NothingRecorded", "ReplayTransport", "from_settings"]

_CHUNK: Final = 64 * 1024
#: How many requests a message lists of one sort.
_LISTED: Final = 8
#: Headers of answers that hold addresses of the server.
_ADDRESSES: Final = frozenset({"location", "content-location"})

#: Method, path, and the query's pairs in the order of their names.
_Key: TypeAlias = tuple[str, str, tuple[tuple[str, str], ...]]


class NothingRecorded(SCCError):
    """The cassette holds no answer (more) to what was asked; the message lists what is near, and what was played.

    It is no ``TransportError``: asking again would not help, and scckit would do that after one.
    """


class ReplayTransport:
    """Plays a cassette: each answer once, in recorded order among those that match.

    A request is matched by method, path and query as vcrpy does it: the order of the query's parameters is of no matter,
    and parameters without a value are not looked at. Neither headers nor bodies are matched. The server that was recorded
    stands for the one that is asked: where an answer sends to an address on it, the address becomes one of the latter.

    Args:
        cassette: Path of a file, or a cassette.
        base_url: The only origin that may be asked for; by default any is served.

    Raises:
        LocalFileError: The file cannot be read, is no cassette, or holds answers of several servers.
        InvalidInput: The base URL is none.

    Example:
        >>> from scckit_replay.cassette import Interaction
        >>> transport = ReplayTransport(Cassette([Interaction("GET", "https://scc.example/api/v1/", 200)]))
        >>> transport.open(Request("GET", "https://scc.example/api/v1/")).head.status
        200
        >>> transport.unplayed
        ()
    """

    def __init__(self, cassette: str | os.PathLike[str] | Cassette, *, base_url: str | None = None) -> None:
        """Begin at the first answer."""
        self._cassette: Final = cassette if isinstance(cassette, Cassette) else Cassette.read(cassette)
        self._origin: Final = None if base_url is None else origin_of(_absolute(base_url))
        origins = {origin_of(_absolute(one.url)): one.url for one in self._cassette.interactions}
        if len(origins) > 1:
            hosts = ", ".join(sorted(urlsplit(url).netloc.rpartition("@")[2] for url in origins.values()))
            msg = f"{self._cassette.name} holds answers of several servers ({hosts}); a transport stands for one"
            raise LocalFileError(msg)
        self._recorded_origin: Final = next(iter(origins), None)
        self._lock: Final = Lock()
        self._waiting: Final[dict[_Key, deque[int]]] = {}
        for number, one in enumerate(self._cassette.interactions):
            self._waiting.setdefault(_key(one.method, urlsplit(one.url)), deque()).append(number)
        self._played: Final[list[int]] = []
        self._closed = False

    def __repr__(self) -> str:
        """Show the cassette and how far it is played."""
        return (
            f"<ReplayTransport {self._cassette.name} {len(self._played)} of {len(self._cassette.interactions)} played>"
        )

    def __enter__(self) -> Self:
        """Return the transport itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close it."""
        self.close()

    @property
    def unplayed(self) -> tuple[Interaction, ...]:
        """What was recorded and not asked for, in recorded order."""
        return self._unplayed(self._so_far())

    @property
    def played(self) -> tuple[Interaction, ...]:
        """What was asked for, in the order in which it was."""
        return tuple(self._cassette.interactions[number] for number in self._so_far())

    def report(self) -> str:
        """Tell in some lines what was played and what was not."""
        played = self._so_far()
        lines = [f"{self._cassette.name}: {len(played)} of {len(self._cassette.interactions)} answers were played"]
        lines += self._listing("played", played)
        lines += self._listing("not played", self._others(played))
        return "\n".join(lines)

    def require_all_played(self) -> None:
        """Make sure that everything was asked for; for the end of a test.

        Raises:
            AssertionError: Something was not; the message is the report.
        """
        if self.unplayed:
            raise AssertionError(self.report())

    def open(self, request: Request, /) -> Exchange:
        """Give the next answer that was recorded for such a request.

        Raises:
            NothingRecorded: There is none, or each was played already.
            InvalidInput: Another origin than that of the base URL is asked for, or the body has not its announced length.
            TransportError: The transport is closed.
            Exception: Whatever the request's body raised, unchanged.
        """
        parts = _absolute(request.url)
        if self._origin not in {None, origin_of(parts)}:
            host = parts.netloc.rpartition("@")[2]
            msg = f"{host} was asked for, but this transport stands for one server only, and that is another"
            raise InvalidInput(msg)
        if request.body is not None:
            # A server takes the whole of what it is sent; what is wrong with it shows here as it would there.
            length = sum(len(chunk) for chunk in request.body.chunks())
            if length != request.body.length:
                msg = f"the body of the request announced {request.body.length} bytes and gave {length}"
                raise InvalidInput(msg)
        one = self._take(request.method, parts)
        return _Replayed(one, Head(one.status, self._headers(one, parts), request.url))

    def close(self) -> None:
        """Answer no more; what was not played is no error here, see ``require_all_played``."""
        self._closed = True

    def _take(self, method: str, parts: SplitResult) -> Interaction:
        with self._lock:
            if self._closed:
                msg = f"{method} {parts.path}: not answered, because the client was closed; make a new one"
                raise TransportError(msg)
            waiting = self._waiting.get(_key(method, parts))
            if waiting:
                number = waiting.popleft()
                self._played.append(number)
                return self._cassette.interactions[number]
            played = list(self._played)
        raise NothingRecorded(self._complaint(method, parts, played))

    def _headers(self, one: Interaction, asked: SplitResult) -> Headers:
        """Return the headers of an answer, such that it sends to the server that was asked, not to the recorded one."""
        return Headers(
            (name, self._address(value, asked) if name.lower() in _ADDRESSES else value) for name, value in one.headers
        )

    def _address(self, value: str, asked: SplitResult) -> str:
        parts = split(value)
        if parts is None or origin_of(parts) != self._recorded_origin:
            return value
        return parts._replace(scheme=asked.scheme, netloc=asked.netloc.rpartition("@")[2]).geturl()

    # -- what is told ---------------------------------------------------------------------------------------------------

    def _so_far(self) -> list[int]:
        with self._lock:
            return list(self._played)

    def _others(self, played: Sequence[int]) -> list[int]:
        return sorted(set(range(len(self._cassette.interactions))) - set(played))

    def _unplayed(self, played: Sequence[int]) -> tuple[Interaction, ...]:
        return tuple(self._cassette.interactions[number] for number in self._others(played))

    def _complaint(self, method: str, parts: SplitResult, played: Sequence[int]) -> str:
        key = _key(method, parts)
        recorded = self._cassette.interactions
        same = sum(_key(one.method, urlsplit(one.url)) == key for one in recorded)
        asked = f"{method} {parts.path or '/'}" + (f"?{parts.query}" if parts.query else "")
        lines = [f"{asked}: no answer in {self._cassette.name}; ask what was recorded, or record it again"]
        if same:
            lines.append(f"  it was recorded {same} times, and each answer is played once")
        others = self._others(played)
        near = [number for number in others if _is_near(key, recorded[number])]
        lines += self._listing("not played, and near", near)
        lines += self._listing("not played" if not near else "not played either", [n for n in others if n not in near])
        lines += self._listing("played", played)
        return "\n".join(lines)

    def _listing(self, title: str, numbers: Sequence[int]) -> list[str]:
        if not numbers:
            return [f"  {title}: nothing"]
        lines = [f"    {number + 1}. {self._cassette.interactions[number]}" for number in numbers[:_LISTED]]
        if len(numbers) > _LISTED:
            lines.append(f"    and {len(numbers) - _LISTED} more")
        return [f"  {title}:", *lines]


class _Replayed:
    """An answer from a cassette."""

    def __init__(self, one: Interaction, head: Head) -> None:
        self.head: Final = head
        self._one = one
        self._closed = False

    def chunks(self) -> Iterator[bytes]:
        self._check_open()
        if takes_body(self._one.method, self._one.status):
            for begin in range(0, len(self._one.body), _CHUNK):
                self._check_open()
                yield self._one.body[begin : begin + _CHUNK]

    def close(self) -> None:
        self._closed = True

    def _check_open(self) -> None:
        if self._closed:
            msg = f"{self._one}: the answer was closed, its body cannot be read any more; ask again"
            raise TransportError(msg)


def from_settings(settings: TransportSettings) -> ReplayTransport:
    """Make the transport that a client asks for by ``transport="replay:FILE"``.

    Raises:
        InvalidInput: No file is named.
        LocalFileError: It cannot be played.
    """
    if not settings.argument:
        msg = "the transport replay plays a file: write transport='replay:FILE', such as 'replay:cassettes/search.yaml'"
        raise InvalidInput(msg)
    return ReplayTransport(settings.argument, base_url=settings.base_url)


def _absolute(url: str) -> SplitResult:
    parts = split(url)
    if parts is None:
        shown = url.partition("?")[0].rpartition("@")[2]
        msg = f"{shown!r} is no absolute HTTP address such as 'https://scc.example/'"
        raise InvalidInput(msg)
    return parts


def _key(method: str, parts: SplitResult) -> _Key:
    return method, parts.path or "/", tuple(sorted(parse_qsl(parts.query)))


def _is_near(key: _Key, one: Interaction) -> bool:
    """Tell whether a recorded request is of the same path, whatever its method and query."""
    return _key(one.method, urlsplit(one.url))[1] == key[1]
