"""A stand-in for the Single Calculus Chain (SCC): real Grappelli and Tastypie pages, synthetic data, loopback only."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scckit_emulator.account import Account
    from scckit_emulator.behaviour import Behaviour
    from scckit_emulator.clock import Clock
    from scckit_emulator.emulator import Emulator
    from scckit_emulator.faults import Fault, Faults

__all__ = ["Account", "Behaviour", "Clock", "Emulator", "Fault", "Faults"]

#: Where each public name is; imported when it is first asked for (PEP 562), since the plugin, which every client of scckit
#: imports, is in this package and needs none of them.
_HOMES = {
    "Account": "account",
    "Behaviour": "behaviour",
    "Clock": "clock",
    "Emulator": "emulator",
    "Fault": "faults",
    "Faults": "faults",
}


def __getattr__(name: str) -> object:
    """Import a public name at its first use."""
    home = _HOMES.get(name)
    if home is None:
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    value: object = getattr(import_module(f"{__name__}.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """Name what is public, imported or not."""
    return sorted({*globals(), *__all__})
