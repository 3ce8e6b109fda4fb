"""How hypothesis shows what was drawn: as the value that it is, not as the calls that made it."""

from __future__ import annotations

from hypothesis.vendor.pretty import RepresentationPrinter

__all__ = ["Shown"]


class Shown:
    """Is shown by its ``repr`` in a failing example."""

    __slots__ = ()

    def _repr_pretty_(self, printer: RepresentationPrinter, _: object) -> None:
        printer.text(repr(self))
