"""From a downloaded archive to files under their final names: all of it or nothing; ``members`` says what it may hold."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, closing, suppress
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Final, Self

from attrs import frozen

from scckit.archive.files import (
    PartFile,
    keep_names,
    make_folder,
    put,
    refuse_existing,
    refuse_folder,
    telling,
    temporary_name,
)
from scckit.archive.folder import MeasurementFolder, Owner
from scckit.archive.manifest import NAME, FileRecord, Manifest, Record, State, zip_name
from scckit.archive.members import DEFAULT_LIMITS, Limits, check_name, read_members
from scckit.errors import InvalidInput, LocalFileError, TargetExists, UnsafeArchive
from scckit.models.ids import MeasurementID
from scckit.models.measurement import Measurement
from scckit.models.products import ProductFile, ProductName

__all__ = ["ArchiveSink", "Source", "unpack"]

#: Threads that finish unpacked files; they mostly wait for the disk.
_FINISHERS: Final = 4


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

    make_folder(into)
    with _Staging(into, archive.stem) as staging:
        staged = _stage_all(archive, staging, place, limits)
        if staged:
            _settle([_Staged(part, target, replace=replace) for part, target in staged], staging)
    return tuple(target for _, target in staged)


@frozen
class Source:
    """Where an archive comes from, for the manifest.

    Attributes:
        server: Base URL of the server.
        route: Last part of the archive's address.
        when: The moment at which it is asked for; aware.
        state: Where the measurement stood right before, None if that was not asked or not told.
    """

    server: str
    route: str
    when: datetime
    state: State | None = None


class ArchiveSink:
    """A sink for an archive of products; what was there before stays until the whole archive has come and was checked.

    Files come as ``into/<measurement ID>/<kind>/<file>``; a file that several kinds own goes to the first of them. With
    ``unpack=False`` the archive itself comes as ``into/<measurement ID>/<first kind>.zip`` after the same checks.
    ``commit`` returns the files in the order of the kinds, and nothing where the archive holds no file of any kind.

    A sink that knows where the archive comes from (see ``noting``) writes that, together with the files, to the manifest
    in ``into/<measurement ID>``: both appear, or neither. Files of an older archive that the new one has no more stay
    where they are, and the manifest forgets them.

    It holds plain values only, so it can be pickled before ``begin``.

    Example:
        >>> ArchiveSink(Path("products"), "20210307aky0930", [elda, eldec])  # doctest: +SKIP
    """

    def __init__(  # noqa: PLR0913 - the last four by keyword
        self,
        into: Path,
        measurement_id: str,
        kinds: Sequence[Owner],
        *,
        unpack: bool = True,
        limits: Limits = DEFAULT_LIMITS,
        replace: bool = True,
        source: Source | None = None,
    ) -> None:
        """Plan a download; nothing is touched before ``begin``.

        Args:
            into: Folder for all measurements.
            measurement_id: The measurement.
            kinds: What is wanted from the archive, at least one.
            unpack: False to keep the archive as it came.
            limits: How much it may hold.
            replace: False to refuse when a file exists.
            source: Where the archive comes from; None to write no manifest.

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
        self._source = source
        self._part: PartFile | None = None

    def __repr__(self) -> str:
        """Show where the files go and which are wanted."""
        names = ", ".join(kind.name for kind in self._kinds)
        return f"ArchiveSink({str(self._folder)!r}, kinds=[{names}], unpack={self._unpacks})"

    @property
    def _folder(self) -> Path:
        return self._into / self._id

    @property
    def _called(self) -> str:
        """What messages call the archive; the name of its temporary file says nothing to anybody."""
        route = "" if self._source is None else f" ({self._source.route.strip('/')})"
        return f"the archive for {self._id}{route}"

    def noting(self, *, server: str, route: str, when: datetime, measurement: Measurement | None) -> ArchiveSink:
        """Return a sink like this one that records in the manifest where its files come from.

        Args:
            server: Base URL of the server.
            route: Last part of the archive's address.
            when: The moment at which the archive is asked for; aware.
            measurement: What the server said of the measurement before that, None if it was not asked.
        """
        return ArchiveSink(
            self._into,
            self._id,
            self._kinds,
            unpack=self._unpacks,
            limits=self._limits,
            replace=self._replace,
            source=Source(server, route, when, None if measurement is None else State.of(measurement)),
        )

    def begin(self) -> None:
        """Make a temporary file for the archive; forgets what an earlier begin has left.

        Raises:
            LocalFileError: It cannot be made.
        """
        self.abort()
        make_folder(self._into)
        self._part = PartFile(self._into, f"{self._id}.zip", keep=not self._unpacks)

    def write(self, chunk: bytes, /) -> None:
        """Append bytes of the archive.

        Raises:
            UnsafeArchive: The archive is larger than all of its content may be.
            LocalFileError: They cannot be written, as on a full disk.
        """
        part = self._begun()
        if part.size + len(chunk) > self._limits.max_total_bytes:
            msg = f"{self._called} is refused: it has more than {self._limits.max_total_bytes} bytes"
            raise UnsafeArchive(msg)
        part.write(chunk)

    def commit(self) -> tuple[ProductFile, ...]:
        """Check the archive and put its files, or itself, under their final names.

        Returns:
            The files; empty if the archive holds none of the kinds, and then nothing was changed.

        Raises:
            UnsafeArchive: The archive is none, is damaged, or holds what it should not; nothing was changed.
            TargetExists: A file exists and may not be replaced, or one of a later state of the measurement came while this
                archive was under way; nothing was changed.
            LocalFileError: The file system refuses, or a newer scckit has written the manifest; nothing was changed.
        """
        part = self._begun()
        try:
            part.complete()
            return self._settled(part)
        finally:
            self.abort()

    def abort(self) -> None:
        """Remove the temporary file, if there is one."""
        part, self._part = self._part, None
        if part is not None:
            part.discard()

    def _begun(self) -> PartFile:
        if self._part is None:
            msg = f"{self._called}: call begin() before write() and commit()"
            raise LocalFileError(msg)
        return self._part

    def _settled(self, archive: PartFile) -> tuple[ProductFile, ...]:
        with _Staging(self._into, archive.path.stem) as staging, ExitStack() as leftovers:
            staged = self._unpacked(archive, staging) if self._unpacks else self._kept(archive)
            if not staged:
                return ()
            files = self._products(staged)
            make_folder(self._folder)
            folder = MeasurementFolder(self._folder, self._id)
            with folder.alone():
                moves = [_Staged(part, target, replace=self._replace) for part, target in staged]
                if self._source is not None:
                    known = folder.manifest_to_replace()
                    self._refuse_older(known, self._source)
                    # Last, so that a manifest never tells of files that have not come yet.
                    part = self._manifest(known, self._source, archive, files)
                    leftovers.callback(part.discard)
                    moves.append(_Staged(part, self._folder / NAME, replace=True))
                if not self._unpacks:
                    archive.finish()
                _settle(moves, staging)
        return files

    def _unpacked(self, archive: PartFile, staging: _Staging) -> list[tuple[PartFile, Path]]:
        def place(name: str) -> Path | None:
            owner = self._owner(name)
            return self._folder / owner.name / name if owner is not None else None

        return _stage_all(archive.path, staging, place, self._limits, called=self._called)

    def _kept(self, archive: PartFile) -> list[tuple[PartFile, Path]]:
        owned = False
        with closing(read_members(archive.path, self._limits, called=self._called)) as members:
            for member in members:
                _pass_over(member.chunks)
                owned = owned or self._owner(member.name) is not None
        return [(archive, self._folder / zip_name(self._kinds[0].name))] if owned else []

    def _products(self, staged: Iterable[tuple[PartFile, Path]]) -> tuple[ProductFile, ...]:
        order = {kind.name: number for number, kind in enumerate(self._kinds)}
        products = [
            ProductFile(
                target,
                ProductName.parse(target.name),
                target.parent.name if self._unpacks else self._kinds[0].name,
                part.size,
                part.sha256,
            )
            for part, target in staged
        ]
        return tuple(sorted(products, key=lambda product: order[product.kind]))

    def _refuse_older(self, known: Manifest, source: Source) -> None:
        """Keep a download that took very long, as of a worker whose run was killed, from undoing what came after it."""
        mine = None if source.state is None else source.state.updated
        kinds = {kind.name for kind in self._kinds}
        for one in known.archives:
            theirs = None if one.state is None else one.state.updated
            is_later = mine is not None and theirs is not None and theirs > mine
            shared = kinds.intersection(one.kinds)
            # Both, since a clock of this side or of the server alone may have been set back.
            if is_later and one.fetched > source.when and one.server == source.server and shared:
                msg = (
                    f"{self._folder} has {', '.join(sorted(shared))} of a later state, which came while this"
                    " archive was under way; it was not kept, nothing was changed"
                )
                raise TargetExists(msg)

    def _manifest(
        self,
        known: Manifest,
        source: Source,
        archive: PartFile,
        files: Iterable[ProductFile],
    ) -> PartFile:
        record = Record(
            source.server,
            source.route,
            tuple(kind.name for kind in self._kinds),
            self._unpacks,
            source.when,
            archive.size,
            None if self._unpacks else archive.sha256,
            source.state,
            tuple(
                FileRecord(one.kind, one.path.relative_to(self._folder).as_posix(), one.size, one.sha256 or "")
                for one in files
            ),
        )
        part = _written([known.having(record).to_bytes()], self._into, f"{self._id}.json")
        _finish(part)
        return part

    def _owner(self, name: str) -> Owner | None:
        return next((kind for kind in self._kinds if kind.owns(name)), None)


