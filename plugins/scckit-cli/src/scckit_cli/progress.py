"""What a client does, for the people who wait for it: a line that moves on a terminal, and in words anywhere what matters.

Not rich's display: while that is live, it sends standard output where the display is, also what should go into a file.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from scckit.events import Event, ItemDone, PhaseSeen, Retrying, Transferred
from scckit_cli.talk import LINE, say

__all__ = ["Progress"]

_MEGABYTE: Final = 1e6

#: Bytes of which the number is shown; pages are smaller.
_LARGE: Final = 500_000

#: Seconds between two drawings; bytes come in thousands of pieces.
_INTERVAL: Final = 0.1

#: Pauses before a request is sent again that people are told of anywhere, in seconds.
_LONG: Final = 5.0


class Progress:
    """Takes events from any thread.

    Args:
        moves: Draw the line that moves; what is said anywhere are long pauses, the phases of a wait, and what was uploaded.
        clock: A clock in seconds; a parameter for tests.
    """

    def __init__(self, *, moves: bool, clock: Callable[[], float] = time.monotonic) -> None:
        """Begin without anything to show."""
        self._moves: Final = moves
        self._clock: Final = clock
        self._next = 0.0
        self._count = ""
        self._phases: Final[dict[str, str]] = {}

    def __call__(self, event: Event) -> None:
        """Show an event."""
        if isinstance(event, Retrying):
            words = f"{event.reason}; trying again in {event.pause:.0f} s"
            if event.pause >= _LONG:
                say(words)
            else:
                self._draw(f"trying again: {event.reason}")
        elif isinstance(event, PhaseSeen):
            if self._phases.get(event.measurement) != event.phase:
                self._phases[event.measurement] = event.phase
                say(f"{event.measurement}: {event.phase}")
        elif isinstance(event, ItemDone):
            self._count = f"{event.done} " if event.total is None else f"{event.done} of {event.total} "
            if event.state == "sent":
                say(f"{event.item}: sent")  # at once, so that it is known whatever comes
            self._draw(f"{self._count}{event.item} {event.state}")
        elif isinstance(event, Transferred):
            if max(event.done, event.total or 0) < _LARGE:
                words = "asking the SCC"
            else:
                total = "" if event.total is None else f" of {event.total / _MEGABYTE:.1f}"
                name = event.route.rstrip("/").rpartition("/")[2]
                doing = "sending" if event.direction == "up" else "receiving"
                words = f"{doing} {name} {event.done / _MEGABYTE:.1f}{total} MB"
            self._draw(f"{self._count}{words}")

    def _draw(self, text: str) -> None:
        now = self._clock()
        if self._moves and now >= self._next:
            self._next = now + _INTERVAL
            LINE.draw(text)
