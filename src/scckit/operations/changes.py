"""What changes a measurement that is on the server: rerun and delete.

Neither is believed by its status code. The server's own words count; where it says nothing that can be read, the API is
asked. After a lost answer the API is asked too, and nothing is sent twice blindly.

Sources: scc-interface.md 2.3 (reruns), 2.5 (delete).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Final, Literal, TypeAlias, get_args
from urllib.parse import urlsplit

from attrs import field, frozen

from scckit.errors import (
    AnswerError,
    ConnectionFailed,
    InvalidInput,
    OutcomeUnknown,
    PermissionDenied,
    RequestRefused,
    TransportError,
    UnexpectedStatus,
)
from scckit.models.ids import MeasurementID
from scckit.models.measurement import Measurement, Phase
from scckit.operations.measurements import GetMeasurement, not_found
from scckit.session.effects import Flow, Sleep
from scckit.session.messages import Body, FormBody, get
from scckit.session.session import CSRF, Page, Session
from scckit.site import routes
from scckit.site.content import PageContent

__all__ = ["DeleteMeasurement", "RerunMeasurement", "RerunPart"]

#: What can be restarted: the whole chain, the low-resolution part, the optical part only.
RerunPart: TypeAlias = Literal["all", "elpp", "elda"]

#: How often the API is asked whether a change took place, and the pauses between, in seconds.
_LOOKS: Final = 4
_PAUSE: Final = 2.0
#: No answer, or one that tells nothing of what the SCC did, such as a redirect to another server.
_LOST: Final = (TransportError, AnswerError)


def _part(_: object, __: object, value: str) -> None:
    if value not in get_args(RerunPart):
        msg = f"{value!r} cannot be rerun; there are: {', '.join(get_args(RerunPart))}"
        raise InvalidInput(msg)


@frozen
class RerunMeasurement:
    """Restart the processing of a measurement.

    Attributes:
        id: Its ID.
        what: ``all`` for the whole chain, ``elpp`` for the low-resolution part, ``elda`` for the optical part only.
    """

    id: MeasurementID = field(converter=MeasurementID)
    what: RerunPart = field(default="all", validator=_part)

    def flow(self, session: Session) -> Flow[None]:
        """Restart it and make sure that it was.

        Raises:
            MeasurementNotFound: The SCC does not know it.
            RequestRefused: The SCC said no, in its own words.
            OutcomeUnknown: Neither its words nor the API show a restart.
        """
        before = yield from GetMeasurement(self.id).flow(session)
        if before is None:
            raise not_found(self.id)
        lost: Exception | None = None
        try:
            # A GET that changes state (2.3): not safe, so never repeated.
            page = yield from session.page(get(routes.rerun(self.id, self.what), safe=False))
        except ConnectionFailed:
            raise
        except _LOST as error:
            lost = error
        else:
            if _words(page.content, {"success", "info"}):
                return
            if refused := _words(page.content, {"error", "warning"}):
                msg = f"the SCC did not restart {self.id}: {'; '.join(refused)}"
                raise RequestRefused(msg)
        if not (yield from _seen(session, self.id, lambda now: _restarted(before, now))):
            reason = f"the answer was lost ({lost})" if lost else "the SCC did not say whether it was"
            msg = (
                f"{self.id} may or may not have been restarted: {reason}, and the API shows no change;"
                " look at it before you try again"
            )
            raise OutcomeUnknown(msg) from lost


def _restarted(before: Measurement, now: Measurement | None) -> bool:
    return now is not None and (now.phase is not Phase.FINISHED or now != before)


@frozen
class DeleteMeasurement:
    """Delete a measurement with its products.

    Attributes:
        id: Its ID.
        related: Delete the measurements too that depend on it, such as those calibrated with it (2.5).
    """

    id: MeasurementID = field(converter=MeasurementID)
    related: bool = False

    def flow(self, session: Session) -> Flow[None]:
        """Delete it and make sure that it is gone.

        Raises:
            MeasurementNotFound: The SCC does not know it.
            PermissionDenied: The account may not delete it.
            RequestRefused: The SCC said no, in its own words.
            OutcomeUnknown: The answer was lost and the API still shows it.
        """
        was_sent = False

        def build(page: Page, csrf: CSRF) -> Body:
            nonlocal was_sent
            self._check_form(page)
            was_sent = True
            choice = "delete_related" if self.related else "not_delete_related"
            return FormBody((*csrf, ("post", "yes"), ("select_delete_related_measurements", choice)))

        said: tuple[str, ...] = ()
        lost: Exception | None = None
        try:
            page = yield from session.submit(get(routes.delete(self.id)), build)
            if _words(page.content, {"success"}):
                return
            said = _words(page.content, {"error", "warning"})
        except _LOST as error:
            if isinstance(error, UnexpectedStatus) and error.status == HTTPStatus.NOT_FOUND and not was_sent:
                raise not_found(self.id) from None
            if not was_sent or isinstance(error, ConnectionFailed):
                raise
            lost = error
        if (yield from _seen(session, self.id, lambda now: now is None)):
            return
        if said:
            msg = f"the SCC did not delete {self.id}: {'; '.join(said)}"
            raise RequestRefused(msg)
        reason = f"the answer was lost ({lost})" if lost else "the SCC did not say that it was deleted"
        msg = f"{self.id} is still there: {reason}; look at it, then delete it again"
        raise OutcomeUnknown(msg) from lost

    def _check_form(self, page: Page) -> None:
        """Make sure that the page asks whether to delete; what an unknown ID is answered with is not certain (12)."""
        if not urlsplit(page.head.url).path.endswith(routes.delete(self.id)):
            words = "; ".join(_words(page.content, {"error", "warning", "info"}))
            raise (
                not_found(self.id)
                if not words
                else RequestRefused(f"the SCC does not offer to delete {self.id}, it says: {words}")
            )
        if not any(form.get("post") for form in page.content.forms):
            said = "; ".join((*page.content.headings, *page.content.alerts)) or page.content.title
            msg = f"the SCC does not let this account delete {self.id}; its page says: {said}"
            raise PermissionDenied(msg)


def _words(content: PageContent, levels: Iterable[str]) -> tuple[str, ...]:
    wanted = set(levels)
    words = [message.text for message in content.messages if message.level in wanted]
    if "error" in wanted:
        words += content.alerts
    return tuple(words)


def _seen(session: Session, measurement_id: MeasurementID, test: Callable[[Measurement | None], bool]) -> Flow[bool]:
    """Ask the API a few times whether a change shows."""
    for look in range(_LOOKS):
        if look:
            yield Sleep(_PAUSE)
        try:
            now = yield from GetMeasurement(measurement_id).flow(session)
        except (TransportError, AnswerError):
            continue
        if test(now):
            return True
    return False
