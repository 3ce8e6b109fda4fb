"""The list of all plugins, for people and for programs, and the command that prints it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import scckit
from scckit import __main__ as command
from scckit.plugins import API_VERSION, PluginReport, Registry
from scckit.plugins.listing import Listing

WORKING = PluginReport("urllib3", "scckit-urllib3", "0.1.0", "works", ("scckit_transports",), ("transport urllib3",))
BROKEN = PluginReport(
    "b", "stranger", "2.0", "failed", (), (), "import", "'b' does not load: ImportError: no such thing"
)
BLOCKED = PluginReport("x", "", "", "blocked", (), (), "", "SCCKIT_PLUGINS does not name it")
MANY = PluginReport("many", "d", "1", "works", ("scckit_product_kinds",), tuple(f"product kind k{n}" for n in range(6)))


def test_the_table() -> None:
    """One line for a plugin, columns that fit, and below it what failed or blocks it; then what is missing or odd."""
    listing = Listing((BROKEN, WORKING, BLOCKED), (("tree", "pip install scckit-products"),), ("a note",))

    assert listing.table().splitlines() == [
        "plugin   distribution          state    offers",
        "b        stranger 2.0          failed",
        "    import: 'b' does not load: ImportError: no such thing",
        "urllib3  scckit-urllib3 0.1.0  works    transport urllib3",
        "x                              blocked",
        "    SCCKIT_PLUGINS does not name it",
        "no tree is installed: pip install scckit-products",
        "a note",
    ]
    assert listing.failed


def test_long_offers_go_on_below_themselves() -> None:
    """A narrow terminal breaks between offers, never within one; without a width, nothing breaks."""
    listing = Listing((MANY,), (), ())

    assert listing.table(60).splitlines() == [
        "plugin  distribution  state  offers",
        "many    d 1           works  product kind k0,",
        "                             product kind k1,",
        "                             product kind k2,",
        "                             product kind k3,",
        "                             product kind k4,",
        "                             product kind k5",
    ]
    assert len(listing.table().splitlines()) == 2
    long = PluginReport("p", "d", "1", offers=("transport a-name-of-many-parts-and-letters", "tree x"))
    assert Listing((long,), (), ()).table(50).splitlines()[1:] == [
        "p       d 1           works  transport a-name-of-many-parts-and-letters,",
        "                             tree x",
    ]
    assert not listing.failed


def test_no_plugin_at_all() -> None:
    """What is missing is named with the line that installs it."""
    listing = Listing.of(Registry(discover=False))

    assert listing.table().startswith("no plugin is installed\nno transport is installed: pip install scckit-urllib3\n")
    assert json.loads(listing.json())["missing"][1] == {"what": "page reader", "install": "pip install scckit-parsel"}


NAMES = st.from_regex(r"[a-z][a-z0-9-]{0,30}", fullmatch=True)
REPORTS = st.builds(
    PluginReport,
    NAMES,
    NAMES,
    st.just("1.0"),
    st.sampled_from(["works", "failed"]),
    st.just(()),
    st.lists(NAMES.map("transport {}".format), max_size=5).map(tuple),
    st.sampled_from(["", "import"]),
    st.text(max_size=200),
)


@given(st.lists(REPORTS, min_size=1, max_size=5), st.none() | st.integers(1, 200))
def test_columns_stay_columns(reports: list[PluginReport], width: int | None) -> None:
    """Whatever the names and errors: states stand below one another, errors on one line, and nothing moves the cursor."""
    table = Listing(tuple(reports), (), ()).table(width)
    lines = table.split("\n")
    rows = [line for line in lines[1:] if not line.startswith("    ")]
    errors = [line for line in lines[1:] if line.startswith("    ") and line[4:5] != " " and line.strip()]
    column = lines[0].index("state")

    assert [line[column:].split(" ")[0] for line in rows] == [one.state for one in reports]
    assert [line.split(" ")[0] for line in rows] == [one.name for one in reports]
    assert len(errors) <= sum(bool(one.error) for one in reports)
    assert all(sign.isprintable() for line in lines for sign in line)
    assert all(offer in table for one in reports for offer in one.offers)
    if width is not None and width > lines[0].index("offers") + 50:
        assert all(len(line) <= width for line in lines if line not in errors and "transport" in line)


@given(st.lists(REPORTS, max_size=5), st.lists(st.text(max_size=20), max_size=2))
def test_json_has_everything_under_stable_keys(reports: list[PluginReport], notes: list[str]) -> None:
    """Programs read it without this package: the keys are these, and what was put in comes out."""
    text = Listing(tuple(reports), (("tree", "pip install x"),), tuple(notes)).json()
    value = json.loads(text)

    assert text.isascii()
    assert list(value) == ["scckit", "api_version", "plugins", "missing", "notes"]
    assert (value["scckit"], value["api_version"]) == (scckit.__version__, API_VERSION)
    assert value["missing"] == [{"what": "tree", "install": "pip install x"}]
    assert value["notes"] == notes
    keys = ["name", "distribution", "version", "state", "hooks", "offers", "stage", "error"]
    assert [list(one) for one in value["plugins"]] == [keys] * len(reports)
    assert [PluginReport(**{**one, "hooks": (), "offers": tuple(one["offers"])}) for one in value["plugins"]] == reports


def test_the_command_lists_what_is_installed(capsys: pytest.CaptureFixture[str]) -> None:
    """The bundled plugins are all there and work, so the status is 0."""
    status = command.main(["plugins"], environ={})
    table = capsys.readouterr().out

    assert (status, command.main(["plugins", "--json"], environ={})) == (0, 0)
    assert "transport urllib3" in table
    listed = {one["name"]: one for one in json.loads(capsys.readouterr().out)["plugins"]}
    assert listed["environment"]["offers"] == ["credentials"]
    assert listed["parsel"]["offers"] == ["page reader parsel"]


def test_the_command_tells_of_failures_by_its_status(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A plugin that fails makes it 1; neither its chatter nor any warning gets into what a program reads."""
    metadata = tmp_path / "stranger-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: stranger\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text("[scckit]\nstranger = stranger_that_fails\n")
    (tmp_path / "stranger_that_fails.py").write_text("print('hello from the import')\nraise ValueError('no')\n")
    monkeypatch.syspath_prepend(tmp_path)

    status = command.main(["plugins", "--json"], environ={"SCCKIT_PLUGINS": "stranger,urlib3"})
    printed = capsys.readouterr()
    value = json.loads(printed.out)

    assert status == 1
    assert "hello from the import" in printed.err
    assert value["notes"] == ["SCCKIT_PLUGINS names 'urlib3', which no installed plugin is called; is urllib3 meant?"]
    assert [(one["name"], one["stage"]) for one in value["plugins"] if one["state"] == "failed"] == [
        ("stranger", "import")
    ]


