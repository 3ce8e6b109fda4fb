"""What the environment decides about plugins that are installed: which are let in, and whether calls are logged.

Plugins are installed here as a stranger's would be: a module and its metadata in a folder of ``sys.path``.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterator, Mapping
from importlib.metadata import EntryPoint, distributions
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import scckit
from scckit.errors import BrokenPlugin, MissingCredentials, MissingPlugin
from scckit.events import Event, SignedIn
from scckit.plugins import Credentials, PluginWarning, Registry, hookimpl

from ..kinds import TextKind

MODULE = """
from scckit.plugins import hookimpl

@hookimpl
def scckit_transports():
    return {{"{name}": object}}
"""


class Folder:
    """A folder of distributions."""

    def __init__(self, path: Path) -> None:
        """Begin with none."""
        self.path = path

    def install(self, name: str, code: str = MODULE) -> None:
        """Put a distribution there, with a plugin of the same name."""
        module = f"stranger_{name.replace('-', '_')}"
        metadata = self.path / f"{module}-1.5.dist-info"
        metadata.mkdir()
        (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: dist-{name}\nVersion: 1.5\n")
        (metadata / "entry_points.txt").write_text(f"[scckit]\n{name} = {module}\n")
        (self.path / f"{module}.py").write_text(code.format(name=name))

    def found(self) -> list[EntryPoint]:
        """Return the entry points."""
        return [
            point
            for distribution in distributions(path=[str(self.path)])
            for point in distribution.entry_points.select(group="scckit")
        ]

    def registry(self, **variables: str) -> Registry:
        """Make a registry of what is in the folder."""
        return Registry(found=self.found, environ=variables)

    def imported(self) -> set[str]:
        """Return the names of the plugins that were imported."""
        prefix = "stranger_"
        return {name.removeprefix(prefix) for name in sys.modules if name.startswith(prefix)}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Folder]:
    """Make a folder with three plugins."""
    monkeypatch.syspath_prepend(tmp_path)
    made = Folder(tmp_path)
    for name in ("one", "other", "third"):
        made.install(name)
    yield made
    for name in [name for name in sys.modules if name.startswith("stranger_")]:
        del sys.modules[name]


@pytest.mark.parametrize(
    ("variables", "let_in"),
    [
        ({}, {"one", "other", "third"}),
        ({"SCCKIT_PLUGINS": "one"}, {"one"}),
        ({"SCCKIT_PLUGINS": " one , third,"}, {"one", "third"}),
        ({"SCCKIT_PLUGINS": ""}, set()),
        ({"SCCKIT_PLUGINS": " , "}, set()),
        ({"SCCKIT_PLUGINS_BLOCKED": "one"}, {"other", "third"}),
        ({"SCCKIT_PLUGINS_BLOCKED": ""}, {"one", "other", "third"}),
        ({"SCCKIT_PLUGINS": "one,other", "SCCKIT_PLUGINS_BLOCKED": "one"}, {"other"}),
    ],
)
def test_the_lists_say_who_is_let_in(folder: Folder, variables: dict[str, str], let_in: set[str]) -> None:
    """An allow-list lets in those that it names, an empty one nobody, and the block-list wins; the rest is not imported."""
    registry = folder.registry(**variables)
    reports = registry.reports()

    assert set(registry.transports()) == let_in
    assert folder.imported() == let_in
    assert {one.name: one.state for one in reports} == {
        name: "works" if name in let_in else "blocked" for name in ("one", "other", "third")
    }
    assert {(one.distribution, one.version) for one in reports if one.name == "one"} == {("dist-one", "1.5")}


def test_a_report_says_which_variable_blocks(folder: Folder) -> None:
    """A blocked plugin failed nowhere, but its report has the reason; so has the error about what it could have had."""
    registry = folder.registry(SCCKIT_PLUGINS="one,other", SCCKIT_PLUGINS_BLOCKED="other")
    _, other, third = registry.reports()

    assert (other.stage, other.error) == ("", "SCCKIT_PLUGINS_BLOCKED names it")
    assert (third.stage, third.error) == ("", "SCCKIT_PLUGINS does not name it")
    with pytest.raises(MissingPlugin, match=r"other \(SCCKIT_PLUGINS_BLOCKED names it\), third \(SCCKIT_PLUGINS does"):
        registry.transport("third")


def test_a_blocked_source_of_credentials_is_named_where_they_are_missing() -> None:
    """Whoever leaves out the plugin that reads the environment is told so, and not to set variables that nobody reads."""
    environ = {"SCCKIT_PLUGINS": "urllib3,parsel", "SCCKIT_USERNAME": "someone"}

    with pytest.raises(MissingCredentials, match=r"environment \(SCCKIT_PLUGINS does not name it\)"):
        scckit.connect(environ=environ)


def test_a_client_hands_its_environment_to_the_registry_that_it_makes(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the process has is not looked at when another environment is given."""
    monkeypatch.setenv("SCCKIT_PLUGINS", "")
    pairs = Credentials("a", "b", "c", "d")

    with scckit.connect(credentials=pairs, environ={}) as scc:
        assert "urllib3" in scc.registry.transports()
    with pytest.raises(MissingPlugin, match="SCCKIT_PLUGINS does not name it"):
        scckit.connect(credentials=pairs)


def test_the_environment_is_read_at_the_first_look(folder: Folder) -> None:
    """Making a registry reads nothing; what changes later changes nothing."""
    variables: dict[str, str] = {}
    registry = Registry(found=folder.found, environ=variables)
    variables["SCCKIT_PLUGINS"] = "one"
    before = list(registry.transports())
    variables["SCCKIT_PLUGINS"] = "other"

    assert before == list(registry.transports()) == ["one"]


