"""What a file is by its first bytes. Nothing is read as what it seems to be here."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Final

from scckit.errors import UnreadableProduct

__all__ = ["Format", "format_of"]

_HEAD: Final = 1024


class Format(Enum):
    """Format of a file; the value is for people."""

    NETCDF4 = "a netCDF-4 (HDF5) file"
    NETCDF3 = "a netCDF-3 file"
    CDF5 = "a netCDF-3 file of the 64-bit data form (CDF-5)"
    PNG = "a PNG picture"
    JPEG = "a JPEG picture"
    GIF = "a GIF picture"
    WEBP = "a WebP picture"
    SVG = "an SVG picture"
    ZIP = "a zip archive"
    GZIP = "a gzip file"
    HTML = "a web page (HTML)"
    TEXT = "a text"
    EMPTY = "empty"
    OTHER = "binary data of an unknown kind"


_BEGINNINGS: Final = (
    (b"\x89HDF\r\n\x1a\n", Format.NETCDF4),
    (b"CDF\x01", Format.NETCDF3),
    (b"CDF\x02", Format.NETCDF3),
    (b"CDF\x05", Format.CDF5),
    (b"\x89PNG\r\n\x1a\n", Format.PNG),
    (b"\xff\xd8\xff", Format.JPEG),
    (b"GIF87a", Format.GIF),
    (b"GIF89a", Format.GIF),
    (b"PK\x03\x04", Format.ZIP),
    (b"PK\x05\x06", Format.ZIP),
    (b"\x1f\x8b", Format.GZIP),
)


def format_of(path: Path) -> Format:
    """Tell what a file is.

    Raises:
        UnreadableProduct: It is not there, is a folder, or may not be read.
    """
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD)
    except OSError as error:
        msg = f"cannot read {path}: {error.strerror or error}"
        raise UnreadableProduct(msg) from error
    if not head:
        return Format.EMPTY
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return Format.WEBP
    return next((found for beginning, found in _BEGINNINGS if head.startswith(beginning)), None) or _text(head)


def _text(head: bytes) -> Format:
    if b"\x00" in head:
        return Format.OTHER
    lowered = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if lowered.startswith((b"<!doctype html", b"<html")) or b"<html" in lowered:
        return Format.HTML
    return Format.SVG if b"<svg" in lowered else Format.TEXT
