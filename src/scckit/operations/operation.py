"""What an operation is. No operation is here."""

from __future__ import annotations

from typing import Protocol, TypeVar

from scckit.session.effects import Flow
from scckit.session.session import Session

__all__ = ["Operation"]

T = TypeVar("T", covariant=True)  # noqa: PLC0105 - short, as in the rest of typing


class Operation(Protocol[T]):
    """A frozen value whose fields are its arguments; its flow does no I/O, so it can be stepped by hand and pickled."""

    def flow(self, session: Session, /) -> Flow[T]:
        """Yield effects and return the result; each call is a fresh flow."""
