"""The registry: hands out what plugins offer, by name, and says what is missing.

A client has a registry of its own; none is global. pluggy is not to be seen outside of this package. Which plugins there
are and what became of each is in ``roster``, what a plugin must be is in ``checks``.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Final, cast

from attrs import frozen

from scckit.errors import BrokenPlugin, ConfigurationError, MissingPlugin
from scckit.events import Event
from scckit.models.kinds import ProductKind
from scckit.plugins.hookspecs import PROJECT
from scckit.plugins.offers import NAMED, Offers
from scckit.plugins.reports import PluginReport, PluginWarning
from scckit.plugins.roster import Member, Roster
from scckit.plugins.settings import TransportSettings
from scckit.plugins.words import FAULTS, a
from scckit.session.credentials import Credentials
from scckit.session.drivers import AsyncTransport
from scckit.session.messages import Transport
from scckit.session.threads import ThreadTransport
from scckit.site.content import PageReader

__all__ = ["PluginReport", "PluginWarning", "Registry"]

#: The other hooks, and what a plugin that has one is.
_OTHERS: Final[Mapping[str, str]] = {"scckit_credentials": "credentials", "scckit_observe": "observer"}


class Registry:
    """Plugins by what they offer.

    Args:
        discover: Look for entry points of the group ``scckit``; False for a registry that holds only what is registered.
        strict: Raise ``BrokenPlugin`` where a plugin fails, in place of a warning, and again at each later use.
        found: Gives the entry points; a parameter for tests.
        environ: Where ``SCCKIT_PLUGINS``, ``SCCKIT_PLUGINS_BLOCKED`` and ``SCCKIT_PLUGINS_TRACE`` are looked up when plugins
            are first looked for; by default the environment of the process.

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
        found: Callable[[], Iterable[EntryPoint]] = lambda: entry_points(group=PROJECT),
        environ: Mapping[str, str] | None = None,
    ) -> None:
        """Begin; plugins are looked for when something is first asked of the registry."""
        self._roster: Final = Roster(found if discover else tuple, strict=strict, environ=environ)
        self._offers: Final = Offers(self._roster)

    # -- plugins --------------------------------------------------------------------------------------------------------

    def register(self, plugin: object, name: str, distribution: str = "", version: str = "") -> None:
        """Add a plugin: a module, or an object with methods marked ``hookimpl``. No environment variable leaves it out.

        Args:
            plugin: The plugin.
            name: A name that no other plugin has.
            distribution: Name of what it came with, for messages.
            version: Version of that.

        Raises:
            BrokenPlugin: It is not usable, and the registry is strict.
        """
        with self._roster.lock:
            self._offers.forget()
            self._roster.add(Member(name, distribution, version), plugin)

    def reports(self) -> tuple[PluginReport, ...]:
        """Return what became of each plugin, by name; asks every plugin for all that it offers.

        Raises:
            BrokenPlugin: One is not usable, and the registry is strict.
        """
        with self._roster.lock:
            for hook in NAMED:
                self._offers.of(hook)
            return tuple(member.report(self._offered(member)) for member in self._roster)

    def notes(self) -> tuple[str, ...]:
        """Return what is odd about the settings, such as a name in ``SCCKIT_PLUGINS`` that no plugin has."""
        self._roster.discover()
        return self._roster.notes

    def left_out(self) -> str:
        """Return the end of a message about something that is missing: the plugins that could have had it, if any."""
        return self._roster.left_out()

    # -- what they offer ------------------------------------------------------------------------------------------------

    def transports(self) -> Mapping[str, Callable[[TransportSettings], Transport]]:
        """Return all transports' factories by name."""
        return self._offers.things("scckit_transports")

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
        factory: Callable[[TransportSettings], Transport] = self._pick("scckit_transports", name)
        return factory

    def make_transport(self, name: str, settings: TransportSettings) -> Transport:
        """Make a transport.

        Raises:
            MissingPlugin: No plugin offers it, or only for asyncio.
            BrokenPlugin: Its factory failed, or made something else.
            SCCError: What else its factory says about the settings.
        """
        self.transport(name)
        made = self._offers.made("scckit_transports", name, settings, methods=("open", "close"))
        return cast("Transport", made)

    def async_transports(self) -> Mapping[str, Callable[[TransportSettings], AsyncTransport]]:
        """Return the factories of all transports made for asyncio, by name."""
        return self._offers.things("scckit_async_transports")

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
            raise self._offers.missing(name, sorted({*native, *threaded}), "transport")
        return _Wrapping(threaded[name])

    def make_async_transport(self, name: str, settings: TransportSettings) -> AsyncTransport:
        """Make a transport for asyncio: one made for it, else a thread transport in a wrapper.

        Raises:
            MissingPlugin: No plugin offers one of that name.
            BrokenPlugin: Its factory failed, or made something else.
            SCCError: What else its factory says about the settings.
        """
        if isinstance(self.async_transport(name), _Wrapping):
            return ThreadTransport(self.make_transport(name, settings), connections=settings.connections)
        made = self._offers.made("scckit_async_transports", name, settings, methods=("open", "aclose"), plain=False)
        return cast("AsyncTransport", made)

    def page_readers(self) -> Mapping[str, Callable[[], PageReader]]:
        """Return all page readers' factories by name."""
        return self._offers.things("scckit_page_readers")

    def page_reader(self, name: str) -> Callable[[], PageReader]:
        """Return a page reader's factory.

        Raises:
            MissingPlugin: No plugin offers it.
        """
        factory: Callable[[], PageReader] = self._pick("scckit_page_readers", name)
        return factory

    def make_page_reader(self, name: str) -> PageReader:
        """Make a page reader.

        Raises:
            MissingPlugin: No plugin offers it.
            BrokenPlugin: Its factory failed, or made something else.
            SCCError: What else its factory says about the set-up.
        """
        self.page_reader(name)
        return cast("PageReader", self._offers.made("scckit_page_readers", name, methods=("read",)))

    def product_kinds(self) -> tuple[ProductKind, ...]:
        """Return all product kinds, by name."""
        return tuple(self._offers.things("scckit_product_kinds").values())

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
                there = sorted({one for kind in known for one in (kind.name, *kind.aliases)})
                raise self._offers.missing(name, there, "product kind")
            chosen.update((kind.name, kind) for kind in matching)
        return tuple(chosen.values())

    def trees(self) -> Mapping[str, Callable[[Mapping[str, object]], object]]:
        """Return all ways to put opened products together, by name."""
        return self._offers.things("scckit_trees")

    def tree(self, name: str) -> Callable[[Mapping[str, object]], object]:
        """Return a way to put opened products together.

        Raises:
            MissingPlugin: No plugin offers it.
        """
        tree: Callable[[Mapping[str, object]], object] = self._pick("scckit_trees", name)
        return tree

    def commands(self) -> Mapping[str, Callable[[Sequence[str]], int]]:
        """Return all commands for the command line, by name."""
        return self._offers.things("scckit_commands")

    def command(self, name: str) -> Callable[[Sequence[str]], int]:
        """Return a command for the command line.

        Raises:
            MissingPlugin: No plugin offers it.
        """
        command: Callable[[Sequence[str]], int] = self._pick("scckit_commands", name)
        return command

    def credentials(self, environ: Mapping[str, str]) -> Credentials | None:
        """Return the first credentials that a plugin knows, in the order of the plugins' names, or None.

        Raises:
            ConfigurationError: A plugin found something that is not complete, and says what.
        """
        with self._roster.lock:
            self._roster.discover()
            found: Credentials | None = None
            for member in self._roster:
                for one in member.implementing("scckit_credentials"):
                    try:
                        # A copy for each, so that none changes what the next one sees.
                        result = self._roster.call(member, one, environ=dict(environ))
                    except ConfigurationError:
                        raise  # what is wrong with the set-up is for the user to mend, not a fault of the plugin
                    except FAULTS as error:
                        self._roster.fail(member, "call", error, secret=True)
                        continue
                    if result is None or isinstance(result, Credentials):
                        found = found or result
                    else:
                        problem = f"scckit_credentials must return Credentials or None; it returned {a(result)}"
                        self._roster.fail(member, "call", BrokenPlugin(problem))
                if found is not None:
                    break
            self._roster.tell()
        return found

    def observe(self, event: Event) -> None:
        """Tell all plugins of an event."""
        self._roster.discover()
        for member, one in self._roster.observers:
            try:
                result = self._roster.call(member, one, event=event)
                if inspect.iscoroutine(result):
                    raise BrokenPlugin(f"scckit_observe must be done when it returns; it returned {a(result)}")
            except FAULTS as error:
                self._roster.silence(member, error)

    def _offered(self, member: Member) -> tuple[str, ...]:
        things = [
            f"{what} {name}"
            for hook, what in NAMED.items()
            for name, offer in self._offers.of(hook).items()
            if offer.member is member
        ]
        return (*things, *(what for hook, what in _OTHERS.items() if member.implementing(hook)))

    def _pick(self, hook: str, name: str) -> Any:  # noqa: ANN401 - the methods above know the type
        offers = self._offers.of(hook)
        if name not in offers:
            raise self._offers.missing(name, list(offers), NAMED[hook])
        return offers[name].thing


@frozen
class _Wrapping:
    """Makes thread transports usable for asyncio."""

    factory: Callable[[TransportSettings], Transport]

    @property
    def offline(self) -> bool:
        return bool(getattr(self.factory, "offline", False))

    def __call__(self, settings: TransportSettings) -> AsyncTransport:
        return ThreadTransport(self.factory(settings), connections=settings.connections)
