"""The catalogue of a mirror: a SQLite file that says what the server had when it was last looked at, and what came of it.

It is an index. What has come stands complete in the folders, with a manifest in each; a catalogue that is lost or damaged
is made again from those (``scckit.mirror.upkeep``). Each change is one transaction, so that a process that is killed leaves
the state before it or the state after it. Moments are seconds since 1970 (UTC), paths are relative and with ``/``.

Versions of the file are numbered in ``PRAGMA user_version``: an older one is migrated when it is opened, a newer one is refused.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Any, Final

from attrs import evolve, frozen

from scckit.errors import LocalFileError
from scckit.mirror.models import Change, What
from scckit.models.ids import MeasurementID
from scckit.models.products import ProductName

__all__ = ["VERSION", "Catalogue", "FileRow", "Holding", "MeasurementRow"]

#: Version of the schema below. One of each is added to ``_MIGRATIONS`` for each step.
VERSION: Final = 1

_SCHEMA: Final = """
CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

-- What the server said of each measurement when it was last seen. `run` saw it last, `gone` is the run that missed it.
CREATE TABLE measurements (
    id TEXT PRIMARY KEY, station TEXT, system INTEGER, start INTEGER, stop INTEGER,
    state TEXT NOT NULL, run INTEGER NOT NULL, gone INTEGER, failure TEXT
) WITHOUT ROWID;
CREATE INDEX measurements_by_start ON measurements (start);
CREATE INDEX measurements_failed ON measurements (id) WHERE failure IS NOT NULL;

-- For each kind that was asked for: the state that the measurement had then. No row, or null: to be asked for.
CREATE TABLE holdings (
    measurement TEXT NOT NULL, kind TEXT NOT NULL, state TEXT, PRIMARY KEY (measurement, kind)
) WITHOUT ROWID;

