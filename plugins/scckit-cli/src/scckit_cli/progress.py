"""What a client does, for the people who wait for it: a line that moves on a terminal, and pauses in words anywhere."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from scckit.events import Event, ItemDone, PhaseSeen, Retrying, Transferred
from scckit_cli.talk import say

if TYPE_CHECKING:
    from rich.progress import Progress as Bars

__all__ = ["Progress"]

_MEGABYTE = 1e6


class Progress:
    """Takes events from any thread; shows nothing where standard error is no terminal, but for pauses and moments of a wait."""

    def __init__(self) -> None:
        """Begin without anything to show."""
        self._bars: Bars | None = None
        self._task: Any = None
        self._phase = ""

    def __enter__(self) -> Self:
        """Get the line ready, if there is a terminal."""
        if sys.stderr.isatty():
            from rich.console import Console  # noqa: PLC0415 - only a terminal needs it
            from rich.progress import BarColumn, SpinnerColumn, TextColumn  # noqa: PLC0415
            from rich.progress import Progress as Bars  # noqa: PLC0415

            columns = (
                SpinnerColumn(),
                TextColumn("{task.description}"),
                BarColumn(20),
                TextColumn("{task.fields[count]}"),
            )
            self._bars = Bars(*columns, console=Console(stderr=True), transient=True)
            self._bars.start()
            self._task = self._bars.add_task("asking the SCC", total=None, count="")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Take the line away."""
        if self._bars is not None:
            self._bars.stop()

    def __call__(self, event: Event) -> None:
        """Show an event."""
        if isinstance(event, Retrying):
            self._line(f"{event.reason}; trying again in {event.pause:.0f} s")
        elif isinstance(event, PhaseSeen):
            words = f"{event.measurement}: {event.phase}"
            if words != self._phase:
                self._phase = words
                self._line(words)
        elif self._bars is not None and isinstance(event, ItemDone):
            total = "" if event.total is None else f" of {event.total}"
            self._update(f"{event.item} {event.state}", f"{event.done}{total}", event.done, event.total)
        elif self._bars is not None and isinstance(event, Transferred):
            words = "sending" if event.direction == "up" else "receiving"
            self._update(f"{words} {event.route.rstrip('/').rpartition('/')[2]} {event.done / _MEGABYTE:.1f} MB")

    def _line(self, text: str) -> None:
        if self._bars is not None:
            self._bars.console.print(text, markup=False, highlight=False)
        else:
            say(text)

    def _update(self, words: str, count: str | None = None, done: int | None = None, total: int | None = None) -> None:
        if self._bars is not None:
            more: dict[str, Any] = {} if count is None else {"count": count, "completed": done, "total": total}
            self._bars.update(self._task, description=words, **more)
