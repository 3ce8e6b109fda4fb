"""Exit statuses: one for each kind of trouble, so that scripts can tell them apart. The table is in ``docs/commands.md``."""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum
from typing import Final

from scckit import errors

__all__ = ["Status", "status_of", "status_of_all"]


class Status(IntEnum):
    """What the command line exits with."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    ACCESS = 3
    NOT_FOUND = 4
    SERVER = 5
    NETWORK = 6
    FILES = 7
    TIMEOUT = 8
    INTERRUPTED = 130


#: The first that fits counts, so the special ones stand before the general ones.
_STATUSES: Final[tuple[tuple[type[BaseException], Status], ...]] = (
    (errors.InvalidRawFile, Status.FILES),
    (errors.InvalidInput, Status.USAGE),
    (errors.MissingCredentials, Status.ACCESS),
    (errors.AccessError, Status.ACCESS),
    (errors.MeasurementNotFound, Status.NOT_FOUND),
    (errors.SystemNotFound, Status.NOT_FOUND),
    (errors.UnknownSystem, Status.NOT_FOUND),
    (errors.ProductNotAvailable, Status.NOT_FOUND),
    (errors.ConfigurationError, Status.USAGE),
    (errors.RequestRefused, Status.SERVER),
    (errors.AnswerError, Status.SERVER),
    (errors.OutcomeUnknown, Status.SERVER),
    (errors.TransportError, Status.NETWORK),
    (errors.WaitTimeout, Status.TIMEOUT),
    (errors.UnsafeArchive, Status.SERVER),  # a file of ours by its kind, but the server has sent it
    (errors.LocalFileError, Status.FILES),
)


def status_of(error: BaseException) -> Status:
    """Return the status of an error."""
    return next((status for kind, status in _STATUSES if isinstance(error, kind)), Status.FAILED)


def status_of_all(found: Iterable[BaseException | None]) -> Status:
    """Return the status of many items: that of their errors if it is the same for all that have one, else ``FAILED``."""
    statuses = {status_of(error) for error in found if error is not None}
    if not statuses:
        return Status.DONE
    return statuses.pop() if len(statuses) == 1 else Status.FAILED
