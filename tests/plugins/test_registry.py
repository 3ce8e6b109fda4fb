"""The registry: finds, checks, isolates, selects. Plugins are made here as strangers would make them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib.metadata import EntryPoint

import pytest

from scckit.errors import BrokenPlugin, ConfigurationError, MissingCredentials, MissingPlugin
from scckit.events import Event, SignedIn
from scckit.plugins import Credentials, Registry, hookimpl
from scckit.plugins.environment import VARIABLES
from scckit.plugins.registry import PluginWarning

from ..kinds import TextKind


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


class Misspelt:
    """A plugin with a hook that is none."""

    @hookimpl
    def scckit_transport(self) -> dict[str, object]:
        """Offer nothing."""
        return {}


@pytest.mark.parametrize(
    ("plugin", "said"),
    [
        (raising(ValueError("broken inside")), "ValueError: broken inside"),
        (returning(None), "must not return NoneType"),
        (returning([1]), "must not return list"),
        (returning({"x": 5}), "is not a function"),
        (returning({1: object}), "is not a function"),
        (returning({"good": object}), "offers a transport 'good' already"),
        (returning([object()], "scckit_product_kinds"), "must not return list"),
        (Unmarked(), "scckit_transports lacks its @hookimpl"),
        (Misspelt(), "is scckit_transports meant"),
        (object(), "implements no hook"),
        (Good, "register an instance"),
    ],
)
def test_a_broken_plugin_is_told_and_left_out(plugin: object, said: str) -> None:
    """Whatever is wrong with one plugin is reported under its name, and the other one works."""
    registry = Registry(discover=False)
    registry.register(Good(), "a-good", "good 1.0")

    with pytest.warns(PluginWarning, match="z-bad"):
        registry.register(plugin, "z-bad", "bad 2.0")
        reports = {report.name: report for report in registry.reports()}

    assert said in reports["z-bad"].error
    assert reports["a-good"].error == ""
    assert list(registry.transports()) == ["good"]
    assert [kind.name for kind in registry.product_kinds()] == ["elda", "eldec"]


def test_strict_raises_at_the_first_failure() -> None:
    """A strict registry does not go on."""
    registry = Registry(discover=False, strict=True)

    with pytest.raises(BrokenPlugin, match="z-bad"):
        registry.register(Misspelt(), "z-bad")


def test_two_plugins_of_one_name() -> None:
    """The second of a name is left out and reported beside the first."""
    registry = Registry(discover=False)
    registry.register(Good(), "same", "one 1.0")

    with pytest.warns(PluginWarning, match=r"two plugins .* one 1\.0"):
        registry.register(Good(), "same", "other 1.0")

    assert [(report.distribution, bool(report.error)) for report in registry.reports()] == [
        ("one 1.0", False),
        ("other 1.0", True),
    ]


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


def test_the_first_source_of_credentials_wins() -> None:
    """Sources are asked in the order of their names; one that knows none is passed over."""
    registry = Registry(discover=False)
    registry.register(returning_credentials(None), "a")
    registry.register(returning_credentials(Credentials("b", "b", "b", "b")), "b")
    registry.register(returning_credentials(Credentials("c", "c", "c", "c")), "c")

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
