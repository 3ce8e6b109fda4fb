"""The four things that a flow may ask of the world, and the types they are made of; no I/O here.

A flow is a generator that yields effects and is sent their replies. A flow has one exchange open at a time: ``Open``
starts it, ``Drain`` or ``Discard`` ends it, and a driver ends it too when the flow stops in between.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, Protocol, TypeAlias, TypeVar

from attrs import frozen

from scckit.session.messages import Request

__all__ = ["Discard", "Drain", "Effect", "Flow", "Open", "Sink", "Sleep"]

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class Sink(Protocol[T_co]):
    """Where the bytes of one body go.

    A driver calls ``begin`` once, ``write`` for each chunk, then either ``commit`` (the body is complete and has the
    announced length) or ``abort`` (it is not; whatever stood before must still stand). A sink may be begun again after
    ``abort`` or ``commit``, for a repeated request.
    """

    def begin(self) -> None:
        """Get ready for the first byte."""

    def write(self, chunk: bytes, /) -> None:
        """Take the next bytes."""

    def commit(self) -> T_co:
        """Make what was written count, and return what came of it."""

    def abort(self) -> None:
        """Forget what was written."""


@frozen
class Open:
    """Send a request; the reply is the ``Head`` of the answer. Its body stays to be drained or discarded."""

    request: Request


@frozen
class Drain:
    """Read the open body to its end into a sink; the reply is what the sink's ``commit`` returns."""

    sink: Sink[Any]


@frozen
class Discard:
    """Give up the open body unread; the reply is ``None``."""


@frozen
class Sleep:
    """Let time pass; the reply is ``None``."""

    seconds: float


Effect: TypeAlias = Open | Drain | Discard | Sleep

#: What ``flow`` methods return: yields effects, is sent replies (of a type that depends on the effect), returns a value.
Flow: TypeAlias = Generator[Effect, Any, T]
