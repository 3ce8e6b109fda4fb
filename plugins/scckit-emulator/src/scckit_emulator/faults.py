"""What can go wrong between a client and the SCC, on request: a layer around the whole site, as a WSGI callable.

A fault that breaks a connection raises ConnectionResetError, one that cuts an answer gives fewer bytes than announced.
Whoever calls the site in process gets just that; the server in ``server`` does it to the socket. Nothing of the SCC is
known here but that downloads have ``/download-`` in their address.
"""

from __future__ import annotations

import errno
import math
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import TYPE_CHECKING, ClassVar

from scckit_emulator.hostile import ArchiveFault, spoil

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

__all__ = ["Answer", "Fault", "FaultLayer", "Faults", "Seen"]

_HTML = ("Content-Type", "text/html; charset=utf-8")
_ZIP = ("Content-Type", "application/zip")
_ERROR = "<!DOCTYPE html><html><head><title>{0}</title></head><body><h1>{0}</h1></body></html>"
_MAINTENANCE = (
    "<!DOCTYPE html><html><head><title>Maintenance</title></head><body><h1>Maintenance</h1>"
    "<p>The server is being updated. Please come back later.</p></body></html>"
)
_CAPTIVE = (
    "<!DOCTYPE html><html><head><title>Guest network</title></head><body><h1>Welcome to the guest network</h1>"
    '<form method="post" action="/connect"><input type="text" name="voucher"><input type="submit" value="Connect">'
    "</form></body></html>"
)


@dataclass(frozen=True)
class Answer:
    """A whole answer of the site.

    Attributes:
        status: Status line, such as ``200 OK``.
        headers: Header fields in order.
        body: Its body; nothing that the emulator serves is large.
    """

    status: str
    headers: tuple[tuple[str, str], ...]
    body: bytes = b""

    def begin(self, start_response: StartResponse, length: int | None = None) -> None:
        """Send the head.

        Args:
            start_response: Takes it.
            length: Length to announce; that of the body if None.
        """
        announced = ("Content-Length", str(len(self.body) if length is None else length))
        headers = [(name, value) for name, value in self.headers if name.lower() != "content-length"]
        start_response(self.status, [*headers, announced])


#: Lets the site behind do what was asked, and gives its answer.
Ask = Callable[[], Answer]
Sleep = Callable[[float], None]


