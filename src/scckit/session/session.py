"""The conversation with one server: what is sent with each request, how one signs in, what is repeated, what is believed.

All of it is plain code in generators (flows); nothing here performs I/O. The rules it keeps:

* Nothing is sent to another origin than the base URL's, credentials least of all.
* "Not signed in" has many faces: a redirect to the sign-in page, a sign-in form with status 200, 401 or 403. Each leads
  to one renewed sign-in and one more try, then to an error that says which layer refused.
* Only what is safe to repeat is repeated: safe requests, and what provably never left.
* A body is judged by its head before it is read.

Sources: scc-interface.md 1 (authentication), 2 (addresses).
"""

from __future__ import annotations

import base64
import math
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from http import HTTPStatus
from random import random
from threading import Lock
from typing import Final, TypeAlias, TypeVar
from urllib.parse import urljoin, urlsplit

from attrs import evolve, field, frozen

from scckit._version import __version__
from scckit.errors import (
    AnswerError,
    AnswerTooLarge,
    ConnectionFailed,
    InvalidInput,
    NotSignedIn,
    PermissionDenied,
    RedirectRefused,
    ServerBusy,
    TransportError,
    UnexpectedContent,
    UnexpectedStatus,
    WrongAccount,
    WrongHTTPCredentials,
)
from scckit.events import Answered, Event, Observe, Requested, Retrying, SignedIn
from scckit.session.cookies import Cookie, CookieJar
from scckit.session.credentials import Credentials
from scckit.session.effects import Discard, Drain, Flow, Open, Sink, Sleep
from scckit.session.messages import Body, FormBody, Head, Headers, Request, get
from scckit.session.pace import Pace
from scckit.session.retry import RetryPolicy, retry_after
from scckit.site import Site, routes
from scckit.site.content import PageContent

__all__ = ["CSRF", "BytesSink", "Doors", "Loan", "Page", "Session"]

T = TypeVar("T")
#: The field against forgery as a form's name and value; empty where a page has no token.
CSRF: TypeAlias = tuple[tuple[str, str], ...]

#: Pages and objects larger than this are not honest ones (the largest page seen has 100 rows, some 100 kB).
_PAGE_LIMIT: Final = 32 * 2**20
_MAX_REDIRECTS: Final = 8
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
#: Answers that say "later" more than "no" (RFC 9110, 15.6; 429 by RFC 6585).
_TRY_LATER: Final = frozenset({429, 500, 502, 503, 504})
_HTML: Final = frozenset({"text/html", "application/xhtml+xml"})
_PORTS: Final[Mapping[str, int]] = {"http": 80, "https": 443}
_CSRF_COOKIE: Final = "csrftoken"
_CSRF_FIELD: Final = "csrfmiddlewaretoken"


@frozen
class Page:
    """A page that was read: the head of its answer (with its final address), and its content."""

    head: Head
    content: PageContent


@frozen
class Loan:
    """A signed-in session as it travels to a worker: plain values, to be pickled; its values are shown nowhere.

    Attributes:
        base_url: The server.
        pair: HTTP user and password, the outer layer that many users share.
        cookies: Those of the signed-in session.
        retries: When to send again.
        interval: Least seconds between the beginnings of two requests.
    """

    base_url: str
    pair: tuple[str, str] = field(repr=False)
    cookies: tuple[Cookie, ...] = field(repr=False)
    retries: RetryPolicy
    interval: float
    sign_in: int


class BytesSink:
    """Takes a body into memory, up to a limit."""

    def __init__(self, limit: int = _PAGE_LIMIT) -> None:
        """Begin empty."""
        self._limit = limit
        self._chunks: list[bytes] = []
        self._size = 0

    def begin(self) -> None:
        """Forget what an earlier try left."""
        self._chunks, self._size = [], 0

    def write(self, chunk: bytes, /) -> None:
        """Keep a chunk.

        Raises:
            AnswerTooLarge: It is too much.
        """
        self._size += len(chunk)
        if self._size > self._limit:
            msg = f"an answer is larger than {self._limit} bytes and was not read; no page of the SCC is"
            raise AnswerTooLarge(msg)
        self._chunks.append(chunk)

    def commit(self) -> bytes:
        """Return all of it."""
        return b"".join(self._chunks)

    def abort(self) -> None:
        """Forget all of it."""
        self.begin()


