"""What can be observed while flows run: plain values that hold no secret. Observers get them; nothing here acts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, TypeAlias

from attrs import frozen

__all__ = ["Answered", "Event", "ItemDone", "Observe", "PhaseSeen", "Requested", "Retrying", "SignedIn", "Transferred"]


@frozen
class Event:
    """Base of all events."""


@frozen
class Requested(Event):
    """A request is about to be sent: its method and its route (address below the base URL, without query)."""

    method: str
    route: str


@frozen
class Answered(Event):
    """The head of an answer is there, so many seconds after its request."""

    method: str
    route: str
    status: int
    seconds: float


@frozen
class Retrying(Event):
    """A request will be sent again after a pause in seconds, for a reason."""

    route: str
    reason: str
    pause: float


@frozen
class SignedIn(Event):
    """The sign-in succeeded; ``renewed`` if it followed an earlier one that the server had ended."""

    renewed: bool


@frozen
class Transferred(Event):
    """Bytes went up or came down; ``done`` so far, of ``total`` if the length is known."""

    route: str
    direction: Literal["up", "down"]
    done: int
    total: int | None


@frozen
class PhaseSeen(Event):
    """A wait looked at a measurement: its phase and the status of each module, as text."""

    measurement: str
    phase: str
    modules: tuple[tuple[str, str], ...]


@frozen
class ItemDone(Event):
    """An item of a batch has an outcome; so many are done, of ``total`` if that is known."""

    item: str
    state: str
    done: int
    total: int | None


#: Takes note of an event; must be quick, must not raise.
Observe: TypeAlias = Callable[[Event], None]
