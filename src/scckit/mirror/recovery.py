"""What a download that was begun and not noted has left in the folder: brought into the catalogue, so that nothing of it is lost.

A run that is killed, interrupted or refused in the middle may have replaced files already, and has given those that it may
replace a second place before (``Layout.keep``). What the manifest tells came; what stands in a second place and nowhere else
is an earlier version, or nothing to be kept.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

from scckit.archive.files import measured, telling
from scckit.archive.folder import MeasurementFolder
from scckit.errors import LocalFileError
from scckit.mirror.catalogue import Catalogue, FileRow
from scckit.mirror.layout import Layout
from scckit.models.ids import MeasurementID

__all__ = ["recover", "remove_doomed", "restore_earlier"]


def recover(catalogue: Catalogue, layout: Layout, measurement: str, *, keeps: bool) -> None:
    """Note what is here of a measurement and not in the catalogue; inside ``changing``.

    Kinds of which something came are to be asked for again, which costs no request where it is all there.

    Args:
        catalogue: Where it is noted.
        layout: Where the files are.
        measurement: The measurement.
        keeps: What was replaced was to be kept; otherwise this goes for what somebody had changed.

    Raises:
        LocalFileError: Something is there but cannot be read, or a newer scckit has written the manifest.
    """
    layout.sweep(measurement)
    row = catalogue.measurement(measurement)
    known = {file.path: file for file in catalogue.files("measurement = ?", [measurement])}
    doomed = set(catalogue.doomed())
    folder = layout.measurement(measurement)
    manifest = MeasurementFolder(folder, MeasurementID(measurement)).manifest()
    for record in (one for one in manifest.archives if one.unpacked):
        for file in record.files:
            path = layout.relative(folder / file.path)
            old = known.get(path)
            if old is None or old.sha256 != file.sha256:
                note = FileRow(path, measurement, file.kind, file.size, file.sha256, record.fetched)
                catalogue.put(note.named(row))
                catalogue.hold(measurement, file.kind, None)
    for kept in layout.earlier_of(measurement):
        relative = layout.relative(kept)
        if relative in known or relative in doomed:
            continue
        replaced = known.get(layout.current(relative))
        with telling("read", kept):
            if layout.is_still_current(relative):
                catalogue.doom(relative)  # nothing has replaced it
            elif not keeps and replaced is not None and measured(kept) == (replaced.size, replaced.sha256):
                catalogue.doom(relative)
            else:
                restore_earlier(catalogue, layout, kept)


def restore_earlier(catalogue: Catalogue, layout: Layout, path: Path) -> None:
    """Note an earlier version of a file, as its place tells; what somebody else has put there is left alone.

    Raises:
        OSError: It cannot be read.
    """
    relative = layout.relative(path)
    _, _, _, measurement, stamp, kind, _ = PurePosixPath(relative).parts
    row = catalogue.measurement(measurement)
    try:
        came = datetime.strptime(stamp.partition("-")[0], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        return
    if row is not None:
        size, digest = measured(path)
        catalogue.put(FileRow(relative, measurement, kind, size, digest, came, current=False).named(row))


def remove_doomed(catalogue: Catalogue, layout: Layout) -> list[tuple[str, str]]:
    """Remove the files that were replaced and are not to be kept; inside ``changing``.

    Inside, so that it is one step as other runs see it: what one of them keeps in the same place is either kept anew or not
    doomed any more.

    Returns:
        Those that cannot be removed, and why; they stay noted for the next time.
    """
    removed, stuck = [], []
    for path in catalogue.doomed():
        try:
            layout.forget(path)
        except LocalFileError as error:
            stuck.append((path, str(error)))
        else:
            removed.append(path)
    catalogue.undoom(removed)
    return stuck
