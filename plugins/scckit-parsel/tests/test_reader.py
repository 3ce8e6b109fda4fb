"""What goes beyond the contract: every text, every table, limits, and where errors of a form are put."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from lxml import etree

from scckit.errors import UnreadablePage
from scckit.plugins import Cell, PageContent, Pager, Registry, Row, Table
from scckit.testing import strategies
from scckit_parsel import scckit_page_readers
from scckit_parsel.reader import ParselReader

_READER = ParselReader()

#: Pieces of markup that a reader knows, opened and closed without any order.
_TAGS = (
    "table",
    "thead",
    "tr",
    "td",
    "th",
    "form",
    "input",
    "select",
    "option",
    "nav",
    "ul",
    "li",
    "div",
    "p",
    "h1",
    "a",
    "img",
    "span",
    "textarea",
    "title",
)
_CLASSES = (
    "field-id",
    "field-",
    "grp-errors",
    "grp-pagination",
    "grp-results",
    "this-page",
    "end",
    "alert-box",
    "messagelist",
    "errorlist",
    "error",
    "errornote",
    "action-select",
)
_NAMES = ("action", "username", "password", "_selected_action", "")
_markup = st.one_of(
    st.builds(
        "<{} class='{}' name='{}' id={}>".format,
        st.sampled_from(_TAGS),
        st.lists(st.sampled_from(_CLASSES), max_size=2).map(" ".join),
        st.sampled_from(_NAMES),
        st.sampled_from(("a", "''", '"')),
    ),
    st.sampled_from(_TAGS).map("</{}>".format),
    st.text(max_size=10),
    st.sampled_from(
        ("<!--", "-->", "&nbsp;", "&#1234567;", "<![CDATA[", "]]>", "<?", "1,234", "<a href=''>", "<img alt=OK>")
    ),
)


def _folded(text: str) -> str:
    return " ".join(text.split())


class TestPlugin:
    """The plugin as scckit finds it."""

    def test_registry_finds_the_reader_by_its_entry_point(self) -> None:
        """An installed plugin is found without being asked for, as any stranger's would be."""
        assert Registry(strict=True).page_reader("parsel") is ParselReader

    def test_hook_offers_the_reader(self) -> None:
        """The hook gives the reader under its name."""
        assert scckit_page_readers() == {"parsel": ParselReader}

    def test_importing_the_plugin_does_not_import_lxml(self) -> None:
        """Listing plugins is cheap: the libraries are imported where a reader is asked for."""
        code = "import scckit_parsel, sys; sys.exit('lxml' in sys.modules or 'parsel' in sys.modules)"

        assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


class TestEveryText:
    """No text leads to anything but content or ``UnreadablePage``, and always to the same."""

    @given(
        st.text()
        | st.binary().map(lambda data: data.decode(errors="replace"))
        | st.binary().map(lambda data: data.decode("latin-1"))
    )
    @example("<\x01>")
    def test_any_text_is_read(self, text: str) -> None:
        """Any text, and any bytes taken for text, give content: short ones break no limit."""
        content = _READER.read(text)

        assert isinstance(content, PageContent)
        assert _READER.read(text) == content

    @settings(suppress_health_check=[HealthCheck.too_slow])
    @given(st.lists(_markup, max_size=40).map("".join))
    @example("<table></table></table><tr></tr></form></form>")
    @example("<table><thead><tr></table></thead><tr><td class='field-id'>")
    def test_any_heap_of_markup_is_read(self, page: str) -> None:
        """Tags opened and closed in any order never confuse what is open around them."""
        content = _READER.read(page)

        assert _READER.read(page) == content
        assert all(
            text == _folded(text) and text for text in (*content.headings, *content.alerts, *content.error_notes)
        )

    @given(st.integers(1, 400), st.sampled_from(("div", "b", "table><tr><td", "form", "ul><li", "nav")))
    def test_nesting_is_read_whole_or_refused(self, depth: int, tag: str) -> None:
        """At any depth the page is read to its end, or refused with the reason."""
        page = f"<{tag}>" * depth + "<h1>the end</h1>"
        try:
            content = _READER.read(page)
        except UnreadablePage as error:
            refusal = str(error)
        else:
            refusal = ""
            assert content.headings == ("the end",)

        assert not refusal or ("deep" in refusal and depth > 30)


class TestEveryPage:
    """Every page that the site could render is read back."""

    @given(strategies.rows().flatmap(lambda row: st.tuples(st.just(row), st.permutations(list(row.cells)))))
    def test_shuffled_columns_mean_the_same(self, case: tuple[Row, list[str]]) -> None:
        """The order of the columns is of no account."""
        row, order = case
        shuffled = Row({name: row.cells[name] for name in order}, row.key)
        tables = [
            _READER.read(strategies.render(PageContent(tables=(Table("", (one,)),)))).tables for one in (row, shuffled)
        ]

        assert tables[0] == tables[1] == (Table("", (row,)),)


