"""What a mirror does without a server: compare the files with the catalogue, and make the catalogue anew from the files."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path, PurePosixPath

from scckit.archive.files import measured
from scckit.archive.folder import MeasurementFolder
from scckit.archive.manifest import NAME, Manifest, State
from scckit.errors import LocalFileError
from scckit.mirror.catalogue import Catalogue, FileRow, MeasurementRow
from scckit.mirror.layout import Layout, Unreadable
from scckit.mirror.models import Finding
from scckit.mirror.recovery import recover, remove_doomed, restore_earlier
from scckit.mirror.update import state_words
from scckit.models.ids import MeasurementID
from scckit.models.products import ProductName

__all__ = ["findings", "rebuild"]


def findings(catalogue: Catalogue, layout: Layout) -> Iterator[Finding]:
    """Give all that is not as the catalogue says: each file is read. Nothing is changed."""
    for file in catalogue.every_file():
        finding = _looked_at(catalogue, layout, file)
        if finding is not None:
            yield finding
    folders, unreadable = layout.measurements()
    for one in unreadable:
        yield Finding(one.path, "unreadable", one.words)
    for folder in folders:
        yield from _unknown(catalogue, layout, folder)


def _looked_at(catalogue: Catalogue, layout: Layout, file: FileRow) -> Finding | None:
    now: FileRow | None = file
    while now is not None:
        finding = _compared(layout.path(now.path), now)
        before, now = now, catalogue.file(now.path) if finding is not None else None
        if now == before:
            return finding
    return None  # it is as it came, or a run has replaced it meanwhile


def _unknown(catalogue: Catalogue, layout: Layout, folder: Path) -> Iterator[Finding]:
    refused: list[OSError] = []
    here = [Path(top) / name for top, _, names in os.walk(folder, onerror=refused.append) for name in names]
    for error in refused:
        yield Finding(Path(error.filename), "unreadable", f"it cannot be read: {error.strerror}")
    # Asked after the look at the folder: what a run has put there before is known by now, or was removed.
    known = {layout.path(file.path) for file in catalogue.files("measurement = ?", [folder.name])}
    for path in sorted(here):
        if path.name != NAME and path not in known and os.path.isfile(path):  # noqa: PTH113 - raises nothing
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
    the catalogue knows it, and so is all that it knows of a folder that cannot be read.

    Raises:
        LocalFileError: A run is at work, a manifest is of a newer scckit, or the catalogue cannot be used.
    """
    found = []
    servers: set[str] = set()
    with catalogue.changing():
        _require_rest(catalogue, layout)
        remove_doomed(catalogue, layout)
        doomed = set(catalogue.doomed())  # what cannot be removed now
        folders, unreadable = layout.measurements()
        versions, more = layout.earlier()
        unreadable += more
        with catalogue.renewing():
            for folder in folders:
                try:
                    found += _restore(catalogue, layout, folder, servers)
                except LocalFileError as error:
                    if not isinstance(error.__cause__, OSError):
                        raise
                    unreadable.append(Unreadable(folder, str(error)))
            for path in versions:
                if layout.relative(path) not in doomed:
                    found += _restore_earlier(catalogue, layout, path)
            for one in unreadable:
                catalogue.spare(layout.relative(one.path))
        remove_doomed(catalogue, layout)
        if len(servers) == 1 and catalogue.fact("server") is None:
            catalogue.note("server", servers.pop())
    kept = "what the catalogue knows of it stays"
    return [*found, *(Finding(one.path, "unreadable", f"{one.words}; {kept}") for one in unreadable)]


def _require_rest(catalogue: Catalogue, layout: Layout) -> None:
    """Make sure that no run is at work, and take over from killed ones; none can begin meanwhile inside ``changing``."""
    for number in layout.runs():
        if layout.is_alive(number):
            msg = f"run {number} of the mirror {layout.root} is at work; repair it when that has ended. Nothing was changed"
            raise LocalFileError(msg)
    for measurement, run in catalogue.claims():
        catalogue.release(measurement, run)
        with suppress(LocalFileError):  # what cannot be read is told below
            recover(catalogue, layout, measurement, keeps=catalogue.keeps(run))


def _restore(catalogue: Catalogue, layout: Layout, folder: Path, servers: set[str]) -> list[Finding]:
    """Note what the manifest of a measurement tells, as far as the files are as it says."""
    layout.sweep(folder.name)
    manifest = MeasurementFolder(folder, MeasurementID(folder.name)).manifest()
    if not manifest.archives:
        return []
    servers.update(record.server for record in manifest.archives)
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
    relative = layout.relative(path)
    if not catalogue.knew(relative) and layout.is_still_current(relative):
        catalogue.doom(relative)  # a killed run has kept it, and has not replaced it
        return []
    try:
        restore_earlier(catalogue, layout, path)
    except OSError as error:
        return [
            Finding(path, "unreadable", f"it cannot be read: {error.strerror or error}; it is not in the catalogue")
        ]
    return []
