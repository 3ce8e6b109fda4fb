"""The admin's change lists: one page of a table, its next page, and the filters that the server refused.

Sources: scc-interface.md 2.5 (filters), 3.1 (frame).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final
from urllib.parse import parse_qs, urljoin, urlsplit

from attrs import frozen

from scckit.errors import FilterRefused, InvalidInput, UnreadablePage
from scckit.session.effects import Flow
from scckit.session.messages import get
from scckit.session.session import Session
from scckit.site.content import Pager, Row

__all__ = ["ListPage", "check_span", "check_station", "list_page", "moment_text"]

_TABLE: Final = "result_list"


@frozen
class ListPage:
    """Rows of one page, the number of results on all pages, and the address of the next page."""

    rows: tuple[Row, ...]
    total: int | None
    next: str | None


def list_page(session: Session, route: str, filters: Mapping[str, str], page: str | None) -> Flow[ListPage]:
    """Get one page of a change list.

    Args:
        session: The conversation.
        route: Address of the list.
        filters: Its filters, for the first page.
        page: Address of a later page, as an earlier one linked to it.

    Raises:
        FilterRefused: The server dropped a filter and would show everything.
        UnreadablePage: It is not the list.
    """
    url = page or get(route, filters).url
    answer = yield from session.page(get(url))
    content = answer.content
    if "e" in parse_qs(urlsplit(answer.head.url).query, keep_blank_values=True):
        # Django's change list answers a filter that it cannot use with a redirect to ?e=1 and the whole list (2.5).
        asked = ", ".join(f"{name}={value}" for name, value in filters.items())
        msg = f"{route}: the SCC did not accept a filter of {asked}; it would show everything"
        raise FilterRefused(msg, status=answer.head.status, url=route)
    table, pager = content.table(_TABLE), content.pager
    if table is None and pager is None:
        msg = f"{route} shows neither a list nor its pager (title {content.title!r}); try again later, or report it"
        raise UnreadablePage(msg, status=answer.head.status, url=route)
    following = None if pager is None else _next(pager)
    return ListPage(
        () if table is None else table.rows,
        None if pager is None else pager.total,
        None if following is None else urljoin(answer.head.url, following),
    )


def _next(pager: Pager) -> str | None:
    """Return the link to the next page: the one whose text is our number plus one, however the server counts ``p``."""
    if pager.current is None or not pager.current.isdecimal():
        return None
    wanted = str(int(pager.current) + 1)
    return next((link.href for link in pager.pages if link.text == wanted), None)


def moment_text(moment: datetime) -> str:
    """Write a moment as the filters take it (2.5)."""
    return moment.strftime("%Y-%m-%d %H:%M:%S")


def check_span(route: str, moments: Iterable[datetime | None], start: datetime, stop: datetime | None) -> None:
    """Make sure that the server did not ignore the span of a search.

    Raises:
        FilterRefused: Something outside of the span was shown.
    """
    # The lists show no seconds (3.2), so a moment within the first minute shows as its beginning.
    begin = start.replace(second=0, microsecond=0)
    for moment in moments:
        if moment is not None and (moment < begin or (stop is not None and moment >= stop)):
            msg = (
                f"{route}: the SCC ignored the dates of the search ({start:%Y-%m-%d %H:%M} to"
                f" {'now' if stop is None else format(stop, '%Y-%m-%d %H:%M')}), it shows {moment:%Y-%m-%d %H:%M}"
            )
            raise FilterRefused(msg, url=route)


def check_station(_: object, __: object, value: Any) -> None:  # noqa: ANN401 - for text and for text or None
    """Make sure that a text can be the code of a station; which codes there are, only the server knows.

    Raises:
        InvalidInput: It cannot.
    """
    if value is not None and not (
        isinstance(value, str) and value.isascii() and value.isalnum() and len(value) in {2, 3}
    ):
        msg = f"a station has a code of 3 letters (or an old call sign of 2), such as aky; found {value!r}"
        raise InvalidInput(msg)
