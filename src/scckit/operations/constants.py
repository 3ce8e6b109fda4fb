"""What one can ask about lidar constants (scc-interface.md 2.5, 3.3)."""

from __future__ import annotations

from datetime import datetime

from attrs import evolve, field, frozen

from scckit.models.constants import LidarConstant
from scckit.operations._lists import check_span, check_station, list_page, moment_text
from scckit.operations._pages import Page
from scckit.session.effects import Flow
from scckit.session.session import Session
from scckit.site import routes

__all__ = ["SearchConstants"]


@frozen
class SearchConstants:
    """One page of the admin's list of lidar constants.

    Attributes:
        start: Begin of the profile at or after this moment (UTC).
        stop: Begin of the profile before this moment (UTC); None for no end.
        station: Station code of 3 letters; None for all.
        page: Address of the page as an earlier page links to it; None for the first.
    """

    start: datetime
    stop: datetime | None = None
    station: str | None = field(default=None, validator=check_station)
    page: str | None = None

    def flow(self, session: Session) -> Flow[Page[LidarConstant]]:
        """Ask for the page.

        Raises:
            FilterRefused: The server did not accept a filter, or ignored it.
            UnreadablePage: It is not the list.
        """
        filters = {"profile_start_time__gte": moment_text(self.start)}
        if self.stop is not None:
            filters["profile_start_time__lt"] = moment_text(self.stop)
        if self.station is not None:
            filters["station"] = self.station
        page = yield from list_page(session, routes.ADMIN_CONSTANTS, filters, self.page)
        constants = tuple(session.site.constants(page.rows))
        check_span(routes.ADMIN_CONSTANTS, (one.profile_start for one in constants), self.start, self.stop)
        return Page(constants, page.total, None if page.next is None else evolve(self, page=page.next))
