"""How the session holds the conversation: sign-in, renewal, redirects, retries, and what it refuses to believe."""

from __future__ import annotations

import traceback
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scckit.errors import (
    BodyTruncated,
    ConnectionBroken,
    ConnectionFailed,
    NotSignedIn,
    PermissionDenied,
    RedirectRefused,
    SCCError,
    TransportError,
    UnexpectedContent,
    UnexpectedStatus,
    WrongAccount,
    WrongHTTPCredentials,
)
from scckit.events import Retrying, SignedIn
from scckit.session.credentials import Credentials
from scckit.session.drivers import run
from scckit.session.messages import FormBody, Request, get
from scckit.session.retry import RetryPolicy
from scckit.session.session import BytesSink, Doors, Session
from scckit.site import Site
from scckit.testing import Answer, ScriptTransport, strategies

from ..conftest import FORM, LOGGED_IN, SIGN_IN, Bench, TinyReader

MakeBench = Callable[..., Bench]
LOGIN_REDIRECT = Answer.redirect("/accounts/login/?next=/x/")
NOT_JSON = Answer.page("maintenance")
JSON = Answer.json('{"a": 1}')


def test_sign_in_sends_both_layers_token_and_referer(bench: MakeBench) -> None:
    """A sign-in gets the form, then posts the account with CSRF token and Referer, under HTTP Basic."""
    here = bench(*SIGN_IN)

    here.run(here.session.sign_in())

    page, post = here.transport.requests
    assert here.asked() == ["GET accounts/login/", "POST accounts/login/"]
    assert page.headers.get("authorization") == "Basic aHR0cC11c2VyOmh0dHAtcGFzcw=="
    assert post.headers.get("x-csrftoken") == "token-1"
    assert post.headers.get("referer") == "https://scc.example/accounts/login/"
    assert post.headers.get("cookie") == "csrftoken=token-1"
    assert post.body is not None
    assert b"".join(post.body.chunks()) == b"username=someone&password=pass-word&csrfmiddlewaretoken=token-1"
    assert here.session.is_signed_in


def test_wrong_http_pair_is_told_apart_from_wrong_account(bench: MakeBench) -> None:
    """401 on the sign-in page is the outer layer's refusal; the form again with 200 is the inner layer's."""
    outer = bench(Answer(401, (("WWW-Authenticate", 'Basic realm="SCC"'),)))
    inner = bench(FORM, Answer.page("refused"))

    with pytest.raises(WrongHTTPCredentials, match="http_user"):
        outer.run(outer.session.sign_in())
    with pytest.raises(WrongAccount, match="Wrong username or password"):
        inner.run(inner.session.sign_in())

    assert not outer.session.is_signed_in
    assert not inner.session.is_signed_in


@pytest.mark.parametrize(
    "face",
    [LOGIN_REDIRECT, Answer.page("login"), Answer(401), Answer(403)],
    ids=["redirect", "form in place", "401", "403"],
)
def test_every_face_of_not_signed_in_leads_to_one_renewal(bench: MakeBench, face: Answer) -> None:
    """Whatever way the server says "not signed in", the session signs in once more and asks again."""
    here = bench(*SIGN_IN, face, *SIGN_IN, JSON)

    _, value = here.run(here.session.json(get("api/v1/x/")))

    assert value == {"a": 1}
    assert [event.renewed for event in here.events if isinstance(event, SignedIn)] == [False, True]
    assert here.transport.left == 0
    assert here.transport.open_exchanges == 0


@pytest.mark.parametrize(
    ("face", "error"),
    [
        (LOGIN_REDIRECT, NotSignedIn),
        (Answer.page("login"), NotSignedIn),
        (Answer(401), NotSignedIn),
        (Answer(401, (("WWW-Authenticate", "Basic"),)), WrongHTTPCredentials),
        (Answer(403), PermissionDenied),
    ],
)
def test_a_renewal_that_does_not_help_says_which_layer_refused(
    bench: MakeBench, face: Answer, error: type[SCCError]
) -> None:
    """If the renewed sign-in changes nothing, the error names the layer, and nothing more is asked."""
    here = bench(*SIGN_IN, face, *SIGN_IN, face)

    with pytest.raises(error):
        here.run(here.session.json(get("api/v1/x/")))

    assert here.transport.left == 0


