"""The verbs of a mirror, over the catalogue, the folder and a client. No rule of the SCC is here."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from scckit.archive.files import make_folder
from scckit.client import Client
from scckit.errors import InvalidInput, LocalFileError
from scckit.local import PathLike, open_products
from scckit.mirror import upkeep
from scckit.mirror.catalogue import Catalogue, FileRow, MeasurementRow
from scckit.mirror.fetching import server_of
from scckit.mirror.layout import Layout
from scckit.mirror.models import Change, Finding, MirroredFile, MirroredFiles, MirrorStatus, Report
from scckit.mirror.update import Update, Window
from scckit.operations.dates import Moment, span
from scckit.plugins.registry import Registry

__all__ = ["Mirror"]


class Mirror:
    """A folder that has what a server has: products of a window of measurements, and a catalogue of them.

    The folder can be moved or copied as a whole. A mirror belongs to one thread; several processes may use one folder at a
    time, and several runs too: each measurement is fetched by one of them. The catalogue is a SQLite file, so the folder
    should be on a disk of this machine, or on one that locks files for all that share it.

    Attributes:
        folder: The folder, as an absolute path.

    Example:
        >>> with scckit.connect() as scc, scckit.Mirror("mirror") as mirror:  # doctest: +SKIP
        ...     report = mirror.update(scc, "2021-01", station="aky", kinds=["elda", "hirelpp"])
        ...     print(report.counts)
        ...     dataset = mirror.open("elda", product_id=2371)
    """

    def __init__(
        self, folder: PathLike, *, registry: Registry | None = None, now: Callable[[], float] = time.time
    ) -> None:
        """Open a mirror. A folder that is none yet is made one by ``update``, and left as it is until then.

        Args:
            folder: The folder.
            registry: Plugins, to open products with; by default all that are installed.
            now: Seconds since 1970, for what is noted of runs; a parameter for tests.

        Raises:
            LocalFileError: The folder's catalogue cannot be used, or a newer scckit has made it.
        """
        # Once, since the current folder may be another one later, or in the processes of an executor.
        self.folder: Final = Path(folder).absolute()
        self._registry: Final = registry
        self._now: Final = now
        self._layout: Final = Layout(self.folder)
        self._catalogue = Catalogue(self._layout.catalogue) if self._layout.is_here() else None

    def __repr__(self) -> str:
        """Show the folder."""
        return f"Mirror({str(self.folder)!r})"

    def __enter__(self) -> Self:
        """Return the mirror itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close the catalogue."""
        self.close()

    def close(self) -> None:
        """Close the catalogue; may be called twice."""
        if self._catalogue is not None:
            self._catalogue.close()

    def update(  # noqa: PLR0913 - what to look at and how, all but the first two by keyword
        self,
        client: Client,
        since: Moment,
        until: Moment | None = None,
        *,
        station: str | None = None,
        kinds: Sequence[str] | str | None = None,
        keep_versions: bool = False,
        workers: int = 4,
        executor: Executor | None = None,
    ) -> Report:
        """Look at a window on the server, and fetch what is new there, was made anew, or is missing here.

        What is unchanged costs nothing but the pages of the search. What is not finished on the server is left for the next
        run, and what fails does not keep the rest from coming. Files that are replaced are removed, unless they are to be
        kept, or somebody has changed them here: such a one is always kept, among the earlier versions. What the server has
        deleted is marked, and its files stay.

        Whenever a run ends, be it by a kill, what was complete is complete, and the next run goes on from there.

        Args:
            client: A client of the server; a mirror has one server.
            since: Begin of the window, by the begin of the measurements, as date, datetime or text ("2021-01").
            until: End of the window, exclusive; by default it has none.
            station: Station code of 3 letters; by default all.
            kinds: Names of product kinds; by default all that are installed.
            keep_versions: Keep files that are replaced, below ``versions``.
            workers: Measurements that are fetched at a time.
            executor: Where they are fetched; see ``Products.download_many``. What it writes must arrive in this folder.

        Returns:
            What was done. A measurement that failed is among its changes, with the reason; see ``Report.is_complete``.

        Raises:
            InvalidInput: A date, the station or the number of workers is none, or there is no kind.
            MissingPlugin: A kind is not known.
            SCCError: The server cannot be reached, or the window cannot be looked at. A folder that is no mirror yet is left
                as it was if the arguments or the sign-in are refused.
            LocalFileError: The catalogue cannot be written, is that of another server, or the folder was moved meanwhile.
        """
        start, stop = span(since, until)
        chosen = client.registry.product_kinds() if kinds is None else client.registry.kinds(_listed(kinds))
        if not chosen:
            msg = "no product kind was given, or none is installed; name at least one, or leave kinds out for all"
            raise InvalidInput(msg)
        window = Window(start, None if until is None else stop, station, {kind.name: kind for kind in chosen})
        server = server_of(client, workers=workers, executor=executor)
        server.search(window)  # refuses a station that is none; asks for nothing yet
        if not self._layout.is_here():
            client.sign_in()  # before anything is made here
        update = Update(server, self._made(), self._layout, window, keep_versions=keep_versions, now=self._now)
        return update.run()

    def changes(self, run: int) -> Iterator[Change]:
        """Give what became of each measurement that changed in a run, by ID; none for a run that there was not."""
        return self._known().changes(run)

    def status(self) -> MirrorStatus:
        """Return where the mirror stands; asks no server and reads no product.

        Raises:
            LocalFileError: The folder is no mirror, or its catalogue cannot be used; so for all that ask no server.
        """
        catalogue = self._known()
        last = catalogue.last_run()
        run, ended = (None, None) if last is None else last
        return MirrorStatus(server=catalogue.fact("server"), run=run, ended=ended, **catalogue.totals())

    def verify(self) -> Iterator[Finding]:
        """Compare each file with what came, by its SHA-256; give what is not as it was. Changes nothing."""
        return upkeep.findings(self._known(), self._layout)

    def repair(self) -> Sequence[Finding]:
        """Make the catalogue agree with the files, from the manifests beside them; also where the catalogue was lost.

        Returns:
            Files that are missing or are not as they came, and folders that cannot be read, of which all stays as the
            catalogue knows it. The next ``update`` of their window fetches such files again, and keeps what somebody has
            changed among the earlier versions.

        Raises:
            LocalFileError: There is no such folder, a run is at work, a newer scckit has written a manifest, or the disk
                refuses.
        """
        if not self.folder.is_dir():
            raise self._none()
        return upkeep.rebuild(self._made(), self._layout)

    def query(  # noqa: PLR0913 - what to select by, all by keyword
        self,
        kinds: Sequence[str] | str | None = None,
        *,
        since: Moment | None = None,
        until: Moment | None = None,
        station: str | None = None,
        measurement: str | None = None,
        product_id: int | None = None,
        product_type: int | None = None,
        wavelength: int | None = None,
        earlier: bool = False,
    ) -> MirroredFiles:
        """Select files, by their begin; no file is read.

        Args:
            kinds: Names of product kinds; by default all.
            since: Begin of the products at or after this moment (UTC), as for ``update``.
            until: Begin of the products before this moment.
            station: Station code of 3 letters.
            measurement: ID of a measurement.
            product_id: Number of a product.
            product_type: Number of a product type; see ``scckit.models.PRODUCT_TYPES``.
            wavelength: Wavelength in nm.
            earlier: Earlier versions that were kept, too.

        Raises:
            InvalidInput: A date is none.
            MissingPlugin: A kind is not known.
        """
        names = None if kinds is None else [kind.name for kind in self._plugins().kinds(_listed(kinds))]
        begin = None if since is None else span(since)[0]
        end = None if until is None else span(until)[0]
        equal: dict[str, object | None] = {
            "m.station = ? COLLATE NOCASE": station,
            "f.measurement = ?": measurement,
            "f.product_id = ?": product_id,
            "f.product_type = ?": product_type,
            "f.wavelength = ?": wavelength,
            "f.start >= ?": None if begin is None else int(begin.timestamp()),
            "f.start < ?": None if end is None else int(end.timestamp()),
            "f.current >= ?": 0 if earlier else 1,
            "f.kind IN (SELECT value FROM json_each(?))": None if names is None else json.dumps(names),
        }
        conditions = [(condition, value) for condition, value in equal.items() if value is not None]
        return MirroredFiles([self._told(*one) for one in self._known().selected(conditions)])

    def open(  # noqa: PLR0913 - as query
        self,
        kind: str,
        *,
        since: Moment | None = None,
        until: Moment | None = None,
        station: str | None = None,
        product_id: int | None = None,
        product_type: int | None = None,
        wavelength: int | None = None,
    ) -> Any:  # noqa: ANN401 - the kind's own data type
        """Open files of one product as one dataset over time; read as it is used where dask is installed. Close it when done.

        Args:
            kind: Name of the product kind.
            since: As for ``query``, like the others.
            until: As for ``query``.
            station: As for ``query``.
            product_id: As for ``query``.
            product_type: As for ``query``.
            wavelength: As for ``query``.

        Raises:
            InvalidInput: There is no such file, or the files are of several products; the message names these.
            UnreadableProduct: A file is not what its name says.
            MissingLibrary: A library to open them is not installed.
        """
        files = self.query(
            kind,
            since=since,
            until=until,
            station=station,
            product_id=product_id,
            product_type=product_type,
            wavelength=wavelength,
        )
        if not files:
            msg = f"{self.folder} has no {kind} of that; ask query() for what there is, or update() first"
            raise InvalidInput(msg)
        _require_one(files, kind)
        return open_products([file.path for file in files], registry=self._plugins())

    def _known(self) -> Catalogue:
        if self._catalogue is None and not self._layout.is_here():
            raise self._none()
        return self._made()

    def _made(self) -> Catalogue:
        if self._catalogue is None:
            make_folder(self.folder)
            self._catalogue = Catalogue(self._layout.catalogue)
        return self._catalogue

    def _none(self) -> LocalFileError:
        return LocalFileError(f"{self.folder} is no mirror; update() makes one")

    def _plugins(self) -> Registry:
        return self._registry or Registry()

    def _told(self, file: FileRow, measurement: MeasurementRow, gone: bool) -> MirroredFile:  # noqa: FBT001 - from a row
        return MirroredFile(
            measurement=file.measurement,
            station=measurement.station,
            kind=file.kind,
            path=self._layout.path(file.path),
            size=file.size,
            sha256=file.sha256,
            fetched=file.fetched,
            start=file.start,
            stop=file.stop,
            product_id=file.product_id,
            product_type=file.product_type,
            wavelength=file.wavelength,
            version=file.version,
            is_current=file.current,
            is_gone=gone,
        )


def _listed(kinds: Sequence[str] | str) -> Sequence[str]:
    return [kinds] if isinstance(kinds, str) else kinds


def _require_one(files: MirroredFiles, kind: str) -> None:
    """Make sure that files are of one product, which is what can be put in a row of times."""
    products = sorted({(str(one.station), str(one.product_id), str(one.wavelength)) for one in files})
    if len(products) > 1:
        listed = "; ".join(
            f"station {station}, product_id {number}, wavelength {nm}" for station, number, nm in products[:10]
        )
        more = f" and {len(products) - 10} more" if len(products) > 10 else ""  # noqa: PLR2004 - as many as are listed
        msg = f"these {len(files)} files of {kind} are of {len(products)} products: {listed}{more}; choose one of them"
        raise InvalidInput(msg)
