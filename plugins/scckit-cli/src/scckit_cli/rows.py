"""Rows as people and programs want them: a table, JSON, CSV, or plain lines. Data goes to standard output, nothing else does."""

from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Final, TypeAlias

from scckit.errors import InvalidInput
from scckit_cli.talk import ReaderGone, let_go, printable, telling, write

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

__all__ = ["Form", "Row", "fields_of", "form_of", "show"]

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

#: Columns that a table never folds.
_WHOLE: Final = frozenset({"id", "measurement_id", "measurement", "filename", "phase"})

_WIDE: Final = 10_000


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


def fields_of(model: type) -> tuple[str, ...]:
    """Return the columns of rows that are made of models, by ``attrs.asdict``."""
    import attrs  # noqa: PLC0415 - whoever has models has it, others need it not

    return tuple(field.name for field in attrs.fields(model))


def show(  # noqa: PLR0913 - how rows are shown, all by keyword
    rows: Iterable[Row],
    columns: Sequence[str],
    form: Form,
    *,
    more: Sequence[str] = (),
    signs: Sequence[str] = (),
    spare: Sequence[str] = (),
    line: Callable[[Row], str] | None = None,
) -> int:
    """Print rows.

    JSON is one array of objects; CSV has a line of headings; plain lines have the values with tabs between, and no
    headings. What is not told is null, nothing, and nothing. Plain lines, and lines in the place of a table, come as the
    rows do, all else at the end.

    Args:
        rows: The rows.
        columns: Columns of the table, in this order; the other forms have all columns of the rows, these first.
        form: How.
        more: Columns that the other forms have behind those, also where no row is.
        signs: Columns with statuses of modules, which a table shows as signs.
        spare: Columns that a narrow terminal does without, the least needed first.
        line: Makes a line of a row, for rows that tell what was done: such lines are printed in the place of a table, and
            if somebody interrupts, what was done by then is printed in any form.

    Returns:
        How many rows there were.
    """
    if form is Form.TABLE and line is not None:
        return _stream(rows, line, does=True)
    if form is Form.PLAIN:

        def plain(row: Row) -> str:
            return "\t".join(_flat(row.get(column)) for column in _all((*columns, *more), [row]))

        return _stream(rows, plain, does=line is not None)
    found: list[Row] = []
    try:
        for row in rows:
            found.append(row)  # noqa: PERF402 - what came before an interruption must be here
    except KeyboardInterrupt:
        if line is not None and found:
            _print(found, columns, more, form, signs, spare)
        raise
    _print(found, columns, more, form, signs, spare)
    return len(found)


def _stream(rows: Iterable[Row], line: Callable[[Row], str], *, does: bool) -> int:
    number = 0
    for number, row in enumerate(rows, 1):  # noqa: B007 - it is the count at the end
        try:
            write(f"{line(row)}\n", at_once=True)
        except ReaderGone:
            if not does:
                raise
            # Whoever asked for something to be done did not ask for half of it by closing a pipe.
            let_go()
    return number


def _print(  # noqa: PLR0913, PLR0917 - those of ``show``
    found: Sequence[Row],
    columns: Sequence[str],
    more: Sequence[str],
    form: Form,
    signs: Sequence[str],
    spare: Sequence[str],
) -> None:
    names = _all((*columns, *more), found)
    if form is Form.JSON:
        write(json.dumps([{name: _plain(row.get(name)) for name in names} for row in found], indent=1) + "\n")
    elif form is Form.CSV:
        text = io.StringIO()
        table = csv.writer(text, lineterminator="\n")
        table.writerow(names)
        table.writerows([_text(row.get(name)) for name in names] for row in found)
        write(text.getvalue())
    elif found:
        _draw(found, columns, signs, spare)


def _all(columns: Sequence[str], rows: Iterable[Row]) -> list[str]:
    return list(dict.fromkeys((*columns, *(name for row in rows for name in row))))


def _draw(rows: Sequence[Row], columns: Sequence[str], signs: Sequence[str], spare: Sequence[str]) -> None:
    from rich.console import Console  # noqa: PLC0415 - only tables need it

    console = Console(file=sys.stdout, highlight=False)
    if not console.is_terminal:
        console.width = _WIDE  # a file or a pipe has no width; lines are not folded there
    names = list(columns)
    table = _table(console, rows, names, signs, narrow=False)
    for column in (*spare, None):
        if console.measure(table, options=console.options.update(width=_WIDE)).maximum <= console.width:
            break
        names = [name for name in names if name != column]
        table = _table(console, rows, names, signs, narrow=True)
    # At the end of a capture rich writes an empty text, which a full disk refuses where nothing is buffered.
    with telling(), console.capture() as drawn:
        console.print(table)
    write(drawn.get())


def _table(
    console: Console, rows: Sequence[Row], columns: Sequence[str], signs: Sequence[str], *, narrow: bool
) -> Table:
    from rich.table import Table  # noqa: PLC0415 - as above
    from rich.text import Text  # noqa: PLC0415

    # Words under NO_COLOR, on a plain terminal, and in an encoding without the signs.
    coloured = console.color_system is not None and not console.no_color
    coloured = coloured and (console.encoding or "").lower().startswith("utf")
    gap = 1 if narrow else 2
    table = Table(box=None, pad_edge=False, padding=(0, gap, 0, 0), header_style="bold" if coloured else "")
    cells = []
    for column in columns:
        values = [row.get(column) for row in rows]
        words = [printable(_cell(value, short=console.is_terminal)) for value in values]
        numeric = all(isinstance(value, (int, float)) and not isinstance(value, bool) for value in values)
        told = [value for value in values if value is not None]
        moments = bool(told) and all(isinstance(value, datetime) for value in told)
        # A number, an ID or a moment that is folded can be neither read nor copied.
        whole = numeric or column in _WHOLE or moments
        heading = column.replace("_", " ")
        width = max(map(len, (*words, *heading.split()))) if whole and narrow else None
        table.add_column(heading, justify="right" if numeric else "left", overflow="fold", width=width)
        cells.append([_SIGNS.get(one, (one, "")) if coloured and column in signs else (one, "") for one in words])
    for pairs in zip(*cells, strict=True):
        table.add_row(*(Text(words, style=style) for words, style in pairs))
    return table


def _cell(value: object, *, short: bool) -> str:
    """Return a value for people: numbers without digits that say nothing, on a terminal moments to the minute."""
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, datetime) and short:
        return value.strftime("%Y-%m-%d %H:%M")
    return _text(value)


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
