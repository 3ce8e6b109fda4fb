"""Downloading archives of products (scc-interface.md 2.4)."""

from __future__ import annotations

from typing import Generic, TypeVar

from attrs import field, frozen

from scckit.errors import ProductNotAvailable, UnexpectedContent
from scckit.models.ids import MeasurementID
from scckit.models.measurement import Status
from scckit.operations.measurements import GetMeasurement, not_found
from scckit.session.effects import Flow, Sink
from scckit.session.messages import get
from scckit.session.session import Session
from scckit.site import routes

__all__ = ["DownloadArchive"]

T = TypeVar("T")


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
        msg = f"the SCC has nothing to download at {self.route} for {self.id}: {states}; phase {measurement.phase.value!r}"
        raise ProductNotAvailable(msg)
