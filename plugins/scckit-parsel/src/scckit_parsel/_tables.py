"""Tables: each row goes to the nearest table, each cell to the row that holds it (scc-interface.md 3.1 to 3.3)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from scckit.plugins import Cell, Row, Table
from scckit_parsel._markup import Element, Handler, fold, has_class, text_of

__all__ = ["Tables"]

_PREFIX: Final = "field-"


class _OpenTable:
    def __init__(self, name: str) -> None:
        self.name = name
        self.rows: list[Row] = []


class Tables:
    """Collects all tables of a page."""

    def __init__(self) -> None:
        self._all: list[_OpenTable] = []
        self._open: list[_OpenTable] = []
        self._names: dict[str, str] = {}
        self.begins: Final[Mapping[str, Handler]] = {"table": self._begin_table, "tr": self._row}
        self.ends: Final[Mapping[str, Handler]] = {"table": self._end_table}

    def found(self) -> tuple[Table, ...]:
        """Return the tables in the order in which they begin."""
        return tuple(Table(one.name, tuple(one.rows)) for one in self._all)

    def _begin_table(self, element: Element) -> None:
        table = _OpenTable(element.get("id", ""))
        self._all.append(table)
        self._open.append(table)

    def _end_table(self, _: Element) -> None:
        self._open.pop()

    def _row(self, element: Element) -> None:
        parent = element.getparent()
        if not self._open or parent is None or parent.tag in {"thead", "tfoot"} or has_class(element, "grp-errors"):
            return
        cells: dict[str, Cell] = {}
        key: str | None = None
        is_data = False
        for one in element.iterchildren("td", "th"):
            is_data = is_data or one.tag == "td"
            name = self._name(one.get("class", ""))
            if name:
                cells.setdefault(name, _content(one))
            elif key is None:
                key = _key(one)
        # A row of nothing but unnamed th cells is a head, wherever it stands.
        if is_data or cells:
            self._open[-1].rows.append(Row(cells, key))

    def _name(self, value: str) -> str:
        """Return the name that a class attribute gives to a cell; the same few attributes come in every row."""
        name = self._names.get(value)
        if name is None:
            found = (one.removeprefix(_PREFIX) for one in value.split() if one.startswith(_PREFIX))
            name = self._names[value] = next(found, "")
        return name


def _content(element: Element) -> Cell:
    if not len(element):
        return Cell(fold(element.text or ""))
    if len(element) == 1 and element[0].tag == "img":
        # Half of the cells of a long list hold an icon and nothing else; the general way takes several times as long.
        image = element[0]
        return Cell(fold(f"{element.text or ''}{image.tail or ''}"), image.get("alt", ""))
    icon: str | None = None
    href: str | None = None
    for one in element.iter("a", "img"):
        if one.tag == "img":
            icon = one.get("alt", "") if icon is None else icon
        elif href is None:
            href = one.get("href")
    return Cell(text_of(element), icon, href)


def _key(element: Element) -> str | None:
    for box in element.iter("input"):
        if box.get("name") == "_selected_action" or has_class(box, "action-select"):
            return box.get("value")
    return None
