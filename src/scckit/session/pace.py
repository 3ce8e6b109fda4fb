"""How fast a session may ask: a least interval between requests, and pauses that the server asks for. Decides, never sleeps."""

from __future__ import annotations

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

    def turn(self, *, rested: bool = False) -> float:
        """Take the next turn to send; return the seconds to wait for it.

        Args:
            rested: The server's pause was kept already, as by the flow that was asked for it.
        """
        with self._lock:
            now = self._clock()
            at = max(now, self._next) if rested else max(now, self._next, self._held)
            if self.interval:
                self._next = at + self.interval
            return at - now

    def hold(self, seconds: float) -> None:
        """Let all turns wait: the server has asked for a pause."""
        with self._lock:
            self._held = max(self._held, self._clock() + seconds)

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
