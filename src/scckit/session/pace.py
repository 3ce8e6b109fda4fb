"""How fast a session may ask: a least interval between requests, and pauses that the server asks for. Decides, never sleeps."""

from __future__ import annotations

import math
from collections.abc import Callable
from threading import Lock

__all__ = ["Pace"]


class Pace:
    """The pace of one session, shared by all of its flows; safe for threads.

    Args:
        interval: Least seconds between the beginnings of two requests.
        clock: Seconds from any fixed point.
    """

    def __init__(self, interval: float, clock: Callable[[], float]) -> None:
        """Begin rested."""
        self.interval = interval
        self._clock = clock
        self._lock = Lock()
        self._next = clock()
        self._held = self._next

    def turn(self, kept: float = -math.inf) -> tuple[float, float]:
        """Take the next turn to send.

        Args:
            kept: The end of the server's longest pause that is kept already, as ``hold`` and this return it.

        Returns:
            The seconds to wait for the turn, and the end of the longest pause that is kept then. The server may ask for a
            longer one meanwhile, see ``is_kept``.
        """
        with self._lock:
            now = self._clock()
            at = max(now, self._next, self._held if self._held > kept else now)
            if self.interval:
                self._next = at + self.interval
            return at - now, max(self._held, kept)

    def hold(self, seconds: float) -> float:
        """Let all turns wait: the server has asked for a pause. Returns its end, by the clock."""
        with self._lock:
            end = self._clock() + seconds
            self._held = max(self._held, end)
            return end

    def is_kept(self, kept: float) -> bool:
        """Tell whether the server has asked for no longer pause than one that is kept."""
        with self._lock:
            return self._held <= kept

    @property
    def held(self) -> float:
        """Seconds that are left of the longest pause that the server has asked for."""
        with self._lock:
            return max(0.0, self._held - self._clock())

    def hand_over(self) -> float:
        """Return the seconds that are left of that pause, and keep it no longer: who is told them does."""
        with self._lock:
            now = self._clock()
            left, self._held = max(0.0, self._held - now), now
            return left
