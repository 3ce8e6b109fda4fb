"""Archives as no honest server sends them, made from an honest one. Knows zip files, and nothing of the SCC."""

from __future__ import annotations

import io
import stat
import zipfile
from collections.abc import Callable
from typing import Literal, get_args

__all__ = ["ArchiveFault", "spoil"]

#: What is wrong with an archive.
ArchiveFault = Literal["truncated", "corrupt", "traversal", "absolute", "link", "duplicate", "bomb", "html"]

_STAMP = (2000, 1, 1, 0, 0, 0)
#: What the bomb's member unpacks to: far beyond its size, and beyond what may pass as a small file of zeros.
_BOMB = 32 * 2**20
_PAGE = b"<!DOCTYPE html><html><head><title>Error</title></head><body><h1>Server Error</h1></body></html>"


def spoil(archive: bytes, fault: ArchiveFault) -> bytes:
    """Make a bad archive of a good one; what is bad comes after the good members, where there are any left.

    Args:
        archive: A zip archive; anything else counts as one without members.
        fault: ``truncated`` ends in its middle; ``corrupt`` has a member whose checksum is wrong; ``traversal`` and
            ``absolute`` have one whose name leads out of the folder; ``link`` has a symbolic link; ``duplicate`` has two
            members of one name; ``bomb`` has nothing but one that unpacks to a thousand times its size; ``html`` is a
            page.

    Raises:
        ValueError: There is no such fault.
    """
    if fault not in _MAKERS:
        raise ValueError(f"an archive's fault must be one of {', '.join(get_args(ArchiveFault))}; found {fault!r}")
    if not zipfile.is_zipfile(io.BytesIO(archive)):
        archive = _with(b"")
    return _MAKERS[fault](archive)


def _truncated(archive: bytes) -> bytes:
    return archive[: len(archive) // 2]


def _corrupt(archive: bytes) -> bytes:
    content = b"what was stored"
    return _with(archive, ("corrupt.nc", content)).replace(content, b"something other")


def _link(archive: bytes) -> bytes:
    return _with(archive, ("link.nc", b"/"), mode=stat.S_IFLNK | 0o777)


def _duplicate(archive: bytes) -> bytes:
    # The library warns of a name that comes twice, so the second one gets it afterwards; names are in no checksum.
    spoilt = _with(archive, ("duplicate.nc", b"one"), ("duplicate.n~", b"two"))
    return spoilt.replace(b"duplicate.n~", b"duplicate.nc")


_MAKERS: dict[str, Callable[[bytes], bytes]] = {
    "truncated": _truncated,
    "corrupt": _corrupt,
    "traversal": lambda archive: _with(archive, ("../../escaped.nc", b"escaped")),
    "absolute": lambda archive: _with(archive, ("/escaped.nc", b"escaped")),
    "link": _link,
    "duplicate": _duplicate,
    "bomb": lambda _: _with(b"", ("bomb.nc", bytes(_BOMB)), compression=zipfile.ZIP_DEFLATED),
    "html": lambda _: _PAGE,
}


def _with(
    archive: bytes,
    *members: tuple[str, bytes],
    mode: int = stat.S_IFREG | 0o644,
    compression: int = zipfile.ZIP_STORED,
) -> bytes:
    """Add members."""
    file = io.BytesIO(archive)
    with zipfile.ZipFile(file, "a") as opened:
        for name, content in members:
            member = zipfile.ZipInfo(name, _STAMP)
            member.compress_type = compression
            member.external_attr = mode << 16
            opened.writestr(member, content)
    return file.getvalue()
