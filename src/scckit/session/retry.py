"""When to send again, and after how long. Decisions only: the session asks, a driver sleeps."""

from __future__ import annotations

import time
from collections.abc import Callable
from email.utils import parsedate_to_datetime

from attrs import frozen

from scckit.session.messages import Head

__all__ = ["RetryPolicy", "retry_after"]


@frozen
class RetryPolicy:
    """Exponential back-off with full jitter.

    Attributes:
        attempts: How often one request is sent at most, the first time included.
        first: Upper end of the first pause, in seconds; it doubles each time.
        ceiling: No pause of our own is longer than this, in seconds.
        longest_wait: If the server asks for a longer pause (``Retry-After``), we give up instead (``ServerBusy``), in
            seconds.
    """

    attempts: int = 4
    first: float = 0.5
    ceiling: float = 30.0
    longest_wait: float = 300.0

    def pause(self, failures: int, asked: float | None, random: Callable[[], float]) -> float | None:
        """Return the pause in seconds after so many failures, or None to give up.

        Args:
            failures: How often the request failed so far, at least 1.
            asked: What the server asked for in ``Retry-After``, in seconds, at most ``longest_wait``.
            random: Gives a number from 0 to 1.
        """
        if failures >= self.attempts:
            return None
        own = min(self.ceiling, self.first * 2.0 ** (failures - 1)) * random()
        return own if asked is None else max(asked, own)


def retry_after(head: Head, now: Callable[[], float] = time.time) -> float | None:
    """Read ``Retry-After``: seconds or a date (RFC 9110, 10.2.3); None if absent or unreadable."""
    text = head.headers.get("retry-after").strip()
    if text.isascii() and text.isdigit():
        return float(text)
    try:
        moment: float = parsedate_to_datetime(text).timestamp()
    except (ValueError, OverflowError):
        return None
    delay: float = moment - now()
    return max(0.0, delay)
