"""Which plugins are installed, and which of them the environment lets in. Reads metadata; imports no plugin."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from importlib.metadata import EntryPoint
from typing import Final

from attrs import frozen

from scckit.plugins.words import near

__all__ = ["ALLOWED_VARIABLE", "BLOCKED_VARIABLE", "TRACE_VARIABLE", "Found", "Selection", "in_order"]

#: Names of the entry points that are let in, with commas between; set but empty, none is.
ALLOWED_VARIABLE: Final = "SCCKIT_PLUGINS"

#: Names of the entry points that are left out, with commas between; wins over the other list.
BLOCKED_VARIABLE: Final = "SCCKIT_PLUGINS_BLOCKED"

#: ``1``: every call of a hook is logged.
TRACE_VARIABLE: Final = "SCCKIT_PLUGINS_TRACE"


@frozen
class Found:
    """An entry point, and the distribution that it comes from; empty where that is not known."""

    point: EntryPoint
    distribution: str
    version: str


def in_order(points: Iterable[EntryPoint]) -> list[Found]:
    """Sort entry points by name, then by distribution, so that they come in the same order on every machine."""
    found = [Found(point, *_origin(point)) for point in points]
    return sorted(found, key=lambda one: (one.point.name, one.distribution, one.point.value))


def _origin(point: EntryPoint) -> tuple[str, str]:
    """Return the distribution's name and version; metadata that cannot be read must not keep a plugin out."""
    try:
        return (str(point.dist.name), str(point.dist.version)) if point.dist else ("", "")
    except Exception:  # noqa: BLE001 - damaged metadata fails in many ways, and a report without a version is one still
        return "", ""


@frozen
class Selection:
    """What the environment says about discovered plugins.

    Attributes:
        allowed: Names that are let in, None for all.
        blocked: Names that are left out.
        trace: Log every call of a hook.
        odd: What cannot be understood in the settings, for a warning.
    """

    allowed: frozenset[str] | None = None
    blocked: frozenset[str] = frozenset()
    trace: bool = False
    odd: tuple[str, ...] = ()

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> Selection:
        """Read the three variables."""
        allowed = environ.get(ALLOWED_VARIABLE)
        trace = environ.get(TRACE_VARIABLE, "").strip()
        odd = () if trace in {"", "0", "1"} else (f"{TRACE_VARIABLE} is 1 or 0, and is taken as 0; found {trace!r}",)
        return cls(
            None if allowed is None else _names(allowed),
            _names(environ.get(BLOCKED_VARIABLE, "")),
            trace == "1",
            odd,
        )

    def refusal(self, name: str) -> str:
        """Return why a plugin is left out, empty if it is let in."""
        if name in self.blocked:
            return f"{BLOCKED_VARIABLE} names it"
        if self.allowed is not None and name not in self.allowed:
            return f"{ALLOWED_VARIABLE} does not name it"
        return ""

    def notes(self, names: Collection[str]) -> tuple[str, ...]:
        """Return what is odd about the settings, given the names of all plugins that are installed."""
        lists = ((ALLOWED_VARIABLE, self.allowed or frozenset()), (BLOCKED_VARIABLE, self.blocked))
        unknown = tuple(
            f"{variable} names {name!r}, which no installed plugin is called{near(name, names)}"
            for variable, listed in lists
            for name in sorted(listed - set(names))
        )
        return self.odd + unknown


def _names(text: str) -> frozenset[str]:
    return frozenset(name for part in text.split(",") if (name := part.strip()))
