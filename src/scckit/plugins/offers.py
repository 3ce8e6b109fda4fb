"""What the plugins of a roster offer by name: asked for once, merged, picked, made. Which type it is of, the registry knows."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from typing import Any, Final

from attrs import frozen

from scckit.errors import BrokenPlugin, MissingPlugin, SCCError
from scckit.plugins import results
from scckit.plugins.discovery import BLOCKED_VARIABLE
from scckit.plugins.roster import Member, Roster
from scckit.plugins.words import FAULTS, told

__all__ = ["INSTALL", "NAMED", "Offer", "Offers"]

#: The hooks that offer things by name, and what such a thing is called.
NAMED: Final[Mapping[str, str]] = {
    "scckit_transports": "transport",
    "scckit_async_transports": "transport for asyncio",
    "scckit_page_readers": "page reader",
    "scckit_product_kinds": "product kind",
    "scckit_trees": "tree",
    "scckit_commands": "command",
}

#: Distributions that bring what most users need, for the error messages.
INSTALL: Final[Mapping[str, str]] = {
    "transport": "scckit-urllib3",
    "page reader": "scckit-parsel",
    "product kind": "scckit-products",
    "tree": "scckit-products",
}

#: What comes with another distribution than that, by its name.
_ELSEWHERE: Final[Mapping[str, str]] = {"replay": "scckit-replay", "emulator": "scckit-emulator"}


@frozen
class Offer:
    """What is offered under a name, and by whom."""

    thing: Any
    member: Member


class Offers:
    """All that the plugins of a roster offer by name."""

    def __init__(self, roster: Roster) -> None:
        """Begin; a plugin is asked through a hook when something of that hook is first looked up."""
        self._roster: Final = roster
        self._merged: dict[str, dict[str, Offer]] = {}

    def forget(self) -> None:
        """Merge anew at the next look, since there are more plugins; those that were asked are not asked again."""
        self._merged.clear()

    def of(self, hook: str) -> Mapping[str, Offer]:
        """Return what all plugins offer through a hook, sorted by name.

        Raises:
            BrokenPlugin: A plugin failed, and the roster is strict.
        """
        with self._roster.lock:
            self._roster.discover()
            if hook not in self._merged:
                merged: dict[str, Offer] = {}
                for member in self._roster:
                    for name, thing in self._asked(member, hook).items():
                        if name in merged:
                            self._roster.fail(member, "call", _conflict(hook, name, merged[name].member, member))
                        else:
                            merged[name] = Offer(thing, member)
                self._merged[hook] = dict(sorted(merged.items()))
            self._roster.tell()
            return self._merged[hook]

    def things(self, hook: str) -> dict[str, Any]:
        """Return what all plugins offer through a hook, without saying by whom."""
        return {name: offer.thing for name, offer in self.of(hook).items()}

    def _asked(self, member: Member, hook: str) -> Mapping[str, Any]:
        """Return what one plugin offers that is as it must be; the rest is its failure."""
        if hook not in member.offers:
            member.offers[hook] = found = {}
            for one in member.implementing(hook):
                try:
                    good, wrong = results.offers(hook, self._roster.call(member, one))
                except FAULTS as error:
                    self._roster.fail(member, "call", error)
                    continue
                found.update(good)
                for problem in wrong:
                    self._roster.fail(member, "call", BrokenPlugin(problem))
        return member.offers[hook]

    def made(self, hook: str, name: str, *arguments: object, methods: Sequence[str], plain: bool = True) -> object:
        """Call a factory that is there, and make sure that it made what it should.

        Args:
            hook: Hook through which it is offered.
            name: Its name.
            arguments: What it is called with.
            methods: What must be there of what it makes.
            plain: None of them may be ``async``.

        Raises:
            BrokenPlugin: It failed, or made something else.
            SCCError: What else it says about the arguments.
        """
        offer = self.of(hook)[name]
        try:
            made = offer.thing(*arguments)
            problem = results.lack(made, methods, plain=plain)
        except SCCError:
            raise  # about what the user gave it, and in words for the user
        except FAULTS as error:
            raise self._unmade(hook, name, offer.member, told(error)) from error
        if problem:
            raise self._unmade(hook, name, offer.member, problem)
        return made

    def _unmade(self, hook: str, name: str, member: Member, problem: str) -> BrokenPlugin:
        message = f"the {NAMED[hook]} {name!r} cannot be made: {problem}"
        with self._roster.lock:
            member.note("make", message)
        return BrokenPlugin(f"{member} is broken: {message}; report it to its author")

    def missing(self, name: str, there: Sequence[str], what: str) -> MissingPlugin:
        """Return the error about a name that nobody offers: what there is, what is near, and how to get more."""
        source = _ELSEWHERE.get(name) or INSTALL.get(what)
        near = difflib.get_close_matches(str(name).lower(), there, n=1)
        if name in _ELSEWHERE:
            hint = f": pip install {source}"
        elif near:
            hint = f"; did you mean {near[0]!r}?"
        elif source is None or any(member.distribution == source for member in self._roster):
            hint = ""  # nobody is known to have it; or who has is installed, and has no such thing or is left out
        else:
            hint = f"; more come with other distributions, such as {source}" if there else f": pip install {source}"
        listed = f"there is no {what} {name!r} (there are: {', '.join(there)})"
        message = (listed if there else f"no {what} {name!r} is installed, there is none at all") + hint
        return MissingPlugin(message + self._roster.left_out())


def _conflict(hook: str, name: str, first: Member, second: Member) -> BrokenPlugin:
    return BrokenPlugin(
        f"{first} offers a {NAMED[hook]} {name!r} already, which is used; leave one of them out, such as with"
        f" {BLOCKED_VARIABLE}={second.name}"
    )
