"""The registry: finds plugins, keeps apart the broken ones, and hands out what the others offer.

A client has a registry of its own; none is global. pluggy is not to be seen outside of this package.
"""

from __future__ import annotations

import difflib
import inspect
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from importlib.metadata import EntryPoint, entry_points
from threading import RLock
from typing import Any, Final, TypeVar

import pluggy
from attrs import frozen

from scckit.errors import BrokenPlugin, ConfigurationError, MissingPlugin
from scckit.events import Event
from scckit.models.kinds import ProductKind
from scckit.plugins import hookspecs
from scckit.plugins.settings import TransportSettings
from scckit.session.credentials import Credentials
from scckit.session.drivers import AsyncTransport, ThreadTransport
from scckit.session.messages import Transport
from scckit.site.content import PageReader

__all__ = ["PluginReport", "PluginWarning", "Registry"]

T = TypeVar("T")

#: Distributions that bring what most users need, for the error messages.
_INSTALL: Final[Mapping[str, str]] = {
    "transport": "scckit-urllib3",
    "page reader": "scckit-parsel",
    "product kind": "scckit-products",
    "tree": "scckit-products",
}


class PluginWarning(UserWarning):
    """A plugin was left out; the message says why."""


@frozen
class PluginReport:
    """What became of one plugin.

    Attributes:
        name: Name of its entry point, or the name that it was registered under.
        distribution: Name and version of its distribution, empty if it has none.
        hooks: Hooks that it implements.
        stage: Where it failed: ``import``, ``register``, ``call``; empty if it works.
        error: What failed, empty if it works.
    """

    name: str
    distribution: str = ""
    hooks: tuple[str, ...] = ()
    stage: str = ""
    error: str = ""


