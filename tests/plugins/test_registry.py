"""The registry: finds, checks, isolates, selects. Plugins are made here as strangers would make them."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from importlib.metadata import EntryPoint
from typing import Any

import pluggy
import pytest
from attrs import frozen

import scckit
from scckit.errors import BrokenPlugin, ConfigurationError, InvalidInput, MissingCredentials, MissingPlugin
from scckit.events import Event, SignedIn
from scckit.plugins import (
    API_VERSION,
    Credentials,
    PageContent,
    PluginWarning,
    Registry,
    Request,
    TransportSettings,
    hookimpl,
)
from scckit.plugins.environment import VARIABLES
from scckit.plugins.hookspecs import hookspec

from ..kinds import TextKind


@frozen
class Distribution:
    """What an entry point knows of its distribution."""

    name: str
    version: str = "1"


class Loaded(EntryPoint):
    """An entry point that stands for what it is given."""

    def __init__(self, name: str, plugin: object, dist: object = None) -> None:
        """Take the plugin, or the error that its import ends with, and the distribution."""
        super().__init__(name, f"module_of_{name}", "scckit")
        self.__dict__.update(plugin=plugin, dist=dist)

    def load(self) -> object:
        """Import nothing."""
        plugin = self.__dict__["plugin"]
        if isinstance(plugin, BaseException):
            raise plugin
        return plugin


class Good:
    """A plugin that offers one of each."""

    @hookimpl
    def scckit_transports(self) -> dict[str, Callable[..., object]]:
        """Offer a transport."""
        return {"good": object}

    @hookimpl
    def scckit_page_readers(self) -> dict[str, Callable[..., object]]:
        """Offer a reader."""
        return {"good": object}

    @hookimpl
    def scckit_product_kinds(self) -> list[TextKind]:
        """Offer kinds."""
        return [TextKind("elda", ("optical",)), TextKind("eldec", ("optical",))]


def raising(error: Exception) -> object:
    """Make a plugin whose transports hook raises."""

    class Raising:
        @hookimpl
        def scckit_transports(self) -> object:
            raise error

    return Raising()


def returning(value: object, hook: str = "scckit_transports") -> object:
    """Make a plugin whose hook returns something."""

    def implementation(self: object) -> object:
        del self
        return value

    implementation.__name__ = hook
    return type("Returning", (), {hook: hookimpl(implementation)})()


class Unmarked:
    """A plugin that forgot its marker."""

    def scckit_transports(self) -> dict[str, object]:
        """Offer nothing, since nobody asks."""
        return {}


class HalfMarked(Good):
    """A plugin that forgot one of its markers."""

    def scckit_trees(self) -> dict[str, object]:
        """Offer nothing, since nobody asks."""
        return {}


class Misspelt:
    """A plugin with a hook that is none."""

    @hookimpl
    def scckit_transport(self) -> dict[str, object]:
        """Offer nothing."""
        return {}


class MisspeltAndUnmarked:
    """A plugin with two faults in one."""

    def scckit_transport(self) -> dict[str, object]:
        """Offer nothing."""
        return {}


class ForeignMarker:
    """A plugin with the marker of another project."""

    @pluggy.HookimplMarker("tox")
    def scckit_transports(self) -> dict[str, object]:
        """Offer nothing."""
        return {}


class SpecMarker:
    """A plugin that marks what it implements as a specification."""

    @hookspec
    def scckit_transports(self) -> dict[str, object]:
        """Offer nothing."""
        return {}


class NoFunction:
    """A plugin whose hook is something that pluggy does not see."""

    scckit_transports = hookimpl(partial(dict, good=object))


class NoSelf:
    """A plugin that forgot ``self``."""

    @hookimpl
    def scckit_transports() -> dict[str, object]:  # type: ignore[misc]
        """Offer nothing."""
        return {}


class Awaited:
    """A plugin with an asynchronous hook."""

    @hookimpl
    async def scckit_transports(self) -> dict[str, object]:
        """Offer nothing."""
        return {}


class Generating:
    """A plugin that yields what it should return."""

    @hookimpl
    def scckit_transports(self) -> Iterator[dict[str, object]]:
        """Offer nothing."""
        yield {}


class HiddenCoroutine:
    """A plugin whose asynchronous hook looks like a plain one."""

    @hookimpl
    def scckit_transports(self) -> object:
        """Return what nobody awaits."""
        return Awaited().scckit_transports()


class HiddenGenerator:
    """A plugin whose generator looks like a plain function."""

    @hookimpl
    def scckit_transports(self) -> object:
        """Return what nobody walks through."""
        return ({"x": object} for _ in range(1))


class Wrapping:
    """A plugin that wants to wrap other plugins."""

    @hookimpl(wrapper=True)
    def scckit_transports(self) -> Iterator[None]:
        """Offer what the others do."""
        return (yield)


class First:
    """A plugin that wants to be asked before the others."""

    @hookimpl(tryfirst=True)
    def scckit_transports(self) -> dict[str, object]:
        """Offer nothing."""
        return {}


class Excess:
    """A plugin whose hook wants more than it is given."""

    @hookimpl
    def scckit_credentials(self, enviroment: object) -> None:
        """Find nothing."""


class ExcessOfNone:
    """A plugin whose hook wants something where nothing is given."""

    @hookimpl
    def scckit_transports(self, settings: object) -> dict[str, object]:
        """Offer nothing."""
        return {}


class Anything:
    """A plugin whose hook takes anything, and would be given nothing."""

    @hookimpl
    def scckit_credentials(self, **given: object) -> None:
        """Find nothing."""


class ByKeyword:
    """A plugin whose hook takes its argument by keyword alone."""

    @hookimpl
    def scckit_credentials(self, *, environ: object) -> None:
        """Find nothing."""


class WithDefault:
    """A plugin whose hook has a default where it should be given something."""

    @hookimpl
    def scckit_credentials(self, environ: object = None) -> None:
        """Find nothing."""


class Newer(Good):
    """A plugin for a later scckit; it may have hooks that this one does not know."""

    scckit_api_version = API_VERSION + 1
    scckit_of_tomorrow = hookimpl(Good.scckit_transports)


class Older(Good):
    """A plugin for an earlier scckit."""

    scckit_api_version = API_VERSION - 1


class Unversioned(Good):
    """A plugin whose version is no number."""

    scckit_api_version = "1"


class OddKind(TextKind):
    """A product kind with something wrong, as a test says."""

    def __init__(self, **odd: object) -> None:
        """Take what is wrong, None for what is missing."""
        super().__init__("odd")
        self.__dict__["odd"] = odd

    def __getattribute__(self, name: str) -> object:
        """Return what is wrong in place of what is right."""
        odd = object.__getattribute__(self, "__dict__").get("odd", {})
        if name not in odd:
            return object.__getattribute__(self, name)
        if odd[name] is AttributeError:
            raise AttributeError(name)
        if isinstance(odd[name], Exception):
            raise odd[name]
        return odd[name]


KINDS = "scckit_product_kinds"
ADVICE = "mark it with hookimpl from scckit.plugins"


@pytest.mark.parametrize(
    ("plugin", "stage", "said"),
    [
        # markers and names
        (Unmarked(), "register", "its scckit_transports lacks its @hookimpl"),
        (HalfMarked(), "register", "its scckit_trees lacks its @hookimpl"),
        (Misspelt(), "register", "it implements scckit_transport, which is no hook; is scckit_transports meant?"),
        (MisspeltAndUnmarked(), "register", "no hook and lacks its @hookimpl; is scckit_transports meant?"),
        (ForeignMarker(), "register", f"its scckit_transports has the marker of tox; {ADVICE}"),
        (SpecMarker(), "register", f"its scckit_transports is marked with hookspec; {ADVICE}"),
        (NoFunction(), "register", "its scckit_transports is a partial; a hook is a plain function or method"),
        (
            object(),
            "register",
            "it implements no hook; there are scckit_async_transports, scckit_commands, scckit_credentials",
        ),
        (Good, "register", "it is a class; register an instance"),
        # what could not be called, or would silently do something else
        (NoSelf(), "register", "its scckit_transports cannot be called as a method; is self missing?"),
        (Awaited(), "register", "its scckit_transports has an async or a yield"),
        (Generating(), "register", "its scckit_transports has an async or a yield"),
        (Wrapping(), "register", "its scckit_transports is a wrapper"),
        (First(), "register", "asks for another place in the order; the order is that of the plugins' names"),
        # arguments
        (Excess(), "register", "has the argument 'enviroment', which the hook does not give; is environ meant?"),
        (ExcessOfNone(), "register", "has the argument 'settings', which the hook does not give; there is none"),
        (Anything(), "register", "takes **given; name what it needs of its arguments: environ"),
        (ByKeyword(), "register", "the argument 'environ' of its scckit_credentials is by keyword"),
        (WithDefault(), "register", "the argument 'environ' of its scckit_credentials is by keyword or has a default"),
        # versions
        (Newer(), "register", "for version 2 of the plugin API, and this scckit has version 1: upgrade scckit"),
        (Older(), "register", "upgrade the plugin (pip install --upgrade bad)"),
        (Unversioned(), "register", "its scckit_api_version must be a whole number such as 1; it is a str"),
        # what hooks return
        (raising(ValueError("broken\n  inside")), "call", "ValueError: broken inside"),
        (raising(SystemExit(3)), "call", "SystemExit: 3"),
        (
            returning(None),
            "call",
            "must return a mapping of names to functions; it returned None (is a return missing?)",
        ),
        (returning([1]), "call", "it returned a list"),
        (HiddenCoroutine(), "call", "it returned a coroutine (it is async"),
        (HiddenGenerator(), "call", "it returned a generator (it has a yield"),
        (returning({"x": 5}), "call", "must return a function under the name 'x'; there is an int"),
        (returning({"x": Awaited.scckit_transports}), "call", "under the name 'x' is async"),
        (returning({1: object}), "call", "returned an int where a name is due"),
        (returning({"a:b": object}), "call", "returned 'a:b' where a name is due: a name is up to 64 letters"),
        (returning({"../x": object}), "call", "returned '../x' where a name is due"),
        (returning({"\u202eevil\x1b[0m": object}), "call", r"returned '\u202eevil\x1b[0m' where a name is due"),
        (returning({"good": object}), "call", "of good 1.0 offers a transport 'good' already"),
        (returning({"good": object}), "call", "SCCKIT_PLUGINS_BLOCKED=z-bad"),
        # product kinds
        (returning({"x": TextKind("x")}, KINDS), "call", "must return a list of product kinds; it returned a dict"),
        (returning("elda", KINDS), "call", "must return a list of product kinds; it returned a str"),
        (returning([TextKind], KINDS), "call", "product kind 1 of 1 (type) is the class TextKind; an instance"),
        (returning([TextKind("x"), TextKind("x")], KINDS), "call", "it offers the product kind 'x' twice"),
        (returning([TextKind("elda")], KINDS), "call", "offers a product kind 'elda' already"),
        (returning([OddKind(verify=AttributeError)], KINDS), "call", "(OddKind) lacks verify of scckit.plugins.Prod"),
        (
            returning([TextKind("x"), object()], KINDS),
            "call",
            "kind 2 of 2 (object) lacks name, aliases, module, route",
        ),
        (returning([OddKind(open=5)], KINDS), "call", "(OddKind) has an int as open, which must be a method"),
        (returning([OddKind(name=KeyError("x"))], KINDS), "call", "fails when asked for its name: KeyError: 'x'"),
        (returning([OddKind(name="a/b")], KINDS), "call", "is called 'a/b': a name is up to 64"),
        (returning([OddKind(aliases="optical")], KINDS), "call", "must have a tuple of names as aliases, () for none"),
        (returning([OddKind(module=5)], KINDS), "call", "must have the name of a module or None as module"),
        (returning([OddKind(route="")], KINDS), "call", "must have the last part of its download address as route"),
    ],
)
def test_a_broken_plugin_is_told_and_left_out(plugin: object, stage: str, said: str) -> None:
    """Whatever is wrong with one plugin is reported with its origin and stage, told once, and the other one works."""
    registry = Registry(discover=False)
    registry.register(Good(), "a-good", "good", "1.0")

    with pytest.warns(PluginWarning, match=r"the plugin 'z-bad' of bad 2\.0 is left out") as told:
        registry.register(plugin, "z-bad", "bad", "2.0")
        good, bad = registry.reports()
        registry.reports()

    assert said in bad.error
    assert (bad.name, bad.distribution, bad.version, bad.state, bad.stage) == ("z-bad", "bad", "2.0", "failed", stage)
    assert [said in str(one.message) for one in told] == [True]
    assert (good.error, good.state) == ("", "works")
    assert good.offers == ("transport good", "page reader good", "product kind elda", "product kind eldec")
    assert list(registry.transports()) == ["good"]


@pytest.mark.parametrize(
    "plugin", [Misspelt(), Newer(), raising(ValueError("x")), returning(None), returning({"good": 5})]
)
def test_a_strict_registry_raises_what_another_one_reports(plugin: object) -> None:
    """The error names plugin and distribution; the registry does not work on as if nothing had happened."""
    registry = Registry(strict=True, found=lambda: [Loaded("a-good", Good()), Loaded("z-bad", plugin)])

    for _ in range(2):
        with pytest.raises(BrokenPlugin, match="z-bad"):
            registry.reports()


def test_strict_raises_at_the_first_failure() -> None:
    """A strict registry does not go on."""
    registry = Registry(discover=False, strict=True)

    with pytest.raises(BrokenPlugin, match="z-bad"):
        registry.register(Misspelt(), "z-bad")


def test_two_plugins_of_one_name() -> None:
    """The second of a name is left out and reported beside the first."""
    registry = Registry(discover=False)
    registry.register(Good(), "same", "one", "1.0")

    with pytest.warns(PluginWarning, match=r"two plugins .* one 1\.0, is used"):
        registry.register(Good(), "same", "other", "1.0")

    assert [(report.distribution, report.state) for report in registry.reports()] == [
        ("one", "works"),
        ("other", "failed"),
    ]


def test_one_plugin_under_two_names() -> None:
    """A plugin that is there already is not taken in again, and it is said under what name it is there."""
    registry, plugin = Registry(discover=False), Good()
    registry.register(plugin, "one")

    with pytest.warns(PluginWarning, match="'two' is left out: register failed: it is there already, as 'one'"):
        registry.register(plugin, "two")


def test_a_hook_may_have_another_name_in_the_plugin() -> None:
    """``specname`` says what hook a function implements, as everywhere with pluggy."""

    class Named:
        @hookimpl(specname="scckit_transports")
        def transports(self) -> dict[str, Any]:
            return {"named": object}

    registry = Registry(discover=False, strict=True)
    registry.register(Named(), "named")

    assert list(registry.transports()) == ["named"]
    assert registry.reports()[0].hooks == ("scckit_transports",)


def test_an_optional_hook_of_another_version_is_passed_over() -> None:
    """A plugin that works with several versions of scckit marks what only some of them know as optional."""

    class Both(Good):
        @hookimpl(optionalhook=True)
        def scckit_of_tomorrow(self, anything: object) -> None:
            raise AssertionError(anything)

    class Tomorrow:
        scckit_of_tomorrow = Both.scckit_of_tomorrow

    registry = Registry(discover=False, strict=True)
    registry.register(Both(), "both")
    registry.register(Tomorrow(), "tomorrow")

    assert list(registry.transports()) == ["good"]
    assert [one.state for one in registry.reports()] == ["works", "works"]


def test_a_good_part_of_a_result_is_used() -> None:
    """Of several offers the broken ones are left out; the report tells both what works and all that does not."""
    registry = Registry(discover=False)
    registry.register(returning({"x": object, "y": 5, "a b": object}), "part")

    with pytest.warns(PluginWarning, match="what failed of the plugin 'part' is left out") as told:
        report = registry.reports()[0]

    assert list(registry.transports()) == ["x"]
    assert len(told) == 2
    assert (report.state, report.offers) == ("failed", ("transport x",))
    assert "'y'" in report.error
    assert "'a b'" in report.error


def test_each_hook_is_asked_once() -> None:
    """Neither a second look nor a plugin that comes later makes a plugin be asked again."""
    asked = []

    class Counting:
        @hookimpl
        def scckit_transports(self) -> dict[str, Any]:
            asked.append(1)
            return {"counted": object}

    registry = Registry(discover=False, strict=True)
    registry.register(Counting(), "counting")
    registry.transports()
    registry.register(Good(), "good")

    assert list(registry.transports()) == ["counted", "good"]
    assert asked == [1]


def test_of_two_distributions_with_one_name_the_one_that_works_is_used() -> None:
    """The first by distribution has the name; what is broken does not hold it. The second is not even imported."""

    class Never(Loaded):
        def load(self) -> object:
            pytest.fail("imported")

    broken = Loaded("same", ImportError("damaged"), Distribution("a"))
    one, other = Loaded("same", Good(), Distribution("b")), Never("same", None, Distribution("c"))
    registry = Registry(found=lambda: [other, one, broken])

    with pytest.warns(
        PluginWarning, match="two plugins are called 'same'; the other one, of b 1|of a 1 is left out: import"
    ):
        reports = registry.reports()

    assert [(one.distribution, one.stage, one.state) for one in reports] == [
        ("a", "import", "failed"),
        ("b", "", "works"),
        ("c", "discover", "failed"),
    ]
    assert list(registry.transports()) == ["good"]


def test_damaged_metadata_keeps_no_plugin_out() -> None:
    """A distribution that cannot say its name or version is one without."""

    class Damaged:
        @property
        def name(self) -> str:
            raise TypeError

    point = Loaded("good", Good(), Damaged())
    (report,) = Registry(strict=True, found=lambda: [point]).reports()

    assert (report.name, report.distribution, report.state) == ("good", "", "works")


def test_a_plugin_that_exits_or_was_made_for_another_scckit_is_told() -> None:
    """An import that ends the program does not; one that misses a name of scckit says what to upgrade."""
    missing = ImportError("cannot import name 'Later'", name="scckit.plugins")
    points = [Loaded("exits", SystemExit(1)), Loaded("later", missing), Loaded("works", Good())]
    registry = Registry(found=lambda: points)

    with pytest.warns(PluginWarning, match="import failed"):
        exits, later, works = registry.reports()

    assert exits.error == "'module_of_exits' does not load: SystemExit: 1"
    assert later.error.endswith("it is written for another version of scckit: upgrade scckit or the plugin")
    assert works.state == "works"


def test_an_entry_point_that_fails_to_import_stops_nobody() -> None:
    """Discovery goes on behind a plugin whose import fails, in the order of the names."""
    points = [
        EntryPoint("z-env", "scckit.plugins.environment", "scckit"),
        EntryPoint("a-missing", "no_such_module_anywhere", "scckit"),
    ]
    registry = Registry(found=lambda: points)

    with pytest.warns(PluginWarning, match="a-missing"):
        reports = registry.reports()

    assert [(report.name, report.stage) for report in reports] == [("a-missing", "import"), ("z-env", "")]


def test_nothing_is_looked_for_before_it_is_asked() -> None:
    """Making a registry imports no plugin."""
    Registry(found=lambda: pytest.fail("looked for plugins"))


def test_what_is_missing_is_named_with_the_line_that_installs_it() -> None:
    """An unknown name lists what there is and how to get more."""
    registry = Registry(discover=False)
    registry.register(Good(), "good")

    with pytest.raises(MissingPlugin, match=r"no transport 'x' .there are: good.*scckit-urllib3"):
        registry.transport("x")
    with pytest.raises(MissingPlugin, match=r"'ELDA' .there are: elda, eldec, optical.; did you mean 'elda'"):
        registry.kinds(["elda", "ELDA"])
    with pytest.raises(MissingPlugin, match="none at all: pip install scckit-products"):
        Registry(discover=False).kinds(["elda"])
    with pytest.raises(MissingPlugin, match=r"no command 'emulator' is installed.*: pip install scckit-emulator$"):
        registry.command("emulator")
    with pytest.raises(MissingPlugin, match=r"no command 'x' is installed, there is none at all$"):
        registry.command("x")


def test_an_alias_stands_for_all_its_kinds() -> None:
    """``optical`` is ELDA and ELDEC; naming a kind twice gives it once."""
    registry = Registry(discover=False)
    registry.register(Good(), "good")

    assert [kind.name for kind in registry.kinds(["optical"])] == ["elda", "eldec"]
    assert [kind.name for kind in registry.kinds(["elda", "optical"])] == ["elda", "eldec"]


def test_an_observer_that_fails_disturbs_nobody() -> None:
    """The other observers are told all the same; the failing one is told nothing more."""
    seen: list[Event] = []

    class Failing:
        @hookimpl
        def scckit_observe(self, event: Event) -> None:
            raise RuntimeError(str(event))

    class Seeing:
        @hookimpl
        def scckit_observe(self, event: Event) -> None:
            seen.append(event)

    registry = Registry(discover=False)
    registry.register(Failing(), "failing")
    registry.register(Seeing(), "seeing")

    with pytest.warns(PluginWarning, match="failing"):
        registry.observe(SignedIn(renewed=False))
    registry.observe(SignedIn(renewed=True))

    assert seen == [SignedIn(renewed=False), SignedIn(renewed=True)]


def test_an_observer_that_would_have_to_be_awaited_is_told() -> None:
    """What an observer returns is not waited for, so it may not be a coroutine; this is said once."""

    async def later() -> None:
        """Do nothing."""

    class Later:
        @hookimpl
        def scckit_observe(self, event: Event) -> object:
            return later()

    registry = Registry(discover=False)
    registry.register(Later(), "later")

    with pytest.warns(PluginWarning, match="it returned a coroutine"):
        registry.observe(SignedIn(renewed=False))
    registry.observe(SignedIn(renewed=True))


def test_a_source_that_fails_shows_nothing_of_what_it_read() -> None:
    """A parser's error may quote a password; only its type is told, and the next source is asked."""

    class Parsing:
        @hookimpl
        def scckit_credentials(self, environ: Mapping[str, str]) -> Credentials:
            raise ValueError("cannot parse: password=hunter2")

    for strict in (False, True):
        registry = Registry(discover=False, strict=strict)
        registry.register(Parsing(), "a")
        registry.register(returning_credentials(Credentials("b", "b", "b", "b")), "b")
        if strict:
            with pytest.raises(BrokenPlugin) as caught:
                registry.credentials({})
            told = "".join(traceback.format_exception(caught.value))
        else:
            with pytest.warns(PluginWarning) as warned:
                assert registry.credentials({}) == Credentials("b", "b", "b", "b")
            told = f"{warned[0].message} {registry.reports()}"

        assert "ValueError" in told
        assert "hunter2" not in told


