"""What one can ask about measurements that are on the server: one, a page of many, and whether one has finished."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from http import HTTPStatus
from typing import Final

from attrs import evolve, field, frozen
from attrs.converters import optional

from scckit.errors import FilterRefused, InvalidInput, MeasurementNotFound, RequestRefused, UnreadablePage, WaitTimeout
from scckit.events import PhaseSeen
from scckit.models.ids import MeasurementID
from scckit.models.measurement import Measurement, Phase
from scckit.operations._lists import check_span, check_station, list_page, moment_text
from scckit.operations._pages import Page
from scckit.session.effects import Flow, Sleep
from scckit.session.messages import get
from scckit.session.session import Session
from scckit.site import routes

__all__ = [
    "FreeMeasurementID",
    "GetMeasurement",
    "ListMeasurements",
    "SearchMeasurements",
    "WaitForMeasurement",
]

_NOT_FOUND: Final = frozenset({int(HTTPStatus.NOT_FOUND)})
_NEW_STATION: Final = 3
_BAD_REQUEST: Final = frozenset({int(HTTPStatus.BAD_REQUEST)})


@frozen
class GetMeasurement:
    """One measurement by its ID, or None where the SCC knows none (scc-interface.md 4.1, 4.3)."""

    id: MeasurementID = field(converter=MeasurementID)

    def flow(self, session: Session) -> Flow[Measurement | None]:
        """Ask the API."""
        head, value = yield from session.json(get(routes.api_measurement(self.id)), allow=_NOT_FOUND)
        return None if head.status == HTTPStatus.NOT_FOUND else session.site.measurement(value)


@frozen
class SearchMeasurements:
    """One page of the admin's measurement list (scc-interface.md 2.5, 3).

    Attributes:
        start: Begin of the measurement at or after this moment (UTC).
        stop: Begin of the measurement before this moment (UTC); None for no end.
        station: Station code of 3 letters; None for all.
        page: Address of the page as a link of an earlier page gives it; None for the first. Pages are counted from 0 or
            from 1 by the server's generation, so they are followed by their links and never counted.
    """

    start: datetime
    stop: datetime | None = None
    station: str | None = field(default=None, validator=check_station)
    page: str | None = None

    def flow(self, session: Session) -> Flow[Page[Measurement]]:
        """Ask for the page.

        Raises:
            FilterRefused: The server did not accept a filter and would show everything.
            UnreadablePage: It is not the list.
        """
        page = yield from list_page(session, routes.ADMIN_MEASUREMENTS, self._filters(), self.page)
        found = tuple(session.site.measurements(page.rows))
        check_span(routes.ADMIN_MEASUREMENTS, (one.start for one in found), self.start, self.stop)
        self._check_station(found)
        following = None if page.next is None else evolve(self, page=page.next)
        return Page(found, page.total, following)

    def _check_station(self, found: Iterable[Measurement]) -> None:
        for one in found:
            if self.station is not None and one.station is not None and one.station.lower() != self.station.lower():
                msg = f"the SCC ignored the station of the search ({self.station}), it shows {one.station}"
                raise FilterRefused(msg, url=routes.ADMIN_MEASUREMENTS)

    def _filters(self) -> dict[str, str]:
        filters = {"start__gte": moment_text(self.start)}
        if self.stop is not None:
            filters["start__lt"] = moment_text(self.stop)
        if self.station is not None:
            filters["station_id"] = self.station
        return filters


def _startswith(_: object, __: object, value: str | None) -> None:
    if value is not None and not (value.isascii() and value.isalnum()):
        msg = f"a measurement ID has letters and digits only, so none starts with {value!r}"
        raise InvalidInput(msg)


@frozen
class ListMeasurements:
    """One page of the API's list of measurements (scc-interface.md 4.1, 4.2).

    Attributes:
        id: The one ID to look for; None for all.
        startswith: Beginning of the IDs; None for all.
        page: Address of the page as ``meta.next`` of an earlier one gives it; None for the first.
    """

    id: MeasurementID | None = field(default=None, converter=optional(MeasurementID))
    startswith: str | None = field(default=None, validator=_startswith)
    page: str | None = None

    def flow(self, session: Session) -> Flow[Page[Measurement]]:
        """Ask for the page.

        Raises:
            FilterRefused: The server ignored or refused the filter.
            UnreadablePage: It is not such a list, or one that leads in circles.
        """
        asked: dict[str, str | None] = {"id__exact": self.id, "id__startswith": self.startswith}
        filters = {name: value for name, value in asked.items() if value is not None}
        url = self.page or get(routes.API_MEASUREMENTS, filters).url
        head, value = yield from session.json(get(url), allow=_BAD_REQUEST)
        if head.status == HTTPStatus.BAD_REQUEST:
            msg = f"{routes.API_MEASUREMENTS}: the SCC does not accept the filter {filters}"
            raise FilterRefused(msg, status=head.status, url=routes.API_MEASUREMENTS)
        listed = session.site.listed(value)
        found = tuple(session.site.measurement(one) for one in listed.objects)
        for one in found:
            # Tastypie answers a filter that it does not know with everything (4.2).
            if not one.id.startswith(self.startswith or "") or (self.id is not None and one.id != self.id):
                msg = f"the SCC ignored the filter {filters}, it shows {one.id}"
                raise FilterRefused(msg, url=routes.API_MEASUREMENTS)
        if listed.next is not None and (listed.next == self.page or not found):
            msg = f"{routes.API_MEASUREMENTS}: the list leads in circles; try again later, or report it"
            raise UnreadablePage(msg, url=routes.API_MEASUREMENTS)
        following = None if listed.next is None else evolve(self, page=listed.next)
        return Page(found, listed.total, following)


@frozen
class FreeMeasurementID:
    """The first unused measurement ID of a day (scc-interface.md 5.2).

    Attributes:
        day: The day (UTC).
        station: Station code of 3 letters, for IDs that end in 4 digits; or old call sign of 2, for IDs that end in 2.
    """

    day: date
    station: str = field(validator=check_station)

    def flow(self, session: Session) -> Flow[MeasurementID]:
        """Read all IDs of the day and find the first gap.

        Raises:
            RequestRefused: All IDs of the day are in use.
        """
        begin = f"{self.day:%Y%m%d}{self.station}"
        used: set[str] = set()
        page = yield from ListMeasurements(startswith=begin).flow(session)
        used.update(one.id for one in page.items)
        while page.next is not None:
            page = yield from page.next.flow(session)
            used.update(one.id for one in page.items)
        digits = 4 if len(self.station) == _NEW_STATION else 2
        for number in range(10**digits):
            if (candidate := f"{begin}{number:0{digits}}") not in used:
                return MeasurementID(candidate)
        msg = f"all {10**digits} IDs that begin with {begin} are in use; take letters for the last characters"
        raise RequestRefused(msg)


def _positive(_: object, attribute: object, value: float) -> None:
    if not value > 0:
        msg = f"{getattr(attribute, 'name', 'the value')} must be more than 0 seconds; found {value!r}"
        raise InvalidInput(msg)


@frozen
class WaitForMeasurement:
    """Wait until a measurement is finished, by the rule of scc-interface.md 4.7, confirmed by two looks in a row.

    Finished does not mean that every module succeeded: look at ``modules``.

    Attributes:
        id: Its ID.
        timeout: Longest wait in seconds.
        interval: Pause between two looks in seconds.
        grace: For so many seconds the API may not know a new measurement yet.
    """

    id: MeasurementID = field(converter=MeasurementID)
    timeout: float = field(default=6 * 3600.0, validator=_positive)
    interval: float = field(default=30.0, validator=_positive)
    grace: float = 120.0

    def flow(self, session: Session) -> Flow[Measurement]:
        """Look, and look again.

        Raises:
            WaitTimeout: It was not finished within ``timeout``.
            MeasurementNotFound: The SCC does not know it.
        """
        begun = session.doors.clock()
        slept = 0.0
        confirmed = False
        while True:
            measurement = yield from GetMeasurement(self.id).flow(session)
            # A clock that stands still while we sleep (a laptop's, a test's) must not make the wait endless.
            waited = max(session.doors.clock() - begun, slept)
            if measurement is None:
                if waited >= min(self.grace, self.timeout):
                    raise not_found(self.id)
                phase = None
            else:
                phase = measurement.phase
                modules = tuple((name, module.status.value) for name, module in measurement.modules.items())
                session.emit(PhaseSeen(self.id, phase.value, modules))
                if phase is Phase.FINISHED and confirmed:
                    return measurement
            confirmed = phase is Phase.FINISHED
            if waited >= self.timeout:
                if phase is Phase.FINISHED and measurement is not None:
                    return measurement  # the look that would confirm it has no time left
                raise WaitTimeout(self._message(phase))
            # The second look that confirms the end need not wait as long as the others.
            pause = min(self.interval, 5.0) if confirmed else self.interval
            pause = min(pause, self.timeout - waited)
            yield Sleep(pause)
            slept += pause

    def _message(self, phase: Phase | None) -> str:
        state = "not known to the API yet" if phase is None else phase.value
        text = f"{self.id} is {state} after {self.timeout:g} s of waiting; wait again, or look at it on the web site"
        if phase is Phase.NOT_STARTED:
            text += ". The SCC does not start a measurement whose ancillary files are not all there"
        return text


def not_found(measurement_id: MeasurementID) -> MeasurementNotFound:
    """Return the error for an ID that the SCC does not know."""
    return MeasurementNotFound(
        f"the SCC knows no measurement {measurement_id}, or this account may not see it; check the ID"
    )
