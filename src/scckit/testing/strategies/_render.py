"""From neutral page content to a page of HTML in the markup of Django's admin with the Grappelli skin (3.1)."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from scckit.site.content import Cell, Form, FormField, Link, PageContent, Pager, Row, Table

__all__ = ["document", "form_page", "pager_of", "render", "said", "table_of"]


def render(content: PageContent) -> str:
    """Make a page that a reader must read as this content.

    The other way round it need not hold: not every content can be on a page, as none can say that it is the sign-in page
    without its form. What ``page_contents`` draws can be.

    Args:
        content: The content; ``is_login`` and ``actions`` follow from its forms and are not looked at.

    Example:
        >>> "<h1>a &lt; b</h1>" in render(PageContent(headings=("a < b",)))
        True
    """
    body = [said(content), *map(table_of, content.tables), *map(_form, content.forms)]
    if content.pager is not None:
        body.append(pager_of(content.pager))
    return document(content.title, "".join(body))


def document(title: str, body: str) -> str:
    """Make a whole page."""
    head = f'<meta charset="utf-8"><title>{escape(title)}</title>'
    return f'<!DOCTYPE html>\n<html lang="en"><head>{head}</head><body>{body}</body></html>\n'


def said(content: PageContent) -> str:
    """Make what a page says above all else: headings, messages, alerts, notes of errors."""
    messages = "".join(
        f'<li class="{f"grp-{one.level}" if one.level else ""}">{escape(one.text)}</li>' for one in content.messages
    )
    return "".join(
        [
            *(f"<h1>{escape(one)}</h1>" for one in content.headings),
            f'<ul class="grp-messagelist">{messages}</ul>' if messages else "",
            *(f'<div class="alert-box alert"><p>{escape(one)}</p></div>' for one in content.alerts),
            *(f'<p class="errornote">{escape(one)}</p>' for one in content.error_notes),
        ]
    )


def table_of(table: Table) -> str:
    """Make a table."""
    name = f' id="{escape(table.name)}"' if table.name else ""
    head = '<thead><tr><th scope="col"><div class="grp-text"><a href="?o=1">Head</a></div></th></tr></thead>'
    rows = "".join(_row(row, "even" if number % 2 else "odd") for number, row in enumerate(table.rows))
    return f"<table{name}>{head}<tbody>{rows}</tbody></table>"


def _row(row: Row, parity: str) -> str:
    box = ""
    if row.key is not None:
        value = escape(row.key)
        box = f'<input type="checkbox" name="_selected_action" value="{value}" class="action-select">'
        box = f'<td class="action-checkbox">{box}</td>'
    cells = "".join(_cell(name, cell) for name, cell in row.cells.items())
    return f'<tr class="grp-row grp-row-{parity}">{box}{cells}</tr>'


def _cell(name: str, cell: Cell) -> str:
    icon = "" if cell.icon is None else f'<img src="/static/icon.svg" alt="{escape(cell.icon)}">'
    text = escape(cell.text)
    if cell.href is None:
        return f'<td class="field-{name} nowrap">{icon}{text}</td>'
    # The link to the object is in a head cell.
    return f'<th class="field-{name}">{icon}<a href="{escape(cell.href)}">{text}</a></th>'


def pager_of(pager: Pager) -> str:
    """Make the page links of a list."""
    items = [] if pager.total is None else [f'<li class="grp-results"><span>\n{pager.total} total\n</span></li>']
    pages = {link.text: _page_link(link, is_last=link == pager.last) for link in pager.pages}
    if pager.current is not None:
        pages[pager.current] = f'<span class="this-page">{escape(pager.current)}</span>'
    items += [f"<li>{pages[text]} </li>" for text in sorted(pages, key=lambda text: (len(text), text))]
    return f'<nav class="grp-pagination"><ul>{"".join(items)}</ul></nav>'


def _page_link(link: Link, *, is_last: bool) -> str:
    return f'<a href="{escape(link.href)}"{" class=end" if is_last else ""}>{escape(link.text)}</a>'


def _form(form: Form) -> str:
    errors = f'<ul class="errorlist nonfield">{_lines(form.errors)}</ul>' if form.errors else ""
    return form_page(form, f"<div>{errors}</div>{''.join(map(_field, form.fields))}")


def form_page(form: Form, inside: str) -> str:
    """Make a form around what is in it."""
    return f'<form action="{escape(form.action)}" method="{form.method}">{inside}</form>'


def _lines(texts: Iterable[str]) -> str:
    return "".join(f"<li>{escape(one)}</li>" for one in texts)


def _field(field: FormField) -> str:
    name, value = escape(field.name), escape(field.value)
    errors = f'<ul class="errorlist">{_lines(field.errors)}</ul>' if field.errors else ""
    if field.kind == "select":
        options = "".join(
            f'<option value="{escape(one.value)}"{" selected" if one.value == field.value else ""}>{escape(one.text)}</option>'
            for one in field.choices
        )
        tag = f'<select name="{name}">{options}</select>'
    elif field.kind == "textarea":
        tag = f'<textarea name="{name}">\n{value}</textarea>'
    else:
        tag = f'<input type="{field.kind}" name="{name}" value="{value}">'
    return f'<div class="grp-row">{tag}{errors}</div>'
