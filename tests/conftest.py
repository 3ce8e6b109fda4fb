"""What the tests of the core share: a page reader for tiny pages, and parts of a session that need no plugin."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeVar

import pytest
from attrs import define, field

from scckit.events import Event
from scckit.session.credentials import Credentials
from scckit.session.drivers import run
from scckit.session.effects import Flow
from scckit.session.retry import RetryPolicy
from scckit.session.session import Doors, Session
from scckit.site import Site
from scckit.site.content import Form, FormField, Message, PageContent
from scckit.testing import Answer, ScriptTransport
from scckit_emulator import Emulator

T = TypeVar("T")
LOGIN_PAGE = "login"
LOGGED_IN = Answer.redirect("/", 302, ("Set-Cookie", "sessionid=s1; Path=/; HttpOnly"))
FORM = Answer.page(LOGIN_PAGE, 200, ("Set-Cookie", "csrftoken=token-1; Path=/"))
#: What a successful sign-in is answered with.
SIGN_IN = (FORM, LOGGED_IN)


class TinyReader:
    """Reads pages of one word: ``login`` is the sign-in form, ``refused`` the same with a reason, ``form`` another form."""

    def read(self, text: str, /) -> PageContent:
        """Make content of a word."""
        form = Form(fields=(FormField("username"), FormField("password", "password")))
        if text == LOGIN_PAGE:
            return PageContent(is_login=True, forms=(form,))
        if text == "refused":
            messages = (Message("error", "Wrong username or password"),)
            return PageContent(is_login=True, forms=(form,), messages=messages)
        if text == "form":
            return PageContent(headings=(text,), forms=(Form(fields=(FormField("data", "file"),)),))
        return PageContent(headings=(text,))


@define
class Time:
    """A clock that only moves when somebody sleeps."""

    now: float = 0.0
    pauses: list[float] = field(factory=list)

    def sleep(self, seconds: float) -> None:
        """Move the clock."""
        self.pauses.append(seconds)
        self.now += seconds


@define
class Bench:
    """A session on a scripted transport, with everything to be seen from outside."""

    session: Session
    transport: ScriptTransport
    time: Time
    events: list[Event]

    def run(self, flow: Flow[T]) -> T:
        """Run a flow."""
        return run(flow, self.transport, sleep=self.time.sleep, observe=self.events.append)

    def asked(self) -> list[str]:
        """Return what was asked, as "METHOD route"."""
        base = self.session.base_url
        return [f"{one.method} {one.url.removeprefix(base)}" for one in self.transport.requests]


@pytest.fixture
def bench() -> Callable[..., Bench]:
    """Make a bench from a script of answers."""

    def make(*script: object, base_url: str = "https://scc.example/", retries: RetryPolicy | None = None) -> Bench:
        time, events = Time(), []
        doors = Doors(
            clock=lambda: time.now, now=lambda: 1_000_000.0 + time.now, random=lambda: 1.0, observe=events.append
        )
        credentials = Credentials("http-user", "http-pass", "someone", "pass-word")
        session = Session(base_url, credentials, Site(TinyReader()), retries=retries, doors=doors)
        return Bench(session, ScriptTransport(*script), time, events)

    return make


@pytest.fixture(scope="module")
def started_emulator() -> Iterator[Emulator]:
    """Start the emulator; one can be alive at a time, so it ends with the module."""
    with Emulator(speed=0) as emulator:
        yield emulator
