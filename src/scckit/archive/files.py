"""Files that are either whole under their final name or not there at all. Nothing of the SCC is known here."""

from __future__ import annotations

import errno
import hashlib
import os
import secrets
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Final

from scckit.errors import LocalFileError, TargetExists

__all__ = [
    "AtomicFile",
    "PartFile",
    "keep_names",
    "make_folder",
    "measured",
    "put",
    "refuse_existing",
    "refuse_folder",
    "telling",
    "temporary_name",
]

_BINARY: Final[int] = getattr(os, "O_BINARY", 0)

#: Bytes that are read at a time.
_CHUNK: Final = 1024 * 1024

#: Bytes that are written before the disk is asked to take them while more are on their way.
_AHEAD: Final = 16 * 1024 * 1024

#: What a file system answers that knows no hard links, or not here.
_NO_LINKS: Final = frozenset(
    {errno.EPERM, errno.EACCES, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EMLINK, errno.EXDEV, errno.EINVAL}
)


class AtomicFile:
    """A sink that writes one file: under its final name there is the old file, or the whole new one.

    The bytes go to a sibling named ``….part``. ``commit`` forces them to the disk and renames the sibling, which takes
    the place of an old file in one step; ``abort`` removes it. A link at the target is replaced, not followed. Folders
    that are missing are made and stay.

    Example:
        >>> AtomicFile(Path("notes.json")).put(b"{}")  # doctest: +SKIP
        PosixPath('notes.json')
    """

    def __init__(
        self, target: Path, *, replace: bool = True, mode: int = 0o666, check: Callable[[Path], None] | None = None
    ) -> None:
        """Plan a file; nothing is touched before ``begin``.

        Args:
            target: Its final name.
            replace: False to refuse when a file of that name exists, also one that appears in the meantime.
            mode: Permissions of the file from its first byte on, less those that the process withholds (umask).
            check: Looks at the complete sibling before it gets the final name; what it raises leaves all as it was.
        """
        self._target = target
        self._replace = replace
        self._mode = mode
        self._check = check
        self._part: PartFile | None = None

    def __repr__(self) -> str:
        """Show the final name and whether writing has begun."""
        return f"AtomicFile({str(self._target)!r}, begun={self._part is not None})"

    def begin(self) -> None:
        """Make the sibling; forgets what an earlier begin has left.

        Raises:
            TargetExists: The target exists and may not be replaced.
            LocalFileError: The target is a folder, or the sibling cannot be made.
        """
        self.abort()
        refuse_folder(self._target)
        if not self._replace:
            refuse_existing(self._target)
        make_folder(self._target.parent)
        self._part = PartFile(self._target.parent, self._target.name, mode=self._mode)

    def write(self, chunk: bytes, /) -> None:
        """Append bytes.

        Raises:
            LocalFileError: They cannot be written, as on a full disk.
        """
        self._begun().write(chunk)

    def commit(self) -> Path:
        """Put the file under its final name, and return that.

        Raises:
            TargetExists: A file has appeared there and may not be replaced.
            LocalFileError: The file system refuses.
            Exception: What ``check`` raises.
        """
        part = self._begun()
        try:
            part.finish()
            if self._check is not None:
                self._check(part.path)
            put(part.path, self._target, replace=self._replace)
            keep_names(self._target.parent)
        finally:
            self.abort()
        return self._target

    def abort(self) -> None:
        """Remove the sibling, if there is one; the target stays as it was."""
        part, self._part = self._part, None
        if part is not None:
            part.discard()

    def put(self, content: bytes) -> Path:
        """Write the whole content, and return the final name.

        Raises:
            TargetExists: There is a file, which may not be replaced.
            LocalFileError: The file system refuses.
        """
        self.begin()
        try:
            self.write(content)
            return self.commit()
        finally:
            self.abort()

    def _begun(self) -> PartFile:
        if self._part is None:
            msg = f"{self._target}: call begin() before write() and commit()"
            raise LocalFileError(msg)
        return self._part