@pytest.mark.parametrize("script", [(Answer(403),), (FORM, Answer(403))], ids=["page", "form"])
def test_a_sign_in_that_is_forbidden_is_not_the_accounts_fault(bench: MakeBench, script: tuple[Answer, ...]) -> None:
    """403 for the sign-in itself says nothing of what the account may do: it is told as that, and nothing more is asked."""
    here = bench(*script)

    with pytest.raises(NotSignedIn, match="from here"):
        here.run(here.session.page(get("x/")))

    assert here.transport.left == 0
    assert not here.session.is_signed_in


def test_redirects_stay_within_the_origin(bench: MakeBench) -> None:
    """A redirect to another host is refused before anything is sent there; one within the origin is followed."""
    followed = bench(*SIGN_IN, Answer.redirect("https://scc.example:443/other/"), JSON)
    refused = bench(*SIGN_IN, Answer.redirect("https://scc.example.evil.test/other/"))

    followed.run(followed.session.json(get("x/")))
    with pytest.raises(RedirectRefused, match=r"scc\.example\.evil\.test"):
        refused.run(refused.session.json(get("x/")))

    assert followed.asked()[-1] == "GET https://scc.example:443/other/"
    assert len(refused.transport.requests) == 3


def test_redirects_in_circles_end(bench: MakeBench) -> None:
    """A site that redirects for ever is given up."""
    here = bench(*SIGN_IN, *[Answer.redirect("/x/")] * 8)

    with pytest.raises(RedirectRefused, match="more than 8"):
        here.run(here.session.json(get("x/")))


def test_a_safe_request_is_repeated_with_growing_pauses(bench: MakeBench) -> None:
    """Transport errors and 5xx are repeated for a GET, with exponential back-off."""
    here = bench(*SIGN_IN, ConnectionBroken("gone"), Answer(502), ConnectionFailed("down"), JSON)

    here.run(here.session.json(get("x/")))

    assert here.time.pauses == [0.5, 1.0, 2.0]
    assert len([event for event in here.events if isinstance(event, Retrying)]) == 3


def test_retry_after_is_obeyed_up_to_a_ceiling(bench: MakeBench) -> None:
    """The server's own pause is kept; one beyond the ceiling is an error at once."""
    kept = bench(*SIGN_IN, Answer(503, (("Retry-After", "17"),)), JSON)
    dated = bench(*SIGN_IN, Answer(429, (("Retry-After", "Mon, 12 Jan 1970 13:47:10 GMT"),)), JSON)
    too_long = bench(*SIGN_IN, Answer(503, (("Retry-After", "86400"),)))

    kept.run(kept.session.json(get("x/")))
    dated.run(dated.session.json(get("x/")))
    with pytest.raises(UnexpectedStatus, match="503"):
        too_long.run(too_long.session.json(get("x/")))

    assert kept.time.pauses == [17.0]
    assert dated.time.pauses == [30.0]


@pytest.mark.parametrize("failure", [ConnectionBroken("gone"), Answer(500), Answer(502), Answer(503)])
def test_a_form_is_never_sent_twice_when_it_may_have_arrived(bench: MakeBench, failure: object) -> None:
    """A POST that may have been acted on is not repeated."""
    here = bench(*SIGN_IN, Answer.page("form"), failure)

    with pytest.raises((TransportError, UnexpectedStatus)):
        here.run(here.session.submit(get("x/"), lambda *_: FormBody((("a", "b"),))))

    assert here.asked().count("POST x/") == 1


@pytest.mark.parametrize("failure", [ConnectionFailed("refused"), Answer(429)])
def test_a_form_that_provably_did_nothing_is_sent_again(bench: MakeBench, failure: object) -> None:
    """A POST that never left, or that an overloaded server turned away, is repeated."""
    here = bench(*SIGN_IN, Answer.page("form"), failure, Answer.page("done"))

    page = here.run(here.session.submit(get("x/"), lambda *_: FormBody((("a", "b"),))))

    assert page.content.headings == ("done",)


def test_a_form_whose_sign_in_expired_is_started_over(bench: MakeBench) -> None:
    """A POST that is redirected to the sign-in page was not acted on: form and POST are done again, signed in."""
    here = bench(*SIGN_IN, Answer.page("form"), LOGIN_REDIRECT, *SIGN_IN, Answer.page("form"), Answer.page("done"))

    page = here.run(here.session.submit(get("x/"), lambda *_: FormBody((("a", "b"),))))

    assert page.content.headings == ("done",)