class Registry:
    """Plugins by what they offer.

    Args:
        discover: Look for entry points of the group ``scckit``; False for a registry that holds only what is registered.
        strict: Raise ``BrokenPlugin`` at the first plugin that fails, in place of a warning.
        found: Gives the entry points; a parameter for tests.

    Example:
        >>> registry = Registry(discover=False)
        >>> registry.transport("urllib3")
        Traceback (most recent call last):
        scckit.errors.MissingPlugin: no transport 'urllib3' is installed, there is none at all: pip install scckit-urllib3
    """

    def __init__(
        self,
        *,
        discover: bool = True,
        strict: bool = False,
        found: Callable[[], Iterable[EntryPoint]] = lambda: entry_points(group=hookspecs.PROJECT),
    ) -> None:
        """Begin; plugins are looked for when something is first asked of the registry."""
        self._manager = pluggy.PluginManager(hookspecs.PROJECT)
        self._manager.add_hookspecs(hookspecs)
        self._found: Callable[[], Iterable[EntryPoint]] | None = found if discover else None
        self._strict = strict
        self._lock = RLock()
        self._reports: dict[str, PluginReport] = {}
        self._offers: dict[str, dict[str, Any]] = {}

    # -- plugins --------------------------------------------------------------------------------------------------------

    def register(self, plugin: object, name: str, distribution: str = "") -> None:
        """Add a plugin: a module, or an object with methods marked ``hookimpl``.

        Raises:
            BrokenPlugin: It is not usable, and the registry is strict.
        """
        with self._lock:
            self._offers.clear()
            try:
                hooks = self._check(plugin, name)
                self._manager.register(plugin, name)
            except Exception as error:  # noqa: BLE001 - whatever a plugin does must not stop the others
                self._fail(PluginReport(name, distribution, stage="register"), error)
            else:
                self._reports[name] = PluginReport(name, distribution, hooks)

    def reports(self) -> tuple[PluginReport, ...]:
        """Return what became of each plugin, by name; asks every plugin for all that it offers."""
        self.transports()
        self.async_transports()
        self.page_readers()
        self.product_kinds()
        self.trees()
        return tuple(report for _, report in sorted(self._reports.items()))

    def _discover(self) -> None:
        with self._lock:
            if self._found is None:
                return
            found, self._found = self._found, None
            for point in sorted(found(), key=lambda point: (point.name, point.value)):
                distribution = f"{point.dist.name} {point.dist.version}" if point.dist else ""
                try:
                    plugin = point.load()
                except Exception as error:  # noqa: BLE001 - as in register
                    self._fail(PluginReport(point.name, distribution, stage="import"), error)
                else:
                    self.register(plugin, point.name, distribution)

    def _check(self, plugin: object, name: str) -> tuple[str, ...]:
        """Find what pluggy lets pass silently: no hook at all, a misspelt hook, a class instead of an object."""
        if name in self._reports:
            msg = f"two plugins are called {name!r} (the other is from {self._reports[name].distribution or 'here'})"
            raise BrokenPlugin(msg)
        if inspect.isclass(plugin):
            msg = "it is a class; register an instance of it"
            raise BrokenPlugin(msg)
        known = {hook for hook in hookspecs.__all__ if hook.startswith("scckit_")}
        marked = [one for one in dir(plugin) if self._manager.parse_hookimpl_opts(plugin, one) is not None]
        for one in marked:
            if one not in known:
                near = difflib.get_close_matches(one, known, n=1)
                hint = f"; is {near[0]} meant?" if near else f"; there are {', '.join(sorted(known))}"
                msg = f"it implements {one}, which is no hook{hint}"
                raise BrokenPlugin(msg)
        if not marked:
            unmarked = sorted(known & set(dir(plugin)))
            msg = f"{unmarked[0]} lacks its @hookimpl" if unmarked else "it implements no hook"
            raise BrokenPlugin(msg)
        return tuple(marked)

    def _fail(self, report: PluginReport, error: BaseException) -> None:
        text = f"{type(error).__name__}: {error}" if not isinstance(error, BrokenPlugin) else str(error)
        report = PluginReport(report.name, report.distribution, report.hooks, report.stage, text)
        # A second plugin of a name must not hide the report of the first.
        key = (
            report.name
            if report.name not in self._reports or report.stage == "call"
            else f"{report.name} ({report.distribution})"
        )
        self._reports[key] = report
        origin = f" of {report.distribution}" if report.distribution else ""
        msg = f"the plugin {report.name!r}{origin} is left out: {report.stage} failed: {text}"
        if self._strict:
            raise BrokenPlugin(msg) from error
        warnings.warn(msg, PluginWarning, stacklevel=4)

    # -- what they offer ------------------------------------------------------------------------------------------------

    def transports(self) -> Mapping[str, Callable[[TransportSettings], Transport]]:
        """Return all transports' factories by name."""
        return self._named("scckit_transports", "transport")

    def transport(self, name: str) -> Callable[[TransportSettings], Transport]:
        """Return a transport's factory.

        Raises:
            MissingPlugin: No plugin offers it, or only for asyncio.
        """
        threaded = self.transports()
        if name not in threaded and name in self.async_transports():
            raise MissingPlugin(
                f"the transport {name!r} is for asyncio alone: use scckit.connect_async, or another transport"
            )
        return _pick(threaded, name, "transport")

    def async_transports(self) -> Mapping[str, Callable[[TransportSettings], AsyncTransport]]:
        """Return the factories of all transports made for asyncio, by name."""
        return self._named("scckit_async_transports", "transport for asyncio")

    def async_transport(self, name: str) -> Callable[[TransportSettings], AsyncTransport]:
        """Return a factory of transports for asyncio: of one made for it, else of a thread transport in a wrapper.

        Raises:
            MissingPlugin: No plugin offers one of that name.
        """
        native = self.async_transports()
        if name in native:
            return native[name]
        threaded = self.transports()
        if name not in threaded:
            raise _missing(name, sorted({*native, *threaded}), "transport")
        return _Wrapping(threaded[name])

    def page_readers(self) -> Mapping[str, Callable[[], PageReader]]:
        """Return all page readers' factories by name."""
        return self._named("scckit_page_readers", "page reader")

    def page_reader(self, name: str) -> Callable[[], PageReader]:
        """Return a page reader's factory.

        Raises:
            MissingPlugin: No plugin offers it.
        """
        return _pick(self.page_readers(), name, "page reader")

    def product_kinds(self) -> tuple[ProductKind, ...]:
        """Return all product kinds, by name."""
        return tuple(self._named("scckit_product_kinds", "product kind").values())

    def kinds(self, names: Sequence[str]) -> tuple[ProductKind, ...]:
        """Return the product kinds of the given names or aliases, each once; an alias stands for all kinds that carry it.

        Raises:
            MissingPlugin: No plugin offers a kind of some name.
        """
        known = self.product_kinds()
        chosen: dict[str, ProductKind] = {}
        for name in names:
            matching = [kind for kind in known if kind.name == name] or [kind for kind in known if name in kind.aliases]
            if not matching:
                raise _missing(
                    name, sorted({one for kind in known for one in (kind.name, *kind.aliases)}), "product kind"
                )
            chosen.update((kind.name, kind) for kind in matching)
        return tuple(chosen.values())

    def trees(self) -> Mapping[str, Callable[[Mapping[str, object]], object]]:
        """Return all ways to put opened products together, by name."""
        return self._named("scckit_trees", "tree")

    def tree(self, name: str) -> Callable[[Mapping[str, object]], object]:
        """Return a way to put opened products together.

        Raises:
            MissingPlugin: No plugin offers it.
        """
        return _pick(self.trees(), name, "tree")

    def credentials(self, environ: Mapping[str, str]) -> Credentials | None:
        """Return the first credentials that a plugin knows, in the order of the plugins' names, or None.

        Raises:
            ConfigurationError: A plugin found something that is not complete, and says what.
        """
        with self._lock:
            self._discover()
            for name, result in self._ask("scckit_credentials", environ=environ):
                if isinstance(result, Credentials):
                    return result
                if result is not None:
                    self._fail_call(name, BrokenPlugin(f"scckit_credentials returned {type(result).__name__}"))
        return None

    def observe(self, event: Event) -> None:
        """Tell all plugins of an event."""
        self._discover()
        for implementation in self._manager.hook.scckit_observe.get_hookimpls():
            try:
                implementation.function(*(event for _ in implementation.argnames))
            except Exception as error:  # noqa: BLE001 - an observer must not disturb what it observes
                self._manager.unregister(implementation.plugin)
                self._fail_call(implementation.plugin_name, error)

    def _named(self, hook: str, what: str) -> Mapping[str, Any]:
        """Return what all plugins offer through a hook, by name; asks them at the first call."""
        with self._lock:
            self._discover()
            if hook not in self._offers:
                offers: dict[str, Any] = {}
                for plugin, result in self._ask(hook):
                    for name, offer in self._checked(
                        plugin, _kinds(result) if what == "product kind" else result, what
                    ):
                        if name in offers:
                            self._fail_call(plugin, BrokenPlugin(f"another plugin offers a {what} {name!r} already"))
                        else:
                            offers[name] = offer
                self._offers[hook] = dict(sorted(offers.items()))
            return dict(self._offers[hook])

    def _checked(self, plugin: str, result: object, what: str) -> Iterator[tuple[str, Any]]:
        """Give the offers of one plugin that are what they must be; the others are its failure."""
        if not isinstance(result, Mapping):
            found = type(result).__name__
            self._fail_call(
                plugin, BrokenPlugin(f"its hook for a {what} must not return {found}; see the hook's documentation")
            )
            return
        for name, offer in result.items():
            if isinstance(name, str) and (what == "product kind" or callable(offer)):
                yield name, offer
            else:
                self._fail_call(plugin, BrokenPlugin(f"{what} {name!r} is not a function under a name"))

    def _ask(self, hook: str, **arguments: object) -> Iterator[tuple[str, object]]:
        """Call each plugin's implementation by itself, sorted by name; pluggy's own call would stop at the first failure."""
        implementations = getattr(self._manager.hook, hook).get_hookimpls()
        for one in sorted(implementations, key=lambda one: one.plugin_name):
            try:
                result = one.function(*(arguments[name] for name in one.argnames))
            except ConfigurationError:
                raise  # what is wrong with the set-up is for the user to mend, not a fault of the plugin
            except Exception as error:  # noqa: BLE001 - as in register
                self._fail_call(one.plugin_name, error)
            else:
                yield one.plugin_name, result

    def _fail_call(self, name: str, error: BaseException) -> None:
        known = self._reports.get(name, PluginReport(name))
        self._fail(PluginReport(name, known.distribution, known.hooks, "call"), error)


