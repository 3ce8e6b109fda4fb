"""The pace of a session: turns are never closer than the interval, and a pause of the server holds for all."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

import scckit
from scckit.errors import InvalidInput, NotSignedIn, ServerBusy, UnexpectedStatus
from scckit.session.drivers import run
from scckit.session.messages import get
from scckit.session.pace import Pace
from scckit.session.retry import RetryPolicy
from scckit.session.session import Session
from scckit.site import Site
from scckit.testing import Answer

from ..conftest import SIGN_IN, Bench, Time, TinyReader


@given(
    st.floats(0, 5),
    st.lists(st.tuples(st.floats(0, 3), st.none() | st.floats(0, 9), st.booleans()), max_size=30),
)
def test_turns_keep_the_interval_and_every_pause(
    interval: float, steps: list[tuple[float, float | None, bool]]
) -> None:
    """Of any row of turns and pauses: two turns are at least the interval apart, none falls into a pause that is not kept."""
    clock = Time()
    pace = Pace(interval, lambda: clock.now)
    last, until, own = -1e9, 0.0, -1e9
    for passed, pause, keeps in steps:
        clock.now += passed
        if pause is not None:
            end = pace.hold(pause)
            until = max(until, clock.now + pause)
            own = max(own, end) if keeps else own
        wait, kept = pace.turn(own)
        at = clock.now + wait
        assert not interval or at - last >= interval - 1e-6
        assert until <= own or at >= until - 1e-6
        assert pace.is_kept(kept)
        assert kept >= until - 1e-6
        last = at


def test_a_longer_pause_that_comes_while_one_waits_is_kept_too(bench: Callable[..., Bench]) -> None:
    """A turn that was given out already is no reason to ask within a pause of the server; each second is waited once."""
    here = bench(*SIGN_IN, Answer.page("a"))
    here.run(here.session.sign_in())
    here.session.pace.hold(10)

    def sleep(seconds: float) -> None:
        here.time.sleep(seconds)
        if len(here.time.pauses) == 1:
            here.session.pace.hold(7)  # another flow is asked for it at this moment

    run(here.session.page(get("x")), here.transport, sleep=sleep, observe=here.events.append)

    assert here.time.pauses == [10, 7]


def test_a_pause_of_another_is_kept_behind_ones_own(bench: Callable[..., Bench]) -> None:
    """Who was asked for one second goes on when the six seconds that another was asked for are over."""
    here = bench(*SIGN_IN, Answer(503, (("Retry-After", "1"),)), Answer.page("a"))
    here.run(here.session.sign_in())

    def sleep(seconds: float) -> None:
        if not here.time.pauses:
            here.session.pace.hold(6)
        here.time.sleep(seconds)

    run(here.session.page(get("x")), here.transport, sleep=sleep, observe=here.events.append)

    assert here.time.pauses == [1, 5]


@pytest.mark.parametrize("attempts", [1, 2])
def test_a_pause_holds_for_all_also_where_nothing_is_tried_again(bench: Callable[..., Bench], attempts: int) -> None:
    """The last answer's Retry-After counts as the first one's: the next request waits for it. Signing out does not."""
    busy = Answer(503, (("Retry-After", "30"),))
    here = bench(*SIGN_IN, *[busy] * attempts, Answer.page("out"), retries=RetryPolicy(attempts=attempts))

    with pytest.raises(UnexpectedStatus):
        here.run(here.session.page(get("x")))

    assert here.session.pace.held == 30
    assert here.time.pauses == [30] * (attempts - 1)
    here.run(here.session.sign_out())
    assert here.time.pauses == [30] * (attempts - 1)


def test_a_pause_that_is_too_long_is_told(bench: Callable[..., Bench]) -> None:
    """It is not waited for, and the error says how long it is."""
    here = bench(*SIGN_IN, Answer(503, (("Retry-After", "3600"),)))

    with pytest.raises(ServerBusy, match="3600 s, longer than a request waits") as caught:
        here.run(here.session.page(get("x")))

    assert caught.value.status == 503
    assert (here.time.pauses, here.session.pace.held) == ([], 0)


def test_the_pause_that_one_is_asked_for_holds_for_all(bench: Callable[..., Bench]) -> None:
    """The flow that got ``Retry-After`` waits once; another one that begins meanwhile waits for what is left of it."""
    busy = Answer(503, (("Retry-After", "30"),))
    one = bench(*SIGN_IN, busy, Answer.page("a"), Answer.page("b"))
    waits: list[float] = []

    def sleep(seconds: float) -> None:
        if seconds == 30.0:  # while the first flow waits, the second one begins
            one.time.now += 10
            waits.append(one.session.pace.turn()[0])
            one.time.now += 20
        else:
            one.time.now += seconds
        one.time.pauses.append(seconds)

    for address in ("x", "y"):
        run(one.session.page(get(address)), one.transport, sleep=sleep, observe=one.events.append)

    assert waits == [20.0]
    assert one.time.pauses == [30.0]


@pytest.mark.parametrize("pace", [-1, float("nan"), float("inf")])
def test_a_pace_that_is_none_is_refused(pace: float) -> None:
    """It is a number of seconds."""
    with pytest.raises(InvalidInput, match="least seconds between two requests"):
        scckit.connect(credentials=scckit.Credentials("a", "b", "c", "d"), pace=pace)


def test_a_session_that_was_lent_goes_on_and_is_not_renewed(bench: Callable[..., Bench]) -> None:
    """It sends the cookies and the HTTP pair; where the server has ended it, it says so and sends no account."""
    first = bench(*SIGN_IN)
    with pytest.raises(NotSignedIn, match="sign in first"):
        first.session.lend()
    first.run(first.session.sign_in())
    loan = first.session.lend()
    other = bench(Answer.page("a"), Answer.page("login"))
    other.session = Session.borrowed(loan, Site(TinyReader()))

    assert other.run(other.session.page(get("x"))).content.headings == ("a",)
    with pytest.raises(NotSignedIn, match="lent to this worker has ended"):
        other.run(other.session.page(get("y")))

    (request, _) = other.transport.requests
    assert "sessionid=s1" in request.headers.get("cookie")
    assert request.headers.get("authorization").startswith("Basic ")
    assert "s1" not in repr(loan)
