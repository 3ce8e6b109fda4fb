"""The emulator's own time: real time, made faster, slower or stopped, and moved on by hand. Knows nothing of the SCC."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime

__all__ = ["Clock", "database_time"]


class Clock:
    """A clock that runs at its own speed and can be moved on.

    Args:
        start: What the clock shows at first; with a time zone.
        speed: Seconds of this clock in one real second; 0 stops it, so that only `advance` moves it.
        real: Source of real seconds.

    Raises:
        ValueError: ``start`` has no time zone, or ``speed`` is negative or not finite.
    """

    def __init__(self, start: datetime, *, speed: float = 1.0, real: Callable[[], float] = time.monotonic) -> None:
        if start.tzinfo is None:
            raise ValueError(f"the clock's start needs a time zone; found {start.isoformat()}; add tzinfo=UTC")
        if not (math.isfinite(speed) and speed >= 0):
            raise ValueError(f"the clock's speed must be a finite number from 0 on; found {speed}")
        self._speed = speed
        self._real = real
        self._real_start = real()
        self._shown_start = start.timestamp()
        self._added = 0.0
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        return f"Clock({self.datetime().isoformat()}, speed={self._speed:g})"

    def now(self) -> float:
        """Seconds since 1970-01-01 UTC that this clock shows."""
        with self._lock:
            return self._shown_start + self._added + (self._real() - self._real_start) * self._speed

    def datetime(self) -> datetime:
        """What the clock shows, in UTC."""
        return datetime.fromtimestamp(self.now(), UTC)

    def advance(self, seconds: float) -> None:
        """Move the clock on.

        Args:
            seconds: By how much; not negative, since nothing on the SCC runs backwards.

        Raises:
            ValueError: ``seconds`` is negative or not finite.
        """
        if not (math.isfinite(seconds) and seconds >= 0):
            raise ValueError(f"the clock can only be moved on by a finite number of seconds from 0; found {seconds}")
        with self._lock:
            self._added += seconds


def database_time(moment: datetime) -> datetime:
    """The moment as the SCC keeps it: UTC without a zone, whole seconds (scc-interface.md 4.3)."""
    return moment.astimezone(UTC).replace(tzinfo=None, microsecond=0)
