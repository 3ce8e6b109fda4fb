"""What every page reader must do, proved with pages of the kinds that the SCC shows. Pytest runs the class.

The markup is that of Django's admin with the Grappelli skin (scc-interface.md 3.1) and of plain pages (2.2); each case
says which promise it holds a reader to, and why the rest of scckit counts on it.
"""

from __future__ import annotations

import pickle
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from html import escape
from typing import Final

import pytest

from scckit.errors import UnreadablePage
from scckit.plugins import Cell, Choice, Form, Link, Message, PageContent, Pager, PageReader, Row

__all__ = ["PageReaderContract"]

_COLUMNS: Final = (
    ("station_id", '<th class="field-station_id"><a href="/admin/database/measurements/x/">aky</a></th>'),
    ("id", '<td class="field-id">20210307aky0930</td>'),
    ("start", '<td class="field-start nowrap">2021-03-07 09:30</td>'),
    ("stop", '<td class="nowrap field-stop">\n  2021-03-07&nbsp;\n 10:30 </td>'),
    ("elda_ok_evo", '<td class="field-elda_ok_evo"><img src="/ok.gif" alt="Not Executed"></td>'),
    ("comment", '<td class="field-comment"></td>'),
    ("unheard_of", '<td class="field-unheard_of"><b>1</b> &lt; <i>2</i></td>'),
)
_CELLS: Final = {
    "station_id": Cell("aky", href="/admin/database/measurements/x/"),
    "id": Cell("20210307aky0930"),
    "start": Cell("2021-03-07 09:30"),
    "stop": Cell("2021-03-07 10:30"),
    "elda_ok_evo": Cell("", icon="Not Executed"),
    "comment": Cell(""),
    "unheard_of": Cell("1 < 2"),
}
_HEAD: Final = '<thead><tr><th class="column-id"><a href="?o=1">ID</a></th><td class="field-id">no ID</td></tr></thead>'
_BOX: Final = (
    '<td class="action-checkbox"><input type="checkbox" name="_selected_action" value="{}" class="action-select"></td>'
)

_TOTALS: Final = (
    "1234 total",
    "1,234 total",
    "1.234 total",
    "1 234 total",
    "1&nbsp;234 total",
    "1\u202f234 total",
    "1'234 total",
    "1٬234 total",
    "1’234 in all",
    "Total: 1,234",
)
_ODD_TEXTS: Final = (
    "",
    " \n",
    "\0",
    "\ud800",
    "a\udfffb",
    "text",
    "[]",
    "{}",
    "<",
    "<" * 5000,
    "&",
    "&#0;&#xD800;&#x110000;",
    "</p>",
    "<!-- only -->",
    "<!--",
    "<?xml version='1.0' encoding='utf-16'?><p>x",
    "<table",
    "<td>",
    "<tr><td class=field-x>",
    "<form><form><table><form>",
    "<input name=username",
    "<select name=action><option",
    "<nav class=grp-pagination>",
    f"<nav class=grp-pagination><ul><li class=grp-results>{'9' * 9999}",
    "<a href='http://[x'>x</a>",
    "<p xmlns:x='y'><x:z>",
    "%PDF-1.4 \x1c\x85\u2028",
    "PK\x03\x04" + "\ufffd" * 100,
)


def _row(cells: Iterable[str]) -> str:
    return f'<tr class="grp-row grp-row-even">{"".join(cells)}</tr>'


def _table(rows: Iterable[str], name: str = "result_list") -> str:
    return f'<table id="{name}" class="grp-table">{_HEAD}<tbody>{"".join(rows)}</tbody></table>'


def _pager(*items: str) -> str:
    hidden = '<header style="display:none"><h1>Pagination</h1></header>'
    return f'<nav class="grp-pagination">{hidden}<ul>{"".join(f"<li{item}</li>" for item in items)}</ul></nav>'


def _total(text: str) -> str:
    return f' class="grp-results"><span class="total">\n {text}\n </span>'


def _page(body: str, title: str = "Site") -> str:
    return f'<!DOCTYPE html>\n<html><head><meta charset="utf-8"><title>{title}</title></head><body>{body}</body></html>'