-- Files that are here. `current` is 0 for an earlier version that was kept.
CREATE TABLE files (
    path TEXT PRIMARY KEY, measurement TEXT NOT NULL, kind TEXT NOT NULL, size INTEGER NOT NULL, sha256 TEXT NOT NULL,
    fetched INTEGER NOT NULL, start INTEGER, stop INTEGER, product_id INTEGER, product_type INTEGER, wavelength INTEGER,
    version TEXT, current INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX files_by_measurement ON files (measurement, kind);
CREATE INDEX files_by_start ON files (start);

-- Files that were replaced and are to be removed.
CREATE TABLE doomed (path TEXT PRIMARY KEY) WITHOUT ROWID;

-- Measurements that a run is fetching now. After a kill they tell where to look for what it left.
CREATE TABLE claims (measurement TEXT PRIMARY KEY, run INTEGER NOT NULL) WITHOUT ROWID;

CREATE TABLE runs (id INTEGER PRIMARY KEY AUTOINCREMENT, began INTEGER NOT NULL, ended INTEGER, asked TEXT NOT NULL);
CREATE TABLE changes (
    run INTEGER NOT NULL, measurement TEXT NOT NULL, what TEXT NOT NULL, files INTEGER NOT NULL, size INTEGER NOT NULL,
    detail TEXT NOT NULL, PRIMARY KEY (run, measurement)
) WITHOUT ROWID;
"""

#: What makes version n + 1 of version n, by n. Version 0 is the empty file.
_MIGRATIONS: Final[Mapping[int, str]] = {0: _SCHEMA}

#: What reading meets in a catalogue that is damaged: SQLite's own errors, and values that are none of ours.
_UNUSABLE: Final = (sqlite3.Error, AttributeError, TypeError, ValueError, OverflowError, OSError)
_ANEW: Final = "move it away and call repair(): it is made again from the files"
#: What to do, by what SQLite says.
_ADVICE: Final = (
    (("closed database",), "it was closed; open another one with scckit.Mirror(folder)"),
    (("full",), "make room and run again, what was complete is kept"),
    (("readonly", "unable to open"), "choose a folder that you may write to"),
    (("locked", "busy"), "another process is writing to it for a long time; run again when it has ended"),
    (("not a database", "malformed", "Could not decode"), _ANEW),
)

#: What SQLite says of a file or a folder that may not be written to.
_NO_WRITING: Final = frozenset({sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN})

#: Files that are read at a time where all are.
_PAGE: Final = 1000

#: Seconds that a change waits for those of other processes.
_PATIENCE: Final = 60.0


@frozen
class MeasurementRow:
    """What the server said of a measurement.

    Attributes:
        id: Its ID.
        station: Station code.
        system: Number of the system.
        start: Begin.
        stop: End.
        state: All that tells whether its products have changed, as text; None where it tells nothing.
    """

    id: str
    station: str | None
    system: int | None
    start: datetime | None
    stop: datetime | None
    state: str


@frozen
class Holding:
    """What is here of one kind of a measurement: the state that it had when that came, and the files.

    Attributes:
        state: As text; None if it is to be asked for again.
        files: The current files.
    """

    state: str | None
    files: tuple[FileRow, ...] = ()


@frozen
class FileRow:
    """A file, as the catalogue has it; see ``MirroredFile``."""

    path: str
    measurement: str
    kind: str
    size: int
    sha256: str
    fetched: datetime
    start: datetime | None = None
    stop: datetime | None = None
    product_id: int | None = None
    product_type: int | None = None
    wavelength: int | None = None
    version: str | None = None
    current: bool = True

    def named(self, measurement: MeasurementRow | None) -> FileRow:
        """Return it with all that its name tells; its times are those of the measurement where the name tells none."""
        name = ProductName.parse(PurePosixPath(self.path).name)
        return evolve(
            self,
            start=name.start or (measurement.start if measurement else None),
            stop=name.stop or (measurement.stop if measurement else None),
            product_id=name.product_id,
            product_type=name.product_type,
            wavelength=name.wavelength,
            version=name.version,
        )


class Catalogue:
    """An open catalogue; for one thread.

    Raises:
        LocalFileError: The file cannot be used: it is no catalogue, a newer scckit has made it, or the disk refuses.
    """

    def __init__(self, path: Path) -> None:
        """Open it; one that is not there is made."""
        self._path: Final = path
        with self._telling():
            self._db: Final = _connected(path)
        try:
            self._migrate()
            with self._telling():
                # Readers do not wait for a run. A kill loses no commit. A power cut may lose the last ones, and damages
                # nothing; what they told stands in the manifests, which are forced to the disk, and is found there again.
                self._db.execute("PRAGMA journal_mode = WAL")
                self._db.execute("PRAGMA synchronous = NORMAL")
        except BaseException:
            self._db.close()
            raise

    def close(self) -> None:
        """Close it; may be called twice."""
        self._db.close()

    @contextmanager
    def _telling(self) -> Iterator[None]:
        try:
            yield
        except _UNUSABLE as error:
            msg = f"the mirror's catalogue {self._path} cannot be used ({error}); {_advice(error)}"
            raise LocalFileError(msg) from error

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Make all changes inside one transaction: all of them or none."""
        with self._telling():
            self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
            with self._telling():
                self._db.execute("COMMIT")
        except BaseException:
            with self._telling():
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
            raise

    def _migrate(self) -> None:
        with self._telling():
            if self._version() == VERSION:
                return
        with self.changing():
            with self._telling():
                version = self._version()  # again: another process may have been faster
            if version == 0 and self._ask("SELECT 1 FROM sqlite_master"):
                msg = (
                    f"{self._path} is a SQLite file of something else; mirror into another folder. Nothing was changed"
                )
                raise LocalFileError(msg)
            with self._telling():
                for step in range(version, VERSION):
                    for statement in _MIGRATIONS[step].split(";"):
                        self._db.execute(statement)
                self._db.execute(f"PRAGMA user_version = {VERSION}")

    def _version(self) -> int:
        version = int(self._rows("PRAGMA user_version")[0][0])
        if version > VERSION:
            msg = (
                f"the mirror's catalogue {self._path} is of version {version}, and this scckit knows version {VERSION};"
                " use a newer scckit, or mirror into another folder. Nothing was changed"
            )
            raise LocalFileError(msg)
        return version

    def _rows(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        return self._db.execute(sql, values).fetchall()

    def _ask(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        with self._telling():
            return self._rows(sql, *values)

    # -- facts and runs -------------------------------------------------------------------------------------------------

    def fact(self, name: str) -> str | None:
        """Return what was noted under a name."""
        rows = self._ask("SELECT value FROM facts WHERE name = ?", name)
        return rows[0][0] if rows else None

    def note(self, name: str, value: str) -> None:
        """Note something under a name."""
        with self._telling():
            self._db.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (name, value))

    def begin_run(self, asked: Mapping[str, object], now: datetime) -> int:
        """Begin a run; return its number, which is greater than that of any before it, whatever the clock says."""
        with self._telling():
            row = self._db.execute("INSERT INTO runs (began, asked) VALUES (?, ?)", (_seconds(now), json.dumps(asked)))
            return int(row.lastrowid or 0)

    def keeps(self, run: int) -> bool:
        """Tell whether a run was to keep the files that it replaces; if that is not known, it was."""
        rows = self._ask("SELECT asked FROM runs WHERE id = ?", run)
        with self._telling():
            return all(bool(json.loads(asked).get("keep_versions", True)) for (asked,) in rows)

    def end_run(self, run: int, now: datetime) -> None:
        """Note that a run has come to its end, and give up what it has claimed."""
        with self.changing(), self._telling():
            self._db.execute("UPDATE runs SET ended = ? WHERE id = ?", (_seconds(now), run))
            self._db.execute("DELETE FROM claims WHERE run = ?", (run,))

    def last_run(self) -> tuple[int, datetime] | None:
        """Return the last run that came to its end, and when."""
        with self._telling():
            rows = self._rows("SELECT id, ended FROM runs WHERE ended IS NOT NULL ORDER BY id DESC LIMIT 1")
            return (rows[0][0], _moment(rows[0][1])) if rows else None

    def changes(self, run: int) -> Iterator[Change]:
        """Give what became of the measurements in a run, by ID."""
        sql = "SELECT measurement, what, files, size, detail FROM changes WHERE run = ? ORDER BY measurement"
        with self._telling():
            for row in self._db.execute(sql, (run,)):
                yield Change(*row)

    def counts(self, run: int) -> dict[What, tuple[int, int, int]]:
        """Return for each kind of change in a run: measurements, files, bytes."""
        sql = "SELECT what, COUNT(*), SUM(files), SUM(size) FROM changes WHERE run = ? GROUP BY what ORDER BY what"
        return {what: (count, files, size) for what, count, files, size in self._ask(sql, run)}

    def change(self, run: int, change: Change) -> None:
        """Note what became of a measurement; what was noted of it in the same run before is replaced."""
        values = (run, change.measurement, change.what, change.files, change.size, change.detail)
        with self._telling():
            self._db.execute("INSERT OR REPLACE INTO changes VALUES (?, ?, ?, ?, ?, ?)", values)

    def amend(self, run: int, measurement: str, what: What, detail: str) -> None:
        """Say something else of a measurement than what was noted in a run; the files that came stay."""
        sql = (
            "INSERT INTO changes VALUES (?, ?, ?, 0, 0, ?)"
            " ON CONFLICT (run, measurement) DO UPDATE SET what = excluded.what, detail = excluded.detail"
        )
        with self._telling():
            self._db.execute(sql, (run, measurement, what, detail))

    # -- claims ---------------------------------------------------------------------------------------------------------

    def claims(self) -> list[tuple[str, int]]:
        """Return the measurements that are being fetched, or were when a run was killed, and by which run."""
        with self._telling():
            rows = self._rows("SELECT measurement, run FROM claims")
            return [(MeasurementID(measurement), int(run)) for measurement, run in rows]

    def claim(self, measurement: str, run: int) -> int:
        """Claim a measurement for a run; return the run that has it, which is another one if that was first."""
        with self._telling():
            self._db.execute("INSERT OR IGNORE INTO claims VALUES (?, ?)", (measurement, run))
            return int(self._rows("SELECT run FROM claims WHERE measurement = ?", measurement)[0][0])

    def release(self, measurement: str, run: int) -> bool:
        """Give up a claim, and tell whether there was one; one of another run stays."""
        with self._telling():
            row = self._db.execute("DELETE FROM claims WHERE measurement = ? AND run = ?", (measurement, run))
            return row.rowcount > 0

    # -- measurements ---------------------------------------------------------------------------------------------------

    def see(self, row: MeasurementRow, run: int) -> None:
        """Note what the server says of a measurement; one that was gone is back."""
        start, stop = _maybe(row.start), _maybe(row.stop)
        with self._telling():
            self._db.execute(
                "INSERT INTO measurements VALUES (?, ?, ?, ?, ?, ?, ?, NULL, NULL) ON CONFLICT (id) DO UPDATE SET"
                " station = coalesce(excluded.station, station), system = coalesce(excluded.system, system),"
                " start = coalesce(excluded.start, start), stop = coalesce(excluded.stop, stop),"
                " state = excluded.state, run = max(excluded.run, run), gone = NULL",
                (row.id, row.station, row.system, start, stop, row.state, run),
            )
            # Files that were found here before the server was asked, and whose names tell no time, such as pictures.
            self._db.execute(
                "UPDATE files SET start = ?, stop = ? WHERE measurement = ? AND start IS NULL", (start, stop, row.id)
            )

    def measurement(self, id: str) -> MeasurementRow | None:
        """Return what is known of a measurement."""
        with self._telling():
            rows = self._rows("SELECT id, station, system, start, stop, state FROM measurements WHERE id = ?", id)
            return _measurement(*rows[0]) if rows else None

    def has_measurements(self) -> bool:
        """Tell whether any measurement is known."""
        return bool(self._ask("SELECT 1 FROM measurements LIMIT 1"))

    def unseen(self, start: datetime, stop: datetime | None, station: str | None, run: int) -> list[str]:
        """Return the measurements of a window that an earlier run has seen and this one has not, and that are not gone.

        What another run has seen at the same time may be among them.
        """
        # By that index, or not at all: SQLite would rather walk through all measurements than sort those of the window.
        sql = (
            "SELECT id FROM measurements INDEXED BY measurements_by_start WHERE start >= ? AND run < ? AND gone IS NULL"
        )
        values: list[object] = [_seconds(start), run]
        if stop is not None:
            sql += " AND start < ?"
            values.append(_seconds(stop))
        if station is not None:
            sql += " AND station = ? COLLATE NOCASE"
            values.append(station)
        return sorted(row[0] for row in self._ask(sql, *values))

    def miss(self, id: str, run: int) -> None:
        """Note that the server has deleted a measurement."""
        with self._telling():
            self._db.execute("UPDATE measurements SET gone = ? WHERE id = ?", (run, id))

    def fail(self, id: str, words: str | None) -> None:
        """Note why the last try failed; None if it did not."""
        with self._telling():
            self._db.execute("UPDATE measurements SET failure = ? WHERE id = ?", (words, id))

    # -- holdings and files ---------------------------------------------------------------------------------------------

    def holdings(self, measurement: str) -> dict[str, Holding]:
        """Return what is here of a measurement, by kind."""
        held = {kind: Holding(state) for kind, state in self._held(measurement)}
        for file in self.files("measurement = ? AND current = 1", [measurement]):
            known = held.get(file.kind, Holding(None))
            held[file.kind] = Holding(known.state, (*known.files, file))
        return held

    def _held(self, measurement: str) -> list[tuple[Any, ...]]:
        return self._ask("SELECT kind, state FROM holdings WHERE measurement = ?", measurement)

    def hold(self, measurement: str, kind: str, state: str | None) -> None:
        """Note the state that a measurement had when its products of a kind were asked for; None to ask again."""
        with self._telling():
            self._db.execute("INSERT OR REPLACE INTO holdings VALUES (?, ?, ?)", (measurement, kind, state))

    def put(self, file: FileRow) -> None:
        """Note a file; what was noted of its path before is replaced."""
        values = (
            *(file.path, file.measurement, file.kind, file.size, file.sha256, _seconds(file.fetched)),
            *(_maybe(file.start), _maybe(file.stop), file.product_id, file.product_type, file.wavelength),
            *(file.version, int(file.current)),
        )
        marks = ", ".join("?" * len(values))
        with self._telling():
            self._db.execute(f"INSERT OR REPLACE INTO files VALUES ({marks})", values)  # noqa: S608 - question marks only

    def drop(self, path: str) -> None:
        """Forget a file."""
        with self._telling():
            self._db.execute("DELETE FROM files WHERE path = ?", (path,))

    def doom(self, path: str) -> None:
        """Note that a file is to be removed; one that is among the files is not."""
        sql = "INSERT OR IGNORE INTO doomed SELECT :path WHERE NOT EXISTS (SELECT 1 FROM files WHERE path = :path)"
        with self._telling():
            self._db.execute(sql, {"path": path})

    def doomed(self) -> list[str]:
        """Return the files that are to be removed, but for those that have come again."""
        with self._telling():
            rows = self._rows("SELECT path FROM doomed WHERE path NOT IN (SELECT path FROM files)")
            return [_inside(row[0]) for row in rows]

    def undoom(self, paths: Iterable[str]) -> None:
        """Note that files were removed, or are to stay; inside ``changing``."""
        with self._telling():
            self._db.executemany("DELETE FROM doomed WHERE path = ?", ((path,) for path in paths))

    def every_file(self) -> Iterator[FileRow]:
        """Give all files by path. Between them others may change the catalogue, and no more than a page of it is held."""
        last = ""
        while page := list(self.files("path > ?", [last], limit=_PAGE)):
            yield from page
            last = page[-1].path

    def file(self, path: str) -> FileRow | None:
        """Return what is known of a file now."""
        rows = list(self.files("path = ?", [path]))
        return rows[0] if rows else None

    def files(self, where: str, values: Sequence[object], *, limit: int = -1) -> Iterator[FileRow]:
        """Give files by path.

        Args:
            where: Condition in SQL, made of column names and question marks.
            values: What stands for the question marks.
            limit: Not more than so many; by default all.
        """
        columns = (
            "path, measurement, kind, size, sha256, fetched, start, stop, product_id, product_type, wavelength, version,"
            " current"
        )
        sql = f"SELECT {columns} FROM files WHERE {where} ORDER BY path LIMIT ?"  # noqa: S608 - made by us, see Args
        with self._telling():
            for row in self._db.execute(sql, (*values, limit)):
                yield _file(*row)

    def selected(self, conditions: Iterable[tuple[str, object]]) -> list[tuple[FileRow, MeasurementRow, bool]]:
        """Return files with their measurements and whether those are gone, by begin and path.

        Args:
            conditions: Each a condition in SQL with one question mark, and its value.
        """
        pairs = list(conditions)
        columns = (
            "f.path, f.measurement, f.kind, f.size, f.sha256, f.fetched, f.start, f.stop, f.product_id, f.product_type,"
            " f.wavelength, f.version, f.current,"
            " m.id, m.station, m.system, m.start, m.stop, m.state, m.gone"
        )
        joined = "files AS f JOIN measurements AS m ON m.id = f.measurement"
        where = " AND ".join(["1", *(condition for condition, _ in pairs)])
        sql = f"SELECT {columns} FROM {joined} WHERE {where} ORDER BY f.start, f.path"  # noqa: S608 - made by us, see Args
        with self._telling():
            return [
                (_file(*row[:13]), _measurement(*row[13:19]), row[19] is not None)
                for row in self._rows(sql, *(value for _, value in pairs))
            ]

    def know(self, row: MeasurementRow) -> None:
        """Note a measurement that no run has seen; what is known of it stays."""
        values = (row.id, row.station, row.system, _maybe(row.start), _maybe(row.stop), row.state)
        with self._telling():
            self._db.execute("INSERT OR IGNORE INTO measurements VALUES (?, ?, ?, ?, ?, ?, 0, NULL, NULL)", values)

    @contextmanager
    def renewing(self) -> Iterator[None]:
        """Forget what is here, to note it anew; inside ``changing``. What was known before, ``spare`` and ``knew`` tell."""
        with self._telling():
            for table in ("holdings", "files"):
                self._db.execute(f"CREATE TEMP TABLE {table}_before AS SELECT * FROM main.{table}")  # noqa: S608 - our names
                self._db.execute(f"DELETE FROM main.{table}")  # noqa: S608 - our names
        yield
        with self._telling():
            for table in ("holdings", "files"):
                self._db.execute(f"DROP TABLE temp.{table}_before")

    def spare(self, folder: str) -> None:
        """Know again what was known of the files below a folder; inside ``renewing``."""
        within = (f"{folder}/", f"{folder}0")  # the character behind "/"
        with self._telling():
            self._db.execute(
                "INSERT OR IGNORE INTO files SELECT * FROM files_before WHERE path > ? AND path < ?", within
            )
            self._db.execute(
                "INSERT OR IGNORE INTO holdings SELECT * FROM holdings_before WHERE measurement IN"
                " (SELECT measurement FROM files_before WHERE path > ? AND path < ? AND current = 1)",
                within,
            )

    def knew(self, path: str) -> bool:
        """Tell whether a file was known; inside ``renewing``."""
        return bool(self._ask("SELECT 1 FROM files_before WHERE path = ?", path))

    def totals(self) -> dict[str, Any]:
        """Return counts over all of it: the numbers of ``MirrorStatus``."""
        with self._telling():
            measurements = self._rows(
                "SELECT COUNT(*), COUNT(gone), COUNT(failure), MIN(start), MAX(start) FROM measurements"
            )
            kinds = self._rows(
                "SELECT kind, COUNT(*), SUM(size) FROM files WHERE current = 1 GROUP BY kind ORDER BY kind"
            )
            earlier = self._rows("SELECT COUNT(*) FROM files WHERE current = 0")
            known, gone, failed, first, last = measurements[0]
            return {
                "measurements": known,
                "gone": gone,
                "failed": failed,
                "files": sum(count for _, count, _ in kinds),
                "size": sum(size for *_, size in kinds),
                "earlier": earlier[0][0],
                "kinds": {kind: count for kind, count, _ in kinds},
                "first": _when(first),
                "last": _when(last),
            }


def _connected(path: Path) -> sqlite3.Connection:
    """Open a database; where nothing may be written, for reading."""
    db = sqlite3.connect(path, timeout=_PATIENCE, isolation_level=None)
    try:
        db.execute("PRAGMA user_version")  # the first look at the file
    except sqlite3.Error as error:
        db.close()
        if error.sqlite_errorcode & 0xFF not in _NO_WRITING or not path.exists():
            raise
    else:
        return db
    # No journal can be made there. Nobody else is writing where there is none: then none is needed.
    alone = "" if path.with_name(f"{path.name}-wal").exists() else "&immutable=1"
    uri = f"{path.absolute().as_uri()}?mode=ro{alone}"
    return sqlite3.connect(uri, timeout=_PATIENCE, isolation_level=None, uri=True)


def _file(  # noqa: PLR0913, PLR0917 - a row
    path: str,
    measurement: str,
    kind: str,
    size: int,
    sha256: str,
    fetched: int,
    start: int | None,
    stop: int | None,
    product_id: int | None,
    product_type: int | None,
    wavelength: int | None,
    version: str | None,
    current: int,
) -> FileRow:
    return FileRow(
        _inside(path),
        MeasurementID(measurement),
        kind,
        int(size),
        sha256,
        _moment(fetched),
        _when(start),
        _when(stop),
        product_id,
        product_type,
        wavelength,
        version,
        bool(current),
    )


def _inside(path: str) -> str:
    """Return a path that leads to a file of the folder; a catalogue that is damaged, or made by others, may have any."""
    parts = path.split("/")
    if not parts[0] or ".." in parts or "\0" in path:
        msg = f"{path!r} is outside of the folder"
        raise ValueError(msg)
    return path


def _measurement(  # noqa: PLR0913, PLR0917 - a row
    id: str, station: str | None, system: int | None, start: int | None, stop: int | None, state: str
) -> MeasurementRow:
    return MeasurementRow(id, station, system, _when(start), _when(stop), state)


def _seconds(moment: datetime) -> int:
    return int(moment.timestamp())


def _maybe(moment: datetime | None) -> int | None:
    return None if moment is None else _seconds(moment)


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _when(seconds: int | None) -> datetime | None:
    return None if seconds is None else _moment(seconds)


def _advice(error: BaseException) -> str:
    if not isinstance(error, sqlite3.Error):
        return _ANEW
    words = str(error)
    known = (advice for signs, advice in _ADVICE if any(sign in words for sign in signs))
    return next(known, "see whether the disk is in order; if it is, move the catalogue away and call repair()")
