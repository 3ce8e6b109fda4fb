"""Rows as people and programs want them: a table, JSON, CSV, or plain lines. Data goes to standard output, nothing else does."""

from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import Enum
from typing import Final, TypeAlias

from scckit.errors import InvalidInput
from scckit_cli.talk import printable

__all__ = ["Form", "Row", "form_of", "show", "write"]

#: A row: values by column, the same columns in all rows.
Row: TypeAlias = dict[str, object]

#: Statuses of modules as signs with a style; words are in the other forms.
_SIGNS: Final = {
    "ok": ("✔", "green"),
    "failed": ("✘", "red"),
    "running": ("…", "yellow"),
    "not run": ("·", "dim"),
    "unknown": ("?", "magenta"),
}


class Form(Enum):
    """How rows are printed."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"
    PLAIN = "plain"


def form_of(*, as_json: bool, as_csv: bool, as_plain: bool) -> Form:
    """Return the form that was asked for.

    Raises:
        InvalidInput: More than one was.
    """
    chosen = [form for form, given in ((Form.JSON, as_json), (Form.CSV, as_csv), (Form.PLAIN, as_plain)) if given]
    if len(chosen) > 1:
        msg = "choose one of --json, --csv and --plain"
        raise InvalidInput(msg)
    return chosen[0] if chosen else Form.TABLE


def show(rows: Iterable[Row], columns: Sequence[str], form: Form, *, signs: Sequence[str] = ()) -> int:
    """Print rows.

    JSON is one array of objects; CSV has a line of headings; plain lines have the values with tabs between, and no
    headings, and come as the rows do. What is not told is null, nothing, and nothing.

    Args:
        rows: The rows.
        columns: Columns of the table, in this order; the other forms have all columns of the rows, these first.
        form: How.
        signs: Columns with statuses of modules, which a table shows as signs.

    Returns:
        How many rows there were.
    """
    if form is Form.PLAIN:
        number = 0
        for row in rows:
            write("\t".join(_flat(row.get(column)) for column in _all(columns, row)) + "\n")
            number += 1
        return number
    found = list(rows)
    names = _all(columns, found[0]) if found else list(columns)
    if form is Form.JSON:
        write(json.dumps([{name: _plain(row.get(name)) for name in names} for row in found], indent=1) + "\n")
    elif form is Form.CSV:
        text = io.StringIO()
        table = csv.writer(text, lineterminator="\n")
        table.writerow(names)
        table.writerows([_text(row.get(name)) for name in names] for row in found)
        write(text.getvalue())
    elif found:
        _draw(found, columns, signs)
    return len(found)


def _all(columns: Sequence[str], row: Row) -> list[str]:
    return [*columns, *(name for name in row if name not in columns)]


def _draw(rows: Sequence[Row], columns: Sequence[str], signs: Sequence[str]) -> None:
    from rich import box  # noqa: PLC0415 - only tables need it
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    console = Console(file=sys.stdout, highlight=False)
    if not console.is_terminal:
        console.width = 10_000  # a file or a pipe has no width; lines are not folded there
    table = Table(box=box.SIMPLE_HEAD if console.is_terminal else None, pad_edge=False)
    for column in columns:
        numeric = all(isinstance(row.get(column), (int, float)) for row in rows)
        table.add_column(column.replace("_", " "), justify="right" if numeric else "left", overflow="fold")
    coloured = console.is_terminal and (console.encoding or "").lower().startswith("utf")
    for row in rows:
        cells = []
        for column in columns:
            words = printable(_text(row.get(column)))
            sign, style = _SIGNS.get(words, (words, "")) if coloured and column in signs else (words, "")
            cells.append(Text(sign, style=style))
        table.add_row(*cells)
    console.print(table)


def write(text: str) -> None:
    """Write to standard output, also what its encoding has no signs for."""
    encoding = sys.stdout.encoding or "utf-8"
    sys.stdout.write(text.encode(encoding, "backslashreplace").decode(encoding))


def _plain(value: object) -> object:
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    if isinstance(value, dict):
        return {str(name): _plain(one) for name, one in value.items()}
    return _text(value)


def _text(value: object) -> str:
    if isinstance(value, (list, tuple)):
        return " ".join(map(_text, value))
    if isinstance(value, dict):
        return json.dumps(_plain(value))
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%SZ")
    if isinstance(value, Enum):
        return str(value.value)
    words = {None: "", True: "yes", False: "no"}
    return words[value] if value is None or isinstance(value, bool) else str(value)


def _flat(value: object) -> str:
    return printable(_text(value).replace("\t", " ").replace("\n", " "))
