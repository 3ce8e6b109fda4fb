"""What a mirror tells: files, changes, findings, and where it stands. Plain values; no I/O but the writing of tables."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Literal, TextIO, TypeAlias, overload

from attrs import field, fields, frozen

from scckit.errors import MissingLibrary

__all__ = ["Change", "Changes", "Finding", "MirrorStatus", "MirroredFile", "MirroredFiles", "Report", "What"]

#: What became of a measurement in a run. ``new``: its first files came. ``changed``: the server has made them anew, and they
#: came. ``healed``: files were missing or damaged here, and came again. ``absent``: the server has none of what was asked,
#: and does not say that it should. ``pending``: it is not finished on the server. ``gone``: the server has deleted it; its
#: files stay. ``failed``: see the detail; some of its files may have come. ``elsewhere``: another run is fetching it now.
What: TypeAlias = Literal["new", "changed", "healed", "absent", "pending", "gone", "failed", "elsewhere"]


@frozen
class MirroredFile:
    """A file of the mirror.

    Attributes:
        measurement: ID of the measurement.
        station: Station code of 3 letters, None if not told.
        kind: Name of its product kind.
        path: Where it is.
        size: Length in bytes.
        sha256: SHA-256 of its content when it came.
        fetched: When it was asked for (UTC, by the clock of the machine that did).
        start: Begin of the product (UTC), of the measurement where the name does not tell.
        stop: End of the product (UTC), of the measurement where the name does not tell.
        product_id: Number of the product, None if the name does not tell.
        product_type: Number of the product type, None if the name does not tell.
        wavelength: Wavelength in nm, None if the name does not tell.
        version: Version of the SCC that made it, None if the name does not tell.
        is_current: False for an earlier version that was kept.
        is_gone: True if the server has deleted the measurement.
    """

    measurement: str
    station: str | None
    kind: str
    path: Path
    size: int
    sha256: str
    fetched: datetime
    start: datetime | None
    stop: datetime | None
    product_id: int | None
    product_type: int | None
    wavelength: int | None
    version: str | None
    is_current: bool
    is_gone: bool


class MirroredFiles(Sequence[MirroredFile]):
    """Files of the mirror, by their begin; rows for people, CSV and pandas."""

    def __init__(self, files: Sequence[MirroredFile]) -> None:
        """Hold the files."""
        self._files: Final = tuple(files)

    @overload
    def __getitem__(self, index: int) -> MirroredFile: ...
    @overload
    def __getitem__(self, index: slice) -> MirroredFiles: ...
    def __getitem__(self, index: int | slice) -> MirroredFile | MirroredFiles:
        """Return one file, or some of them."""
        return MirroredFiles(self._files[index]) if isinstance(index, slice) else self._files[index]

    def __len__(self) -> int:
        """Count the files."""
        return len(self._files)

    def __repr__(self) -> str:
        """Show how many there are."""
        return f"<{len(self)} mirrored files>"

    @staticmethod
    def columns() -> tuple[str, ...]:
        """Return the names of the columns, those of ``MirroredFile``."""
        return tuple(one.name for one in fields(MirroredFile))

    def rows(self) -> Iterator[tuple[str, ...]]:
        """Give each file as texts, in the order of ``columns``: moments in ISO 8601, nothing for what is not told."""
        for one in self._files:
            yield tuple(_text(getattr(one, name)) for name in self.columns())

    def write_csv(self, file: TextIO) -> None:
        """Write them as CSV with a line of headings.

        Args:
            file: Open for text, with ``newline=""``.
        """
        writer = csv.writer(file)
        writer.writerow(self.columns())
        writer.writerows(self.rows())

    def to_pandas(self) -> Any:  # noqa: ANN401 - an optional library's own type
        """Return them as a ``pandas.DataFrame``.

        Raises:
            MissingLibrary: pandas is not installed.
        """
        try:
            import pandas as pd  # noqa: PLC0415 - an optional library
        except ImportError as error:
            msg = f"a table of pandas needs pandas, which cannot be imported ({error}): pip install pandas"
            raise MissingLibrary(msg) from error
        columns = self.columns()
        return pd.DataFrame([[getattr(one, name) for name in columns] for one in self._files], columns=list(columns))


def _text(value: object) -> str:
    if value is None:
        return ""
    return value.isoformat() if isinstance(value, datetime) else str(value)


@frozen
class Change:
    """What became of one measurement in a run.

    Attributes:
        measurement: Its ID.
        what: See ``What``.
        files: How many files came.
        size: Their bytes.
        detail: In words, empty if there is nothing to add.
    """

    measurement: str
    what: What
    files: int = 0
    size: int = 0
    detail: str = ""


class Changes:
    """What became of the measurements in a run, read from the catalogue as it is walked through, while the mirror is open."""

    def __init__(self, read: Callable[[int], Iterable[Change]], run: int) -> None:
        """Remember where they are."""
        self._read: Final = read
        self._run: Final = run

    def __iter__(self) -> Iterator[Change]:
        """Give each, by the ID of its measurement."""
        return iter(self._read(self._run))


@frozen
class Report:
    """What a run did.

    Attributes:
        run: Its number.
        seen: Measurements of the window that the server has.
        unchanged: Those that were here as they are there, and for which nothing was asked.
        counts: How many measurements there are of each other kind of change.
        files: Files that came.
        size: Their bytes.
        stopped: Why it ended before its end, empty if it did not.
        changes: What became of each measurement that changed, by ID; to be walked through while the mirror is open.
    """

    run: int
    seen: int
    unchanged: int
    counts: Mapping[What, int]
    files: int
    size: int
    stopped: str
    changes: Iterable[Change] = field(repr=False)

    @property
    def is_complete(self) -> bool:
        """True if the window is here as it is there, but for what is not finished there."""
        return not (self.stopped or self.counts.get("failed") or self.counts.get("elsewhere"))


@frozen
class Finding:
    """What is not as the catalogue says.

    Attributes:
        path: Where.
        problem: ``missing``, ``changed`` (not the bytes that came), ``unreadable``, or ``unknown`` (not of the mirror).
        detail: In words.
    """

    path: Path
    problem: Literal["missing", "changed", "unreadable", "unknown"]
    detail: str


@frozen
class MirrorStatus:
    """Where a mirror stands.

    Attributes:
        server: Base URL of the server that it mirrors, None before the first run.
        measurements: Measurements that it knows.
        gone: Those that the server has deleted.
        failed: Those whose last try failed.
        files: Current files.
        size: Their bytes.
        earlier: Earlier versions of files that were kept.
        kinds: Current files by product kind.
        first: Begin of the first measurement (UTC), None if there is none.
        last: Begin of the last one (UTC).
        run: The last run that came to its end, None if there was none.
        ended: When that was (UTC).
    """

    server: str | None
    measurements: int
    gone: int
    failed: int
    files: int
    size: int
    earlier: int
    kinds: Mapping[str, int]
    first: datetime | None
    last: datetime | None
    run: int | None
    ended: datetime | None