def test_the_command_runs_as_a_module() -> None:
    """``python -m scckit`` works with the core alone, tells versions, traces, and says what it can do."""

    def run(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        environ = {"SCCKIT_PLUGINS": "environment", "PYTHONIOENCODING": "ascii", **variables}
        line = [sys.executable, "-W", "error", "-m", "scckit", *arguments]
        return subprocess.run(line, check=False, capture_output=True, text=True, env=environ)

    listed = run("plugins", SCCKIT_PLUGINS_TRACE="1")

    assert (listed.returncode, listed.stderr) == (0, "")
    assert "environment  scckit" in listed.stdout
    assert run("version").stdout == f"scckit {scckit.__version__}, plugin API {API_VERSION}\n"
    assert run().returncode == 2
    assert "plugins" in run("--help").stdout


def test_the_command_shows_traces_where_they_are_asked_for() -> None:
    """With the variable set, each call is a line beside the table, not in it."""
    line = [sys.executable, "-m", "scckit", "plugins", "--json"]
    environ = {"SCCKIT_PLUGINS": "urllib3", "SCCKIT_PLUGINS_TRACE": "1"}
    done = subprocess.run(line, check=True, capture_output=True, text=True, env=environ)

    assert "scckit.plugins: scckit_transports of the plugin 'urllib3'" in done.stderr
    assert json.loads(done.stdout)["scckit"] == scckit.__version__
