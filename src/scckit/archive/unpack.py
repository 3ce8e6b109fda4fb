"""From a downloaded archive to files under their final names: all of it or nothing; ``members`` says what it may hold."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack, closing, suppress
from pathlib import Path
from typing import Protocol

from attrs import frozen

from scckit.archive.files import PartFile, make_folder, put, refuse_existing, refuse_folder, telling, temporary_name
from scckit.archive.members import DEFAULT_LIMITS, Limits, check_name, read_members
from scckit.errors import InvalidInput, LocalFileError, UnsafeArchive
from scckit.models.ids import MeasurementID
from scckit.models.products import ProductFile, ProductName

__all__ = ["ArchiveSink", "Owner", "unpack"]


class Owner(Protocol):
    """What ``ArchiveSink`` needs to know of a product kind."""

    @property
    def name(self) -> str:
        """Name of the kind, and of the folder for its files."""

    def owns(self, member: str, /) -> bool:
        """Tell whether a file of this base name belongs to the kind."""


def unpack(
    archive: Path, into: Path, *, accept: Callable[[str], bool], limits: Limits = DEFAULT_LIMITS, replace: bool = True
) -> tuple[Path, ...]:
    """Unpack a zip archive into one folder, safely.

    Folders in the archive are left out (the SCC puts all files into one named by the measurement ID, scc-interface.md
    6.1). The whole archive is read and its checksums are compared before the first file gets its final name. Each file
    then appears in one step, but several files do so one after the other. If one of them fails, those before it are taken
    back and the old files stand again; only a power cut in between, or a file system without hard links, leaves some
    new ones, each of them whole. The folder ``into`` is made if it is missing, and stays.

    Args:
        archive: The archive.
        into: Folder for the files.
        accept: Tells of a base name whether its file is wanted; others are checked but not written.
        limits: How much the archive may hold.
        replace: False to refuse, before anything is changed, when a file exists.

    Returns:
        The files, in the order of the archive.

    Raises:
        UnsafeArchive: The archive is none, is damaged, or holds what it should not; nothing was changed.
        TargetExists: A file exists and may not be replaced; nothing was changed.
        LocalFileError: The file system refuses.
    """

    def place(name: str) -> Path | None:
        return into / name if accept(name) else None

    return tuple(one.path for one in _unpack(archive, into, place, limits, replace=replace))


class ArchiveSink:
    """A sink for an archive of products; what was there before stays until the whole archive has come and was checked.

    Files come as ``into/<measurement ID>/<kind>/<file>``; a file that several kinds own goes to the first of them. With
    ``unpack=False`` the archive itself comes as ``into/<measurement ID>/<first kind>.zip`` after the same checks.
    ``commit`` returns the files in the order of the kinds, and nothing where the archive holds no file of any kind.

    It holds plain values only, so it can be pickled before ``begin``.

    Example:
        >>> ArchiveSink(Path("products"), "20210307aky0930", [elda, eldec])  # doctest: +SKIP
    """

    def __init__(  # noqa: PLR0913 - the last three by keyword
        self,
        into: Path,
        measurement_id: str,
        kinds: Sequence[Owner],
        *,
        unpack: bool = True,
        limits: Limits = DEFAULT_LIMITS,
        replace: bool = True,
    ) -> None:
        """Plan a download; nothing is touched before ``begin``.

        Args:
            into: Folder for all measurements.
            measurement_id: The measurement.
            kinds: What is wanted from the archive, at least one.
            unpack: False to keep the archive as it came.
            limits: How much it may hold.
            replace: False to refuse when a file exists.

        Raises:
            InvalidMeasurementID: The ID is none.
            InvalidInput: There is no kind, or its name cannot be that of a folder.
        """
        if not kinds:
            msg = "no product kind was given; name at least one"
            raise InvalidInput(msg)
        for kind in kinds:
            reason = "its name has several parts" if "/" in kind.name else check_name(kind.name)
            if reason is not None:
                msg = f"the product kind {kind.name!r} cannot have a folder: {reason}; give it a plain name"
                raise InvalidInput(msg)
        self._into = into
        self._id = MeasurementID(measurement_id)
        self._kinds = tuple(kinds)
        self._unpacks = unpack
        self._limits = limits
        self._replace = replace
        self._part: PartFile | None = None

    def __repr__(self) -> str:
        """Show where the files go and which are wanted."""
        names = ", ".join(kind.name for kind in self._kinds)
        return f"ArchiveSink({str(self._folder)!r}, kinds=[{names}], unpack={self._unpacks})"

    @property
    def _folder(self) -> Path:
        return self._into / self._id

    def begin(self) -> None:
        """Make a temporary file for the archive; forgets what an earlier begin has left.

        Raises:
            LocalFileError: It cannot be made.
        """
        self.abort()
        make_folder(self._into)
        self._part = PartFile(self._into, f"{self._id}.zip")

    def write(self, chunk: bytes, /) -> None:
        """Append bytes of the archive.

        Raises:
            UnsafeArchive: The archive is larger than all of its content may be.
            LocalFileError: They cannot be written, as on a full disk.
        """
        part = self._begun()
        if part.size + len(chunk) > self._limits.max_total_bytes:
            msg = f"the archive for {self._id} is refused: it has more than {self._limits.max_total_bytes} bytes"
            raise UnsafeArchive(msg)
        part.write(chunk)

    def commit(self) -> tuple[ProductFile, ...]:
        """Check the archive and put its files, or itself, under their final names.

        Returns:
            The files; empty if the archive holds none of the kinds, and then nothing was changed.

        Raises:
            UnsafeArchive: The archive is none, is damaged, or holds what it should not; nothing was changed.
            TargetExists: A file exists and may not be replaced; nothing was changed.
            LocalFileError: The file system refuses.
        """
        part = self._begun()
        try:
            part.finish()
            return self._unpacked(part) if self._unpacks else self._kept(part)
        finally:
            self.abort()

    def abort(self) -> None:
        """Remove the temporary file, if there is one."""
        part, self._part = self._part, None
        if part is not None:
            part.discard()

    def _begun(self) -> PartFile:
        if self._part is None:
            msg = f"the archive for {self._id}: call begin() before write() and commit()"
            raise LocalFileError(msg)
        return self._part

    def _unpacked(self, part: PartFile) -> tuple[ProductFile, ...]:
        def place(name: str) -> Path | None:
            owner = self._owner(name)
            return self._folder / owner.name / name if owner is not None else None

        files = _unpack(part.path, self._into, place, self._limits, replace=self._replace)
        order = {kind.name: number for number, kind in enumerate(self._kinds)}
        products = [
            ProductFile(one.path, ProductName.parse(one.path.name), one.path.parent.name, one.size, one.sha256)
            for one in files
        ]
        return tuple(sorted(products, key=lambda product: order[product.kind]))

    def _kept(self, part: PartFile) -> tuple[ProductFile, ...]:
        owned = False
        with closing(read_members(part.path, self._limits)) as members:
            for member in members:
                _pass_over(member.chunks)
                owned = owned or self._owner(member.name) is not None
        if not owned:
            return ()
        first = self._kinds[0].name
        target = self._folder / f"{first}.zip"
        refuse_folder(target)
        make_folder(self._folder)
        put(part.path, target, replace=self._replace)
        return (ProductFile(target, ProductName.parse(target.name), first, part.size, part.sha256),)

    def _owner(self, name: str) -> Owner | None:
        return next((kind for kind in self._kinds if kind.owns(name)), None)


@frozen
class _Unpacked:
    """A file under its final name."""

    path: Path
    size: int
    sha256: str


def _unpack(
    archive: Path, near: Path, place: Callable[[str], Path | None], limits: Limits, *, replace: bool
) -> tuple[_Unpacked, ...]:
    """Unpack to the places that ``place`` names; the folder ``near`` holds what is temporary, so that renaming works."""
    make_folder(near)
    staging = near / temporary_name(archive.stem)
    try:
        with telling("make the folder", staging):
            staging.mkdir()
        staged: list[tuple[PartFile, Path]] = []
        with closing(read_members(archive, limits)) as members:
            for member in members:
                target = place(member.name)
                if target is None:
                    _pass_over(member.chunks)
                else:
                    staged.append((_stage(member.chunks, staging, member.name), target))
        _settle(staged, staging, replace=replace)
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    return tuple(_Unpacked(target, part.size, part.sha256) for part, target in staged)


def _pass_over(chunks: Iterable[bytes]) -> None:
    for _ in chunks:
        pass


def _stage(chunks: Iterable[bytes], staging: Path, name: str) -> PartFile:
    part = PartFile(staging, name)
    try:
        for chunk in chunks:
            part.write(chunk)
        part.finish()
    except BaseException:
        part.discard()
        raise
    return part


def _settle(staged: Sequence[tuple[PartFile, Path]], staging: Path, *, replace: bool) -> None:
    """Give all files their final names, or take back what was begun."""
    for _, target in staged:
        refuse_folder(target)
        if not replace:
            refuse_existing(target)
    for folder in {target.parent for _, target in staged}:
        make_folder(folder)
    with ExitStack() as undo:
        for number, (part, target) in enumerate(staged):
            old = _keep_old(target, staging / f"{number}.old")
            put(part.path, target, replace=replace)
            undo.callback(_take_back, target, old)
        undo.pop_all()


def _keep_old(target: Path, second_name: Path) -> Path | None:
    """Give an old file a second name before it is replaced; without hard links it has none, and cannot come back.

    Returns:
        The second name; that of no file if there is no old file; None if the old file cannot be kept.
    """
    if os.path.lexists(target):
        try:
            os.link(target, second_name, follow_symlinks=False)
        except (OSError, NotImplementedError):
            return None
    return second_name


def _take_back(target: Path, old: Path | None) -> None:
    with suppress(OSError):
        if old is None:
            return
        if os.path.lexists(old):
            old.replace(target)
        else:
            target.unlink()
