"""The one emulated SCC that Django serves in this process now: what the site's code may ask for, nothing else."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path

from scckit_emulator.account import Account
from scckit_emulator.behaviour import Behaviour
from scckit_emulator.clock import Clock

__all__ = ["Runtime", "activate", "current", "deactivate"]


@dataclass
class Runtime:
    """What belongs to one emulator.

    Attributes:
        account: Who may enter.
        behaviour: How it behaves; may be replaced at any time.
        clock: Its time.
        folder: Where its database and files are.
    """

    account: Account
    behaviour: Behaviour
    clock: Clock
    folder: Path

    @property
    def database(self) -> Path:
        """The SQLite file."""
        return self.folder / "scc.sqlite3"

    @property
    def raw(self) -> Path:
        """Folder of the uploaded files."""
        return self.folder / "raw"

    @property
    def products(self) -> Path:
        """Folder of the products that were asked for."""
        return self.folder / "products"

    @property
    def uploads(self) -> Path:
        """Folder where uploads arrive."""
        return self.folder / "uploads"


_lock = threading.Lock()
_current: Runtime | None = None


def activate(runtime: Runtime) -> None:
    """Make this the one that is served.

    Raises:
        RuntimeError: Another one is.
    """
    global _current  # noqa: PLW0603 - Django serves one site in a process, this is that site
    with _lock:
        if _current is not None:
            raise RuntimeError(
                "another Emulator is alive in this process and Django serves only one; leave its 'with' block first, "
                "or start a second one with 'python -m scckit_emulator'"
            )
        _current = runtime


def deactivate(runtime: Runtime) -> None:
    """Serve it no more; nothing happens if it was not served."""
    global _current  # noqa: PLW0603 - as above
    with _lock:
        if _current is runtime:
            _current = None


def current() -> Runtime:
    """The one that is served.

    Raises:
        RuntimeError: None is.
    """
    if _current is None:
        raise RuntimeError("no Emulator is alive in this process; use its parts within 'with Emulator() as emulator:'")
    return _current