class PartFile:
    """A temporary file in the making, of a name that no one else has, which knows its length and its SHA-256.

    A large one is forced to the disk piece by piece while the rest still comes: done at the end alone, that takes as long
    again as a fast download.

    Attributes:
        path: Where it is.
    """

    def __init__(self, folder: Path, name: str, *, keep: bool = True, mode: int = 0o666) -> None:
        """Make it, empty.

        Args:
            folder: An existing folder.
            name: Name of what it is a part of; its own begins like it.
            keep: False for a file that is only read and removed again: it has no checksum, and is not forced to the disk.
            mode: Its permissions, less those that the process withholds.

        Raises:
            LocalFileError: It cannot be made.
        """
        self.path = folder / temporary_name(name)
        self._digest = hashlib.sha256()
        self._keep = keep
        self._size = 0
        self._ahead = 0
        self._forcer: ThreadPoolExecutor | None = None
        self._forcing: list[Future[None]] = []
        with telling("create", self.path):
            # Not tempfile, whose files are readable to their owner alone, also after the rename.
            descriptor = os.open(self.path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | _BINARY, mode)
            self._file: BinaryIO = os.fdopen(descriptor, "wb")

    @property
    def size(self) -> int:
        """Bytes written so far."""
        return self._size

    @property
    def sha256(self) -> str:
        """SHA-256 of the bytes written so far, as hexadecimal digits."""
        return self._digest.hexdigest()

    def write(self, chunk: bytes) -> None:
        """Append bytes.

        Raises:
            LocalFileError: They cannot be written.
        """
        with telling("write", self.path):
            self._file.write(chunk)
            if self._keep:
                self._digest.update(chunk)
                self._force_ahead(len(chunk))
        self._size += len(chunk)

    def complete(self) -> None:
        """Hand all bytes to the system: they can be read at ``path``, and are on their way to the disk.

        Raises:
            LocalFileError: It does not take them.
        """
        with telling("write", self.path):
            self._file.flush()
            if self._keep:
                self._force()

    def finish(self) -> None:
        """Force all bytes to the disk and close; the file stays until it is renamed or discarded.

        Raises:
            LocalFileError: The disk does not take them.
        """
        with telling("write", self.path):
            self._file.flush()
            if self._keep:
                self._forced()
                if self._ahead or not self._forcing:
                    os.fsync(self._file.fileno())
            self._file.close()
        self._stop()

    def discard(self) -> None:
        """Close and remove the file, if it is still there; raises nothing."""
        self._stop()
        with suppress(OSError):
            self._file.close()
        with suppress(OSError):
            self.path.unlink(missing_ok=True)

    def _force_ahead(self, more: int) -> None:
        self._ahead += more
        if self._ahead < _AHEAD or not all(one.done() for one in self._forcing[-1:]):
            return
        self._forced()
        self._file.flush()
        self._force()

    def _force(self) -> None:
        self._ahead = 0
        if self._forcer is None:
            self._forcer = ThreadPoolExecutor(1, "scckit-disk")
        self._forcing.append(self._forcer.submit(os.fsync, self._file.fileno()))

    def _forced(self) -> None:
        # The system tells of bytes that it has lost once, and not again at the last fsync.
        for one in self._forcing:
            one.result()

    def _stop(self) -> None:
        # Not without waiting: the number of a closed file may be another's in the next moment.
        if self._forcer is not None:
            self._forcer.shutdown()


def put(part: Path, target: Path, *, replace: bool) -> None:
    """Give a finished file its final name, in one step as others see it.

    Without ``replace`` the new name is made by a hard link, which fails if the name is taken, so that of two writers one
    wins. Where there are no hard links the name is first claimed by an empty file, which others may see for a moment.
    The name is on the disk after ``keep_names``.

    Raises:
        TargetExists: There is a file and ``replace`` is False.
        LocalFileError: The file system refuses.
    """
    refuse_folder(target)
    with telling("put a file at", target):
        if replace:
            part.replace(target)
        else:
            _put_new(part, target)


def _put_new(part: Path, target: Path) -> None:
    try:
        target.hardlink_to(part)
    except FileExistsError:
        raise _exists(target) from None
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        _claim(target)
        try:
            part.replace(target)
        except BaseException:
            target.unlink(missing_ok=True)
            raise
    else:
        part.unlink()


def _claim(target: Path) -> None:
    try:
        os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
    except FileExistsError:
        raise _exists(target) from None


def keep_names(folder: Path) -> None:
    """Force a folder's names to the disk where the system can; the content is there already, so failing is no loss."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def measured(path: Path) -> tuple[int, str]:
    """Return length and SHA-256 of a file.

    Raises:
        OSError: It cannot be read.
    """
    digest, size = hashlib.sha256(), 0
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
            size += len(chunk)
    return size, digest.hexdigest()


def make_folder(folder: Path) -> None:
    """Make a folder and those above it; one that exists is fine.

    Raises:
        LocalFileError: It cannot be made, or a file is in the way.
    """
    with telling("make the folder", folder):
        folder.mkdir(parents=True, exist_ok=True)


def refuse_folder(target: Path) -> None:
    """Make sure that a file's name is not that of a folder.

    Raises:
        LocalFileError: It is.
    """
    if target.is_dir():
        msg = f"{target} is a folder; give the name of a file, or move the folder away"
        raise LocalFileError(msg)


def refuse_existing(target: Path) -> None:
    """Make sure that nothing has a file's name yet, be it a link that leads nowhere.

    Raises:
        TargetExists: Something has.
    """
    if os.path.lexists(target):
        raise _exists(target)


def temporary_name(name: str) -> str:
    """Return a name that no file has yet, which tells what it is a part of.

    The 48 letters kept of the name are at most 192 bytes, so that the whole stays below the 255 that file systems allow.
    """
    return f".{name[:48]}.{secrets.token_hex(8)}.part"


@contextmanager
def telling(doing: str, path: Path) -> Iterator[None]:
    """Turn an ``OSError`` into a ``LocalFileError`` that says what was being done, to which path, and the reason."""
    try:
        yield
    except OSError as error:
        msg = f"cannot {doing} {path}: {error.strerror or error}{_hint(error)}"
        raise LocalFileError(msg) from error


def _hint(error: OSError) -> str:
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return "; make room and try again"
    if error.errno in {errno.EACCES, errno.EPERM, errno.EROFS}:
        return "; choose a folder that you may write to"
    if error.errno in {errno.ENOTDIR, errno.EEXIST}:
        return "; a file is where a folder is needed"
    return ""


def _exists(target: Path) -> TargetExists:
    return TargetExists(f"{target} exists already and may not be replaced; move it away, or allow replacing")