def test_a_source_gives_credentials_or_nothing() -> None:
    """Anything else is its failure, which says what came without showing it, and the next source is asked."""
    registry = Registry(discover=False)
    registry.register(returning_credentials(("user", "hunter2")), "a")  # type: ignore[arg-type]
    registry.register(returning_credentials(Credentials("b", "b", "b", "b")), "b")

    with pytest.warns(PluginWarning, match="must return Credentials or None; it returned a tuple$") as told:
        for _ in range(2):
            assert registry.credentials({}) == Credentials("b", "b", "b", "b")

    assert len(told) == 1


def test_no_source_changes_what_the_next_one_sees() -> None:
    """Each source gets an environment of its own."""
    seen = []

    class Greedy:
        @hookimpl
        def scckit_credentials(self, environ: dict[str, str]) -> None:
            seen.append(dict(environ))
            environ.clear()

    registry = Registry(discover=False, strict=True)
    registry.register(Greedy(), "a")
    registry.register(Greedy(), "b")
    registry.credentials({"x": "y"})

    assert seen == [{"x": "y"}] * 2


def test_the_first_source_of_credentials_wins() -> None:
    """Sources are asked in the order of their names; one that knows none is passed over, and none behind is asked."""

    class Never:
        @hookimpl
        def scckit_credentials(self) -> None:
            pytest.fail("asked")

    registry = Registry(discover=False, strict=True)
    registry.register(Never(), "d")
    registry.register(returning_credentials(Credentials("c", "c", "c", "c")), "c")
    registry.register(returning_credentials(Credentials("b", "b", "b", "b")), "b")
    registry.register(returning_credentials(None), "a")

    assert registry.credentials({}) == Credentials("b", "b", "b", "b")


