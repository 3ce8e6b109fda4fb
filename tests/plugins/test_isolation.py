"""Whatever some plugins do, the others offer the same."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from scckit.events import Event, SignedIn
from scckit.plugins import Credentials, PluginReport, PluginWarning, Registry, hookimpl

from ..kinds import TextKind
from .test_registry import (
    Anything,
    Awaited,
    Distribution,
    Excess,
    First,
    ForeignMarker,
    Generating,
    HiddenCoroutine,
    HiddenGenerator,
    Loaded,
    Misspelt,
    Newer,
    NoSelf,
    OddKind,
    SpecMarker,
    Unmarked,
    Unversioned,
    Wrapping,
    raising,
    returning,
)


class Full:
    """A plugin that offers one of each under its own name, and takes note of events."""

    def __init__(self, name: str) -> None:
        """Take the name."""
        self.name = name
        self.seen: list[Event] = []

    @hookimpl
    def scckit_transports(self) -> dict[str, Any]:
        """Offer a transport."""
        return {f"t-{self.name}": object}

    @hookimpl
    def scckit_async_transports(self) -> dict[str, Any]:
        """Offer a transport for asyncio."""
        return {f"a-{self.name}": object}

    @hookimpl
    def scckit_page_readers(self) -> dict[str, Any]:
        """Offer a page reader."""
        return {f"r-{self.name}": object}

    @hookimpl
    def scckit_product_kinds(self) -> list[TextKind]:
        """Offer a kind."""
        return [TextKind(f"k-{self.name}", ("shared",))]

    @hookimpl
    def scckit_trees(self) -> dict[str, Any]:
        """Offer a tree."""
        return {f"w-{self.name}": dict}

    @hookimpl
    def scckit_commands(self) -> dict[str, Any]:
        """Offer a command."""
        return {f"c-{self.name}": len}

    @hookimpl
    def scckit_credentials(self, environ: Mapping[str, str]) -> Credentials | None:
        """Know what the environment has under the own name."""
        found = environ.get(self.name)
        return Credentials(found, found, found, found) if found else None

    @hookimpl
    def scckit_observe(self, event: Event) -> None:
        """Take note."""
        self.seen.append(event)


class Equal(Full):
    """A plugin that takes itself for any other one, and has no hash."""

    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = None  # type: ignore[assignment]


class Incomparable(Full):
    """A plugin that cannot be compared."""

    def __eq__(self, other: object) -> bool:
        raise TypeError

    __hash__ = None  # type: ignore[assignment]


class Rude(Full):
    """A plugin that breaks whatever it gets or gives, in each hook."""

    @hookimpl
    def scckit_credentials(self, environ: dict[str, str]) -> Credentials | None:
        """Leave nothing to the next source."""
        environ.clear()
        raise RuntimeError

    @hookimpl
    def scckit_observe(self, event: Event) -> None:
        """Exit."""
        sys.exit(str(event))

    @hookimpl
    def scckit_page_readers(self) -> dict[str, Any]:
        """Return what fails when it is looked at."""
        return Hostile(x=object)

    @hookimpl
    def scckit_product_kinds(self) -> list[Any]:
        """Return what fails when it is asked."""
        return [OddKind(name=RuntimeError("x")), OddKind(header=AttributeError), None]


class Hostile(dict[str, Any]):
    """A mapping that does not let itself be walked through."""

    def __iter__(self) -> Iterator[str]:
        raise RuntimeError

    items = keys = values = __iter__  # type: ignore[assignment]


class Untold(Exception):
    """An error that has no text."""

    def __str__(self) -> str:
        raise RuntimeError


class Undirected:
    """A plugin that does not say what it has."""

    def __dir__(self) -> list[str]:
        raise RuntimeError


class Lazy:
    """A plugin with a property in place of a hook."""

    @property
    def scckit_transports(self) -> object:
        """Fail."""
        raise RuntimeError


#: Plugins that are never taken in, or the errors that their imports end with.
REFUSED: list[Callable[[], object]] = [
    lambda: ImportError("x"),
    lambda: SystemExit(1),
    Untold,
    lambda: None,
    lambda: Full,
    object,
    Undirected,
    Lazy,
    Misspelt,
    Unmarked,
    ForeignMarker,
    SpecMarker,
    Wrapping,
    First,
    NoSelf,
    Awaited,
    Generating,
    Excess,
    Anything,
    Newer,
    Unversioned,
]
#: Plugins that are taken in, and break something when they are asked or told.
FAULTY: list[Callable[[], object]] = [
    lambda: raising(RuntimeError("x")),
    lambda: raising(Untold()),
    lambda: raising(SystemExit(1)),
    lambda: returning(None),
    lambda: returning(Hostile(x=object)),
    lambda: returning({"t-m1": 5, "a b": object, 7: object}),
    lambda: returning([OddKind(name="k-m1", aliases="shared")], "scckit_product_kinds"),
    HiddenCoroutine,
    HiddenGenerator,
    lambda: Rude("rude"),
    lambda: Equal("equal"),
    lambda: Incomparable("incomparable"),
]
GOOD = ("m1", "m2", "m3")
ENVIRON = {"m2": "secret"}


def offered(points: list[Loaded], own: list[tuple[str, object]]) -> tuple[dict[str, Any], list[PluginReport]]:
    """Return what the good ones among some plugins offer, and what became of them."""
    registry = Registry(found=lambda: points, environ={})
    goods = [one for one in (point.__dict__["plugin"] for point in points) if type(one) is Full]
    for good in goods:
        good.seen.clear()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PluginWarning)
        for name, plugin in own:
            registry.register(plugin, name)
        for _ in range(2):
            registry.observe(SignedIn(renewed=False))
        things = {
            **registry.transports(),
            **registry.async_transports(),
            **registry.page_readers(),
            **registry.trees(),
            **registry.commands(),
            **{kind.name: kind for kind in registry.kinds(["shared"])},
            "credentials": registry.credentials(ENVIRON),
            "seen": [len(good.seen) for good in goods],
        }
        reports = [one for one in registry.reports() if one.name in GOOD and one.state == "works"]
    mine = {f"{what}-{name}" for what in "tarkwc" for name in GOOD} | {"credentials", "seen"}
    return {name: thing for name, thing in things.items() if name in mine}, reports


#: A broken plugin, its name with a place for a number, and whether it is installed or registered by the program.
FAULTS = st.one_of(
    # What is never taken in does not hold its name against one that works, wherever it comes in the order.
    st.tuples(
        st.sampled_from(REFUSED), st.sampled_from(["a{}", "m1-{}", "z{}", "m1", "m3", "bad name {}"]), st.booleans()
    ),
    st.tuples(st.sampled_from(FAULTY), st.sampled_from(["a{}", "m1-{}", "z{}", "bad name {}"]), st.booleans()),
)


@given(st.lists(FAULTS, max_size=8))
def test_broken_plugins_change_nothing_for_the_others(faults: list[tuple[Callable[[], object], str, bool]]) -> None:
    """Any broken plugins, installed or registered, before or behind the good ones by name, leave those as they are."""
    goods = [Loaded(name, Full(name), Distribution("good")) for name in GOOD]
    alone, reports = offered(goods, [])

    points, own = list(goods), []
    for number, (broken, name, installed) in enumerate(faults):
        plugin = broken()
        if installed or isinstance(plugin, BaseException):
            points.append(Loaded(name.format(number), plugin, Distribution("broken")))
        else:
            own.append((name.format(number), plugin))

    assert offered(points, own) == (alone, reports)
    assert len(reports) == len(GOOD)
    assert alone["seen"] == [2, 2, 2]