@frozen
class _Wrapping:
    """Makes thread transports usable for asyncio."""

    factory: Callable[[TransportSettings], Transport]

    @property
    def offline(self) -> bool:
        return bool(getattr(self.factory, "offline", False))

    def __call__(self, settings: TransportSettings) -> AsyncTransport:
        return ThreadTransport(self.factory(settings))


def _kinds(result: object) -> Mapping[str, ProductKind] | object:
    """Put product kinds under their names, as the other hooks return their offers; what are none stays as it is."""
    if not isinstance(result, Sequence) or not all(isinstance(kind, ProductKind) for kind in result):
        return result
    return {kind.name: kind for kind in result}


def _pick(offers: Mapping[str, T], name: str, what: str) -> T:
    try:
        return offers[name]
    except KeyError:
        raise _missing(name, sorted(offers), what) from None


def _missing(name: str, there: Sequence[str], what: str) -> MissingPlugin:
    if not there:
        return MissingPlugin(f"no {what} {name!r} is installed, there is none at all: pip install {_INSTALL[what]}")
    near = difflib.get_close_matches(str(name).lower(), there, n=1)
    hint = f"; did you mean {near[0]!r}?" if near else f"; more come with other distributions, such as {_INSTALL[what]}"
    return MissingPlugin(f"there is no {what} {name!r} (there are: {', '.join(there)}){hint}")