def returning_credentials(value: Credentials | None) -> object:
    """Make a source of credentials."""

    class Source:
        @hookimpl
        def scckit_credentials(self, environ: Mapping[str, str]) -> Credentials | None:
            del environ
            return value

    return Source()


def test_credentials_of_the_environment() -> None:
    """All four variables give credentials, none gives none, some are an error that names the others."""
    registry = Registry(found=lambda: [EntryPoint("environment", "scckit.plugins.environment", "scckit")])
    full = dict.fromkeys(VARIABLES, "x")

    assert registry.credentials(full) == Credentials("x", "x", "x", "x", source="environment")
    assert registry.credentials({}) is None
    with pytest.raises(MissingCredentials, match="SCCKIT_PASSWORD") as caught:
        registry.credentials({**full, "SCCKIT_PASSWORD": ""})
    assert isinstance(caught.value, ConfigurationError)


SETTINGS = TransportSettings("https://scc.example/")


class Reading:
    """A page reader, or a transport for threads and for asyncio, as far as a registry looks."""

    def read(self, text: str, /) -> PageContent:
        """Read nothing."""
        return PageContent()

    def open(self, request: Request, /) -> None:
        """Open nothing."""

    def close(self) -> None:
        """Close nothing."""

    async def aclose(self) -> None:
        """Close nothing."""


