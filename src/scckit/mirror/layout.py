"""The folder of a mirror: where things are, what a run leaves behind when it is killed, and who is at work. Knows no server.

::

    FOLDER/scckit-mirror.sqlite           the catalogue
    FOLDER/2021/03/<measurement ID>/…     the products, in each measurement's folder as a download makes it
    FOLDER/versions/2021/03/<measurement ID>/<when it came>/<kind>/<file>     earlier files that were kept
    FOLDER/.runs/<number>                 held by a run while it is at work
"""

from __future__ import annotations

import filecmp
import os
import shutil
import sys
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Final

from attrs import frozen

from scckit.archive.files import make_folder, telling, temporary_name
from scckit.errors import LocalFileError
from scckit.models.ids import MeasurementID

if sys.platform != "win32":
    import fcntl

__all__ = ["CATALOGUE", "Layout", "RunLock", "Unreadable"]

#: Name of the catalogue in the folder.
CATALOGUE: Final = "scckit-mirror.sqlite"

#: Descriptors of the locks that runs of this process hold.
_held: Final[set[int]] = set()

_RUNS: Final = ".runs"
_VERSIONS: Final = "versions"


@frozen
class Unreadable:
    """A folder of which it is not known what is in it, and why."""

    path: Path
    words: str


@frozen
class Layout:
    """Paths below the folder of a mirror; all that is kept of them is relative to it, so that the folder can be moved."""

    root: Path

    @property
    def catalogue(self) -> Path:
        """The SQLite file."""
        return self.root / CATALOGUE

    def is_here(self) -> bool:
        """Tell whether the folder is still where it was.

        Raises:
            LocalFileError: It cannot be looked at.
        """
        return _is_there(self.catalogue)

    def month(self, measurement: str) -> Path:
        """Return the folder that a download of a measurement goes into, by the date in its ID."""
        return self.root / measurement[:4] / measurement[4:6]

    def measurement(self, measurement: str) -> Path:
        """Return the folder of a measurement."""
        return self.month(measurement) / measurement

    def has(self, measurement: str) -> bool:
        """Tell whether there is a folder of a measurement.

        Raises:
            LocalFileError: It cannot be looked at.
        """
        return _is_there(self.measurement(measurement))

    def path(self, relative: str) -> Path:
        """Return where something is."""
        return self.root / PurePosixPath(relative)

    def owner(self, relative: str) -> str:
        """Return the measurement that a file is of, an earlier version or a current one."""
        parts = PurePosixPath(relative).parts
        return parts[3 if parts[0] == _VERSIONS else 2]

    def relative(self, path: Path) -> str:
        """Return how a path is kept in the catalogue."""
        return path.relative_to(self.root).as_posix()

    def measurements(self) -> tuple[list[Path], list[Unreadable]]:
        """Return the folders of all measurements, by ID, and what may hold more of them and cannot be read."""
        found, unreadable = _below(self.root, partial(_folders, digits=4), partial(_folders, digits=2), _folders)
        return [one for one in found if _is_id(one.name)], unreadable

    def earlier(self) -> tuple[list[Path], list[Unreadable]]:
        """Return the earlier versions of all files, by path, and the folders of such that cannot be read."""
        found, unreadable = _below(self.root / _VERSIONS, *[_folders] * 5, _files)
        return [one for one in found if not _is_temporary(one)], unreadable

    def earlier_of(self, measurement: str) -> list[Path]:
        """Return the earlier versions of a measurement's files, by path.

        Raises:
            LocalFileError: A folder of such cannot be read.
        """
        found, unreadable = _below(self._versions(measurement), _folders, _folders, _files)
        if unreadable:
            raise LocalFileError(unreadable[0].words)
        return [one for one in found if not _is_temporary(one)]

    def current(self, earlier: str) -> str:
        """Return where the current file is, or was, that an earlier version is of."""
        _, year, month, measurement, _, kind, name = PurePosixPath(earlier).parts
        return f"{year}/{month}/{measurement}/{kind}/{name}"

    def is_still_current(self, earlier: str) -> bool:
        """Tell whether an earlier version is, in fact, the current file."""
        return _same(self.path(self.current(earlier)), self.path(earlier))

    def files(self, measurement: str, kind: str) -> list[Path]:
        """Return the files of a kind of a measurement, by name, whoever has put them there.

        Raises:
            LocalFileError: Their folder cannot be read.
        """
        return _files(self.measurement(measurement) / kind)

    def keep(self, relative: str, came: datetime) -> str:
        """Give a current file a second place among the earlier versions; there it stays when it is replaced.

        Args:
            relative: Where it is.
            came: When it came.

        Returns:
            The second place. Keeping the same file twice gives the same place.

        Raises:
            LocalFileError: It cannot be made.
        """
        year, month, measurement, kind, name = PurePosixPath(relative).parts
        stamp = came.strftime("%Y%m%dT%H%M%SZ")
        source = self.path(relative)
        number = 1
        while True:
            folder = (
                self.root / _VERSIONS / year / month / measurement / (stamp if number == 1 else f"{stamp}-{number}")
            )
            target = folder / kind / name
            is_taken = _is_there(target)
            if not is_taken or _same(source, target):
                break
            number += 1  # a clock that went back has made the same stamp twice
        make_folder(target.parent)
        if not is_taken:
            with telling("keep the earlier file at", target):
                _link(source, target)
        return self.relative(target)

    def forget(self, relative: str) -> None:
        """Remove a file, and the folders that it leaves empty; raises nothing if it is not there.

        Raises:
            LocalFileError: The file system refuses.
        """
        path = self.path(relative)
        with telling("remove", path):
            path.unlink(missing_ok=True)
        for folder in path.parents:
            if folder == self.root:
                break
            try:
                folder.rmdir()
            except OSError:
                break  # there is something else in it

    def sweep(self, measurement: str) -> None:
        """Remove what a killed run has left of a measurement under temporary names.

        Raises:
            LocalFileError: Its folder cannot be read.
        """
        # The whole ID: that of another measurement may begin like it.
        month = self.month(measurement)
        beside = [month / one.name for one in _entries(month) if one.name.lstrip(".").startswith(f"{measurement}.")]
        kept, _ = _below(self._versions(measurement), _folders, _folders, _files)
        for path in (*beside, *kept):
            if not _is_temporary(path):
                continue
            with suppress(OSError):
                path.unlink()
            shutil.rmtree(path, ignore_errors=True)  # where it is a folder

    def _versions(self, measurement: str) -> Path:
        return self.root / _VERSIONS / self.measurement(measurement).relative_to(self.root)

    # -- runs -----------------------------------------------------------------------------------------------------------

    def lock(self, run: int) -> RunLock:
        """Show that a run is at work.

        Raises:
            LocalFileError: The file for it cannot be made.
        """
        path = self.root / _RUNS / str(run)
        make_folder(path.parent)
        while True:
            with telling("create", path):
                descriptor = os.open(path, os.O_CREAT | os.O_RDWR, 0o666)
            _held.add(descriptor)
            if sys.platform != "win32":
                with suppress(OSError):  # a file system without locks: then nobody can tell, and nobody takes over
                    fcntl.flock(descriptor, fcntl.LOCK_EX)
            if _is_of(descriptor, path):
                return RunLock(path, descriptor)
            _let_go(descriptor)  # before it was locked another run took it for that of a killed one

    def runs(self) -> list[int]:
        """Return the numbers of all runs that are at work, or were when they were killed."""
        return sorted(int(one.name) for one in _entries(self.root / _RUNS) if one.name.isdecimal())

    def is_alive(self, run: int) -> bool:
        """Tell whether a run is at work, in this process or another; what a killed one has left of itself is removed.

        One on another machine counts where the file system shares locks.
        """
        path = self.root / _RUNS / str(run)
        try:
            if sys.platform != "win32":  # there, a file that is open cannot be removed
                descriptor = os.open(path, os.O_RDWR)
                try:
                    # Shared, so that of two who ask at a time neither takes the other for the run.
                    fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
                    path.unlink()  # while it is locked, so that a run that is just beginning sees that it is gone
                finally:
                    os.close(descriptor)
            else:
                path.unlink()
        except FileNotFoundError:
            return False
        except OSError:
            return True  # held; or of another user, and as it cannot be told, nothing is taken from it
        return False


