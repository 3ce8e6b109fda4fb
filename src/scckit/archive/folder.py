"""The folder of one measurement on this side: its manifest, and what is there already. Knows no server."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Protocol

from attrs import frozen

from scckit.archive.files import measured, telling
from scckit.archive.manifest import NAME, DamagedManifest, FileRecord, Manifest, State, zip_name
from scckit.errors import LocalFileError, TargetExists
from scckit.models.ids import MeasurementID
from scckit.models.measurement import Measurement
from scckit.models.products import ProductFile, ProductName

if sys.platform != "win32":
    import fcntl

__all__ = ["MeasurementFolder", "Owner", "Verified", "owned"]

#: A manifest has some 300 bytes for each file; what is larger than this is none.
_LARGEST: Final = 64 * 1024 * 1024


class Owner(Protocol):
    """What is needed to know of a product kind."""

    @property
    def name(self) -> str:
        """Name of the kind, and of the folder for its files."""

    def owns(self, member: str, /) -> bool:
        """Tell whether a file of this base name belongs to the kind."""


@frozen
class Verified:
    """Files that are here, complete and as they came; they are the current ones while the measurement is as it was.

    Attributes:
        files: The files, in the order of their kinds.
        server: Base URL of the server that they came from.
        state: Where the measurement stood then.
    """

    files: tuple[ProductFile, ...]
    server: str
    state: State

    def stands(self, server: str, measurement: Measurement) -> bool:
        """Tell whether the products on a server are still these, by what it says of the measurement now."""
        return self.server == server and self.state.agrees(State.of(measurement))


@frozen
class MeasurementFolder:
    """The folder ``into/<measurement ID>``, which need not exist.

    Attributes:
        path: Where it is.
        id: The measurement.
    """

    path: Path
    id: MeasurementID

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keep other downloads into this folder waiting, of this process and of others; the folder must exist.

        Where the system cannot lock a folder (Windows, some network file systems), nobody waits. Each file is whole even
        so, and the manifest is; but it may lack what another download has written in the same moment, or tell of files
        that another has replaced. Then these count as unknown or changed, and are fetched again.
        """
        descriptor = _lock(self.path)
        try:
            yield
        finally:
            if descriptor is not None:
                os.close(descriptor)

    def manifest(self) -> Manifest:
        """Read the manifest; where there is none, or a damaged one, nothing is known.

        Raises:
            LocalFileError: It cannot be read, or a newer scckit has written it.
        """
        try:
            return self._read()
        except DamagedManifest:
            return Manifest(self.id)

    def manifest_to_replace(self) -> Manifest:
        """Read the manifest as ``manifest`` does, and move a damaged one aside, so that nothing of it is lost.

        Raises:
            LocalFileError: It cannot be read or moved, or a newer scckit has written it.
        """
        try:
            return self._read()
        except DamagedManifest:
            path = self.path / NAME
            with telling("move the damaged manifest aside from", path):
                path.replace(_free(path.with_suffix(".damaged.json")))
            return Manifest(self.id)

    def _read(self) -> Manifest:
        path = self.path / NAME
        with telling("read", path):
            try:
                with path.open("rb") as file:
                    data = file.read(_LARGEST + 1)
            except FileNotFoundError:
                return Manifest(self.id)
        if len(data) > _LARGEST:
            msg = f"{path} is larger than any manifest"
            raise DamagedManifest(msg)
        try:
            return Manifest.read(data, self.id)
        except DamagedManifest:
            raise
        except LocalFileError as error:
            msg = f"{path} cannot be used: {error}, or download into another folder; nothing was changed"
            raise LocalFileError(msg) from None

    def verified(self, kinds: Sequence[Owner], route: str, *, unpack: bool) -> Verified | None:
        """Find what was asked for among the files that the manifest records, and compare each with its record.

        Args:
            kinds: The kinds that are wanted from one archive.
            route: Last part of the archive's address.
            unpack: False if the archive itself is wanted.

        Returns:
            The files; None if one of them is not known, not there or not as it came, or if it cannot be told whether
            the server has newer ones.

        Raises:
            LocalFileError: Something is there but cannot be read.
        """
        manifest = self.manifest()
        if unpack:
            found = [manifest.covering(kind.name) for kind in kinds]
        else:
            kept = manifest.kept(kinds[0].name)
            found = [kept if kept is not None and kept.kinds == tuple(kind.name for kind in kinds) else None]
        records = [one for one in found if one is not None]
        first = records[0] if records else None
        if first is None or first.state is None or not first.state.tells or len(records) < len(found):
            return None
        if any((one.server, one.route, one.state) != (first.server, route, first.state) for one in records):
            return None
        names = [kind.name for kind in kinds]
        wanted = {file.path: file for one in records for file in one.files if file.kind in names}
        files = [self._file(file) for file in wanted.values()]
        if not files or any(
            file is None or (file.size, file.sha256) != (record.size, record.sha256)
            for file, record in zip(files, wanted.values(), strict=True)
        ):
            return None
        present = [file for file in files if file is not None]
        return Verified(tuple(sorted(present, key=lambda file: names.index(file.kind))), first.server, first.state)

    def present(self, kind: Owner) -> tuple[ProductFile, ...] | None:
        """Return the unpacked files of a kind that are here, whatever their content is now.

        Returns:
            The files that the manifest records, which may be none if the archive had none; or all that the kind owns in
            its folder, if the manifest says nothing of the kind. None if there are none, or one of them is missing.

        Raises:
            LocalFileError: Something is there but cannot be read.
        """
        record = self.manifest().covering(kind.name)
        if record is None:
            return tuple(self._product(path, kind.name) for path in owned(self.path, kind)) or None
        files = [self._file(file) for file in record.files if file.kind == kind.name]
        present = tuple(file for file in files if file is not None)
        return present if len(present) == len(files) else None

    def present_archive(self, kinds: Sequence[Owner]) -> ProductFile | None:
        """Return the archive that was kept for these kinds, whatever its content is now; None if it is not here.

        Raises:
            LocalFileError: It is there but cannot be read.
        """
        first = kinds[0].name
        path = self.path / zip_name(first)
        return self._product(path, first) if _is_file(path) else None

    def refuse_present(self, kinds: Sequence[Owner], *, unpack: bool) -> None:
        """Make sure that no kind has a file here.

        Raises:
            TargetExists: One has; the message tells which.
            LocalFileError: A folder cannot be read.
        """
        archive = self.path / zip_name(kinds[0].name)
        here = (path for kind in kinds for path in owned(self.path, kind)) if unpack else iter([archive])
        found = next((path for path in here if os.path.lexists(path)), None)
        if found is not None:
            msg = (
                f"{found} exists already, nothing was asked for; move it away, or choose another way with existing files:"
                " existing='verify', 'skip' or 'replace'"
            )
            raise TargetExists(msg)

    def _file(self, record: FileRecord) -> ProductFile | None:
        path = self.path / record.path
        return self._product(path, record.kind) if _is_file(path) else None

    def _product(self, path: Path, kind: str) -> ProductFile:
        with telling("read", path):
            size, digest = measured(path)
        return ProductFile(path, ProductName.parse(path.name), kind, size, digest)


