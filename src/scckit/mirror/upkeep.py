"""What a mirror does without a server: compare the files with the catalogue, and make the catalogue anew from the files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from scckit.archive.files import measured
from scckit.archive.folder import MeasurementFolder
from scckit.archive.manifest import NAME, Manifest, State
from scckit.errors import LocalFileError
from scckit.mirror.catalogue import Catalogue, FileRow, MeasurementRow
from scckit.mirror.layout import Layout
from scckit.mirror.models import Finding
from scckit.mirror.recovery import restore_earlier
from scckit.mirror.update import state_words
from scckit.models.ids import MeasurementID
from scckit.models.products import ProductName

__all__ = ["findings", "rebuild"]


def findings(catalogue: Catalogue, layout: Layout) -> Iterator[Finding]:
    """Give all that is not as the catalogue says: each file is read. Nothing is changed."""
    known = set()
    for file in catalogue.files():
        path = layout.path(file.path)
        known.add(path)
        finding = _compared(path, file)
        if finding is not None:
            yield finding
    for folder in layout.measurements():
        for path in sorted(folder.rglob("*")):
            if path.is_file() and path.name != NAME and path not in known:
                yield Finding(path, "unknown", "no run of this mirror has put it there; it is left alone")


def _compared(path: Path, file: FileRow) -> Finding | None:
    try:
        size, digest = measured(path)
    except FileNotFoundError:
        return Finding(
            path,
            "missing",
            "it is not there; the next update of its window fetches it again, if the server still has it",
        )
    except OSError as error:
        return Finding(path, "unreadable", f"it cannot be read: {error.strerror or error}")
    if (size, digest) != (file.size, file.sha256):
        found = f"{size} bytes in place of {file.size}" if size != file.size else f"{size} bytes, others than came"
        return Finding(
            path, "changed", f"it has {found}; after a repair the next update fetches it again, and keeps this one"
        )
    return None


def rebuild(catalogue: Catalogue, layout: Layout) -> list[Finding]:
    """Make the catalogue agree with the files, by the manifests beside them; return what the next update will mend.

    What the manifests do not tell (stations, which measurements the server has deleted, earlier failures) is kept where
    the catalogue knows it.

    Raises:
        LocalFileError: A run is at work, a manifest is of a newer scckit, or the catalogue cannot be used.
    """
    _require_rest(catalogue, layout)
    found = []
    with catalogue.changing():
        catalogue.forget_files()
        for folder in layout.measurements():
            layout.sweep(folder.name)
            found += _restore(catalogue, layout, folder)
        for path in layout.earlier():
            found += _restore_earlier(catalogue, layout, path)
    return found


def _require_rest(catalogue: Catalogue, layout: Layout) -> None:
    for number in layout.runs():
        if layout.is_alive(number):
            msg = f"run {number} of the mirror {layout.root} is at work; repair it when that has ended. Nothing was changed"
            raise LocalFileError(msg)
    for measurement, run in catalogue.claims():
        layout.sweep(measurement)
        catalogue.release(measurement, run)


def _restore(catalogue: Catalogue, layout: Layout, folder: Path) -> list[Finding]:
    """Note what the manifest of a measurement tells, as far as the files are as it says."""
    manifest = MeasurementFolder(folder, MeasurementID(folder.name)).manifest()
    if not manifest.archives:
        return []
    row = catalogue.measurement(folder.name) or _row(folder.name, manifest)
    catalogue.know(row)
    found = []
    for record in (one for one in manifest.archives if one.unpacked):
        damaged = set()
        for file in record.files:
            path = layout.relative(folder / file.path)
            note = FileRow(path, folder.name, file.kind, file.size, file.sha256, record.fetched).named(row)
            finding = _compared(layout.path(note.path), note)
            if finding is not None:
                damaged.add(file.kind)
                found.append(finding)
            catalogue.put(note)
        state = record.state
        for kind in record.kinds:
            good = state is not None and state.tells and kind not in damaged
            catalogue.hold(folder.name, kind, state_words(state) if good and state is not None else None)
    return found


def _row(measurement: str, manifest: Manifest) -> MeasurementRow:
    states = [one.state for one in manifest.archives if one.state is not None]
    names = [ProductName.parse(PurePosixPath(file.path).name) for one in manifest.archives for file in one.files]
    starts = [name.start for name in names if name.start is not None]
    stops = [name.stop for name in names if name.stop is not None]
    station = next((name.station for name in names if name.station is not None), None)
    state = state_words(states[-1] if states else State(None, "unknown"))
    return MeasurementRow(measurement, station, None, min(starts, default=None), max(stops, default=None), state)


def _restore_earlier(catalogue: Catalogue, layout: Layout, path: Path) -> list[Finding]:
    try:
        restore_earlier(catalogue, layout, path)
    except OSError as error:
        return [
            Finding(path, "unreadable", f"it cannot be read: {error.strerror or error}; it is not in the catalogue")
        ]
    return []