@frozen
class RunLock:
    """Shows that a run is at work; it ends with the process, however that ends."""

    path: Path
    descriptor: int

    def close(self) -> None:
        """Show that it has ended; may be called once. In a copy of the process, which does not hold it, nothing happens."""
        if self.descriptor in _held:
            with suppress(OSError):
                self.path.unlink()
            _let_go(self.descriptor)


def _let_go(descriptor: int) -> None:
    _held.discard(descriptor)
    os.close(descriptor)


def _let_go_of_all() -> None:
    for descriptor in tuple(_held):
        _let_go(descriptor)


if hasattr(os, "register_at_fork"):
    # A copy of the process, as a pool of processes makes, has a run's file open too: it would hold that run's lock for as
    # long as it lives, also where the run itself was killed.
    os.register_at_fork(after_in_child=_let_go_of_all)


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    """Return what is in a folder, by name; nothing if there is no such folder."""
    with telling("read the folder", folder):
        try:
            with os.scandir(folder) as entries:
                return sorted(entries, key=lambda one: one.name)
        except (FileNotFoundError, NotADirectoryError):
            return []


def _folders(folder: Path, *, digits: int = 0) -> list[Path]:
    """Return the folders in a folder; with so many digits as their names, if that is given."""
    with telling("read the folder", folder):
        found = [folder / one.name for one in _entries(folder) if one.is_dir()]
    return [one for one in found if not digits or (len(one.name) == digits and one.name.isdecimal())]


def _files(folder: Path) -> list[Path]:
    with telling("read the folder", folder):
        return [folder / one.name for one in _entries(folder) if one.is_file()]


def _below(top: Path, *levels: Callable[[Path], list[Path]]) -> tuple[list[Path], list[Unreadable]]:
    """Return what is so many levels below a folder, and the folders on the way that cannot be read."""
    found: list[Path] = [top]
    unreadable = []
    for inside in levels:
        following = []
        for folder in found:
            try:
                following += inside(folder)
            except LocalFileError as error:
                unreadable.append(Unreadable(folder, str(error)))
        found = following
    return found, unreadable


def _is_there(path: Path) -> bool:
    with telling("look at", path):
        try:
            path.lstat()
        except (FileNotFoundError, NotADirectoryError):
            return False
    return True


def _is_temporary(path: Path) -> bool:
    return path.name.startswith(".") and path.suffix == ".part"


def _is_of(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False


def _is_id(name: str) -> bool:
    try:
        MeasurementID(name)
    except ValueError:
        return False
    return True


def _same(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other) or filecmp.cmp(one, other, shallow=False)
    except OSError:
        return False


def _link(source: Path, target: Path) -> None:
    part = target.parent / temporary_name(target.name)
    try:
        os.link(source, part, follow_symlinks=False)
    except (OSError, NotImplementedError):
        shutil.copy2(source, part)  # a file system without hard links
        with part.open("rb") as copy:
            os.fsync(copy.fileno())  # before the original is replaced
    part.replace(target)
