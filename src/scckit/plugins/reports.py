"""What became of a plugin, as plain values; and the warning about one that was left out. Nothing is decided here."""

from __future__ import annotations

from typing import Literal, TypeAlias

from attrs import frozen

__all__ = ["PluginReport", "PluginWarning", "Stage", "State"]

#: Where a plugin failed. ``discover``: another plugin has its name. ``import``: its entry point does not load.
#: ``register``: it is no plugin, or its hooks are not as they must be. ``call``: a hook failed, or returned what it must
#: not. ``make``: a factory failed, or made what it must not. Empty: nowhere.
Stage: TypeAlias = Literal["", "discover", "import", "register", "call", "make"]

#: ``works``; ``failed``: left out, wholly or in part; ``blocked``: an environment variable leaves it out.
State: TypeAlias = Literal["works", "failed", "blocked"]


class PluginWarning(UserWarning):
    """A plugin was left out, or a setting about plugins names none; the message says why."""


@frozen
class PluginReport:
    """What became of one plugin.

    Attributes:
        name: Name of its entry point, or the name that it was registered under.
        distribution: Name of its distribution, empty if it has none.
        version: Version of its distribution, empty if it has none.
        state: Whether it works.
        hooks: Hooks that it implements, sorted; empty if it was not registered.
        offers: What it offers and may be asked for, such as ``transport urllib3`` or ``credentials``.
        stage: Where it failed first; empty if it did not.
        error: All that failed, or which variable blocks it; empty if it works.
    """

    name: str
    distribution: str = ""
    version: str = ""
    state: State = "works"
    hooks: tuple[str, ...] = ()
    offers: tuple[str, ...] = ()
    stage: Stage = ""
    error: str = ""

    @property
    def origin(self) -> str:
        """Distribution and version in one, such as ``scckit-urllib3 0.1.0``; empty if it has none."""
        return f"{self.distribution} {self.version}".strip()