class Fault(ABC):
    """Something that goes wrong with one exchange: a value, made by the methods below.

    Example:
        >>> Fault.status(503, retry_after=7)
        Status(code=503, retry_after=7, acts=False)
    """

    #: Part of the address of the requests that it can happen to; all of them, unless a kind says otherwise.
    usual_path: ClassVar[str] = ""

    @abstractmethod
    def happen(self, ask: Ask, start_response: StartResponse, sleep: Sleep) -> Iterable[bytes]:
        """Answer in place of the site.

        Args:
            ask: Lets the site do what was asked; whoever does not call it loses the request.
            start_response: Takes the head, as WSGI has it.
            sleep: Lets seconds pass.

        Raises:
            ConnectionResetError: The connection is to be torn down; also raised by what is returned.
        """

    @staticmethod
    def status(code: int, *, retry_after: int | str | None = None, acts: bool = False) -> Fault:
        """An error page with a status, such as 429, 500, 502 or 503.

        Args:
            code: The status, from 200 on.
            retry_after: Value of ``Retry-After``: seconds, or a date as HTTP writes it (RFC 9110, 10.2.3).
            acts: Whether the site does what was asked before its answer is lost, as behind a gateway that gives up.

        Raises:
            ValueError: It is no status.
        """
        return Status(code, retry_after, acts)

    @staticmethod
    def reset(after_bytes: int | None = None) -> Fault:
        """The connection is torn down.

        Args:
            after_bytes: After so many bytes of the body; before the site sees the request if None.

        Raises:
            ValueError: The number is negative.
        """
        return Reset(after_bytes)

    @staticmethod
    def lost() -> Fault:
        """The site does what was asked; then the connection is torn down before the head of its answer."""
        return Lost()

    @staticmethod
    def truncate(keep: int = 0) -> Fault:
        """The body ends early, in good order but for its announced length.

        Args:
            keep: So many bytes of it come; all but the last one where it has no more.

        Raises:
            ValueError: The number is negative.
        """
        return Truncate(keep)

    @staticmethod
    def wrong_length(by: int) -> Fault:
        """The whole body comes, and another length is announced.

        Args:
            by: How much more is announced; less if negative.

        Raises:
            ValueError: It is 0.
        """
        return WrongLength(by)

    @staticmethod
    def drip(chunk: int = 1, pause: float = 0.0) -> Fault:
        """The body comes drop by drop.

        Args:
            chunk: Bytes at a time.
            pause: Seconds between them, by the emulator's ``sleep``.

        Raises:
            ValueError: A number is out of range.
        """
        return Drip(chunk, pause)

    @staticmethod
    def slow(seconds: float) -> Fault:
        """The site does what was asked; its answer begins late.

        Args:
            seconds: How late, by the emulator's ``sleep``.

        Raises:
            ValueError: The number is negative or not finite.
        """
        return Slow(seconds)

    @staticmethod
    def maintenance() -> Fault:
        """A page about maintenance comes with status 200; the site sees nothing."""
        return Page("maintenance", _MAINTENANCE)

    @staticmethod
    def captive(location: str | None = None) -> Fault:
        """A network that lets nobody out answers in the site's place with its own page.

        Args:
            location: It redirects to that address; its page comes at once, with status 200, if None.
        """
        return Page("captive", _CAPTIVE) if location is None else Elsewhere(location)

    @staticmethod
    def archive(what: ArchiveFault) -> Fault:
        """A download gives a bad archive, complete by its announced length; see `scckit_emulator.hostile.spoil`.

        Args:
            what: What is wrong with it.

        Raises:
            ValueError: There is no such fault.
        """
        return Archive(what)


def _reset() -> ConnectionResetError:
    # The server looks at the number; the words are for those who call in process.
    return ConnectionResetError(errno.ECONNRESET, "the connection was reset, on demand")


def _error_page(code: int, *headers: tuple[str, str]) -> Answer:
    try:
        line = f"{code} {HTTPStatus(code).phrase}"
    except ValueError:  # a status that only some servers use, such as 520
        line = f"{code} Error"
    return Answer(line, (_HTML, *headers), _ERROR.format(line).encode())


def _whole(answer: Answer, start_response: StartResponse) -> list[bytes]:
    answer.begin(start_response)
    return [answer.body]


@dataclass(frozen=True)
class Status(Fault):
    """See `Fault.status`."""

    code: int
    retry_after: int | str | None = None
    acts: bool = False

    def __post_init__(self) -> None:
        if not HTTPStatus.OK <= self.code < 600:  # noqa: PLR2004 - the end of all statuses
            raise ValueError(f"a status is a number from 200 to 599; found {self.code}")

    def happen(self, ask: Ask, start_response: StartResponse, sleep: Sleep) -> Iterable[bytes]:
        """Answer with the page."""
        del sleep
        if self.acts:
            ask()
        headers = [] if self.retry_after is None else [("Retry-After", str(self.retry_after))]
        return _whole(_error_page(self.code, *headers), start_response)


@dataclass(frozen=True)
class Reset(Fault):
    """See `Fault.reset`."""

    after_bytes: int | None = None

    def __post_init__(self) -> None:
        if self.after_bytes is not None:
            _not_negative("after_bytes", self.after_bytes)

    def happen(self, ask: Ask, start_response: StartResponse, sleep: Sleep) -> Iterable[bytes]:
        """Break the connection now, or on the way."""
        del sleep
        if self.after_bytes is None:
            raise _reset()
        answer = ask()
        answer.begin(start_response)
        return self._breaking(answer.body[: self.after_bytes])

    def _breaking(self, body: bytes) -> Iterator[bytes]:
        if body:
            yield body
        raise _reset()


@dataclass(frozen=True)
class Lost(Fault):
    """See `Fault.lost`."""

    def happen(self, ask: Ask, start_response: StartResponse, sleep: Sleep) -> Iterable[bytes]:
        """Let the site act, and break the connection."""
        del start_response, sleep
        ask()
        raise _reset()


