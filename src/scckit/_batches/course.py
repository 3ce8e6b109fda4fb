"""The order of things that all batches keep: how many at a time, whether going on makes sense, what is told in the end."""

from __future__ import annotations

import errno
from collections.abc import AsyncIterable, Iterable, Mapping, Sized
from pathlib import PurePath
from typing import Final

from scckit._batches.jobs import Job
from scckit.batches import Outcome, Outcomes, OutcomeState
from scckit.errors import (
    AccessError,
    ConfigurationError,
    ConnectionFailed,
    InvalidInput,
    PermissionDenied,
    SCCError,
    ServerBusy,
)

__all__ = ["Stopper", "in_order", "is_full", "note_done", "require_workers", "total_of"]

#: Connections that fail one after the other, after which nothing more is tried.
_UNREACHED: Final = 3


class Stopper:
    """Decides from the outcomes whether going on makes sense: not if the next item would fail for the same reason."""

    def __init__(self) -> None:
        """Begin without a reason to stop."""
        self.reason: SCCError | None = None
        self._unreached = 0

    def look(self, outcome: Outcome) -> None:
        """Take an outcome into account."""
        error = outcome.error if outcome.state is OutcomeState.FAILED else None
        self._unreached = self._unreached + 1 if isinstance(error, ConnectionFailed) else 0
        if self._unreached >= _UNREACHED:
            self.end(error)
        self.consider(error)

    def consider(self, error: SCCError | None) -> None:
        """Stop if an error is of the kind that the next item would meet as well."""
        # What an account may not do with one measurement it may do with another.
        refused = isinstance(error, AccessError) and not isinstance(error, PermissionDenied)
        if refused or isinstance(error, ConfigurationError | ServerBusy) or is_full(error):
            self.end(error)

    def end(self, reason: SCCError | None) -> None:
        """Stop; the first reason stands."""
        self.reason = self.reason or reason

    def explains(self, error: Exception) -> bool:
        """Tell whether the batch was ended before a further item could not be had: that is no news then."""
        return self.reason is not None and isinstance(error, SCCError)

    def not_tried(self, job: Job) -> Outcome:
        """Return the outcome of a job that was left."""
        return Outcome(job.item, OutcomeState.NOT_TRIED, error=self.reason)


def note_done(error: BaseException, numbered: Mapping[int, Outcome]) -> None:
    if numbered:
        counts = dict(in_order(numbered).counts)
        error.add_note(f"of the items before, these are done: {counts}; running again does what is left")


def in_order(numbered: Mapping[int, Outcome]) -> Outcomes:
    return Outcomes(numbered[number] for number in sorted(numbered))


def require_workers(workers: object) -> int:
    if isinstance(workers, bool) or not isinstance(workers, int) or workers < 1:
        msg = f"workers is how many are at work at a time, at least 1; found {workers!r}"
        raise InvalidInput(msg)
    return workers


def is_full(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}:
            return True
        error = error.__cause__
    return False


def total_of(items: object) -> int | None:
    """Return how many items there are, None where that is known at the end only.

    Raises:
        InvalidInput: It is one item, not several.
    """
    if isinstance(items, str | bytes | PurePath) or not isinstance(items, Iterable | AsyncIterable):
        msg = f"items are several, such as a list; found {items!r:.100} alone. Put it in brackets, as in [item]"
        raise InvalidInput(msg)
    return len(items) if isinstance(items, Sized) else None
