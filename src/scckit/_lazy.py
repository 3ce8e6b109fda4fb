"""Public names of a package that are imported at their first use (PEP 562). Imports nothing else of scckit."""

from collections.abc import Callable, Mapping
from importlib import import_module

__all__ = ["lazily"]


def lazily(
    module: str, names: dict[str, object], homes: Mapping[str, str]
) -> tuple[Callable[[str], object], Callable[[], list[str]]]:
    """Make ``__getattr__`` and ``__dir__`` of a package.

    Args:
        module: Name of the package.
        names: Its ``globals()``; a name that was imported is kept there.
        homes: The module that each public name is in.
    """

    def find(name: str) -> object:
        home = homes.get(name)
        if home is None:
            msg = f"module {module!r} has no attribute {name!r}"
            raise AttributeError(msg)
        value: object = getattr(import_module(home), name)
        names[name] = value
        return value

    def listed() -> list[str]:
        return sorted({*names, *homes})

    return find, listed
