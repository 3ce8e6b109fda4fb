"""Small tables of HTML, for notebooks (``_repr_html_``). Everything that goes in is text and is escaped here."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

__all__ = ["table"]


def table(caption: str, rows: Iterable[tuple[str, object]]) -> str:
    """Return a table of names and values; a value that is None is left out."""
    body = "".join(
        f'<tr><th style="text-align:left">{escape(name)}</th><td style="text-align:left">{escape(str(value))}</td></tr>'
        for name, value in rows
        if value is not None
    )
    return f'<table><caption style="text-align:left">{escape(caption)}</caption><tbody>{body}</tbody></table>'
