"""The emulator as a command of scckit's command line; the only module here that needs scckit, and it imports no Django."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from scckit.plugins import hookimpl

__all__ = ["emulator", "scckit_commands"]


@hookimpl
def scckit_commands() -> Mapping[str, Callable[[Sequence[str]], int]]:
    """Offer ``scckit emulator``."""
    return {"emulator": emulator}


def emulator(arguments: Sequence[str]) -> int:
    """Serve a stand-in for the SCC on this machine, for tests and trials.

    Args:
        arguments: Those of ``scckit-emulator``.

    Returns:
        Exit status: 0 after a stop, 2 where it could not start.
    """
    # Every client looks at all plugins, few serve an emulator: Django comes with the command, not with the plugin.
    from scckit_emulator.__main__ import main  # noqa: PLC0415

    return main(arguments)
