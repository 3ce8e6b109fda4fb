"""Downloading archives of products (scc-interface.md 2.4), and asking whether that is needed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, Generic, Protocol, TypeVar

from attrs import evolve, field, frozen

from scckit.errors import AnswerError, NotSignedIn, PermissionDenied, ProductNotAvailable, UnexpectedContent
from scckit.models.ids import MeasurementID
from scckit.models.measurement import Measurement, Phase, Status
from scckit.models.products import ProductFile
from scckit.operations._pages import Page
from scckit.operations.measurements import GetMeasurement, SearchMeasurements, not_found
from scckit.operations.operation import Operation
from scckit.session.effects import Flow, Sink
from scckit.session.messages import get
from scckit.session.session import Session
from scckit.site import routes

__all__ = ["DownloadArchive", "DownloadProducts", "Gathered", "LocalFiles", "NotingSink", "RouteDownload"]

T = TypeVar("T")

#: The admin's list shows and filters by the minute (3.2).
_MINUTE: Final = timedelta(minutes=1)


@frozen
class DownloadArchive(Generic[T]):
    """Download one archive into a sink.

    Attributes:
        id: ID of the measurement.
        route: Last part of the address, such as ``download-optical/``.
        sink: Takes the archive, and makes of it what the operation returns.
        modules: Modules whose products the archive holds, to say more when there is none.
    """

    id: MeasurementID = field(converter=MeasurementID)
    route: str
    sink: Sink[T]
    modules: tuple[str, ...] = ()

    def flow(self, session: Session) -> Flow[T]:
        """Download it.

        Raises:
            ProductNotAvailable: The SCC has no such product of the measurement.
            MeasurementNotFound: The SCC does not know the measurement.
            UnexpectedContent: Something else than an archive came, although the module has succeeded.
        """
        page: UnexpectedContent | None = None
        try:
            result = yield from session.archive(get(routes.download(self.id, self.route)), self.sink)
        except UnexpectedContent as error:
            result, page = None, error
        # An archive without any product counts as none: what comes for a missing product is not known (2.4), it may
        # be a 404, a page, or an empty archive.
        if result is not None and result != ():
            return result
        measurement = yield from GetMeasurement(self.id).flow(session)
        if measurement is None:
            raise not_found(self.id)
        known = {name: measurement.modules[name].status for name in self.modules if name in measurement.modules}
        if page is not None and (not known or Status.OK in known.values()):
            raise page
        states = ", ".join(f"{name} is {status.value!r}" for name, status in known.items()) or "no module tells more"
        advice = "wait until it is finished" if measurement.phase is not Phase.FINISHED else "rerun it, or do without"
        msg = (
            f"the SCC has nothing to download at {self.route} for {self.id}: {states}; the measurement is"
            f" {measurement.phase.value}. To get it, {advice}"
        )
        raise ProductNotAvailable(msg)


class NotingSink(Protocol):
    """Makes a sink for an archive, which records beside the files where they come from."""

    def noting(
        self, *, server: str, route: str, when: datetime, measurement: Measurement | None
    ) -> Sink[tuple[ProductFile, ...]]:
        """Return the sink.

        Args:
            server: Base URL of the server.
            route: Last part of the archive's address.
            when: The moment at which the archive is asked for.
            measurement: What the server said of the measurement before that, None if it was not asked.
        """


class LocalFiles(Protocol):
    """Files that came earlier and are as they came."""

    @property
    def files(self) -> tuple[ProductFile, ...]:
        """The files, in the order of their kinds."""

    def stands(self, server: str, measurement: Measurement) -> bool:
        """Tell whether the products on a server are still these, by what it says of the measurement now."""


@frozen
class RouteDownload:
    """What is wanted from one archive, and what of it is here.

    Attributes:
        route: Last part of the archive's address, such as ``download-optical/``.
        modules: Modules whose products the archive holds, to say more when there is none.
        kinds: Names of the wanted kinds, in whose order the files are returned.
        sink: Takes the archive; None if nothing is to be fetched.
        here: Files that are here and are returned beside those fetched.
        local: Files that are here and are returned in place of fetching, if the server says that nothing has changed.
    """

    route: str
    modules: tuple[str, ...]
    kinds: tuple[str, ...]
    sink: NotingSink | None
    here: tuple[ProductFile, ...] = ()
    local: LocalFiles | None = None


@frozen
class Gathered:
    """What came of a download.

    Attributes:
        files: The files, in the order of their kinds, those that were kept among them.
        came: Some of them came now; False if all were here.
        absent: What the SCC does not have of what was asked for, None if nothing is missing.
    """

    files: tuple[ProductFile, ...]
    came: bool
    absent: ProductNotAvailable | None


@frozen
class DownloadProducts:
    """Download products of one measurement: one archive for each route, and only those that are needed.

    The measurement is looked at before the first archive is asked for, never after: what changes in between makes the
    next look differ, and is fetched then.

    Attributes:
        id: ID of the measurement.
        parts: What is wanted, by the route.
        look: Ask for the state of the measurement first. Without it no local file is taken as unchanged, and what comes
            is recorded without a state.
        complete: Archives that are absent are an error, after the others were fetched.
        wanted: Kinds of which at least one must have come, for each name that was asked for; an archive may hold products
            of one kind and not of the other that it is for (ELDA, ELDEC).
        known: What a search has just told of the measurement, in place of looking at it.
    """

    id: MeasurementID = field(converter=MeasurementID)
    parts: tuple[RouteDownload, ...]
    look: bool = True
    complete: bool = True
    wanted: tuple[tuple[str, ...], ...] = ()
    known: Measurement | None = None

    def flow(self, session: Session) -> Flow[list[ProductFile]]:
        """Download what is needed; sends nothing if that is nothing.

        Raises:
            ProductNotAvailable: The SCC has no product of some kind, and ``complete`` is on.
            MeasurementNotFound: The SCC does not know the measurement.
            UnexpectedContent: Something else than an archive came, although the module has succeeded.
        """
        gathered = yield from self.gather(session)
        if gathered.absent is not None:
            raise gathered.absent
        return list(gathered.files)

    def gather(self, session: Session) -> Flow[Gathered]:
        """Do it, and tell what is absent beside what there is; raises what ``flow`` raises of the rest."""
        asks = self.look and any(part.sink is not None for part in self.parts)
        measurement = ((yield from self._measurement(session)) if self.known is None else self.known) if asks else None
        files: list[ProductFile] = []
        absent: list[ProductNotAvailable] = []
        came = False
        for part in self.parts:
            if measurement is not None and part.local is not None and part.local.stands(session.base_url, measurement):
                files += part.local.files
                continue
            found = list(part.here)
            try:
                fetched = yield from self._fetched(session, part, measurement)
                found += fetched
                came = came or bool(fetched)
            except ProductNotAvailable as error:
                if not found:
                    absent.append(error)
            files += sorted(found, key=lambda file: part.kinds.index(file.kind))
        if not (self.complete and absent):
            absent = list(self._missed(files))
        return Gathered(tuple(files), came, absent[0] if absent else None)

    def _missed(self, files: Sequence[ProductFile]) -> Iterator[ProductNotAvailable]:
        for names in self.wanted:
            if not any(file.kind in names for file in files):
                msg = (
                    f"the SCC has no {' or '.join(names)} of {self.id}; what else its archive holds was kept."
                    " Wait until the measurement is finished, or do without"
                )
                yield ProductNotAvailable(msg)

    def _fetched(
        self, session: Session, part: RouteDownload, measurement: Measurement | None
    ) -> Flow[tuple[ProductFile, ...]]:
        if part.sink is None:
            return ()
        when = datetime.fromtimestamp(session.doors.now(), UTC)
        sink = part.sink.noting(server=session.base_url, route=part.route, when=when, measurement=measurement)
        return (yield from DownloadArchive(self.id, part.route, sink, part.modules).flow(session))

    def _measurement(self, session: Session) -> Flow[Measurement | None]:
        """Ask for the statuses and the moment of the last change; None if the server cannot tell."""
        try:
            measurement = yield from GetMeasurement(self.id).flow(session)
        except AnswerError:
            return None  # archives may come all the same, and are then recorded without a state
        if measurement is None:
            raise not_found(self.id)
        try:
            return (yield from self._with_update(session, measurement))
        except (AnswerError, NotSignedIn, PermissionDenied):
            # Not every account may see the admin's list (1.5). Django's admin shows the sign-in form to such an account;
            # that it is signed in, the API has just shown.
            return measurement

    def _with_update(self, session: Session, measurement: Measurement) -> Flow[Measurement]:
        """Add when the measurement last changed, which the admin's list shows (3.2) and the API does not (4.3).

        Without it a rerun that has ended would look as if nothing had happened: the statuses are what they were.
        """
        if measurement.start is None:
            return measurement
        begin = measurement.start.replace(second=0, microsecond=0)
        search: Operation[Page[Measurement]] | None = SearchMeasurements(begin, begin + _MINUTE)
        while search is not None:
            page = yield from search.flow(session)
            row = next((one for one in page.items if one.id == self.id), None)
            if row is not None:
                return evolve(measurement, updated=row.updated)
            search = page.next
        return measurement