class AsyncAlone(Reading):
    """A transport for asyncio that has all names of one for threads."""

    async def open(self, request: Request, /) -> None:  # type: ignore[override]
        """Open nothing."""


async def coroutine(*_: object) -> Reading:
    """Make something, later."""
    return Reading()


@pytest.mark.parametrize(
    ("hook", "made", "said"),
    [
        (hook, made, said)
        for hook, lacking in {
            "scckit_transports": "no method open and no method close",
            "scckit_async_transports": "no method open and no method aclose",
            "scckit_page_readers": "no method read",
        }.items()
        for made, said in [
            (lambda *_: None, rf"it made None \(is a return missing\?\), which has {lacking}"),
            (lambda *_: object(), f"it made an object, which has {lacking}"),
            (lambda *_: Reading, "it made the class Reading; an instance of it is needed"),
            (lambda *_: coroutine(), r"it made a coroutine \(it is async where a plain function is due\);"),
            (lambda: 1 / 0, "ZeroDivisionError|TypeError"),
            (lambda *_: sys.exit("no"), "SystemExit: no"),
        ]
    ]
    + [("scckit_transports", lambda _: AsyncAlone(), "it made an AsyncAlone, whose open is async; a plain method")],
)
def test_what_a_factory_makes_is_checked(hook: str, made: Callable[..., object], said: str) -> None:
    """A factory that fails or makes something else is the plugin's fault, which is named, and shows in its report."""
    registry = Registry(discover=False)
    registry.register(returning({"x": made}, hook), "bad", "bad", "2.0")

    with pytest.raises(BrokenPlugin, match=rf"the plugin 'bad' of bad 2\.0 is broken: .*'x' cannot be made: ({said})"):
        make(registry, hook)
    (report,) = registry.reports()

    assert (report.state, report.stage) == ("failed", "make")
    assert "'x' cannot be made" in report.error