class _SignedOut(Exception):
    """The server treated us as not signed in; ``error`` is what to raise if that does not change."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error


@frozen
class _Redirect:
    """An answer that sends us to another address of the same origin."""

    url: str


class _TryLater(Exception):
    """The answer is one of the moment; ``error`` is what to raise if we do not come back."""

    def __init__(self, error: UnexpectedStatus | UnexpectedContent, pause: float | None) -> None:
        super().__init__()
        self.error = error
        self.pause = pause


def _base_url(text: str) -> str:
    try:
        parts = urlsplit(text)
        usable = parts.scheme in _PORTS and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        msg = f"the base URL must begin with https:// (or http:// for a test server); found {_without_userinfo(text)!r}"
        raise InvalidInput(msg)
    if parts.username is not None or parts.password is not None or parts.query or parts.fragment:
        msg = f"the base URL must be an address alone, such as {routes.BASE_URL}; give credentials as Credentials"
        raise InvalidInput(msg)
    return text if text.endswith("/") else text + "/"


def _without_userinfo(text: str) -> str:
    return text.rpartition("@")[2]


@frozen
class Doors:
    """What a session takes from the world as parameters, so that tests can give their own.

    Attributes:
        clock: Seconds from any fixed point, for durations.
        now: Seconds since 1970, for the expiry of cookies.
        random: A number from 0 to 1, for the jitter of pauses.
        observe: Is told of events.
    """

    clock: Callable[[], float] = time.monotonic
    now: Callable[[], float] = time.time
    random: Callable[[], float] = random
    observe: Observe = field(default=lambda _event: None)


class Session:
    """One conversation, shared by any number of flows at a time.

    Args:
        base_url: The server, such as ``https://scc.imaa.cnr.it/``.
        credentials: Both pairs.
        site: Knows the addresses and reads the answers.
        retries: When to send again.
        doors: Clock, randomness, observers.
        pace: Least seconds between the beginnings of two requests.

    Raises:
        InvalidInput: The base URL is none.
    """

    def __init__(  # noqa: PLR0913 - the last three by keyword
        self,
        base_url: str,
        credentials: Credentials,
        site: Site,
        *,
        retries: RetryPolicy | None = None,
        doors: Doors | None = None,
        pace: float = 0.0,
    ) -> None:
        """Begin signed out; nothing is sent."""
        self.base_url: Final = _base_url(base_url)
        self.site: Final = site
        self.doors: Final = doors or Doors()
        self.pace: Final = Pace(pace, self.doors.clock)
        self._credentials: Final = credentials
        self._retries: Final = retries or RetryPolicy()
        self._borrowed = False
        self._lock: Final = Lock()
        # A sign-in fills a jar of its own and then replaces this one as a whole, so that flows of other threads never
        # see a half-made sign-in, and late answers to the old one cannot disturb the new.
        self._jar = CookieJar()
        self._sign_ins = 0
        self._signed_in = False

    def __repr__(self) -> str:
        """Show the server and the state, no secret."""
        return f"Session({self.base_url!r}, {'signed in' if self._signed_in else 'signed out'})"

    @property
    def is_signed_in(self) -> bool:
        """True after a sign-in that the server has not been seen to end."""
        return self._signed_in

    def emit(self, event: Event) -> None:
        """Tell the observers of an event."""
        self.doors.observe(event)

    # -- lending ------------------------------------------------------------------------------------------------------

    def lend(self) -> Loan:
        """Return what a worker elsewhere needs to take part in the conversation: the account's name and password are not in it.

        A worker that has it can do all that the account may do until the server ends the session, so it is a secret too.

        Raises:
            NotSignedIn: The session is not signed in, so there is nothing to lend.
        """
        if not self._signed_in:
            msg = "only a session that is signed in can be lent; sign in first"
            raise NotSignedIn(msg)
        pair = (self._credentials.http_user.reveal(), self._credentials.http_password.reveal())
        return Loan(self.base_url, pair, self._jar.copied(), self._retries, self.pace.interval, self._sign_ins)

    @classmethod
    def borrowed(cls, loan: Loan, site: Site, *, doors: Doors | None = None) -> Session:
        """Return a session that goes on with what was lent; where the server has ended that, its flows raise ``NotSignedIn``."""
        user, password = loan.pair
        credentials = Credentials(user, password, "", "", source="a session that was lent")
        session = cls(loan.base_url, credentials, site, retries=loan.retries, doors=doors, pace=loan.interval)
        session._jar, session._signed_in, session._borrowed = CookieJar(loan.cookies), True, True
        return session

    # -- what operations use ------------------------------------------------------------------------------------------

    def page(self, request: Request) -> Flow[Page]:
        """Get a page of HTML.

        Args:
            request: What to ask, its address relative to the base URL.

        Raises:
            AccessError: A layer refused.
            AnswerError: The answer is of no use.
            TransportError: No answer came.
        """
        return (yield from self._renewing(lambda: self._asking(request, self._take_page)))

    def json(self, request: Request, *, allow: frozenset[int] = frozenset()) -> Flow[tuple[Head, object]]:
        """Get an object of the API; raises as ``page``. For an allowed status without JSON the object is None."""
        return (yield from self._renewing(lambda: self._asking(request, lambda head: self._take_json(head, allow))))

    def text(
        self, request: Request, *, allow: frozenset[int] = frozenset(), sign_in: bool = True
    ) -> Flow[tuple[Head, str]]:
        """Get a text such as CSV; raises as ``page``. For an allowed status the text is empty."""
        attempt = lambda: self._asking(request, lambda head: self._take_text(head, allow))  # noqa: E731 - made anew for each try
        return (yield from self._renewing(attempt, sign_in=sign_in))

    def archive(self, request: Request, sink: Sink[T]) -> Flow[T | None]:
        """Get a file into a sink.

        Returns:
            What the sink makes of it, or None if the server says 404.

        Raises:
            UnexpectedContent: A web page came instead; nothing of it went into the sink.
        """
        return (yield from self._renewing(lambda: self._asking(request, lambda head: self._take_archive(head, sink))))

    def submit(self, form: Request, build: Callable[[Page, CSRF], Body]) -> Flow[Page]:
        """Get the page of a form, send the form, and return the page that comes after.

        Args:
            form: Request for the page of the form; the form goes to the same address.
            build: Makes the body from the page and the field against forgery, which the body must hold.

        Raises:
            As ``page``. The form itself is sent once only, unless it provably never left or the server refused it for
            want of a sign-in.
        """

        def attempt() -> Flow[Page]:
            # One jar for both: another flow may sign in anew in between, and a token holds with its own cookie only.
            jar = self._jar
            page = yield from self._asking(form, self._take_page, jar=jar)
            request = Request("POST", page.head.url, body=build(page, self._csrf_field(page, jar)))
            request = request.with_headers(*self._csrf_headers(page, jar))
            after = yield from self._persisting(request, self._take_page, jar)
            if not isinstance(after, _Redirect):
                return after
            # The form has been taken. If the session ends only now, the page behind is asked for again, not the form sent.
            return (yield from self.page(get(after.url)))

        return (yield from self._renewing(attempt))

    def turn(self, kept: float = -math.inf) -> Flow[None]:
        """Wait until a request may be sent, by the pace and by the pauses that the server asks for, also while we wait.

        Args:
            kept: The end of the server's longest pause that is kept already.
        """
        while True:
            wait, kept = self.pace.turn(kept)
            if wait <= 0:
                return
            yield Sleep(wait)
            if self.pace.is_kept(kept):
                return

    def sign_in(self) -> Flow[None]:
        """Sign in to both layers (scc-interface.md 1.2), whatever the state was.

        Raises:
            WrongHTTPCredentials: The outer layer refused.
            WrongAccount: The inner layer refused.
            NotSignedIn: The session was lent, and cannot be renewed here.
        """
        if self._borrowed:
            msg = "the session that was lent to this worker has ended; it is renewed where the account is known"
            raise NotSignedIn(msg)
        jar = CookieJar()
        try:
            page = yield from self._asking(get(routes.SIGN_IN), self._take_sign_in_form, jar=jar)
        except _SignedOut as signal:  # sent elsewhere, and back from there
            raise signal.error from None
        before = jar.header(page.head.url, self.doors.now())
        headers = self._csrf_headers(page, jar)
        fields = (
            ("username", self._credentials.username.reveal()),
            ("password", self._credentials.password.reveal()),
            *self._csrf_field(page, jar),
        )
        # Sending it twice changes nothing more, so the sign-in may be repeated as a GET may.
        request = evolve(Request("POST", routes.SIGN_IN, headers=headers, body=FormBody(fields)), safe=True)
        after = yield from self._persisting(request, self._take_signed_in, jar)
        # Success is a redirect elsewhere; where it leads is of no interest. A refusal is the form again with 200 (1.3).
        if isinstance(after, _Redirect):
            if self._route(after.url) == routes.SIGN_IN:
                raise self._not_signed_in(routes.SIGN_IN)
        elif after.content.is_login:
            self._refuse_account(after)
        elif jar.header(page.head.url, self.doors.now()) == before:
            raise self._not_the_form(after)
        with self._lock:
            renewed = self._sign_ins > 0
            self._jar, self._signed_in = jar, True
            self._sign_ins += 1
        self.emit(SignedIn(renewed))

    def sign_out(self) -> Flow[None]:
        """Sign out (scc-interface.md 1.4); does nothing when signed out already."""
        with self._lock:
            if not self._signed_in:
                return
            jar, self._jar, self._signed_in = self._jar, CookieJar(), False
        # A pause that the server has asked for is not waited for: whoever leaves would wait for nothing.
        with suppress(_SignedOut):  # led to the sign-in page: we are out
            answer = yield from self._persisting(get(routes.SIGN_OUT), self._take_nothing, jar, kept=math.inf)
            if isinstance(answer, Head) and answer.status == HTTPStatus.METHOD_NOT_ALLOWED:
                # Django 5 signs out by POST only; the clients seen use GET (1.4).
                token = jar.value(_CSRF_COOKIE, self._absolute(routes.SIGN_OUT), self.doors.now()) or ""
                headers = (("X-CSRFToken", token), ("Referer", self._absolute("")))
                request = Request("POST", routes.SIGN_OUT, headers=headers, body=FormBody(((_CSRF_FIELD, token),)))
                yield from self._persisting(request, self._take_nothing, jar, kept=math.inf)

    # -- sign-in ------------------------------------------------------------------------------------------------------

    def _renewing(self, attempt: Callable[[], Flow[T]], *, sign_in: bool = True) -> Flow[T]:
        """Run a flow signed in; if the server treats us as signed out, sign in again and run it once more.

        If another flow signed in meanwhile, its session is tried first. It may have ended like ours, so that proves nothing:
        only a sign-in of our own that changes nothing is the end.
        """
        if sign_in and not self._signed_in:
            yield from self.sign_in()
        renewals = 1 if sign_in else 0
        while True:
            known = self._sign_ins
            try:
                return (yield from attempt())
            except _SignedOut as signal:
                if not renewals:
                    raise signal.error from None
            if known == self._sign_ins:
                yield from self.sign_in()
                renewals -= 1

    def _take_sign_in(self, head: Head) -> Flow[Page]:
        if head.status == HTTPStatus.UNAUTHORIZED:
            yield Discard()
            raise self._wrong_http()
        if head.status == HTTPStatus.FORBIDDEN:
            yield Discard()
            # Django's answer to a form whose token, cookie or Referer did not arrive; or that of something in between.
            msg = (
                f"{self._absolute(routes.SIGN_IN)} refuses every sign-in from here (403), whatever the account; sign in with"
                " a browser from this machine to see what is in the way, such as a proxy that takes away cookies or Referer"
            )
            raise NotSignedIn(msg)
        if head.status == HTTPStatus.NOT_FOUND:
            yield Discard()
            msg = (
                f"there is no sign-in page at {self._absolute(routes.SIGN_IN)}; the base URL should be that of the SCC's"
                f" start page, such as {routes.BASE_URL}"
            )
            raise UnexpectedStatus(msg, status=head.status, url=routes.SIGN_IN)
        try:
            return (yield from self._take_page(head, is_sign_in=True))
        except _SignedOut as signal:
            raise signal.error from None

    def _take_signed_in(self, head: Head) -> Flow[Page]:
        if head.status == HTTPStatus.BAD_REQUEST:
            # So Django answers when the new session is deleted before the answer to it has left (SessionInterrupted).
            yield Discard()
            raise _TryLater(self._unexpected(head), None)
        return (yield from self._take_sign_in(head))

    def _take_sign_in_form(self, head: Head) -> Flow[Page]:
        page = yield from self._take_sign_in(head)
        if not page.content.is_login:
            raise _TryLater(self._not_the_form(page), None)
        return page

    def _not_the_form(self, page: Page) -> UnexpectedContent:
        msg = (
            f"{routes.SIGN_IN}: the sign-in form of the SCC was asked for, a page {_titled(page)} came;"
            " look at it with a browser, or try again later"
        )
        return UnexpectedContent(msg, status=page.head.status, url=routes.SIGN_IN)

    def _wrong_http(self) -> WrongHTTPCredentials:
        return WrongHTTPCredentials(
            f"{self.base_url} refused the HTTP user and password (the outer layer, shared by many users;"
            f" from: {self._credentials.source}). Check http_user and http_password, and that the two pairs are not swapped"
        )

    def _refuse_account(self, page: Page) -> None:
        words = [message.text for message in page.content.messages] + list(page.content.alerts)
        words += list(page.content.error_notes)
        words += [error for form in page.content.forms for error in form.errors]
        words += [error for form in page.content.forms for one in form.fields for error in one.errors]
        said = f" The server says: {'; '.join(dict.fromkeys(words))}." if words else ""
        msg = (
            f"{self.base_url} refused the account (the inner layer, after the HTTP pair was accepted;"
            f" from: {self._credentials.source}).{said} Check username and password"
        )
        raise WrongAccount(msg)

    def _csrf_headers(self, page: Page, jar: CookieJar) -> tuple[tuple[str, str], ...]:
        token = self._token(page, jar)
        # Django checks Referer on HTTPS (1.2); all clients send it.
        return (*((("X-CSRFToken", token),) if token else ()), ("Referer", page.head.url))

    def _csrf_field(self, page: Page, jar: CookieJar) -> CSRF:
        token = self._token(page, jar)
        return ((_CSRF_FIELD, token),) if token else ()

    def _token(self, page: Page, jar: CookieJar) -> str | None:
        for form in page.content.forms:
            one = form.get(_CSRF_FIELD)
            if one is not None and one.value:
                return one.value
        return jar.value(_CSRF_COOKIE, page.head.url, self.doors.now())

    # -- asking -------------------------------------------------------------------------------------------------------

    def _asking(self, request: Request, take: Callable[[Head], Flow[T]], *, jar: CookieJar | None = None) -> Flow[T]:
        """Send a request, follow redirects within the origin, and take the final answer."""
        jar = jar or self._jar
        for _ in range(_MAX_REDIRECTS):
            result = yield from self._persisting(request, take, jar)
            if not isinstance(result, _Redirect):
                return result
            request = get(result.url)
        msg = f"{self._route(request.url)}: more than {_MAX_REDIRECTS} redirects; the site seems out of order"
        raise RedirectRefused(msg)

    def _persisting(
        self, request: Request, take: Callable[[Head], Flow[T]], jar: CookieJar, *, kept: float = -math.inf
    ) -> Flow[T | _Redirect]:
        """Send one request, again after a pause where that is allowed and promises something.

        A pause that the server asks for holds for all requests of the session, also where this one is not sent again.
        """
        failures = 0
        while True:
            try:
                return (yield from self._once(request, take, jar, kept))
            except _TryLater as signal:
                error: Exception = signal.error
                asked = signal.pause
                if asked is not None:
                    kept = max(kept, self._held(signal.error, asked))
                # An overloaded server has not acted; every other status leaves that open.
                allowed = request.safe or signal.error.status == HTTPStatus.TOO_MANY_REQUESTS
            except TransportError as failure:
                error, asked = failure, None
                allowed = request.safe or isinstance(failure, ConnectionFailed)
            failures += 1
            pause = self._retries.pause(failures, asked, self.doors.random) if allowed else None
            if pause is None:
                raise error
            self.emit(Retrying(self._route(request.url), str(error), pause))
            yield Sleep(pause)

    def _held(self, error: AnswerError, asked: float) -> float:
        """Let all requests keep a pause that the server asks for; return its end. One that is too long is an error."""
        if asked > self._retries.longest_wait:
            msg = (
                f"{error}. It asks for a pause of {asked:.0f} s, longer than a request waits"
                f" ({self._retries.longest_wait:g} s): try again after that"
            )
            raise ServerBusy(msg, status=error.status, url=error.url) from None
        return self.pace.hold(asked)

    def _once(
        self, request: Request, take: Callable[[Head], Flow[T]], jar: CookieJar, kept: float
    ) -> Flow[T | _Redirect]:
        yield from self.turn(kept)
        prepared = self._prepared(request, jar)
        route = self._route(prepared.url)
        self.emit(Requested(prepared.method, route))
        begun = self.doors.clock()
        head: Head = yield Open(prepared)
        jar.take(head, self.doors.now())
        self.emit(Answered(prepared.method, route, head.status, self.doors.clock() - begun))
        if head.status in _TRY_LATER:
            yield Discard()
            raise _TryLater(self._unexpected(head), retry_after(head, self.doors.now))
        if head.status in _REDIRECTS and "location" in head.headers:
            target = self._redirect_target(prepared, head)
            yield Discard()
            if self._route(target) == routes.SIGN_IN and self._route(prepared.url) != routes.SIGN_IN:
                raise _SignedOut(self._not_signed_in(route))
            return _Redirect(target)
        return (yield from take(head))

    def _prepared(self, request: Request, jar: CookieJar) -> Request:
        """Make the request that goes to the transport: absolute, with all that the server expects."""
        url = self._absolute(request.url)
        if not self._is_ours(url):
            # Such as a pager or an API list that links to another server.
            msg = f"{self.base_url} leads to another server ({_without_userinfo(url)!r}); nothing was sent there"
            raise RedirectRefused(msg)
        pair = f"{self._credentials.http_user.reveal()}:{self._credentials.http_password.reveal()}".encode()
        headers = [
            ("User-Agent", f"scckit/{__version__}"),
            # Cassettes and length checks want the bytes as they are; product archives are compressed already.
            ("Accept-Encoding", "identity"),
            ("Authorization", f"Basic {base64.b64encode(pair).decode('ascii')}"),
        ]
        if cookies := jar.header(url, self.doors.now()):
            headers.append(("Cookie", cookies))
        return evolve(request, url=url, headers=Headers((*headers, *request.headers)))

    def _absolute(self, url: str) -> str:
        try:
            return urljoin(self.base_url, url)
        except ValueError as error:
            msg = f"{self.base_url} leads to an address that is none; the site may have changed, please report it"
            raise RedirectRefused(msg) from error

    def _redirect_target(self, request: Request, head: Head) -> str:
        location = head.headers.get("location")
        try:
            target = urljoin(request.url, location)
        except ValueError:  # such as half an IPv6 address
            target = location
        if not self._is_ours(target):
            msg = (
                f"{self._route(request.url)}: the server redirects to {_without_userinfo(target)!r}, which is not on"
                f" {self.base_url}; not followed, for the credentials' sake"
            )
            raise RedirectRefused(msg, status=head.status)
        if head.status in {307, 308} and not request.safe:
            msg = f"{self._route(request.url)}: the server wants the {request.method} sent to another address; not repeated"
            raise RedirectRefused(msg, status=head.status)
        return target

    def _is_ours(self, url: str) -> bool:
        try:
            return _origin(url) == _origin(self.base_url)
        except ValueError:
            return False

    def _route(self, url: str) -> str:
        """Address below the base URL without query, for messages and events."""
        path = urlsplit(self._absolute(url)).path
        return path.removeprefix(urlsplit(self.base_url).path)

    # -- taking answers -----------------------------------------------------------------------------------------------

    def _take_page(self, head: Head, *, is_sign_in: bool = False) -> Flow[Page]:
        yield from self._judge(head, frozenset())
        body: bytes = yield Drain(BytesSink())
        page = Page(head, self.site.page(body, _charset(head)))
        if page.content.is_login and not is_sign_in:
            raise _SignedOut(self._not_signed_in(self._route(head.url)))
        return page

    def _take_json(self, head: Head, allow: frozenset[int]) -> Flow[tuple[Head, object]]:
        yield from self._judge(head, allow)
        if head.status in allow:
            yield Discard()
            return head, None
        if head.content_type in _HTML:
            # The API has no pages: it is somebody else's, such as one about maintenance, and may be gone soon.
            raise _TryLater((yield from self._html(head, "JSON")), None)
        body: bytes = yield Drain(BytesSink())
        return head, self.site.json(body)

    def _take_text(self, head: Head, allow: frozenset[int]) -> Flow[tuple[Head, str]]:
        yield from self._judge(head, allow)
        if head.status in allow:
            yield Discard()
            return head, ""
        if head.content_type in _HTML:
            raise (yield from self._html(head, "text"))
        body: bytes = yield Drain(BytesSink())
        return head, body.decode("utf-8", errors="replace")

    def _take_archive(self, head: Head, sink: Sink[T]) -> Flow[T | None]:
        yield from self._judge(head, frozenset({HTTPStatus.NOT_FOUND}))
        if head.status == HTTPStatus.NOT_FOUND:
            yield Discard()
            return None
        if head.content_type in _HTML:
            raise (yield from self._html(head, "a file"))
        result: T = yield Drain(sink)
        return result

    def _take_nothing(self, head: Head) -> Flow[Head]:
        yield Discard()
        return head

    def _judge(self, head: Head, allow: frozenset[int]) -> Flow[None]:
        """Raise for a status that is no answer to the question; discards the body then."""
        if HTTPStatus.OK <= head.status < HTTPStatus.MULTIPLE_CHOICES or head.status in allow:
            return
        yield Discard()
        route = self._route(head.url)
        if head.status == HTTPStatus.UNAUTHORIZED:
            basic = head.headers.get("www-authenticate").lower().startswith("basic")
            raise _SignedOut(self._wrong_http() if basic else self._not_signed_in(route))
        if head.status == HTTPStatus.FORBIDDEN:
            msg = f"{route}: the SCC does not allow this account to do that (403), although it is signed in"
            raise _SignedOut(PermissionDenied(msg))
        raise self._unexpected(head)

    def _html(self, head: Head, wanted: str) -> Flow[UnexpectedContent]:
        """Read the web page that came instead, to say what it is; if it is the sign-in form, we are signed out."""
        page = yield from self._take_page(head)
        route = self._route(head.url)
        msg = f"{route}: {wanted} was asked for, a page {_titled(page)} came; nothing was written. Look at it with a browser"
        return UnexpectedContent(msg, status=head.status, url=route)

    def _not_signed_in(self, route: str) -> NotSignedIn:
        return NotSignedIn(
            f"{route}: the server asks to sign in (its inner layer), although the sign-in was accepted just before."
            " Sign in with a browser to see whether the account may use this page"
        )

    def _unexpected(self, head: Head) -> UnexpectedStatus:
        try:
            phrase = f" {HTTPStatus(head.status).phrase}"
        except ValueError:
            phrase = ""
        route = self._route(head.url)
        hint = "try again later" if head.status in _TRY_LATER else "report it if it stays so"
        msg = f"{route}: the server answered {head.status}{phrase}; {hint}"
        return UnexpectedStatus(msg, status=head.status, url=route)


def _titled(page: Page) -> str:
    title = next(iter((*page.content.headings, page.content.title)), "")
    return f"titled {title!r}" if title else "without a title"


def _charset(head: Head) -> str:
    for part in head.headers.get("content-type").split(";")[1:]:
        name, _, value = part.partition("=")
        if name.strip().lower() == "charset":
            return value.strip().strip('"') or "utf-8"
    return "utf-8"


def _origin(url: str) -> tuple[str, str | None, int | None]:
    """Return scheme, host and port; raises ValueError for what is no address."""
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or _PORTS.get(parts.scheme)
