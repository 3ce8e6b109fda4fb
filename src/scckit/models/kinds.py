"""What a product kind is: the protocol that plugins fulfil, and the findings that they return. No product is known here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from attrs import frozen

__all__ = ["Problem", "ProductKind"]


@frozen
class Problem:
    """One finding about a file: a short stable code, where it was found, and a sentence for people."""

    code: str
    where: str
    message: str


@runtime_checkable
class ProductKind(Protocol):
    """One kind of product of the SCC: where it is fetched, which files are its own, how they are checked and opened.

    All methods take local paths, may be called from any thread, and close what they open.
    """

    @property
    def name(self) -> str:
        """The kind's own name, such as ``elda``; unique in a registry."""

    @property
    def aliases(self) -> tuple[str, ...]:
        """Further names that select it, such as ``optical``."""

    @property
    def module(self) -> str | None:
        """Name of the module whose status tells about it (``elda``), or None."""

    @property
    def route(self) -> str:
        """Last part of its download address, such as ``download-optical/`` (scc-interface.md 2.4)."""

    def owns(self, member: str, /) -> bool:
        """Tell whether a file of this base name, found in the archive of the route, belongs to this kind."""

    def header(self, path: Path, /) -> Mapping[str, Any]:
        """Return the global attributes of a file (empty for a picture).

        Raises:
            UnreadableProduct: The file is not of the format of this kind.
            MissingLibrary: A library to read it is not installed.
        """

    def verify(self, path: Path, /) -> Sequence[Problem]:
        """Return what is wrong with a file; empty if nothing is."""

    def open(self, path: Path, /) -> Any:  # noqa: ANN401 - each kind has its own data type, most an xarray.Dataset
        """Open a file as data.

        Raises:
            UnreadableProduct: The file is not of the format of this kind.
            MissingLibrary: A library to open it is not installed.
        """

    def summary(self, path: Path, /) -> str:
        """Return one line about a file, for people."""
