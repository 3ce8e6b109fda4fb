"""All plugins of a registry as a table for people and as JSON for programs. Prints nothing.

The JSON is one object; keys may be added, and none is renamed or removed within one ``api_version``:

=================  ========================================================================================
``scckit``         version of scckit
``api_version``    version of the plugin API, see ``scckit.plugins``
``plugins``        a list, sorted by ``name``, of objects with the keys below
``missing``        a list of objects with ``what`` (such as ``transport``) and ``install`` (a command), one
                   for each thing that most users need, no plugin offers and is not installed
``notes``          a list of sentences about settings that name no plugin or cannot be understood
=================  ========================================================================================

Each plugin has ``name``, ``distribution``, ``version`` (empty if it has none), ``state`` (``works``, ``failed`` or
``blocked``), ``hooks`` and ``offers`` (lists of texts), ``stage`` (empty, ``discover``, ``import``, ``register``, ``call`` or
``make``) and ``error`` (empty if it works).
"""

from __future__ import annotations

import json
import textwrap
from typing import Final

from attrs import asdict, frozen

from scckit._version import __version__
from scckit.plugins.hookspecs import API_VERSION
from scckit.plugins.offers import INSTALL
from scckit.plugins.registry import Registry
from scckit.plugins.reports import PluginReport

__all__ = ["Listing"]

_HEADINGS: Final = ("plugin", "distribution", "state", "offers")
_GAP: Final = "  "
_INDENT: Final = "    "
#: What is offered is never squeezed into less, however narrow a terminal is.
_NARROWEST: Final = 24


@frozen
class Listing:
    """What became of all plugins.

    Attributes:
        plugins: What became of each, by name.
        missing: What most users need and no plugin offers, each with the command that installs it.
        notes: What is odd about the settings.

    Example:
        >>> registry = Registry(discover=False)
        >>> print(Listing.of(registry).table())
        no plugin is installed
        no transport is installed: pip install scckit-urllib3
        no page reader is installed: pip install scckit-parsel
        no product kind is installed: pip install scckit-products
        no tree is installed: pip install scckit-products
    """

    plugins: tuple[PluginReport, ...]
    missing: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]

    @classmethod
    def of(cls, registry: Registry) -> Listing:
        """Look at all plugins of a registry, asking each for all that it offers.

        Raises:
            BrokenPlugin: One is not usable, and the registry is strict.
        """
        plugins = registry.reports()
        offered = {offer.rpartition(" ")[0] for one in plugins for offer in one.offers}
        installed = {one.distribution for one in plugins}
        missing = tuple(
            (what, f"pip install {name}")
            for what, name in INSTALL.items()
            if what not in offered and name not in installed
        )
        return cls(plugins, missing, registry.notes())

    @property
    def failed(self) -> bool:
        """Whether some plugin failed."""
        return any(one.state == "failed" for one in self.plugins)

    def table(self, width: int | None = None) -> str:
        """Return a table for people, without a line end at its end.

        Each plugin has a line; what failed or blocks it stands below, on a line of its own, indented.

        Args:
            width: Characters of a line. What a plugin offers goes on below itself where it is longer; names are never
                broken, and errors stay on one line. None for lines of any length.
        """
        lines = _table(self.plugins, width) if self.plugins else ["no plugin is installed"]
        lines += [f"no {what} is installed: {command}" for what, command in self.missing]
        return "\n".join(map(_plain, [*lines, *self.notes]))

    def json(self) -> str:
        """Return all of it as JSON, in ASCII; the keys are told at the head of this module."""
        value = {
            "scckit": __version__,
            "api_version": API_VERSION,
            "plugins": [asdict(one) for one in self.plugins],
            "missing": [{"what": what, "install": command} for what, command in self.missing],
            "notes": self.notes,
        }
        return json.dumps(value, indent=2)


def _table(plugins: tuple[PluginReport, ...], width: int | None) -> list[str]:
    rows = [_HEADINGS, *((one.name, one.origin, one.state, ", ".join(one.offers)) for one in plugins)]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    left = sum(widths) + len(_GAP) * len(widths)
    room = None if width is None else max(width - left, _NARROWEST)
    lines = []
    for row, report in zip(rows, (None, *plugins), strict=True):
        first, *rest = _folded(row[3], room)
        lines.append(_GAP.join((*(text.ljust(size) for text, size in zip(row[:3], widths, strict=True)), first)))
        lines += [" " * left + more for more in rest]
        if report is not None and report.error:
            lines.append(_INDENT + (f"{report.stage}: " if report.stage else "") + report.error)
    return [line.rstrip() for line in lines]


def _folded(text: str, room: int | None) -> list[str]:
    if room is None or not text:
        return [text]
    # An offer such as "transport urllib3" stays whole: only the blanks behind commas are places to break at.
    bound = text.replace(", ", ",\0").replace(" ", "\xa0").replace("\0", " ")
    lines = textwrap.wrap(bound, room, break_long_words=False, break_on_hyphens=False)
    return [line.replace("\xa0", " ") for line in lines]


def _plain(line: str) -> str:
    """Replace what a terminal would take for something else than text; errors of plugins may hold anything."""
    return "".join(sign if sign.isprintable() else "?" for sign in line)