def owned(folder: Path, kind: Owner) -> list[Path]:
    """Return the files of a kind in a measurement's folder, by name, whoever put them there.

    Raises:
        LocalFileError: The kind's folder cannot be read.
    """
    files = folder / kind.name
    with telling("read the folder", files):
        try:
            paths = sorted(files.iterdir())
        except FileNotFoundError:
            return []
    return [path for path in paths if _is_file(path) and kind.owns(path.name)]


def _is_file(path: Path) -> bool:
    """Tell whether a file of its own is there: a link would lead to something that never came."""
    with telling("look at", path):
        try:
            return stat.S_ISREG(path.lstat().st_mode)
        except FileNotFoundError:
            return False


def _free(path: Path) -> Path:
    number = 1
    free = path
    while os.path.lexists(free):
        number += 1
        free = path.with_stem(f"{path.stem}-{number}")
    return free


def _lock(folder: Path) -> int | None:
    if sys.platform == "win32":
        return None
    descriptor = None
    try:
        descriptor = os.open(folder, os.O_RDONLY)
        # The folder itself and not a file in it, which would stay and be one more thing to explain; closing unlocks.
        fcntl.flock(descriptor, fcntl.LOCK_EX)
    except OSError:
        if descriptor is not None:
            os.close(descriptor)
        return None
    except BaseException:
        if descriptor is not None:
            os.close(descriptor)
        raise
    return descriptor