class PageReaderContract:
    """Contract suite for page readers.

    Subclass it in a test module, give the subclass a name that pytest collects, and override ``make_reader``.
    """

    def make_reader(self) -> PageReader:
        """Make the reader under test."""
        raise NotImplementedError

    def read(self, body: str) -> PageContent:
        """Read a page with the given body."""
        return self.make_reader().read(_page(body))

    def rows(self, body: str) -> tuple[Row, ...]:
        """Return the rows of the result list of a page."""
        table = self.read(body).table("result_list")
        assert table is not None, "a table must be found by its id"
        return table.rows

    # -- tables -------------------------------------------------------------------------------------------------------

    def test_cells_are_read_by_name(self) -> None:
        """A cell has its name from its class, and text, icon and link from what is in it."""
        (row,) = self.rows(_table([_row(cell for _, cell in _COLUMNS)]))

        assert dict(row.cells) == _CELLS, "each named cell must be there with its text folded, its icon and its link"
        assert row.key is None, "a row without a selection box has no key"

    def test_the_first_icon_and_link_of_a_cell_count(self) -> None:
        """A cell can hold several images and links; an anchor that leads nowhere is no link."""
        inside = '<a name="x">a</a><b><a href="?1">b</a></b><a href="?2">c</a><img alt="OK"><img alt="Error"><img>'
        (row,) = self.rows(
            _table([_row([f'<td class="field-n">{inside}</td>', '<td class="field-m"><img src="x"></td>'])])
        )

        assert row.cells["n"] == Cell("abc", icon="OK", href="?1"), "the first image and the first link count"
        assert row.cells["m"].icon == "", "an image without a text is still an image"

    @pytest.mark.parametrize("order", [(6, 5, 4, 3, 2, 1, 0), (3, 0, 6, 1, 5, 2, 4)])
    def test_the_order_of_columns_means_nothing(self, order: Sequence[int]) -> None:
        """The site moves its columns now and then; no cell may take another's name."""
        (row,) = self.rows(_table([_row(_COLUMNS[place][1] for place in order)]))

        assert dict(row.cells) == _CELLS, "the mapping must not depend on the order of columns"

    def test_cells_without_a_name_shift_nothing(self) -> None:
        """Unnamed cells are left out, and those beside them keep their names."""
        cells = [
            "<td>unnamed<input name='x' value='no key'></td>",
            '<td class="nowrap">too</td>',
            '<td class="field-">also</td>',
        ]
        (row,) = self.rows(_table([_row([cells[0], _COLUMNS[1][1], cells[1], _COLUMNS[2][1], cells[2]])]))

        assert dict(row.cells) == {name: _CELLS[name] for name in ("id", "start")}, "only named cells count"
        assert row.key is None, "not every field in a row is its selection box"

    def test_the_selection_box_is_the_key(self) -> None:
        """The value of a row's selection box is what the site wants back for an action on it."""
        rows = self.rows(_table(_row([_BOX.format(key), _COLUMNS[1][1]]) for key in ("a&amp;b", "20210307aky0930")))

        assert [row.key for row in rows] == ["a&b", "20210307aky0930"], "the key is the value of the box"
        assert all(set(row.cells) == {"id"} for row in rows), "the box itself is no cell"

    def test_heads_feet_and_errors_are_no_rows(self) -> None:
        """Only data rows count: a head taken for a row would become a measurement without an ID."""
        data = _row([_COLUMNS[1][1]])
        error = '<tr class="grp-errors grp-row"><td class="field-id">Enter a number.</td></tr>'
        head = "<tr><th>ID</th><th>Start</th></tr>"
        foot = f"<tfoot>{data}</tfoot>"
        rows = self.rows(f'<table id="result_list">{_HEAD}<tbody>{head}{error}{data}{data}</tbody>{foot}</table>')

        assert [row.cells["id"].text for row in rows] == ["20210307aky0930"] * 2, "two data rows, nothing else"

    def test_tables_stay_apart(self) -> None:
        """Tables are found by id, in page order; a table within a cell keeps its rows to itself."""
        inner = _table([_row(['<td class="field-n">inner</td>'])], "inner")
        outer = _table(
            [_row([f'<td class="field-n">outer{inner}</td>']), _row(['<td class="field-n">last</td>'])], "outer"
        )
        plain = "<table><tr><td>a</td></tr></table>"
        tables = self.read(outer + plain).tables

        assert [table.name for table in tables] == ["outer", "inner", ""], (
            "in page order, without an id the name is empty"
        )
        assert [len(table.rows) for table in tables] == [2, 1, 1], "each row belongs to the nearest table"
        assert [row.cells["n"].text for row in tables[1].rows] == ["inner"], "the inner table has its own row"
        assert tables[0].rows[1].cells["n"].text == "last", "what comes after an inner table is the outer one's"

    def test_rows_without_tbody_count(self) -> None:
        """Old lists write rows straight into the table."""
        rows = self.rows(f'<table id="result_list">{_row([_COLUMNS[1][1]])}</table>')

        assert len(rows) == 1, "a row needs no tbody"

    def test_no_table_is_not_an_empty_one(self) -> None:
        """Without results the site shows no table at all; that must be told from a table without rows."""
        assert self.read("<p>0 results</p>").table("result_list") is None, "there is no table here"
        assert self.rows(_table([])) == (), "here is one, without rows"

    def test_every_row_of_a_long_table_is_there(self) -> None:
        """Lists can be long: none of the rows may be lost."""
        rows = self.rows(_table(_row([f'<td class="field-id">{number}</td>']) for number in range(3000)))

        assert [row.cells["id"].text for row in rows] == [str(number) for number in range(3000)]

    # -- the pager ----------------------------------------------------------------------------------------------------

    def test_a_page_without_a_pager_has_none(self) -> None:
        """None means that this is no list at all."""
        assert self.read('<nav id="grp-breadcrumbs"><ul><li><a href="/">Home</a></li></ul></nav>').pager is None

    def test_a_short_list_has_a_pager_without_pages(self) -> None:
        """Where all fits on one page the pager has the total and nothing else."""
        assert self.read(_pager(_total("7 total"))).pager == Pager(total=7)

    def test_the_first_of_many_pages(self) -> None:
        """The pager gives total, present page, the links to others, and which is the last."""
        pager = self.read(
            _pager(
                _total("1234 total"),
                '><span class="this-page">1</span> ',
                '><a href="?p=1&amp;q=a">2</a> ',
                ' class="grp-separator"><span>...</span>',
                '><a href="?p=12&amp;q=a" class="end">13</a> ',
            )
        ).pager

        last = Link("13", "?p=12&q=a")
        assert pager == Pager(1234, "1", (Link("2", "?p=1&q=a"), last), last)

    def test_a_page_in_the_middle(self) -> None:
        """Where pages are left out on both sides, the dots are neither a page nor the present one."""
        dots = ' class="grp-separator"><span>...</span>'
        here = '><span class="this-page">8</span>'
        pager = self.read(
            _pager(_total("13 total"), '><a href="?p=1">1</a>', dots, here, dots, '><a href="?p=13" class="end">13</a>')
        ).pager

        assert pager == Pager(13, "8", (Link("1", "?p=1"), Link("13", "?p=13")), Link("13", "?p=13"))

    def test_the_last_of_many_pages(self) -> None:
        """On the last page nothing is marked as the last: the link to it would lead here."""
        pager = self.read(_pager(_total("3 total"), '><a href="?p=1">1</a>', '><span class="this-page">2</span>')).pager

        assert pager == Pager(3, "2", (Link("1", "?p=1"),), None)

    def test_what_is_no_page_is_not_among_the_pages(self) -> None:
        """The link that shows all on one page is not followed as one of them."""
        pager = self.read(_pager(_total("3 total"), ' class="grp-showall"><a href="?all=">Show all</a>')).pager

        assert pager == Pager(3)

    @pytest.mark.parametrize("text", _TOTALS)
    def test_totals_of_all_languages_are_read(self, text: str) -> None:
        """Large numbers come with the thousands separators of the server's language."""
        pager = self.read(_pager(_total(text))).pager

        assert pager is not None
        assert pager.total == 1234, f"{text!r} is 1234"

    def test_totals_in_groups_of_two_are_read(self) -> None:
        """Indian locales put two digits into each group but the last; read to the first sign the list would seem short."""
        pager = self.read(_pager(_total("12,34,567 total"))).pager

        assert pager is not None
        assert pager.total == 1234567, "'12,34,567 total' is 1234567"

    def test_under_a_filter_the_results_count(self) -> None:
        """With a filter the pager tells results and total; the total of the search is what counts."""
        found = ' class="grp-results"><span>\n 0 results\n </span>'
        pager = self.read(_pager(found, _total("1,234 total"))).pager

        assert pager is not None
        assert pager.total == 0, "nothing was found, whatever the site holds"

    def test_a_pager_without_numbers_has_no_total(self) -> None:
        """None means that the page does not say; 0 would mean that there is nothing."""
        pager = self.read(_pager('><span class="this-page">1</span>')).pager

        assert pager is not None
        assert pager.total is None

    def test_a_pager_above_and_below_is_one(self) -> None:
        """Lists show their pager twice; its pages must not be there twice."""
        one = _pager(_total("3 total"), '><span class="this-page">1</span>', '><a href="?p=1" class="end">2</a>')

        assert self.read(one + _table([]) + one).pager == self.read(one).pager

    # -- what the page says -------------------------------------------------------------------------------------------

    @pytest.mark.parametrize(
        ("markup", "expected"),
        [
            ('<ul class="grp-messagelist"><!-- --><li class="grp-success">It was deleted.</li></ul>', "success"),
            ('<ul class="grp-messagelist"><li class="grp-error">It was <b>deleted</b>.</li></ul>', "error"),
            ('<ul class="grp-messagelist"><li class="grp-own warning">It was deleted.</li></ul>', "warning"),
            ('<ul class="grp-messagelist"><li>It was deleted.</li></ul>', ""),
            ('<ul class="messagelist"><li class="info">It was\n deleted.</li></ul>', "info"),
        ],
    )
    def test_messages_have_level_and_text(self, markup: str, expected: str) -> None:
        """Whether an action succeeded is told in a message line; its level decides how it is taken."""
        assert self.read(markup).messages == (Message(expected, "It was deleted."),)

    def test_other_lists_are_no_messages(self) -> None:
        """Menus and error lists are lists too."""
        assert self.read('<ul class="grp-tools"><li class="error">x</li></ul>').messages == ()

    @pytest.mark.parametrize(
        ("markup", "expected"),
        [
            ('<div class="alert-box"><p>Wrong file.</p></div>', ("Wrong file.",)),
            (
                '<div data-alert class="row alert-box alert radius"><p>One.</p><div><p>Two.</p></div></div>',
                ("One.", "Two."),
            ),
            ('<div class="alert-box success">Plain\n text.</div>', ("Plain text.",)),
            ('<div class="alert-box"><p>A.</p></div><div class="alert-box"><p>B.</p></div>', ("A.", "B.")),
            ('<div class="alert-box-not"><p>No.</p></div><p class="alert-box">No.</p>', ()),
            ('<div class="alert-box"> </div>', ()),
        ],
    )
    def test_alerts_are_read(self, markup: str, expected: tuple[str, ...]) -> None:
        """The reasons of a refused upload stand in alert boxes (2.2); they are what the user needs to know."""
        assert self.read(markup).alerts == expected

    def test_headings_and_title_are_read(self) -> None:
        """An accepted upload is known by the heading of the page it leads to (2.2)."""
        content = self.read(
            "<h1>SCC</h1><div><h3>Measurement 20210307aky0930 <small>processed</small></h3></div><h6>&nbsp;</h6>"
        )

        assert content.title == "Site"
        assert content.headings == ("SCC", "Measurement 20210307aky0930 processed"), "in page order, folded, none empty"

    def test_error_notes_are_read(self) -> None:
        """Django's admin tells in an error note why a form was refused."""
        assert self.read('<p class="errornote">Please  correct.</p><p>other</p>').error_notes == ("Please correct.",)

    def test_actions_are_read(self) -> None:
        """A list offers its actions in a select field; those without a value are none."""
        options = '<option value="" selected>---------</option><option value="rerun_all">Rerun</option>'
        other = '<form><select name="system"><option value="437">New</option></select></form>'
        content = self.read(f'{other}<form method="post"><select name="action" required>{options}</select></form>')

        assert content.actions == ("rerun_all",)
        assert self.read(other).actions == (), "other select fields offer no actions"

    # -- forms --------------------------------------------------------------------------------------------------------

    def test_fields_are_read(self) -> None:
        """A form is sent back as the site gave it: all named fields, in order, with kinds and values."""
        (form,) = self.read(
            '<form action="/go/?a=1&amp;b=2" method="POST">'
            '<input type="hidden" name="csrfmiddlewaretoken" value="t0ken">'
            '<div><input name="username" value="a&quot;b"></div><input type="FILE" name="data"><input type="submit">'
            "<textarea name='note'>\nline 1\n line 2</textarea>"
            '<button name="index" value="0">Go</button></form>'
        ).forms

        assert (form.action, form.method) == ("/go/?a=1&b=2", "post")
        assert [(one.name, one.kind, one.value) for one in form.fields] == [
            ("csrfmiddlewaretoken", "hidden", "t0ken"),
            ("username", "text", 'a"b'),
            ("data", "file", ""),
            ("note", "textarea", "line 1\n line 2"),
            ("index", "button", "0"),
        ]
        assert form.get("data") is not None
        assert form.get("other") is None

    def test_forms_have_sensible_defaults(self) -> None:
        """Without an action a form goes where it came from, without a method it is a GET."""
        assert self.read("<form></form>").forms == (Form("", "get"),)

    @pytest.mark.parametrize(("selected", "value"), [(" selected", "437"), ("", "12")])
    def test_choices_are_read(self, selected: str, value: str) -> None:
        """The upload form offers the systems that an account may use; with none selected the first counts, as in browsers."""
        options = f'<option value="12">PollyXT &amp; co</option><optgroup><option value="437"{selected}>New</option></optgroup>'
        (form,) = self.read(f'<form><select name="system">{options}<option>other</option></select></form>').forms
        field = form.get("system")

        assert field is not None
        assert (field.kind, field.value) == ("select", value)
        assert field.choices == (Choice("12", "PollyXT & co"), Choice("437", "New"), Choice("other", "other"))

    def test_forms_stay_apart(self) -> None:
        """Each field belongs to its own form: the sign-out form stands on every page of the admin."""
        forms = self.read(
            '<form action="/out/"><input name="a"></form><form><input name="b"></form><input name="c">'
        ).forms

        assert [[one.name for one in form.fields] for form in forms] == [["a"], ["b"]]

    @pytest.mark.parametrize(
        "beside",
        [
            "<p>Error: no <b>Measurement_ID</b></p>",
            '<ul class="errorlist"><li>Error: no Measurement_ID</li></ul>',
            '<span class="error radius">Error: no Measurement_ID</span>',
            '<small class="error">Error: no\nMeasurement_ID</small>',
        ],
    )
    def test_errors_beside_a_field_are_read(self, beside: str) -> None:
        """Why a file was refused is told beside its field (2.2), above or below it."""
        field = '<input type="file" name="data" id="id_data">'
        for parent in (f"{field}{beside}", f"{beside}{field}"):
            (form,) = self.read(f'<form><div>{parent}</div><div><input name="delay"></div></form>').forms
            data, delay = form.fields
            assert data.errors == ("Error: no Measurement_ID",), "what stands beside the field is its error"
            assert delay.errors == (), "other fields have nothing to do with it"

    @pytest.mark.parametrize(
        "markup",
        [
            '<p>Name: <input name="a"></p>',
            '<div><label>Name</label><input name="a"><span class="help">Any.</span><small>Short.</small></div>',
            '<div><input name="a"><ul class="menu"><li>One</li></ul><ol class="errorlist"><li>Two</li></ol></div>',
            '<div><input name="a"></div><div><p>Elsewhere.</p></div>',
        ],
    )
    def test_what_is_no_error_is_not_taken_for_one(self, markup: str) -> None:
        """Labels, hints and what stands elsewhere are no reasons of a refusal."""
        (form,) = self.read(f"<form>{markup}</form>").forms

        assert [one.errors for one in form.fields] == [()]

    @pytest.mark.parametrize(
        ("fields", "is_login"),
        [
            ('<input name="username"><input type="password" name="password">', True),
            ('<div><p><input name="username"></p></div><input name="next"><input name="password">', True),
            ('<input name="username"><input name="password"><input type="file" name="data">', False),
            ('<input name="username">', False),
            ('<input name="username"></form><form><input name="password">', False),
            ("", False),
        ],
    )
    def test_the_sign_in_page_is_known(self, fields: str, is_login: bool) -> None:  # noqa: FBT001 - what is expected
        """A sign-in form in place of what was asked means that the session has ended (1.3)."""
        assert self.read(f"<form>{fields}</form>").is_login is is_login

    # -- every text ---------------------------------------------------------------------------------------------------

    @pytest.mark.parametrize("text", _ODD_TEXTS, ids=lambda text: ascii(text[:24]))
    def test_any_text_is_read_or_refused(self, text: str) -> None:
        """Whatever a server sends, there is content or ``UnreadablePage``; anything else would surface as a fault of ours."""
        result: PageContent | str
        try:
            result = self.make_reader().read(text)
        except UnreadablePage as refusal:
            result = str(refusal)

        assert isinstance(result, PageContent) or result, "a refusal must say why"

    def test_what_is_rendered_is_read(self) -> None:
        """Whatever content a page has, reading the page gives that content and no other: nothing is lost between cells."""
        strategies = pytest.importorskip("scckit.testing.strategies", reason="pages are drawn by hypothesis")
        hypothesis = pytest.importorskip("hypothesis")
        reader = self.make_reader()

        def read_again(content: PageContent) -> None:
            found = reader.read(strategies.render(content))
            assert found == content, "what was read is not what is on the page"

        drawn = hypothesis.given(strategies.page_contents())(read_again)
        hypothesis.settings(deadline=None, database=None)(drawn)()

    @pytest.mark.parametrize("depth", [50, 300, 2000, 2500, 20_000])
    @pytest.mark.parametrize("tag", ["div", "b", "table><tr><td", "ul><li"])
    def test_deep_nesting_loses_nothing_silently(self, depth: int, tag: str) -> None:
        """Parsers give up at some depth; a page whose end is lost must be refused, not read as a shorter one."""
        page = _page(f"<{tag}>" * depth + _table([_row([_COLUMNS[1][1]])], "deep"))
        try:
            table = self.make_reader().read(page).table("deep")
        except UnreadablePage:
            return
        assert table is not None, "the table is lost"
        assert [row.cells["id"].text for row in table.rows] == ["20210307aky0930"], "the row is lost"

    def test_text_is_taken_as_it_is(self) -> None:
        """The text is decoded already: what the page says of its encoding must not garble it again."""
        page = _page("<h1>Εύβοια Évora 大</h1>").replace("utf-8", "iso-8859-1")

        assert self.make_reader().read(page).headings == ("Εύβοια Évora 大",)

    def test_scripts_and_comments_are_no_content(self) -> None:
        """Markup in scripts and comments is not shown, so it is not there."""
        hidden = escape(_table([]), quote=False).replace("&lt;", "<").replace("&gt;", ">")
        content = self.read(f"<script>let page = '{hidden}'</script><!-- {hidden} --><h1>a<!-- b -->c</h1>")

        assert content.tables == ()
        assert content.headings == ("ac",)

    def test_reading_keeps_nothing(self) -> None:
        """A reader is shared: what it read before, or reads in another thread, must not change anything."""
        reader = self.make_reader()
        pages = [
            _page(_pager(_total(f"{n} total")) + _table(_row([_BOX.format(k)]) for k in range(n))) for n in range(8)
        ]
        expected = [self.make_reader().read(page) for page in pages]
        with ThreadPoolExecutor(8) as pool:
            found = list(pool.map(reader.read, pages * 5))

        assert found == expected * 5

    def test_content_is_a_plain_value(self) -> None:
        """Content travels between processes: it can be pickled, and equals its copy."""
        content = self.read(_pager(_total("1 total")) + _table([_row(cell for _, cell in _COLUMNS)]) + "<form></form>")

        assert pickle.loads(pickle.dumps(content)) == content  # noqa: S301 - our own bytes