def test_what_a_program_registers_stays(folder: Folder) -> None:
    """The lists are about what is installed."""

    class Own:
        @hookimpl
        def scckit_transports(self) -> dict[str, Callable[..., object]]:
            return {"own": object}

    registry = folder.registry(SCCKIT_PLUGINS="", SCCKIT_PLUGINS_BLOCKED="own")
    registry.register(Own(), "own")

    with pytest.warns(PluginWarning, match="'own', which no installed plugin is called"):
        assert list(registry.transports()) == ["own"]


@pytest.mark.parametrize("variable", ["SCCKIT_PLUGINS", "SCCKIT_PLUGINS_BLOCKED"])
@pytest.mark.parametrize(
    ("name", "hint"), [("ohter", "is other meant?"), ("ONE", "is one meant?"), ("zzz", "there are one, other, third")]
)
def test_a_name_that_no_plugin_has_is_told_once(folder: Folder, variable: str, name: str, hint: str) -> None:
    """A misspelt name in a list would silently let in or leave out another set than was meant."""
    registry = folder.registry(**{variable: f"one,{name}"})

    with pytest.warns(PluginWarning) as told:
        registry.transports()
        registry.reports()

    sentence = f"{variable} names '{name}', which no installed plugin is called; {hint}"
    assert [str(one.message) for one in told] == [sentence]
    assert registry.notes() == (sentence,)


def test_a_strict_registry_is_strict_about_those_who_are_let_in(folder: Folder) -> None:
    """A broken plugin that is blocked breaks nothing; blocked plugins are no failure."""
    folder.install("bad", "raise ValueError('x')")

    assert Registry(strict=True, found=folder.found, environ={"SCCKIT_PLUGINS_BLOCKED": "bad"}).transports()
    with pytest.raises(BrokenPlugin, match=r"the plugin 'bad' of dist-bad 1\.5 is left out: import failed"):
        Registry(strict=True, found=folder.found, environ={}).transports()


# -- trace --------------------------------------------------------------------------------------------------------------


class Everything:
    """A plugin that has one of each hook, and credentials that are secret."""

    def __init__(self, secret: str) -> None:
        """Take the secret."""
        self.secret = secret

    @hookimpl
    def scckit_transports(self) -> Mapping[str, object]:
        """Offer two."""
        return {"b": object, "a": object, self.secret: 5}

    @hookimpl
    def scckit_product_kinds(self) -> list[TextKind]:
        """Offer one."""
        return [TextKind("elda")]

    @hookimpl
    def scckit_page_readers(self) -> None:
        """Fail with a word too many."""
        raise ValueError(self.secret)

    @hookimpl
    def scckit_credentials(self, environ: Mapping[str, str]) -> Credentials:
        """Know some."""
        return Credentials(self.secret, self.secret, self.secret, self.secret, source=self.secret)

    @hookimpl
    def scckit_observe(self, event: Event) -> None:
        """Take no note."""


class Lines(logging.Handler):
    """Keeps what is logged."""

    def __init__(self) -> None:
        """Begin with nothing."""
        super().__init__(logging.DEBUG)
        self.lines: list[tuple[str, str]] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep one."""
        self.lines.append((record.levelname, record.getMessage()))


def used(registry: Registry, secret: str) -> list[tuple[str, str]]:
    """Use all hooks of a registry, and return what is logged."""
    logger, lines = logging.getLogger("scckit.plugins"), Lines()
    logger.addHandler(lines)
    before = logger.level
    logger.setLevel(logging.DEBUG)
    try:
        registry.register(Everything(secret), "all", "dist", "1")
        with pytest.warns(PluginWarning):
            registry.reports()
        registry.credentials({"SCCKIT_PASSWORD": secret})
        registry.observe(SignedIn(renewed=True))
    finally:
        logger.setLevel(before)
        logger.removeHandler(lines)
    return lines.lines


def test_every_call_is_logged_by_name() -> None:
    """Hook, plugin, time and the names of what came back; what is called often is at the lower level."""
    lines = used(Registry(discover=False, environ={"SCCKIT_PLUGINS_TRACE": "1"}), "not a name!")

    plugin = "of the plugin 'all' of dist 1: 0."
    assert [(level, text.partition(plugin)[0], text.partition(" s, ")[2]) for level, text in lines] == [
        ("INFO", "scckit_transports ", "gave dict: b, a"),
        ("INFO", "scckit_page_readers ", "failed with ValueError"),
        ("INFO", "scckit_product_kinds ", "gave list: elda"),
        ("INFO", "scckit_credentials ", "gave Credentials"),
        ("DEBUG", "scckit_observe ", "gave nothing"),
    ]


@given(st.text(min_size=3).map(lambda text: f"<{text}>"))
def test_no_secret_is_logged(secret: str) -> None:
    """Whatever credentials, environment and errors hold, the log has names and types alone."""
    lines = used(Registry(discover=False, environ={"SCCKIT_PLUGINS_TRACE": "1"}), secret)

    assert not [text for _, text in lines if secret in text]


@pytest.mark.parametrize("value", [None, "", "0", " "])
def test_nothing_is_logged_unless_asked_for(value: str | None) -> None:
    """Without the variable, calls are silent."""
    environ = {} if value is None else {"SCCKIT_PLUGINS_TRACE": value}

    assert used(Registry(discover=False, environ=environ), "x y") == []


def test_a_value_that_is_none_is_told() -> None:
    """``yes`` is not taken for a 1."""
    registry = Registry(discover=False, environ={"SCCKIT_PLUGINS_TRACE": "yes"})

    with pytest.warns(PluginWarning, match="SCCKIT_PLUGINS_TRACE is 1 or 0, and is taken as 0; found 'yes'"):
        registry.transports()
