"""The cookie jar keeps the rules of RFC 6265, compared with the standard library's jar as a model."""

from __future__ import annotations

import email.message
import urllib.request
from http.cookiejar import CookieJar as ModelJar
from http.cookiejar import DefaultCookiePolicy

from hypothesis import given
from hypothesis import strategies as st

from scckit.session.cookies import CookieJar
from scckit.session.messages import Head, Headers

NOW = 2_000_000_000.0
BASE = "https://scc.example"


def head(url: str, *cookies: str) -> Head:
    """Make the head of an answer that sets cookies."""
    return Head(200, Headers([("Set-Cookie", cookie) for cookie in cookies]), url)


class Response:
    """An answer as the standard library's jar wants it."""

    def __init__(self, cookies: list[str]) -> None:
        """Make it of cookies."""
        self._message = email.message.Message()
        for cookie in cookies:
            self._message.add_header("Set-Cookie", cookie)

    def info(self) -> email.message.Message:
        """Return the headers."""
        return self._message


paths = st.sampled_from(["/", "/a", "/a/", "/a/b", "/ab", "/accounts/login/"])
cookies = st.builds(
    lambda name, value, path, age, secure: (
        f"{name}={value}"
        + (f"; Path={path}" if path else "")
        + (f"; Max-Age={age}" if age else "")
        + ("; Secure" * secure)
    ),
    st.sampled_from(["sessionid", "csrftoken", "messages"]),
    st.text("abc123", min_size=1, max_size=3),
    st.one_of(st.none(), paths),
    st.sampled_from([None, "100", "0", "-5"]),
    st.booleans(),
)


@given(
    steps=st.lists(st.tuples(paths, st.lists(cookies, max_size=3)), max_size=4),
    asked=paths,
    scheme=st.sampled_from(["http", "https"]),
)
def test_it_sends_what_the_standard_library_would(steps: list[tuple[str, list[str]]], asked: str, scheme: str) -> None:
    """After any answers, the cookies for an address are those of http.cookiejar."""
    jar = CookieJar()
    model = ModelJar(DefaultCookiePolicy(strict_domain=False))
    for path, set_cookies in steps:
        url = BASE + path
        jar.take(head(url, *set_cookies), NOW)
        for cookie in set_cookies:
            # One at a time: within one answer the model removes before it adds, where RFC 6265 goes in order.
            model.extract_cookies(Response([cookie]), urllib.request.Request(url))  # type: ignore[arg-type]  # noqa: S310
    request = urllib.request.Request(f"{scheme}://scc.example{asked}")  # noqa: S310 - never opened
    model.add_cookie_header(request)

    expected = sorted(filter(None, (request.get_header("Cookie") or "").split("; ")))

    assert sorted(filter(None, jar.header(f"{scheme}://scc.example{asked}", NOW + 1).split("; "))) == expected


def test_the_longest_path_goes_first() -> None:
    """Two cookies of one name: the one with the longer path is sent first and is the value."""
    jar = CookieJar()
    jar.take(head(f"{BASE}/", "csrftoken=root; Path=/", "csrftoken=deep; Path=/admin/"), NOW)

    assert jar.header(f"{BASE}/admin/x/", NOW) == "csrftoken=deep; csrftoken=root"
    assert jar.value("csrftoken", f"{BASE}/admin/x/", NOW) == "deep"
    assert jar.value("csrftoken", f"{BASE}/x/", NOW) == "root"


def test_cookies_for_foreign_domains_are_dropped() -> None:
    """A server may set cookies for itself and its parents, not for others."""
    jar = CookieJar()
    jar.take(head(f"{BASE}/", "a=1; Domain=other.test", "b=2; Domain=.example", "c=3; Domain=SCC.example"), NOW)

    assert jar.header(f"{BASE}/", NOW) == "b=2; c=3"


def test_expiry_by_date_and_by_age() -> None:
    """Max-Age wins over Expires; a date in the past removes; an unreadable date counts as none."""
    jar = CookieJar()
    jar.take(head(f"{BASE}/", "a=1", "b=2; Expires=Wed, 21 Oct 2015 07:28:00 GMT", "c=3; Expires=soon"), NOW)
    jar.take(head(f"{BASE}/", "d=4; Max-Age=10; Expires=Wed, 21 Oct 2015 07:28:00 GMT"), NOW)
    jar.take(head(f"{BASE}/", "a=; Max-Age=0"), NOW)

    assert jar.header(f"{BASE}/", NOW) == "c=3; d=4"
    assert jar.header(f"{BASE}/", NOW + 11) == "c=3"


def test_values_are_not_shown() -> None:
    """The jar's repr has names, no values."""
    jar = CookieJar()
    jar.take(head(f"{BASE}/", "sessionid=very-secret"), NOW)

    assert repr(jar) == "CookieJar(sessionid)"
