"""Reading a zip archive that is hostile until proved: what its members may be called, be, and weigh. Writes nothing."""

from __future__ import annotations

# Names in archives are decoded with it. Imported here and not by threads at work: an interrupt in the midst of an import
# can leave them waiting for ever.
import encodings.cp437  # noqa: F401 - see above
import errno
import io
import stat
import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Final

from attrs import frozen

from scckit.archive.files import telling
from scckit.errors import LocalFileError, UnsafeArchive

__all__ = ["DEFAULT_LIMITS", "Limits", "Member", "check_name", "read_members"]

_CHUNK: Final = 256 * 1024

#: Bytes that an archive may always unpack to, whatever the ratio: small archives of zeros are no bombs.
_HARMLESS: Final = 16 * 1024 * 1024

#: Most bytes that the entry of one member in the table of contents may take on average; real ones take some 200.
_ENTRY: Final = 1024

#: Longest name, in bytes, that all usual file systems allow.
_LONGEST_NAME: Final = 255

_ENCRYPTED: Final = 0x0001 | 0x0040 | 0x2000
_COMPRESSIONS: Final = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})

_RESERVED: Final = frozenset(
    ["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"]
    + [f"{port}{number}" for port in ("COM", "LPT") for number in "0123456789\u00b9\u00b2\u00b3"]
)

#: Control, format (such as a change of the writing direction) and surrogate characters, line and paragraph separators.
_INVISIBLE: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})

_BEGINNINGS: Final[Mapping[bytes, str]] = MappingProxyType(
    {
        b"\x89HDF\r\n\x1a\n": "a netCDF-4 (HDF5) file",
        b"CDF": "a netCDF-3 file",
        b"{": "text that looks like JSON",
        b"[": "text that looks like JSON",
    }
)

#: What ``zipfile`` and ``zlib`` raise for archives that are not what they say.
_DAMAGED: Final = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    RuntimeError,
    ValueError,
    IndexError,
    OverflowError,
)


@frozen
class Limits:
    """How much an archive may hold; all is counted on what is really read, not on what the archive says.

    Attributes:
        max_members: Members, folders included.
        max_total_bytes: Bytes of all members together, and of the archive itself.
        max_ratio: Bytes of all members together for each byte of the archive; not judged up to 16 MiB.
    """

    max_members: int = 10_000
    max_total_bytes: int = 8 * 1024**3
    max_ratio: float = 250.0


#: What no honest archive of the SCC comes near.
DEFAULT_LIMITS: Final = Limits()


@frozen
class Member:
    """One file in an archive: its base name, and its bytes as they are unpacked.

    The bytes must be taken to their end before the next member; only then is the checksum known to be right.
    """

    name: str
    chunks: Iterable[bytes]


def read_members(archive: Path, limits: Limits, *, called: str | None = None) -> Generator[Member]:
    """Give the files of an archive one after the other; folders in it are left out, whatever their depth.

    All names are checked before the first member is given.

    Args:
        archive: The archive.
        limits: How much it may hold.
        called: What messages call it, in place of a path that nobody knows; None for the path.

    Raises:
        UnsafeArchive: It is no zip archive, is damaged, or holds what it should not; the message says which member.
        LocalFileError: It cannot be read.
    """
    with telling("read", archive):
        file = io.FileIO(archive)
    called = str(archive) if called is None else called
    with _Reader(file, called, max(limits.max_members * _ENTRY, _CHUNK)) as reader:
        with telling("read", archive):
            head = reader.read(1024)
        _require_zip(head, called)
        with _judging(called), zipfile.ZipFile(reader) as opened:
            infos = opened.infolist()
            _check(called, infos, limits)
            meter = _Meter(called, limits, archive.stat().st_size)
            for info in infos:
                if not info.is_dir():
                    yield Member(_base_name(info), _chunks(opened, info, called, meter))


def check_name(name: str) -> str | None:
    """Return why a path of a member may not be used on every system, or None if it may.

    Args:
        name: The path with ``/`` between its parts, as archives have it; a folder's ends with one.
    """
    if name.startswith("/"):
        return "its name is absolute"
    if "\\" in name:
        return "its name holds a backslash"
    return next((reason for part in name.removesuffix("/").split("/") if (reason := _check_part(part))), None)


def _check_part(part: str) -> str | None:
    reason = None
    if part in {"", "."}:
        reason = "its name has an empty part"
    elif part == "..":
        reason = "its name leads out of the folder ('..')"
    elif not (part.isascii() and part.isprintable()) and any(map(_is_invisible, part)):
        reason = "its name holds a control or invisible character"
    elif ":" in part:
        reason = "its name holds a drive letter or a colon"
    elif set(part) & set('<>"|?*'):
        reason = "its name holds a character that not every system allows"
    elif part[-1] in ". ":
        reason = "its name ends with a dot or a space"
    elif part.split(".", maxsplit=1)[0].rstrip(" ").upper() in _RESERVED:
        reason = "its name is reserved for a device"
    elif len(part.encode()) > _LONGEST_NAME:
        reason = f"its name is longer than {_LONGEST_NAME} bytes"
    return reason


def _is_invisible(letter: str) -> bool:
    return unicodedata.category(letter) in _INVISIBLE