@frozen
class _Staged:
    """A finished file on the way to its final name."""

    part: PartFile
    target: Path
    replace: bool


class _Staging:
    """A folder for what is temporary, on the same file system as the targets, so that renaming works; made if it is needed."""

    def __init__(self, near: Path, name: str) -> None:
        self.path = near / temporary_name(name)
        self._is_made = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._is_made:
            shutil.rmtree(self.path, ignore_errors=True)

    def folder(self) -> Path:
        """Return the folder."""
        if not self._is_made:
            with telling("make the folder", self.path):
                self.path.mkdir()
            self._is_made = True
        return self.path


def _stage_all(
    archive: Path,
    staging: _Staging,
    place: Callable[[str], Path | None],
    limits: Limits,
    *,
    called: str | None = None,
) -> list[tuple[PartFile, Path]]:
    """Unpack the members that ``place`` names a target for."""
    staged: list[tuple[PartFile, Path]] = []
    # Forcing files to the disk is waiting, half of the time of all: the next members are unpacked meanwhile.
    reading = closing(read_members(archive, limits, called=called))
    with ThreadPoolExecutor(_FINISHERS, "scckit-unpack") as forcing, reading as members:
        finished: list[Future[None]] = []
        for member in members:
            target = place(member.name)
            if target is None:
                _pass_over(member.chunks)
            else:
                part = _written(member.chunks, staging.folder(), member.name)
                finished.append(forcing.submit(_finish, part))
                staged.append((part, target))
        for one in finished:
            one.result()
    return staged


