"""What the kinds whose files are pictures have in common."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from attrs import frozen

from scckit.errors import UnreadableProduct
from scckit.models import Problem
from scckit_products.formats import Format, format_of

__all__ = ["PictureKind"]

_SUFFIXES: Final[Mapping[str, Format]] = MappingProxyType(
    {
        ".png": Format.PNG,
        ".jpg": Format.JPEG,
        ".jpeg": Format.JPEG,
        ".gif": Format.GIF,
        ".webp": Format.WEBP,
        ".svg": Format.SVG,
    }
)

#: How whole pictures end, where that is a matter of the format.
_ENDINGS: Final[Mapping[Format, bytes]] = MappingProxyType(
    {Format.PNG: b"IEND\xaeB`\x82", Format.JPEG: b"\xff\xd9", Format.GIF: b";"}
)
_TAIL: Final = 32


@frozen(eq=False)
class PictureKind:
    """A product kind whose files are pictures. Their names are not known, so it owns all pictures of its download.

    Attributes:
        name: Name of the kind.
        route: Last part of the download address (scc-interface.md 2.4).
        module: Name of the module whose status tells about it.
        aliases: Further names that select it.
    """

    name: str
    route: str
    module: str | None
    aliases: tuple[str, ...] = ()

    def owns(self, member: str, /) -> bool:
        """Tell by the ending of the name."""
        return Path(member).suffix.lower() in _SUFFIXES

    def header(self, path: Path, /) -> Mapping[str, Any]:
        """Return nothing, for a picture has no attributes.

        Raises:
            UnreadableProduct: It is no picture.
        """
        _require_picture(path)
        return {}

    def open(self, path: Path, /) -> bytes:
        """Return the content of the file, for whatever draws pictures.

        Raises:
            UnreadableProduct: It is no picture.
        """
        _require_picture(path)
        return path.read_bytes()

    def verify(self, path: Path, /) -> Sequence[Problem]:
        """Return what is wrong with a file.

        Codes: ``unreadable``, ``wrong-format`` (another picture than its name says), ``truncated``.
        """
        try:
            found = _require_picture(path)
        except UnreadableProduct as error:
            return [Problem("unreadable", path.name, str(error))]
        problems = []
        if found is not _SUFFIXES.get(path.suffix.lower(), found):
            problems.append(
                Problem("wrong-format", path.name, f"its name ends with {path.suffix}, it is {found.value}")
            )
        if found in _ENDINGS and _ENDINGS[found] not in _tail(path):
            problems.append(
                Problem("truncated", path.name, "it does not end as such a picture does; download it again")
            )
        return problems

    def summary(self, path: Path, /) -> str:
        """Return one line: name, format and length.

        Raises:
            UnreadableProduct: It is no picture.
        """
        found = _require_picture(path)
        return f"{self.name} {path.name}, {found.value}, {path.stat().st_size} bytes"


def _require_picture(path: Path) -> Format:
    found = format_of(path)
    if found not in _SUFFIXES.values():
        msg = f"{path} is no picture: it is {found.value}; download it again"
        raise UnreadableProduct(msg)
    return found


def _tail(path: Path) -> bytes:
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - _TAIL))
        return file.read()