def test_a_session_that_ends_behind_a_form_does_not_send_it_again(bench: MakeBench) -> None:
    """The form was taken, and only the page behind it is refused: that page is asked for again, the form is not sent."""
    here = bench(
        *SIGN_IN, Answer.page("form"), Answer.redirect("/done/"), LOGIN_REDIRECT, *SIGN_IN, Answer.page("done")
    )

    page = here.run(here.session.submit(get("x/"), lambda *_: FormBody((("a", "b"),))))

    assert page.content.headings == ("done",)
    assert here.asked().count("POST x/") == 1
    assert here.transport.left == 0


def test_html_in_place_of_a_file_reaches_no_sink(bench: MakeBench) -> None:
    """A body is judged by its head: a web page is never written where an archive was due."""
    here = bench(*SIGN_IN, NOT_JSON)
    sink = BytesSink()

    with pytest.raises(UnexpectedContent, match="maintenance"):
        here.run(here.session.archive(get("x.zip"), sink))

    assert sink.commit() == b""


def test_a_page_in_place_of_json_is_one_of_the_moment(bench: MakeBench) -> None:
    """Somebody else's page with status 200 where the API was asked: asked again, and in the end told by its title."""
    passing = bench(*SIGN_IN, NOT_JSON, NOT_JSON, JSON)
    staying = bench(*SIGN_IN, *[NOT_JSON] * 4)

    assert passing.run(passing.session.json(get("x/")))[1] == {"a": 1}
    with pytest.raises(UnexpectedContent, match="JSON was asked for, a page titled 'maintenance' came"):
        staying.run(staying.session.json(get("x/")))


def test_a_sign_in_that_is_somebody_elses_page_is_none(bench: MakeBench) -> None:
    """A page with status 200 is neither the sign-in form nor a successful sign-in."""
    passing = bench(Answer.page("maintenance"), *SIGN_IN)
    form = bench(*[Answer.page("maintenance")] * 4)
    after = bench(FORM, Answer.page("maintenance"))

    passing.run(passing.session.sign_in())
    for here in (form, after):
        with pytest.raises(UnexpectedContent, match="maintenance"):
            here.run(here.session.sign_in())
        assert not here.session.is_signed_in


def test_a_sign_in_whose_session_is_deleted_at_once_is_repeated(bench: MakeBench) -> None:
    """400 for the account and its form (Django's SessionInterrupted) is one of the moment; a lasting one is told."""
    passing = bench(FORM, Answer(400), LOGGED_IN)
    staying = bench(FORM, *[Answer(400)] * 4)

    passing.run(passing.session.sign_in())
    with pytest.raises(UnexpectedStatus, match="400"):
        staying.run(staying.session.sign_in())

    assert passing.session.is_signed_in
    assert not staying.session.is_signed_in


def test_a_session_that_another_flow_renewed_may_have_ended_too(bench: MakeBench) -> None:
    """Signed out, and another flow has signed in meanwhile, before the end: its session is tried, then our own sign-in."""

    def meanwhile(_: Request) -> Answer:
        run(here.session.sign_in(), ScriptTransport(*SIGN_IN), sleep=here.time.sleep, observe=here.events.append)
        return LOGIN_REDIRECT

    here = bench(*SIGN_IN, meanwhile, LOGIN_REDIRECT, *SIGN_IN, JSON)

    assert here.run(here.session.json(get("x/")))[1] == {"a": 1}
    assert here.asked().count("GET x/") == 3
    assert here.transport.left == 0


def test_a_base_url_that_leads_elsewhere_is_told_by_its_address(bench: MakeBench) -> None:
    """404 in place of the sign-in page: the error names the address that was asked and what it should be."""
    here = bench(Answer(404), base_url="https://scc.example/sub")

    with pytest.raises(UnexpectedStatus, match=r"no sign-in page at https://scc\.example/sub/accounts/login/"):
        here.run(here.session.sign_in())


def test_a_short_body_is_noticed_and_repeated(bench: MakeBench) -> None:
    """Fewer bytes than announced: the sink is begun anew for the second try and holds that one alone."""
    cut = Answer(200, (("Content-Length", "6"), ("Content-Type", "application/zip")), b"abc")
    here = bench(*SIGN_IN, cut, Answer(200, (("Content-Type", "application/zip"),), b"abcdef"))

    result = here.run(here.session.archive(get("x.zip"), BytesSink()))

    assert result == b"abcdef"


