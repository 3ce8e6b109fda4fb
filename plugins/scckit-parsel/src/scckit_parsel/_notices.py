"""What a page says around its tables and forms: title, headings, pager, alerts, messages, error notes, actions."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from scckit.plugins import Link, Message, Pager
from scckit_parsel._markup import Element, Handler, classes, has_class, text_of, texts_of

__all__ = ["Notices"]

_LEVELS: Final = ("success", "error", "warning", "info", "debug")
#: Digits, and groups of digits after the signs that languages put between thousands (spaces of all widths too).
_NUMBER: Final = re.compile(r"\d+(?:[\s.,'’٬]\d{2,3}(?!\d))*")
#: More digits are no count of anything.
_MAX_DIGITS: Final = 18


class Notices:
    """Collects what a page says to its reader."""

    def __init__(self) -> None:
        self.title: str | None = None
        self.headings: list[str] = []
        self.pager: Pager | None = None
        self.alerts: list[str] = []
        self.messages: list[Message] = []
        self.error_notes: list[str] = []
        self.actions: tuple[str, ...] | None = None
        self._open_alert: Element | None = None
        self.begins: Final[Mapping[str, Handler]] = {
            "title": self._title,
            **dict.fromkeys(("h1", "h2", "h3", "h4", "h5", "h6"), self._heading),
            "nav": self._nav,
            "div": self._begin_div,
            "ul": self._list,
            "p": self._paragraph,
            "select": self._select,
        }
        self.ends: Final[Mapping[str, Handler]] = {"div": self._end_div}

    def _title(self, element: Element) -> None:
        if self.title is None:
            self.title = text_of(element)

    def _heading(self, element: Element) -> None:
        self.headings.extend(texts_of([element]))

    def _nav(self, element: Element) -> None:
        # Change lists have the pager twice, above and below.
        if self.pager is None and has_class(element, "grp-pagination"):
            self.pager = _pager(element)

    def _begin_div(self, element: Element) -> None:
        if self._open_alert is None and has_class(element, "alert-box"):
            self._open_alert = element
            self.alerts.extend(texts_of(element.iter("p")) or texts_of([element]))

    def _end_div(self, element: Element) -> None:
        if element is self._open_alert:
            self._open_alert = None

    def _list(self, element: Element) -> None:
        if has_class(element, "grp-messagelist") or has_class(element, "messagelist"):
            for line in element.iterchildren("li"):
                self.messages.extend(Message(_level(line), text) for text in texts_of([line]))

    def _paragraph(self, element: Element) -> None:
        if has_class(element, "errornote"):
            self.error_notes.extend(texts_of([element]))

    def _select(self, element: Element) -> None:
        if self.actions is None and element.get("name") == "action":
            values = (one.get("value", text_of(one)) for one in element.iter("option"))
            self.actions = tuple(value for value in values if value)


def _level(line: Element) -> str:
    # Tags that an application adds stand before the level; only the first word has Grappelli's prefix.
    words = {word.removeprefix("grp-") for word in classes(line)}
    return next((level for level in _LEVELS if level in words), "")


def _pager(nav: Element) -> Pager:
    totals: list[int] = []
    current: str | None = None
    pages: list[Link] = []
    last: Link | None = None
    for item in (item for items in nav.iterchildren("ul") for item in items.iterchildren("li")):
        names = classes(item)
        if "grp-results" in names:
            totals.extend(_numbers(text_of(item)))
        elif not {"grp-separator", "grp-showall"} & set(names):
            for one in item.iterchildren("a", "span"):
                if one.tag == "span":
                    current = text_of(one)
                elif one.get("href") is not None:
                    pages.append(Link(text_of(one), one.get("href", "")))
                    last = pages[-1] if has_class(one, "end") else last
    # Where a filter narrows the list, "N results" stands before "M total".
    return Pager(next(iter(totals), None), current, tuple(pages), last)


def _numbers(text: str) -> Iterator[int]:
    for found in _NUMBER.findall(text):
        digits = re.sub(r"\D", "", found)
        if len(digits) <= _MAX_DIGITS:
            yield int(digits)
