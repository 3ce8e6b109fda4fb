"""The roster: all plugins of a registry, what became of each, and how one is called. What they offer is not looked at here.

What a plugin must be is in ``checks``, which ones are let in is in ``discovery``.
"""

from __future__ import annotations

import logging
import os
import time
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from importlib.metadata import EntryPoint
from threading import RLock
from typing import Any, Final

from attrs import define, field, frozen

from scckit.errors import BrokenPlugin
from scckit.plugins import checks
from scckit.plugins.checks import Implementation
from scckit.plugins.discovery import Selection, in_order
from scckit.plugins.reports import PluginReport, PluginWarning, Stage
from scckit.plugins.results import named
from scckit.plugins.words import FAULTS, told

__all__ = ["Member", "Roster"]

_log: Final = logging.getLogger("scckit.plugins")

_OBSERVE: Final = "scckit_observe"


@define(eq=False)
class Member:
    """One plugin and what became of it.

    Attributes:
        name: Its name.
        distribution: Name of its distribution, or empty.
        version: Version of its distribution, or empty.
        plugin: The plugin itself, None if it was not taken in.
        hooks: Its hooks, none if it was not taken in.
        refusal: Which variable blocks it, or empty.
        failures: What failed, in order.
        offers: What it offers, by hook and name, for each hook that it was asked through.
    """

    name: str
    distribution: str = ""
    version: str = ""
    plugin: object = None
    hooks: tuple[Implementation, ...] = ()
    refusal: str = ""
    failures: list[tuple[Stage, str]] = field(factory=list)
    offers: dict[str, dict[str, Any]] = field(factory=dict)

    def __str__(self) -> str:
        return f"the plugin {self.name!r}" + (f" of {self.origin}" if self.origin else "")

    @property
    def origin(self) -> str:
        """Distribution and version in one, or empty."""
        return f"{self.distribution} {self.version}".strip()

    @property
    def taken(self) -> bool:
        """Whether it was taken in."""
        return self.plugin is not None

    def implementing(self, hook: str) -> tuple[Implementation, ...]:
        """Return what it has of a hook."""
        return tuple(one for one in self.hooks if one.hook == hook)

    def note(self, stage: Stage, text: str) -> bool:
        """Keep what failed; False if it was kept already."""
        known = (stage, text) in self.failures
        if not known:
            self.failures.append((stage, text))
        return not known

    def report(self, offers: tuple[str, ...]) -> PluginReport:
        """Return what became of it."""
        return PluginReport(
            self.name,
            self.distribution,
            self.version,
            "failed" if self.failures else "blocked" if self.refusal else "works",
            tuple(dict.fromkeys(one.hook for one in self.hooks)),
            offers,
            self.failures[0][0] if self.failures else "",
            "; ".join(text for _, text in self.failures) or self.refusal,
        )


@frozen
class _Failure:
    """What failed, until it is told."""

    message: str
    cause: BaseException
    secret: bool

    def error(self, more: int = 0) -> BrokenPlugin:
        error = BrokenPlugin(self.message + (f" (and {more} more)" if more else ""))
        error.__cause__ = None if self.secret else self.cause
        error.__suppress_context__ = True
        return error