def _pass_over(chunks: Iterable[bytes]) -> None:
    for _ in chunks:
        pass


def _written(chunks: Iterable[bytes], staging: Path, name: str) -> PartFile:
    part = PartFile(staging, name)
    try:
        for chunk in chunks:
            part.write(chunk)
    except BaseException:
        part.discard()
        raise
    return part


def _finish(part: PartFile) -> None:
    try:
        part.finish()
    except BaseException:
        part.discard()
        raise


def _settle(staged: Sequence[_Staged], staging: _Staging) -> None:
    """Give all files, one at least, their final names, or take back what was begun."""
    for one in staged:
        refuse_folder(one.target)
        if not one.replace:
            refuse_existing(one.target)
    for folder in {one.target.parent for one in staged}:
        make_folder(folder)
    last = staged[-1]
    with ExitStack() as undo:
        for number, (one, following) in enumerate(pairwise(staged)):
            old = _keep_old(one.target, staging, f"{number}.old")
            put(one.part.path, one.target, replace=one.replace)
            undo.callback(_take_back, one.target, old)
            if following.target.parent != one.target.parent:
                # Once for a row of files, but before the manifest, which is the last one and tells of the others.
                keep_names(one.target.parent)
        # Nothing can fail behind it, so what it replaces needs no second name.
        put(last.part.path, last.target, replace=last.replace)
        undo.pop_all()
    keep_names(last.target.parent)


def _keep_old(target: Path, staging: _Staging, name: str) -> Path | None:
    """Give an old file a second name before it is replaced; without hard links it has none, and cannot come back.

    Returns:
        The second name; that of no file if there is no old file; None if the old file cannot be kept.
    """
    if not os.path.lexists(target):
        return staging.path / name
    second_name = staging.folder() / name
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