@dataclass(frozen=True)
class Truncate(Fault):
    """See `Fault.truncate`."""

    keep: int = 0

    def __post_init__(self) -> None:
        _not_negative("keep", self.keep)

    def happen(self, ask: Ask, start_response: StartResponse, sleep: Sleep) -> Iterable[bytes]:
        """Announce all, give less."""
        del sleep
        answer = ask()
        answer.begin(start_response)
        return [answer.body[: min(self.keep, max(len(answer.body) - 1, 0))]]


@dataclass(frozen=True)
class WrongLength(Fault):
    """See `Fault.wrong_length`."""

    by: int

    def __post_init__(self) -> None:
        if self.by == 0:
            raise ValueError("a wrong length differs from the right one; found by=0")

    def happen(self, ask: Ask, start_response: StartResponse, sleep: Sleep) -> Iterable[bytes]:
        """Announce more or less, give all."""
        del sleep
        answer = ask()
        answer.begin(start_response, max(len(answer.body) + self.by, 0))
        return [answer.body]


@dataclass(frozen=True)
class Drip(Fault):
    """See `Fault.drip`."""

    chunk: int = 1
    pause: float = 0.0

    def __post_init__(self) -> None:
        if self.chunk < 1:
            raise ValueError(f"chunk must be a number of bytes from 1 on; found {self.chunk}")
        _not_negative("pause", self.pause)

    def happen(self, ask: Ask, start_response: StartResponse, sleep: Sleep) -> Iterable[bytes]:
        """Give the body in drops."""
        answer = ask()
        answer.begin(start_response)
        return self._dripping(answer.body, sleep)

    def _dripping(self, body: bytes, sleep: Sleep) -> Iterator[bytes]:
        for begin in range(0, len(body), self.chunk):
            if begin and self.pause:
                sleep(self.pause)
            yield body[begin : begin + self.chunk]


@dataclass(frozen=True)
class Slow(Fault):
    """See `Fault.slow`."""

    seconds: float

    def __post_init__(self) -> None:
        _not_negative("seconds", self.seconds)

    def happen(self, ask: Ask, start_response: StartResponse, sleep: Sleep) -> Iterable[bytes]:
        """Let the site act, wait, and answer."""
        answer = ask()
        sleep(self.seconds)
        return _whole(answer, start_response)


@dataclass(frozen=True)
class Page(Fault):
    """See `Fault.maintenance` and `Fault.captive`."""

    name: str
    html: str = field(repr=False)

    def happen(self, ask: Ask, start_response: StartResponse, sleep: Sleep) -> Iterable[bytes]:
        """Answer with the page."""
        del ask, sleep
        return _whole(Answer("200 OK", (_HTML,), self.html.encode()), start_response)


@dataclass(frozen=True)
class Elsewhere(Fault):
    """See `Fault.captive`."""

    location: str

    def happen(self, ask: Ask, start_response: StartResponse, sleep: Sleep) -> Iterable[bytes]:
        """Answer with the redirect."""
        del ask, sleep
        return _whole(_error_page(HTTPStatus.FOUND, ("Location", self.location)), start_response)


@dataclass(frozen=True)
class Archive(Fault):
    """See `Fault.archive`."""

    usual_path: ClassVar[str] = "/download-"

    what: ArchiveFault

    def __post_init__(self) -> None:
        spoil(b"", self.what)

    def happen(self, ask: Ask, start_response: StartResponse, sleep: Sleep) -> Iterable[bytes]:
        """Spoil what the site gives."""
        del sleep
        answer = ask()
        kept = tuple((name, value) for name, value in answer.headers if name.lower() != "content-type")
        spoilt = Answer("200 OK", (*kept, _ZIP), spoil(answer.body, self.what))
        return _whole(spoilt, start_response)


def _not_negative(name: str, value: float) -> None:
    if not (math.isfinite(value) and value >= 0):
        raise ValueError(f"{name} must be a finite number from 0 on; found {value}")


