"""Strategies for neutral page content: what a reader gives of pages of any site."""

from __future__ import annotations

import string
from typing import Final

from hypothesis import strategies as st

from scckit.site.content import Cell, Choice, Form, FormField, Link, Message, PageContent, Pager, Row, Table
from scckit.testing.strategies._models import text

__all__ = ["page_contents", "pagers", "rows", "with_forms"]

_NAME: Final = st.text(string.ascii_lowercase + "_" + string.digits, min_size=1, max_size=12)
_LEVELS: Final = ("success", "error", "warning", "info", "debug", "")
#: Kinds of fields beside which nothing is shown.
_SILENT: Final = ("hidden", "submit")
_SHOWN: Final = ("text", "password", "file", "checkbox")


def rows() -> st.SearchStrategy[Row]:
    """Draw rows of a table: cells by name with text, icon and link, and often the value of a selection box.

    Example:
        >>> from hypothesis import given
        >>> @given(rows())
        ... def test_cells_have_names(row):
        ...     assert all(row.cells)
        >>> test_cells_have_names()
    """
    cells = st.builds(Cell, text(), st.none() | text(), st.none() | text())
    return st.builds(Row, st.dictionaries(_NAME, cells, min_size=1, max_size=6), st.none() | text())


def pagers(first: int | None = None) -> st.SearchStrategy[Pager]:
    """Draw the page links of a list; ``first`` is the number of the first page in addresses, by default 0 or 1."""
    return st.builds(
        _pager,
        st.none() | st.integers(0, 99_999),
        st.integers(1, 5),
        st.integers(0, 4),
        st.sampled_from((0, 1)) if first is None else st.just(first),
    )


def _pager(total: int | None, count: int, here: int, first: int) -> Pager:
    if count == 1:
        return Pager(total)
    here %= count
    links = [Link(str(page + 1), f"?p={page + first}&q=") for page in range(count)]
    last = links[-1] if here < count - 1 else None  # the last page has no link to itself
    return Pager(total, str(here + 1), tuple(link for page, link in enumerate(links) if page != here), last)


def _fields() -> st.SearchStrategy[FormField]:
    names = st.sampled_from(("username", "password", "action", "data")) | _NAME
    errors = st.lists(text(1), max_size=2).map(tuple)
    choices = st.lists(st.builds(Choice, text(), text()), min_size=1, max_size=3, unique_by=lambda one: one.value).map(
        tuple
    )
    select = choices.flatmap(
        lambda given: st.builds(
            FormField,
            st.just("action") | names,
            st.just("select"),
            st.sampled_from([one.value for one in given]),
            st.just(given),
            errors,
        )
    )
    return st.one_of(
        st.builds(FormField, names, st.sampled_from(_SHOWN), text(), errors=errors),
        st.builds(FormField, names, st.sampled_from(_SILENT), text()),
        st.builds(FormField, names, st.just("textarea"), text(), errors=errors),
        select,
    )


def _forms() -> st.SearchStrategy[Form]:
    return st.builds(
        Form,
        text(),
        st.sampled_from(("get", "post")),
        st.lists(_fields(), max_size=4).map(tuple),
        st.lists(text(1), max_size=2).map(tuple),
    )


def with_forms(content: PageContent, forms: tuple[Form, ...]) -> PageContent:
    """Put forms into content, and what follows from them: whether it is the sign-in page, and the actions of a list."""
    selects = (one for form in forms for one in form.fields if one.kind == "select" and one.name == "action")
    first = next(selects, None)
    return PageContent(
        title=content.title,
        headings=content.headings,
        tables=content.tables,
        pager=content.pager,
        alerts=content.alerts,
        messages=content.messages,
        forms=forms,
        is_login=any(map(_is_login, forms)),
        error_notes=content.error_notes,
        actions=() if first is None else tuple(one.value for one in first.choices if one.value),
    )


def _is_login(form: Form) -> bool:
    names = {one.name for one in form.fields}
    return {"username", "password"} <= names and all(one.kind != "file" for one in form.fields)


def page_contents() -> st.SearchStrategy[PageContent]:
    """Draw content of pages of any kind that a page can have; ``render`` makes the page.

    Example:
        >>> from hypothesis import given
        >>> @given(page_contents())
        ... def test_my_reader_reads_what_is_on_a_page(content):
        ...     assert MyReader().read(render(content)) == content
    """
    tables = st.builds(Table, st.sampled_from(("result_list", "")) | _NAME, st.lists(rows(), max_size=3).map(tuple))
    messages = st.builds(Message, st.sampled_from(_LEVELS), text(1))
    few = st.lists(text(1), max_size=2).map(tuple)
    plain = st.builds(
        PageContent,
        text(),
        few,
        st.lists(tables, max_size=2).map(tuple),
        st.none() | pagers(),
        few,
        st.lists(messages, max_size=2).map(tuple),
        error_notes=few,
    )
    login = st.just(Form(fields=(FormField("username"), FormField("password", "password"))))
    return st.builds(with_forms, plain, st.lists(login | _forms(), max_size=2).map(tuple))
