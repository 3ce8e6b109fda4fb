"""Ancillary files: soundings, overlap functions, lidar ratios (scc-interface.md 4.6)."""

from __future__ import annotations

from enum import Enum

from attrs import frozen

from scckit.errors import InvalidInput

__all__ = ["AncillaryFile", "AncillaryKind"]


class AncillaryKind(Enum):
    """Kind of an ancillary file; the value is its word in routes and form fields."""

    SOUNDING = "sounding"
    OVERLAP = "overlap"
    LIDAR_RATIO = "lidar_ratio"

    @classmethod
    def named(cls, name: AncillaryKind | str) -> AncillaryKind:
        """Return the kind of a name.

        Raises:
            InvalidInput: There is none.
        """
        try:
            return cls(name)
        except ValueError:
            names = ", ".join(kind.value for kind in cls)
            msg = f"{name!r} is no kind of ancillary file; there are: {names}"
            raise InvalidInput(msg) from None


@frozen
class AncillaryFile:
    """An ancillary file that the SCC knows, by its name.

    Attributes:
        id: Number on the server.
        filename: Base name; the SCC matches files by this name alone.
        kind: Sounding, overlap or lidar ratio.
        status: The server's word, such as ``ok`` or ``missing``; None where it gives none.
    """

    id: int
    filename: str
    kind: AncillaryKind
    status: str | None = None

    @property
    def is_missing(self) -> bool:
        """True if a measurement refers to it but it has not been uploaded: the measurement will not start."""
        return self.status is not None and self.status.lower() == "missing"