@dataclass(frozen=True)
class Seen:
    """A fault that happened.

    Attributes:
        fault: The fault.
        method: Method of the request that it happened to.
        path: Address of that request below the base URL, without query.
    """

    fault: Fault
    method: str
    path: str


@dataclass(frozen=True)
class _Rule:
    """A fault and when it happens."""

    fault: Fault
    path: str
    method: str | None
    times: int | None
    skip: int

    def fits(self, method: str, path: str) -> bool:
        return self.path in path and self.method in {None, method}


class Faults:
    """The faults of an emulator: those to come, and those that happened. May be used from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rules: list[_Rule] = []
        self._seen: list[Seen] = []

    def __repr__(self) -> str:
        return f"<Faults: {len(self._rules)} to come, {len(self._seen)} seen>"

    @property
    def seen(self) -> tuple[Seen, ...]:
        """The faults that happened since the last `clear`, in order."""
        with self._lock:
            return tuple(self._seen)

    def add(
        self,
        fault: Fault,
        *,
        path: str | None = None,
        method: str | None = None,
        times: int | None = 1,
        skip: int = 0,
    ) -> None:
        """Let a fault happen to requests to come. Where several fit, the one that was added first happens.

        Args:
            fault: What goes wrong.
            path: Part of the address of the requests that it happens to, such as ``api/v1/``; an archive's fault happens
                to downloads, any other to any request, if None.
            method: Method of those requests; any if None.
            times: How often it happens; for ever if None.
            skip: So many requests that fit pass unharmed before.

        Raises:
            ValueError: A number is out of range.
        """
        if times is not None and times < 1:
            raise ValueError(f"a fault happens once at least, or for ever with None; found times={times}")
        if skip < 0:
            raise ValueError(f"skip is a number of requests from 0 on; found {skip}")
        wanted = fault.usual_path if path is None else path
        rule = _Rule(fault, wanted, None if method is None else method.upper(), times, skip)
        with self._lock:
            self._rules.append(rule)

    def clear(self) -> None:
        """Forget the faults to come, and those that happened."""
        with self._lock:
            self._rules.clear()
            self._seen.clear()

    def next(self, method: str, path: str) -> Fault | None:
        """Give the fault that happens to a request now, and count it as seen; None if it passes.

        Args:
            method: Its method.
            path: Its address below the base URL.
        """
        with self._lock:
            for place, rule in enumerate(self._rules):
                if not rule.fits(method, path):
                    continue
                if rule.skip:
                    self._rules[place] = replace(rule, skip=rule.skip - 1)
                    continue
                if rule.times == 1:
                    del self._rules[place]
                elif rule.times is not None:
                    self._rules[place] = replace(rule, times=rule.times - 1)
                self._seen.append(Seen(rule.fault, method, path))
                return rule.fault
        return None


class FaultLayer:
    """Lets each request pass, or lets a fault happen to it.

    Args:
        application: What is behind.
        faults: Tells what happens.
        sleep: Lets seconds pass.
    """

    def __init__(self, application: WSGIApplication, faults: Faults, sleep: Sleep) -> None:
        self._application = application
        self._faults = faults
        self._sleep = sleep

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer.

        Raises:
            ConnectionResetError: The connection is to be torn down.
        """
        fault = self._faults.next(environ["REQUEST_METHOD"], environ["PATH_INFO"].removeprefix("/"))
        if fault is None:
            return self._application(environ, start_response)
        return fault.happen(lambda: _asked(self._application, environ), start_response, self._sleep)


def _asked(application: WSGIApplication, environ: WSGIEnvironment) -> Answer:
    """Call an application to its end."""
    started: list[tuple[str, tuple[tuple[str, str], ...]]] = []
    body = bytearray()

    def start(status: str, headers: list[tuple[str, str]], error: object = None, /) -> Callable[[bytes], object]:
        del error  # an application may correct its head
        started[:] = [(status, tuple(headers))]
        return body.extend

    chunks = application(environ, start)
    try:
        for chunk in chunks:
            body += chunk
    finally:
        if hasattr(chunks, "close"):
            chunks.close()
    status, headers = started[0]
    return Answer(status, headers, bytes(body))