@pytest.mark.parametrize("hook", ["scckit_transports", "scckit_async_transports", "scckit_page_readers"])
def test_what_a_factory_says_to_the_user_reaches_the_user(hook: str) -> None:
    """Errors of scckit pass as they are, and are no fault of the plugin; what is right is returned."""

    def refusing(*_: object) -> None:
        raise InvalidInput("no such file")

    registry = Registry(discover=False, strict=True)
    registry.register(returning({"x": refusing}, hook), "x")
    with pytest.raises(InvalidInput, match="no such file"):
        make(registry, hook)
    assert registry.reports()[0].state == "works"

    registry = Registry(discover=False, strict=True)
    registry.register(returning({"x": lambda *_: Reading()}, hook), "x")
    assert isinstance(make(registry, hook), Reading)


def make(registry: Registry, hook: str) -> object:
    """Make the thing that is called x."""
    if hook == "scckit_transports":
        return registry.make_transport("x", SETTINGS)
    if hook == "scckit_async_transports":
        return registry.make_async_transport("x", SETTINGS)
    return registry.make_page_reader("x")


def test_a_client_names_the_plugin_that_cannot_make_its_part() -> None:
    """The error comes when the client is made, through either way to make one."""
    registry = Registry(discover=False)
    registry.register(returning({"x": lambda _: None}), "bad-transport")
    registry.register(returning({"parsel": Reading, "none": lambda: None}, "scckit_page_readers"), "reader")
    pairs = Credentials("a", "b", "c", "d")

    for connect in (scckit.connect, scckit.connect_async):
        with pytest.raises(BrokenPlugin, match="the plugin 'bad-transport' is broken"):
            connect("https://scc.example/", credentials=pairs, transport="x", registry=registry)
        with pytest.raises(BrokenPlugin, match="the plugin 'reader' is broken"):
            connect(
                "https://scc.example/", credentials=pairs, transport=object(), page_reader="none", registry=registry
            )


def test_what_comes_with_another_distribution_is_named_with_it() -> None:
    """Who asks for the replay transport without its distribution is told the line that installs that one."""
    registry = Registry(discover=False)
    registry.register(Good(), "good")

    with pytest.raises(MissingPlugin, match="pip install scckit-replay"):
        registry.transport("replay")
