"""Strategies for a conversation with a server that may answer anything: answers, scripts of them, credentials."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from hypothesis import strategies as st

from scckit.errors import BodyTruncated, ConnectionBroken, ConnectionFailed, TransportError
from scckit.session.credentials import Credentials
from scckit.testing.memory import Answer
from scckit.testing.strategies._api import api_objects
from scckit.testing.strategies._archives import archives
from scckit.testing.strategies._content import page_contents
from scckit.testing.strategies._render import render

__all__ = ["answers", "credentials", "scripts"]

_STATUSES: Final = (200, 204, 301, 302, 307, 400, 401, 403, 404, 405, 429, 500, 502, 503)
_REDIRECTS: Final = (302, 301, 303, 307, 308)
_OVERLOADS: Final = (503, 429)
_LOCATIONS: Final = tuple(
    ("Location", value) for value in ("/accounts/login/", "/x/", "http://[", "https://elsewhere.example/")
)
_PAUSES: Final = tuple(("Retry-After", value) for value in ("1", "86400", "soon"))
_HEADERS: Final = (
    ("Content-Type", "text/html"),
    ("Content-Type", "application/json"),
    ("Content-Type", "application/zip"),
    ("Set-Cookie", "sessionid=; Max-Age=0"),
    ("Set-Cookie", "sessionid=s1; Path=/; HttpOnly"),
    ("Content-Length", "3"),
    ("Content-Encoding", "br"),
    ("WWW-Authenticate", 'Basic realm="SCC"'),
    *_LOCATIONS,
    *_PAUSES,
)
#: Bodies that begin as something and are nothing.
_DAMAGED: Final = (b"", b"{}", b"[1]", b"{", b"<p>", b"PK\x03\x04", b"\xff\xfe")


def _bodies() -> st.SearchStrategy[bytes]:
    return st.one_of(
        st.sampled_from(_DAMAGED),
        page_contents().map(lambda content: render(content).encode()),
        api_objects().map(lambda one: one.text.encode()),
        archives().map(lambda one: one.data),
        st.binary(max_size=50),
    )


def answers(bodies: st.SearchStrategy[bytes] | None = None) -> st.SearchStrategy[Answer]:
    """Draw answers that a server, or what stands before it, may give: any status, headers that contradict it, any body.

    Some break off where their body ends.

    Args:
        bodies: The bodies; by default pages, objects of the API, archives and what is none of them.

    Example:
        >>> from hypothesis import given
        >>> @given(answers())
        ... def test_one_answer_gives_a_value_or_our_error(answer):
        ...     with contextlib.suppress(SCCError):
        ...         my_verb(ScriptTransport(answer, *[Answer(400)] * 60))
    """
    headers = st.lists(st.sampled_from(_HEADERS), max_size=4)
    broken = st.sampled_from((ConnectionBroken, BodyTruncated)).map(lambda kind: kind("the answer broke off"))
    of_any_kind = st.builds(
        Answer,
        st.sampled_from(_STATUSES),
        headers,
        _bodies() if bodies is None else bodies,
        st.none() | broken,
    )
    redirects = _headed(_REDIRECTS, _LOCATIONS, headers)
    return of_any_kind | redirects | _headed(_OVERLOADS, _PAUSES, headers)


def _headed(
    statuses: Sequence[int], first: Sequence[tuple[str, str]], more: st.SearchStrategy[list[tuple[str, str]]]
) -> st.SearchStrategy[Answer]:
    """Draw answers whose status and first header go together."""
    return st.builds(
        lambda status, one, others: Answer(status, (one, *others)),
        st.sampled_from(statuses),
        st.sampled_from(first),
        more,
    )


def scripts(
    of: st.SearchStrategy[Answer] | None = None, max_size: int = 30
) -> st.SearchStrategy[Sequence[Answer | TransportError]]:
    """Draw scripts for a ``ScriptTransport``: answers, and transport errors in place of one.

    A script may end before the conversation does; put an endless refusal behind it, such as ``[Answer(400)] * 60``.

    Args:
        of: The answers.
        max_size: How many steps there are at most.

    Example:
        >>> from hypothesis import given
        >>> @given(scripts())
        ... def test_any_conversation_ends(script):
        ...     with contextlib.suppress(SCCError):
        ...         my_tool(ScriptTransport(*script, *[Answer(400)] * 60))
    """
    failures = st.sampled_from((ConnectionBroken, ConnectionFailed)).map(lambda kind: kind("no answer"))
    return st.lists((answers() if of is None else of) | failures, max_size=max_size)


def credentials() -> st.SearchStrategy[Credentials]:
    """Draw credentials whose four texts are found again wherever they show: each begins and ends with ``§``.

    Example:
        >>> from hypothesis import given
        >>> @given(credentials())
        ... def test_no_password_is_shown(credentials):
        ...     assert "§" not in repr(my_tool(credentials))
    """
    # A user of HTTP Basic can hold no colon (RFC 7617).
    letters = st.characters(codec="utf-8", exclude_categories=("C", "Z"), exclude_characters=":§")
    secrets = st.text(letters, max_size=20).map("§{}§".format)
    return st.builds(Credentials, secrets, secrets, secrets, secrets)