class _Reader(io.BufferedReader):
    """Refuses to read very much at once: the table of contents is read whole, and says itself how long it is."""

    def __init__(self, file: io.FileIO, called: str, most: int) -> None:
        super().__init__(file)
        self._called = called
        self._most = most

    def read(self, size: int | None = -1, /) -> bytes:
        if size is not None and size > self._most:
            msg = f"{self._called} is refused: its table of contents is said to have {size} bytes"
            raise UnsafeArchive(msg)
        return super().read(size)


def _require_zip(head: bytes, called: str) -> None:
    """A zip archive begins with its first member, or with its end; others may hold two files in one."""
    if not head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        msg = f"{called} is not a zip archive: it is {_what(head)}; nothing of it was kept"
        raise UnsafeArchive(msg)


def _what(head: bytes) -> str:
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if not head:
        return "empty"
    if text.startswith((b"<!doctype html", b"<html")) or b"<html" in text:
        return "a web page (HTML), as the server sends when it wants a sign-in or has no such product"
    named = next((name for beginning, name in _BEGINNINGS.items() if head.startswith(beginning)), None)
    return named or ("binary data of another kind" if b"\x00" in head else "text of another kind")


def _check(called: str, infos: list[zipfile.ZipInfo], limits: Limits) -> None:
    if len(infos) > limits.max_members:
        msg = f"{called} is refused: it has {len(infos)} members, more than {limits.max_members}"
        raise UnsafeArchive(msg)
    seen: dict[str, str] = {}
    for info in infos:
        # zipfile shortens and mends some names; what it made of them is checked, and what they were.
        reason = check_name(info.orig_filename) or check_name(info.filename) or _check_kind(info)
        if reason is not None:
            raise _refused(called, info, reason)
        if info.is_dir():
            continue
        key = _collision_key(_base_name(info))
        if key in seen:
            raise _refused(
                called, info, f"another member, {seen[key]!r}, has the same base name on some or all systems"
            )
        seen[key] = info.filename


def _check_kind(info: zipfile.ZipInfo) -> str | None:
    kind = stat.S_IFMT(info.external_attr >> 16)
    reason = None
    if kind == stat.S_IFLNK:
        reason = "it is a link"
    elif kind not in {0, stat.S_IFREG, stat.S_IFDIR}:
        reason = "it is a device, a pipe or the like"
    elif kind and (kind == stat.S_IFDIR) != info.is_dir():
        reason = "its name says file and its attributes say folder, or the other way round"
    elif info.flag_bits & _ENCRYPTED:
        reason = "it is encrypted"
    elif info.compress_type not in _COMPRESSIONS:
        reason = f"its compression (method {info.compress_type}) is not one that the SCC uses"
    return reason


def _base_name(info: zipfile.ZipInfo) -> str:
    return info.filename.rpartition("/")[2]


def _collision_key(name: str) -> str:
    """Two names with the same key are one file where case or the form of accents does not count (macOS, Windows)."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", name).casefold())


class _Meter:
    """Counts what is really unpacked."""

    def __init__(self, called: str, limits: Limits, size: int) -> None:
        self._called = called
        self._limits = limits
        self._allowed = max(_HARMLESS, limits.max_ratio * size)
        self._total = 0

    def count(self, info: zipfile.ZipInfo, size: int) -> None:
        self._total += size
        if self._total > self._limits.max_total_bytes:
            raise _refused(
                self._called, info, f"with it the archive unpacks to more than {self._limits.max_total_bytes} bytes"
            )
        if self._total > self._allowed:
            reason = f"with it the archive unpacks to more than {self._limits.max_ratio:g} times its size, as bombs do"
            raise _refused(self._called, info, reason)


def _chunks(opened: zipfile.ZipFile, info: zipfile.ZipInfo, called: str, meter: _Meter) -> Iterator[bytes]:
    size = 0
    with _judging(called, info), opened.open(info) as stream:
        while chunk := stream.read(_CHUNK):
            size += len(chunk)
            meter.count(info, len(chunk))
            yield chunk
    if size != info.file_size:
        raise _refused(called, info, f"it is damaged: {info.file_size} bytes were announced, {size} came")


@contextmanager
def _judging(called: str, info: zipfile.ZipInfo | None = None) -> Iterator[None]:
    """Turn what goes wrong while reading into our errors."""
    try:
        yield
    except _DAMAGED as error:
        if info is not None:
            raise _refused(called, info, f"it is damaged ({error})") from error
        msg = f"{called} is damaged or not complete ({error}); nothing of it was kept, download it again"
        raise UnsafeArchive(msg) from error
    except OSError as error:
        # Offsets that make no sense end in a seek that the system refuses.
        if error.errno == errno.EINVAL:
            msg = f"{called} is damaged: it points outside of itself; nothing of it was kept, download it again"
            raise UnsafeArchive(msg) from error
        msg = f"cannot read {called}: {error.strerror or error}"
        raise LocalFileError(msg) from error


def _refused(called: str, info: zipfile.ZipInfo, reason: str) -> UnsafeArchive:
    return UnsafeArchive(f"{called} is refused: member {info.orig_filename!r}: {reason}; nothing of it was kept")
