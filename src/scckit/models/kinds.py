"""What a product kind is: the protocol that plugins fulfil, and the findings that they return. No product is known here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, Protocol, TypeAlias, runtime_checkable

from attrs import frozen

from scckit.models.ancillary import AncillaryKind

__all__ = ["ChecksInput", "Draws", "JoinsFiles", "Problem", "ProductKind", "Severity"]

#: ``error``: the file is not what it must be. ``warning``: it may be meant so, but somebody should look.
Severity: TypeAlias = Literal["error", "warning"]


@frozen
class Problem:
    """One finding about a file.

    Attributes:
        code: A short stable word for programs, such as ``missing-variable``.
        where: The variable, attribute, member or file that it is about.
        message: A sentence for people: what was found, what is expected.
        severity: ``error`` or ``warning``.
    """

    code: str
    where: str
    message: str
    severity: Severity = "error"


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


@runtime_checkable
class JoinsFiles(Protocol):
    """What a product kind may offer besides: several files of one product as one thing. See ``scckit.open_products``."""

    def open_many(self, paths: Sequence[Path], /) -> Any:  # noqa: ANN401 - as ProductKind.open
        """Open files of this kind as one, joined along time, in the order of their times.

        Raises:
            InvalidInput: The files cannot stand in one row of times.
            UnreadableProduct: A file is not of the format of this kind.
            MissingLibrary: A library to open them is not installed.
        """


@runtime_checkable
class Draws(Protocol):
    """What a product kind may offer besides: a picture. See ``scckit.plot_product``."""

    def plot(self, product: Any, /) -> Any:  # noqa: ANN401 - what `open` returns, and a matplotlib figure
        """Draw a product into a figure of its own (a ``matplotlib.figure.Figure``), which is shown and saved by the caller.

        Args:
            product: The path of a file, or what ``open`` or ``open_many`` returned, which is left open.

        Raises:
            UnreadableProduct: The file is not of the format of this kind, or holds nothing that can be drawn.
            MissingLibrary: A library to open or to draw it is not installed.
        """


@runtime_checkable
class ChecksInput(Protocol):
    """What the product kind ``raw`` may offer besides: a look at a file before it is uploaded. See ``scckit.check_raw``."""

    def check_input(self, path: Path, ancillary: Mapping[AncillaryKind, Path], /) -> Sequence[Problem]:
        """Return all that is wrong with a raw file, and with the ancillary files that go with it.

        Args:
            path: The raw file.
            ancillary: The files that will be uploaded with it.

        Raises:
            MissingLibrary: A library to read them is not installed.
        """
