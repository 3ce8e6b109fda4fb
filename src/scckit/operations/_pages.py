"""What a question with many answers gives: one page, and the operation that gets the next."""

from __future__ import annotations

from typing import Generic, TypeVar

from attrs import frozen

from scckit.operations.operation import Operation

__all__ = ["Page"]

T = TypeVar("T")


@frozen
class Page(Generic[T]):
    """One page of a search or list.

    Attributes:
        items: What is on the page, in the server's order.
        total: How many there are on all pages, None where the server does not say.
        next: The operation that gets the page after this one, None on the last.
    """

    items: tuple[T, ...]
    total: int | None
    next: Operation[Page[T]] | None