class TestLimits:
    """Limits are refusals with a way out."""

    def test_a_page_over_the_limit_is_refused(self) -> None:
        """A page larger than the limit is refused before it is parsed; the message names both sizes."""
        reader = ParselReader(max_length=10)

        assert reader.read("<h1>a</h1>").headings == ("a",)
        with pytest.raises(UnreadablePage, match=r"11 characters.*limit is 10"):
            reader.read("<h1>ab</h1>")

    def test_what_the_parser_refuses_is_unreadable(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """The parser is told to recover from anything; should it fail all the same, that is ours to tell."""

        def refuse(text: str, parser: type[etree.HTMLParser]) -> None:
            raise etree.ParserError(text)

        monkeypatch.setattr("scckit_parsel.reader.create_root_node", refuse)

        with pytest.raises(UnreadablePage, match="cannot be read as HTML"):
            _READER.read("<h1>a</h1>")

    def test_repr_shows_the_limit(self) -> None:
        """A reader can be told from another by its limit."""
        assert repr(ParselReader(max_length=10)) == "ParselReader(max_length=10)"


class TestDoubles:
    """Where a page has something twice, the first counts."""

    def test_of_two_cells_with_a_name_the_first_counts(self) -> None:
        """A column that is there twice gives one cell."""
        row = "<tr><td class=field-a>1</td><td class=field-a>2</td></tr>"

        assert dict(_READER.read(f"<table>{row}</table>").tables[0].rows[0].cells) == {"a": Cell("1")}

    @pytest.mark.parametrize(
        "box", ["<input name=_selected_action value=1>", "<input class='x action-select' value=1>"]
    )
    def test_of_two_selection_boxes_the_first_counts(self, box: str) -> None:
        """A box is known by its name or by its class."""
        row = f"<tr><td>{box}</td><td><input name=_selected_action value=2></td></tr>"

        assert _READER.read(f"<table>{row}</table>").tables[0].rows[0].key == "1"

    def test_of_two_titles_the_first_counts(self) -> None:
        """Drawings in a page can have titles too."""
        assert _READER.read("<title>Page</title><svg><title>Icon</title></svg>").title == "Page"

    def test_of_two_pagers_the_first_counts(self) -> None:
        """The second one repeats the first; what it says is not added."""
        one, two = (f"<nav class=grp-pagination><ul><li class=grp-results>{n} total</ul></nav>" for n in (1, 2))

        assert _READER.read(one + two).pager == Pager(1)

    def test_alerts_within_alerts_are_told_once(self) -> None:
        """A box in a box does not say its text twice."""
        box = "<div class=alert-box>"

        assert _READER.read(f"{box}{box}<p>A.</p></div></div>{box}<p>B.</p></div>").alerts == ("A.", "B.")

    def test_links_that_lead_nowhere_are_no_pages(self) -> None:
        """A page that cannot be asked for is none."""
        assert _READER.read("<nav class=grp-pagination><ul><li><a>2</a></li></ul></nav>").pager == Pager()


class TestErrorsOfForms:
    """Errors in a form stand beside a field, or are the form's own."""

    @pytest.mark.parametrize(
        "note",
        [
            '<ul class="errorlist nonfield"><li>Refused.</li></ul>',
            '<p class="errornote">Refused.</p>',
            '<span class="error">Refused.</span>',
            '<small class="error">Refused.</small>',
        ],
    )
    def test_errors_beside_no_field_are_the_forms_own(self, note: str) -> None:
        """An error above all fields, as Django's sign-in form shows it, is not lost."""
        token = '<input type="hidden" name="csrfmiddlewaretoken" value="t">'
        (form,) = _READER.read(f'<form>{token}<div>{note}</div><div><input name="username"></div></form>').forms

        assert form.errors == ("Refused.",)
        assert [one.errors for one in form.fields] == [(), ()]

    def test_an_error_is_told_once(self) -> None:
        """What stands beside a field is not the form's error too."""
        error = '<ul class="errorlist"><li>No file.</li></ul>'
        (form,) = _READER.read(f'<form><div>{error}<input type="file" name="data"></div></form>').forms

        assert form.errors == ()
        assert form.fields[0].errors == ("No file.",)

    @pytest.mark.parametrize("kind", ["hidden", "submit", "image", "reset", "button"])
    def test_nothing_stands_beside_what_nobody_fills_in(self, kind: str) -> None:
        """A hidden token or a button is right in the form: all that the form says would count as its error."""
        (form,) = _READER.read(f'<form><input type="{kind}" name="x"><div><p>A hint.</p></div></form>').forms

        assert form.fields[0].errors == ()

    def test_text_that_is_marked_as_no_error_is_none_of_the_forms(self) -> None:
        """Hints, labels and other lists in a form are no errors."""
        (form,) = _READER.read(
            "<form><p>Hint.</p><ul><li>One.</li></ul><span>Two.</span><small>Three.</small></form>"
        ).forms

        assert form.errors == ()

    def test_a_field_without_a_parent_has_no_errors(self) -> None:
        """A field and its form can be all there is."""
        (form,) = _READER.read("<form><input name=a></form>").forms

        assert form.fields[0].errors == ()


class TestChoices:
    """What a select field has chosen."""

    @pytest.mark.parametrize(
        ("attributes", "options", "value"),
        [
            ("", "<option value=1>a<option value=2>b", "1"),
            ("multiple", "<option value=1>a<option value=2>b", ""),
            ("multiple", "<option value=1>a<option value=2 selected>b<option value=3 selected>c", "2"),
            ("", "", ""),
        ],
    )
    def test_browsers_rule_holds(self, attributes: str, options: str, value: str) -> None:
        """The value of a select is what a browser would send: the chosen, else the first, else nothing."""
        (form,) = _READER.read(f"<form><select name=s {attributes}>{options}</select></form>").forms

        assert form.fields[0].value == value