class Roster:
    """All plugins of a registry; see ``Registry`` for the arguments. ``lock`` is held by whoever changes something."""

    def __init__(
        self, found: Callable[[], Iterable[EntryPoint]], *, strict: bool, environ: Mapping[str, str] | None
    ) -> None:
        """Begin with no plugin."""
        self.lock: Final = RLock()
        self.notes: tuple[str, ...] = ()
        self.observers: tuple[tuple[Member, Implementation], ...] = ()
        self._found: Final = found
        self._strict: Final = strict
        self._environ: Final = environ
        self._selection: Selection | None = None
        self._members: list[Member] = []
        self._untold: list[_Failure] = []
        self._broken: BrokenPlugin | None = None

    def __iter__(self) -> Iterator[Member]:
        """Give all plugins, by name."""
        return iter(sorted(self._members, key=lambda one: one.name))

    # -- who is in ------------------------------------------------------------------------------------------------------

    def discover(self) -> None:
        """Take in what is installed, the first time that this is called.

        Raises:
            BrokenPlugin: Some plugin is not usable, and the roster is strict; again at each later call.
        """
        with self.lock:
            if self._broken is not None:
                raise self._broken
            if self._selection is not None:
                return
            found = in_order(self._found())
            self._selection = Selection.of(os.environ if self._environ is None else self._environ)
            for one in found:
                member = Member(one.point.name, one.distribution, one.version)
                member.refusal = self._selection.refusal(member.name)
                if member.refusal:
                    self._members.append(member)
                else:
                    self._take_in(member, point=one.point)
            self.notes = self._selection.notes({one.point.name for one in found})
            self.tell()
            for note in self.notes:
                warnings.warn(note, PluginWarning, stacklevel=2)

    def add(self, member: Member, plugin: object) -> None:
        """Take in what a program registers.

        Raises:
            BrokenPlugin: It is not usable, and the roster is strict.
        """
        with self.lock:
            self._take_in(member, plugin)
            self.tell(lasting=False)

    def _take_in(self, member: Member, plugin: object = None, point: EntryPoint | None = None) -> None:
        """Take in a plugin, or what an entry point stands for; what is wrong with it is noted."""
        stage: Stage = "register"
        try:
            if point is not None:
                stage = "discover"
                self._require_free_name(member)
                stage = "import"
                plugin = _loaded(point)
                stage = "register"
            else:
                self._require_free_name(member)
            same = next((one for one in self._members if one.taken and one.plugin is plugin), None)
            if same is not None:
                raise BrokenPlugin(f"it is there already, as {same.name!r}")
            member.hooks = checks.implementations(plugin, member.name, member.distribution)
            member.plugin = plugin
        except FAULTS as error:
            self.fail(member, stage, error)
        self._members.append(member)
        self._see_observers()

    def _require_free_name(self, member: Member) -> None:
        """Refuse a second plugin of a name; one that is broken does not hold its name against one that works."""
        twin = next((one for one in self._members if one.taken and one.name == member.name), None)
        if twin is not None:
            raise BrokenPlugin(
                f"two plugins are called {member.name!r}; the other one, of {twin.origin or 'this program'}, is used"
            )

    def _see_observers(self) -> None:
        self.observers = tuple((member, one) for member in self for one in member.hooks if one.hook == _OBSERVE)

    # -- what became of them --------------------------------------------------------------------------------------------

    def fail(self, member: Member, stage: Stage, error: BaseException, *, secret: bool = False) -> None:
        """Note a failure, to be told as soon as nothing is half done; the same one is noted once.

        Args:
            member: The plugin.
            stage: Where it failed.
            error: What left it.
            secret: Its text may hold a secret, so that only its type is told.
        """
        text = f"{type(error).__name__} (its text is not shown, for it may hold a secret)" if secret else told(error)
        if member.note(stage, text):
            left_out = f"what failed of {member}" if stage == "call" else str(member)
            self._untold.append(_Failure(f"{left_out} is left out: {stage} failed: {text}", error, secret))

    def tell(self, *, lasting: bool = True) -> None:
        """Warn of what failed.

        Args:
            lasting: A strict roster is of no use any more.

        Raises:
            BrokenPlugin: Something failed, and the roster is strict.
        """
        untold, self._untold = self._untold, []
        if not self._strict:
            for one in untold:
                warnings.warn(one.message, PluginWarning, stacklevel=2)
        elif untold:
            error = untold[0].error(more=len(untold) - 1)
            self._broken = error if lasting else None
            raise error

    def left_out(self) -> str:
        """Return the end of a message about something that is missing: the plugins that could have had it, if any."""
        with self.lock:
            why = [
                f"{one.name} ({one.refusal or one.failures[0][0] + ' failed'})"
                for one in self
                if one.refusal or one.failures
            ]
        return f"; left out are {', '.join(why)}: see `python -m scckit plugins`" if why else ""

    # -- calls ----------------------------------------------------------------------------------------------------------

    def call(self, member: Member, one: Implementation, **given: object) -> object:
        """Call one hook of one plugin; whatever leaves it leaves here."""
        if self._selection is None or not self._selection.trace:
            return one.function(*(given[name] for name in one.arguments))
        begin, outcome = time.perf_counter(), "interrupted"
        try:
            result = one.function(*(given[name] for name in one.arguments))
            outcome = f"gave {named(result)}"
        except FAULTS as error:
            outcome = f"failed with {type(error).__name__}"
            raise
        else:
            return result
        finally:
            seconds = time.perf_counter() - begin
            level = logging.DEBUG if one.hook == _OBSERVE else logging.INFO
            _log.log(level, "%s of %s: %.6f s, %s", one.hook, member, seconds, outcome)

    def silence(self, member: Member, error: BaseException) -> None:
        """Tell an observer of nothing more, since it failed."""
        with self.lock:
            self.observers = tuple((one, hook) for one, hook in self.observers if one is not member)
            self.fail(member, "call", error)
            self.tell()


def _loaded(point: EntryPoint) -> object:
    try:
        return point.load()
    except FAULTS as error:
        hint = ""
        if isinstance(error, ImportError) and (error.name or "").partition(".")[0] == "scckit":
            hint = "; it is written for another version of scckit: upgrade scckit or the plugin"
        raise BrokenPlugin(f"{point.value!r} does not load: {told(error)}{hint}") from error
