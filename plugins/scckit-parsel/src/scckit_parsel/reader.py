"""The reader: limits, one parse, one walk over all elements. What it finds on the way is the business of the collectors.

Rules that hold for everything read: white space is folded (the no-break space is white space too), texts that are empty
then are left out of lists of texts, addresses are given as written.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from lxml import etree
from parsel.selector import create_root_node

from scckit.errors import UnreadablePage
from scckit.plugins import Form, PageContent
from scckit_parsel._forms import Forms
from scckit_parsel._markup import Collector, Element, Handler
from scckit_parsel._notices import Notices
from scckit_parsel._tables import Tables

__all__ = ["ParselReader"]

#: Characters that a page may have. The largest honest page seen has 100 rows, some 200 thousand characters.
_MAX_LENGTH: Final = 4 * 2**20
#: Levels that elements may be nested. Honest pages have some 20; the parser loses text without a word from 2047 on.
_MAX_DEPTH: Final = 100

_is_too_deep: Final = etree.XPath(f"boolean({'/*' * (_MAX_DEPTH + 1)})")


class ParselReader:
    """Reads a page of HTML into ``PageContent``; keeps no state between pages.

    Args:
        max_length: Characters that a page may have.

    Example:
        >>> reader = ParselReader()
        >>> reader.read("<title>Login</title><h1>Station&nbsp;administration</h1>").headings
        ('Station administration',)
    """

    def __init__(self, max_length: int = _MAX_LENGTH) -> None:
        self._max_length: Final = max_length

    def __repr__(self) -> str:
        return f"ParselReader(max_length={self._max_length})"

    def read(self, text: str, /) -> PageContent:
        """Read one page of HTML.

        Raises:
            UnreadablePage: The page is larger, or nested deeper, than any honest one.
        """
        if len(text) > self._max_length:
            msg = (
                f"a page of {len(text)} characters was to be read, the limit is {self._max_length};"
                " narrow the search, or make the reader with a larger max_length"
            )
            raise UnreadablePage(msg)
        root = _parsed(text)
        tables, forms, notices = Tables(), Forms(), Notices()
        _walk(root, tables, forms, notices)
        found = forms.found()
        return PageContent(
            title=notices.title or "",
            headings=tuple(notices.headings),
            tables=tables.found(),
            pager=notices.pager,
            alerts=tuple(notices.alerts),
            messages=tuple(notices.messages),
            forms=found,
            is_login=any(map(_is_login, found)),
            error_notes=tuple(notices.error_notes),
            actions=notices.actions or (),
        )


def _parsed(text: str) -> Element:
    # Half characters (lone surrogates) cannot be encoded for the parser; they are no text anyway.
    clean = text.encode(errors="replace").decode()
    try:
        # With the parser class of lxml.html, which a Selector takes, every element costs a call of Python more.
        return create_root_node(clean, etree.HTMLParser)
    except etree.LxmlError as error:
        msg = f"the page cannot be read as HTML ({error}); look at it with a browser, and report it"
        raise UnreadablePage(msg) from error


def _walk(root: Element, *collectors: Collector) -> None:
    """Show all elements to the collectors in one pass, in page order."""
    begins = _by_tag(collector.begins for collector in collectors)
    ends = _by_tag(collector.ends for collector in collectors)
    if _is_too_deep(root):
        msg = f"the page nests elements more than {_MAX_DEPTH} deep, which no page of the SCC does; report it"
        raise UnreadablePage(msg)
    for event, element in etree.iterwalk(root, events=("start", "end"), tag=(*begins, *ends)):
        for handler in (begins if event == "start" else ends).get(element.tag, ()):
            handler(element)


def _by_tag(offers: Iterable[Mapping[str, Handler]]) -> dict[str, list[Handler]]:
    handlers: dict[str, list[Handler]] = {}
    for offer in offers:
        for tag, handler in offer.items():
            handlers.setdefault(tag, []).append(handler)
    return handlers


def _is_login(form: Form) -> bool:
    kinds = {one.kind for one in form.fields}
    return form.get("username") is not None and form.get("password") is not None and "file" not in kinds
