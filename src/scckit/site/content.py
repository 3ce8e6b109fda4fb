"""Neutral page content: what a page reader finds in a page of HTML, in words that know nothing of the SCC.

A reader knows HTML (and the markup habits of Django and Grappelli); what the content means is decided in ``site``.
White space is folded everywhere, and texts that fold to nothing are left out of headings, alerts, messages and errors.
Where something that can be there once is there twice, the first counts.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from attrs import field, frozen

__all__ = [
    "Cell",
    "Choice",
    "Form",
    "FormField",
    "Link",
    "Message",
    "PageContent",
    "PageReader",
    "Pager",
    "Row",
    "Table",
]


@frozen
class Link:
    """A link: its text and its address as written in the page."""

    text: str
    href: str


@frozen
class Cell:
    """One table cell.

    Attributes:
        text: All its text, white space folded, also from inside links.
        icon: Alternative text of its first image (``OK``, ``True`` …), or None without an image.
        href: Address of its first link, or None.
    """

    text: str = ""
    icon: str | None = None
    href: str | None = None


@frozen
class Row:
    """One data row: cells by name, and the value of its selection box, if it has one.

    The name of a cell is the ``x`` of its class ``field-x``; cells without such a class have no name and are left out.
    """

    cells: Mapping[str, Cell]
    key: str | None = None


@frozen
class Table:
    """One table: its ``id`` attribute (empty without one), and its data rows without head, foot and error rows.

    A row that has only ``th`` cells without names is a head. A cell is a direct child of its row.
    """

    name: str
    rows: tuple[Row, ...] = ()


@frozen
class Pager:
    """The page links of a long list (scc-interface.md 3.1).

    Attributes:
        total: Number of results over all pages, or None where the page does not say.
        current: Text of the page we are on (``1`` is the first), or None.
        pages: Links to other pages, in order, whatever their numbering is.
        last: The link marked as the last page (``a.end``), None on the last page itself.
    """

    total: int | None = None
    current: str | None = None
    pages: tuple[Link, ...] = ()
    last: Link | None = None


@frozen
class Message:
    """A message line of the site: ``success``, ``error``, ``warning``, ``info``, ``debug``, or empty if it says none."""

    level: str
    text: str


@frozen
class Choice:
    """One choice of a select field."""

    value: str
    text: str


@frozen
class FormField:
    """One field of a form.

    Attributes:
        name: Its name.
        kind: ``type`` of an input, or ``select``, ``textarea``, ``button``.
        value: Its present value; for a select the selected choice.
        choices: Choices of a select.
        errors: Texts shown beside it: every ``p``, ``ul.errorlist > li``, ``span.error`` and ``small.error`` inside its
            parent element.
    """

    name: str
    kind: str = "text"
    value: str = ""
    choices: tuple[Choice, ...] = ()
    errors: tuple[str, ...] = ()


@frozen
class Form:
    """One form.

    Attributes:
        action: Where it goes; empty for "the same address".
        method: ``get`` or ``post``.
        fields: Its fields, in page order. Hidden fields and buttons have no errors of their own.
        errors: Texts of every ``ul.errorlist > li``, ``p.errornote``, ``span.error`` and ``small.error`` of the form that
            stands beside no field.
    """

    action: str = ""
    method: str = "get"
    fields: tuple[FormField, ...] = ()
    errors: tuple[str, ...] = ()

    def get(self, name: str) -> FormField | None:
        """Return the first field of a name, or None."""
        return next((one for one in self.fields if one.name == name), None)


@frozen
class PageContent:
    """All that a reader gives of one page.

    Attributes:
        title: Text of ``title``.
        headings: Texts of ``h1`` to ``h6`` in page order, white space folded.
        tables: All tables, in page order.
        pager: The pager, None if there is no ``nav.grp-pagination``.
        alerts: Texts of the ``p`` elements in ``div.alert-box`` elements; of the box itself if it has no ``p``.
        messages: Lines of ``ul.grp-messagelist`` and ``ul.messagelist``.
        forms: All forms, in page order.
        is_login: True if some form has both a ``username`` and a ``password`` field and no file field.
        error_notes: Texts of ``p.errornote`` elements.
        actions: Values of ``select[name=action]`` that are not empty, for change lists.
    """

    title: str = ""
    headings: tuple[str, ...] = ()
    tables: tuple[Table, ...] = ()
    pager: Pager | None = None
    alerts: tuple[str, ...] = ()
    messages: tuple[Message, ...] = ()
    forms: tuple[Form, ...] = ()
    is_login: bool = False
    error_notes: tuple[str, ...] = ()
    actions: tuple[str, ...] = field(default=())

    def table(self, name: str) -> Table | None:
        """Return the table with that ``id``, or None."""
        return next((one for one in self.tables if one.name == name), None)


class PageReader(Protocol):
    """Reads pages. Deterministic, safe for threads, total: any text gives content or ``UnreadablePage``, nothing else."""

    def read(self, text: str, /) -> PageContent:
        """Read one page of HTML.

        Raises:
            UnreadablePage: The text is beyond reading (larger than the reader's limit).
        """
