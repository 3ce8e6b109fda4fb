"""The reader: what in the elements of a page is a table, a pager, a message, a form. Keeps nothing between pages."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from scckit.errors import UnreadablePage
from scckit.plugins import Cell, Choice, Form, FormField, Link, Message, PageContent, Pager, Row, Table
from scckit_selectolax.tree import Element, parse

__all__ = ["SelectolaxReader"]

MAX_LENGTH = 4 * 2**20
LEVELS = ("success", "error", "warning", "info", "debug")
HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
#: Fields that nobody fills in: nothing is written beside them.
SILENT = {"button", "hidden", "image", "reset", "submit"}
#: Digits, or groups of digits with what languages put between them; the last group is always of three.
NUMBER = re.compile(r"\d{1,3}(?:[\s.,'’٬]\d{2,3})*[\s.,'’٬]\d{3}(?!\d)|\d+")
MAX_DIGITS = 18


class SelectolaxReader:
    """Reads pages of HTML as browsers do.

    Args:
        max_length: Characters that a page may have.
    """

    def __init__(self, max_length: int = MAX_LENGTH) -> None:
        self.max_length = max_length

    def read(self, text: str, /) -> PageContent:
        """Read one page.

        Raises:
            UnreadablePage: The page is larger, or nested deeper, than any that the SCC has.
        """
        if len(text) > self.max_length:
            raise UnreadablePage(
                f"the page has {len(text)} characters, the limit is {self.max_length}; narrow the search"
            )
        page = parse(text)
        forms = tuple(map(_form, page.walk("form")))
        return PageContent(
            title=next((one.text() for one in page.walk("title")), ""),
            headings=_texts(page.walk(*HEADINGS)),
            tables=_tables(page),
            pager=next((_pager(one) for one in page.walk("nav") if "grp-pagination" in one.classes), None),
            alerts=tuple(_alerts(page)),
            messages=tuple(_messages(page)),
            forms=forms,
            is_login=any(map(_is_login, forms)),
            error_notes=_texts(one for one in page.walk("p") if "errornote" in one.classes),
            actions=_actions(page),
        )


def _texts(elements: Iterable[Element]) -> tuple[str, ...]:
    return tuple(text for text in (one.text() for one in elements) if text)


# -- tables -----------------------------------------------------------------------------------------------------------


def _tables(page: Element) -> tuple[Table, ...]:
    rows: dict[Element, list[Row]] = {table: [] for table in page.walk("table")}
    for one in page.walk("tr"):
        table = one.above("table")
        head = one.parent is not None and one.parent.tag in {"thead", "tfoot"}
        row = None if head or "grp-errors" in one.classes else _row(one)
        if table is not None and row is not None:
            rows[table].append(row)
    return tuple(Table(table.attributes.get("id", ""), tuple(found)) for table, found in rows.items())


def _row(element: Element) -> Row | None:
    cells: dict[str, Cell] = {}
    key: str | None = None
    is_head = True
    for one in element.children("td", "th"):
        named = (
            word.removeprefix("field-") for word in one.attributes.get("class", "").split() if word[:6] == "field-"
        )
        name = next(named, "")
        is_head = is_head and one.tag == "th" and not name
        if name:
            cells.setdefault(name, _cell(one))
        elif key is None:
            key = next((box.attributes.get("value") for box in one.walk("input") if _selects(box)), None)
    return None if is_head else Row(cells, key)


def _cell(element: Element) -> Cell:
    icon = next((one.attributes.get("alt", "") for one in element.walk("img")), None)
    href = next((one.attributes["href"] for one in element.walk("a") if "href" in one.attributes), None)
    return Cell(element.text(), icon, href)


def _selects(box: Element) -> bool:
    return box.attributes.get("name") == "_selected_action" or "action-select" in box.classes


# -- what the page says -----------------------------------------------------------------------------------------------


def _pager(nav: Element) -> Pager:
    totals: list[int] = []
    current: str | None = None
    pages: list[Link] = []
    last: Link | None = None
    for item in (item for items in nav.children("ul") for item in items.children("li")):
        if "grp-results" in item.classes:
            totals.extend(_numbers(item.text()))
        elif not item.classes & {"grp-separator", "grp-showall"}:
            for one in item.children("a", "span"):
                if one.tag == "span":
                    current = one.text()
                elif "href" in one.attributes:
                    pages.append(Link(one.text(), one.attributes["href"]))
                    last = pages[-1] if "end" in one.classes else last
    # Under a filter the results stand before the total.
    return Pager(totals[0] if totals else None, current, tuple(pages), last)


def _numbers(text: str) -> Iterator[int]:
    for number in NUMBER.findall(text):
        digits = re.sub(r"\D", "", number)
        if len(digits) <= MAX_DIGITS:
            yield int(digits)


def _alerts(page: Element) -> Iterator[str]:
    told: set[Element] = set()
    for box in page.walk("div"):
        if "alert-box" in box.classes and box not in told:
            told.update(box.walk("div"))  # a box in a box says nothing of its own
            yield from _texts(box.walk("p")) or _texts([box])


def _messages(page: Element) -> Iterator[Message]:
    for one in page.walk("ul"):
        if one.classes & {"grp-messagelist", "messagelist"}:
            for line in one.children("li"):
                words = {word.removeprefix("grp-") for word in line.classes}
                level = next((level for level in LEVELS if level in words), "")
                yield from (Message(level, text) for text in _texts([line]))


def _actions(page: Element) -> tuple[str, ...]:
    for one in page.walk("select"):
        if one.attributes.get("name") == "action":
            return tuple(choice.value for choice, _ in _choices(one) if choice.value)
    return ()


# -- forms ------------------------------------------------------------------------------------------------------------


def _form(element: Element) -> Form:
    fields = []
    beside: set[Element] = set()
    for one in element.walk("input", "select", "textarea", "button"):
        if one.attributes.get("name"):
            kind, value, choices = _state(one)
            errors: list[Element] = []
            if kind not in SILENT and one.parent is not None:
                errors = [
                    near for near in one.parent.walk("p", "li", "span", "small") if near.tag == "p" or _is_error(near)
                ]
                beside.update(one.parent.walk())
            fields.append(FormField(one.attributes["name"], kind, value, choices, _texts(errors)))
    own = (one for one in element.walk("p", "li", "span", "small") if _is_error(one) and one not in beside)
    method = element.attributes.get("method", "").strip().lower() or "get"
    return Form(element.attributes.get("action", ""), method, tuple(fields), _texts(own))


def _state(element: Element) -> tuple[str, str, tuple[Choice, ...]]:
    """Return kind, value and choices of a field."""
    if element.tag == "select":
        pairs = list(_choices(element))
        chosen = [choice.value for choice, selected in pairs if selected]
        if not chosen and "multiple" not in element.attributes:
            chosen = [choice.value for choice, _ in pairs]  # browsers take the first where the page takes none
        return "select", chosen[0] if chosen else "", tuple(choice for choice, _ in pairs)
    if element.tag == "textarea":
        return "textarea", element.raw_text(), ()
    kind = "button" if element.tag == "button" else element.attributes.get("type", "").strip().lower() or "text"
    return kind, element.attributes.get("value", ""), ()


def _choices(select: Element) -> Iterator[tuple[Choice, bool]]:
    for one in select.walk("option"):
        text = one.text()
        yield Choice(one.attributes.get("value", text), text), "selected" in one.attributes


def _is_error(element: Element) -> bool:
    """Tell whether an element is marked as an error."""
    if element.tag == "li":
        return element.parent is not None and element.parent.tag == "ul" and "errorlist" in element.parent.classes
    return ("errornote" if element.tag == "p" else "error") in element.classes


def _is_login(form: Form) -> bool:
    is_upload = any(one.kind == "file" for one in form.fields)
    return form.get("username") is not None and form.get("password") is not None and not is_upload