def test_a_body_that_stays_short_is_an_error(bench: MakeBench) -> None:
    """Truncation that repeats leaves as BodyTruncated and not as data."""
    cut = Answer(200, (("Content-Length", "6"), ("Content-Type", "application/zip")), b"abc")
    here = bench(*SIGN_IN, cut, cut, retries=RetryPolicy(attempts=2))

    with pytest.raises(BodyTruncated, match="6 bytes were announced, 3 came"):
        here.run(here.session.archive(get("x.zip"), BytesSink()))


@pytest.mark.parametrize(
    "answer", [Answer.redirect("/"), Answer.redirect("/accounts/login/"), Answer.page("bye"), Answer(404)]
)
def test_sign_out_forgets_the_session(bench: MakeBench, answer: Answer) -> None:
    """Wherever a sign-out leads, we are out, and signing out again asks nothing."""
    here = bench(*SIGN_IN, answer)

    here.run(here.session.sign_in())
    here.run(here.session.sign_out())
    here.run(here.session.sign_out())

    assert here.asked()[2:] == ["GET accounts/logout/"]
    assert not here.session.is_signed_in


def test_sign_out_by_post_where_get_is_refused(bench: MakeBench) -> None:
    """A server that signs out by POST only (Django 5) gets one, with its token."""
    here = bench(*SIGN_IN, Answer(405), Answer.redirect("/"))

    here.run(here.session.sign_in())
    here.run(here.session.sign_out())

    assert here.asked()[3] == "POST accounts/logout/"
    assert here.transport.requests[3].headers.get("x-csrftoken") == "token-1"


@pytest.mark.parametrize(
    "base_url",
    [
        "",
        "scc.example",
        "ftp://scc.example/",
        "https://",
        "https://user:secret@scc.example/",
        "https://scc.example/?a=1",
        "https://[",
    ],
)
def test_a_base_url_that_is_none_is_refused(base_url: str) -> None:
    """What is no plain http(s) address is refused without showing a password in it."""
    with pytest.raises(SCCError) as caught:
        Session(base_url, Credentials("a", "b", "c", "d"), Site(TinyReader()))

    assert "secret" not in str(caught.value)


#: Words of the tiny reader, JSON, and bodies that are nothing.
bodies = st.sampled_from([b"", b"login", b"refused", b"{}", b"[1]", b"<p>", b"\xff\xfe", b"{"])


def test_a_sign_in_page_that_leads_in_a_circle_is_told(bench: MakeBench) -> None:
    """A redirect away from the sign-in page and back to it is an error of ours, whatever asked for the sign-in."""
    one = bench(Answer.redirect("/x/", 301), Answer.redirect("/accounts/login/"))

    with pytest.raises(NotSignedIn):
        one.run(one.session.page(get("x/")))


@given(
    script=strategies.scripts(strategies.answers(bodies)),
    secrets=strategies.credentials(),
    kind=st.sampled_from(["page", "json", "archive", "submit"]),
)
def test_any_script_of_answers_ends_in_a_value_or_an_scc_error(
    script: list[object], secrets: Credentials, kind: str
) -> None:
    """Whatever a server answers, a flow ends with a value or one of our errors, leaves no exchange open, shows no secret."""
    # An endless refusal at the end, so that the script never runs dry.
    transport = ScriptTransport(*script, *[Answer(400)] * 60)
    events: list[object] = []
    doors = Doors(random=lambda: 0.0, observe=events.append)
    session = Session("https://scc.example/", secrets, Site(TinyReader()), doors=doors)
    flows = {
        "page": lambda: session.page(get("x/")),
        "json": lambda: session.json(get("x/")),
        "archive": lambda: session.archive(get("x/"), BytesSink()),
        "submit": lambda: session.submit(get("x/"), lambda *_: FormBody((("a", "b"),))),
    }

    try:
        run(flows[kind](), transport, sleep=lambda _: None, observe=events.append)
    except SCCError as error:
        assert str(error)
        assert "§" not in "".join(traceback.format_exception(error))

    assert transport.open_exchanges == 0
    assert all(one.url.startswith("https://scc.example/") for one in transport.requests)
    assert "§" not in repr((events, session, transport.requests))
