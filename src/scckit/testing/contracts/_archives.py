"""Archives as no honest server sends them, made around the file of a product kind. Only their making is here."""

from __future__ import annotations

import io
import stat
import struct
import zipfile
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from attrs import frozen

from scckit.archive import Limits
from scckit.archive.members import DEFAULT_LIMITS

__all__ = ["HOSTILE", "HTML", "Hostile", "pack"]

#: What the SCC sends with status 200 in place of what was asked.
HTML: Final = b"<!DOCTYPE html>\n<html><head><title>Sign in</title></head><body><form>username</form></body></html>\n"

_STAMP: Final = (2000, 1, 1, 0, 0, 0)
_FILE: Final = stat.S_IFREG | 0o644
#: Where the flags of a member stand in its own header and in the table of contents (APPNOTE.TXT 4.3.7, 4.3.12).
_FLAGS: Final = ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8))
#: A little more than what may pass as a small file of zeros.
_BOMB: Final = 17 * 2**20


@frozen
class Hostile:
    """A hostile archive: how it is made of the name and the content of a good file, and what it may hold at most."""

    make: Callable[[str, bytes], bytes]
    limits: Limits = DEFAULT_LIMITS


def pack(*members: tuple[str, bytes], mode: int = _FILE, compression: int = zipfile.ZIP_STORED) -> bytes:
    """Pack files; the names go into the archive as they are, and ``mode`` is that of the last member."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for number, (name, content) in enumerate(members, 1):
            # What the constructor takes for a name it cuts and turns to fit.
            info = zipfile.ZipInfo(f"member {number}", _STAMP)
            info.filename = name
            info.compress_type = compression
            info.external_attr = (mode if number == len(members) else _FILE) << 16
            archive.writestr(info, content)
    return buffer.getvalue()


def _beside(make_name: Callable[[str], str], mode: int = _FILE) -> Hostile:
    """Make an archive with the good file and a second one under another name."""
    return Hostile(lambda name, content: pack((name, content), (make_name(name), content), mode=mode))


def _duplicate(name: str, content: bytes) -> bytes:
    # The library warns of a name that comes twice, so the second one gets it afterwards; names are in no checksum.
    other = f"{name[:-1]}~"
    return pack((name, content), (other, content)).replace(other.encode(), name.encode())


def _encrypted(name: str, content: bytes) -> bytes:
    archive = bytearray(pack((name, content)))
    for signature, offset in _FLAGS:
        where = archive.index(signature) + offset
        (flags,) = struct.unpack_from("<H", archive, where)
        struct.pack_into("<H", archive, where, flags | 0x0001)
    return bytes(archive)


def _corrupt(name: str, content: bytes) -> bytes:
    mark = b"what was packed"
    return pack((name, content), (f"{name}.txt", mark)).replace(mark, b"what was spoilt")


def _bomb(size: int) -> Callable[[str, bytes], bytes]:
    # With the whole of a large file the archive could be large enough for what it unpacks to.
    return lambda name, content: pack((name, content[:1000]), ("x", bytes(size)), compression=zipfile.ZIP_DEFLATED)


#: By what is hostile about them. The good file comes first, so that there is something to be left behind.
HOSTILE: Final[Mapping[str, Hostile]] = MappingProxyType(
    {
        "absolute name": _beside(lambda name: f"/{name}"),
        "name that leads out": _beside(lambda name: f"../../{name}"),
        "name with a drive letter": _beside(lambda name: f"C:{name}"),
        "name with a backslash": _beside(lambda name: f"..\\{name}"),
        "name with NUL": _beside(lambda name: f"{name}\0.txt"),
        "name with a line break": _beside(lambda name: f"a\n{name}"),
        "link": _beside(lambda name: f"a-{name}", stat.S_IFLNK | 0o777),
        "device": _beside(lambda name: f"a-{name}", stat.S_IFCHR | 0o666),
        "duplicate": Hostile(_duplicate),
        "same base name": _beside(lambda name: f"another/{name}"),
        "names that differ by case": _beside(str.swapcase),
        "encrypted": Hostile(_encrypted),
        "bomb by ratio": Hostile(_bomb(_BOMB)),
        "bomb by total size": Hostile(_bomb(_BOMB // 4), Limits(max_total_bytes=_BOMB // 8)),
        "bomb by count": Hostile(
            lambda name, content: pack((name, content), *((f"{number}-{name}", b"") for number in range(20))),
            Limits(max_members=20),
        ),
        "wrong checksum": Hostile(_corrupt),
        "truncated": Hostile(lambda name, content: pack((name, content))[:-20]),
        "web page": Hostile(lambda _name, _content: HTML),
        "empty": Hostile(lambda _name, _content: b""),
    }
)
