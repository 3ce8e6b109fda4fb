"""Uploading a raw file with its ancillary files (scc-interface.md 2.2)."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from attrs import field, frozen

from scckit.errors import (
    AnswerError,
    ConnectionFailed,
    InvalidInput,
    MeasurementExists,
    OutcomeUnknown,
    SCCError,
    TransportError,
    UnknownSystem,
    UnreadablePage,
    UploadRejected,
)
from scckit.models.ancillary import AncillaryFile, AncillaryKind
from scckit.models.ids import MeasurementID
from scckit.operations.ancillary import FindAncillary
from scckit.operations.changes import DeleteMeasurement
from scckit.operations.measurements import GetMeasurement
from scckit.session.effects import Flow, Sleep
from scckit.session.messages import Body, get
from scckit.session.multipart import FilePart, MultipartBody
from scckit.session.session import CSRF, Page, Session
from scckit.site import routes

__all__ = ["Upload", "UploadReceipt"]

_HEADING: Final = re.compile(r"Measurement (\S+)")
_FIELDS: Final = {
    AncillaryKind.SOUNDING: "sounding_file",
    AncillaryKind.OVERLAP: "overlap_file",
    AncillaryKind.LIDAR_RATIO: "lidar_ratio_file",
}
_LONGEST_DELAY: Final = 96
#: After a lost answer the API is asked this often, with such pauses in seconds: it may know a new measurement only some
#: seconds after the upload (2.2).
_LOOKS: Final = 5
_PAUSE: Final = 3.0


@frozen
class UploadReceipt:
    """What came of an upload.

    Attributes:
        id: ID of the new measurement, in the server's words.
        sent: Names of the ancillary files that were sent along.
        already_there: Ancillary files that the SCC had already under that name, which is why they were not sent.
    """

    id: MeasurementID
    sent: tuple[str, ...] = ()
    already_there: tuple[AncillaryFile, ...] = ()


def _delay(_: object, __: object, value: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= _LONGEST_DELAY:
        msg = f"delay is a whole number of hours from 0 to {_LONGEST_DELAY}; found {value!r}"
        raise InvalidInput(msg)


def _system(_: object, __: object, value: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        msg = f"system is the number of a lidar configuration, such as 437; found {value!r}"
        raise InvalidInput(msg)


@frozen
class Upload:
    """Upload a raw file.

    Attributes:
        path: The raw SCC netCDF file.
        system: Number of the system (lidar configuration) to process it with.
        boundary: Separates the parts of the form; any text that the files do not hold, best a random one.
        id: ``Measurement_ID`` of the file, None if the file was not looked at; then neither is it checked that the ID is
            free, nor can a lost answer be cleared up.
        ancillary: Ancillary files by kind, to be sent if the SCC has none of that name.
        delay: Hours to wait before the processing, 0 to 96.
        replace: Delete a measurement that has the ID already, right before the file is sent. The SCC cannot do both in one
            step (10, pain 20): if the upload is then rejected, the older measurement is gone.
    """

    path: Path
    system: int = field(validator=_system)
    boundary: str
    id: MeasurementID | None = None
    ancillary: tuple[tuple[AncillaryKind, Path], ...] = ()
    delay: int = field(default=0, validator=_delay)
    replace: bool = False

    def flow(self, session: Session) -> Flow[UploadReceipt]:
        """Look whether the ID is free, send what the SCC does not have, and read its verdict.

        Raises:
            MeasurementExists: The ID is taken.
            UnknownSystem: The upload form does not offer the system.
            UploadRejected: The SCC refused the upload, for the reasons it gives.
            OutcomeUnknown: The answer was lost and the API does not show the measurement.
        """
        if self.replace and self.id is None:
            msg = f"to replace a measurement, its ID must be known: let {self.path.name} be looked at first (check)"
            raise InvalidInput(msg)
        exists = self.id is not None and (yield from GetMeasurement(self.id).flow(session)) is not None
        if exists and not self.replace:
            msg = (
                f"the SCC has a measurement {self.id} already; upload with replace, delete it first, or give the file"
                " another Measurement_ID"
            )
            raise MeasurementExists(msg)
        files = [FilePart("data", self.path, self.path.name)]
        there: list[AncillaryFile] = []
        for kind, path in self.ancillary:
            known = yield from FindAncillary(path.name, kind).flow(session)
            if known is None or known.is_missing:
                files.append(FilePart(_FIELDS[kind], path, path.name))
            else:
                there.append(known)
        if exists and self.id is not None:
            # As late as possible: what could be found wrong without it has been found.
            self._check_system((yield from session.page(get(routes.UPLOAD))))
            yield from DeleteMeasurement(self.id).flow(session)
        was_sent = False
        help_texts: set[str] = set()

        def build(page: Page, csrf: CSRF) -> Body:
            nonlocal was_sent
            self._check_system(page)
            help_texts.update(_field_texts(page))
            was_sent = True
            fields = (*csrf, ("system", str(self.system)), ("delay", str(self.delay)))
            return MultipartBody(fields, tuple(files), self.boundary)

        try:
            page = yield from session.submit(get(routes.UPLOAD), build)
            accepted = self._verdict(page, help_texts)
        except (TransportError, AnswerError) as error:
            # Also a page of somebody else, such as one about maintenance, tells nothing of what the SCC did.
            if not was_sent or isinstance(error, ConnectionFailed):
                raise
            accepted = yield from self._look(session, error)
        return UploadReceipt(accepted, tuple(part.filename for part in files[1:]), tuple(there))

    def _check_system(self, page: Page) -> None:
        if not _shows_form(page):
            msg = (
                f"{routes.UPLOAD}: the upload form was asked for, a page titled {page.content.title!r} came; nothing was"
                " sent. Try again later, or look at it with a browser"
            )
            raise UnreadablePage(msg, status=page.head.status, url=routes.UPLOAD)
        fields = [one for form in page.content.forms if (one := form.get("system")) is not None]
        offered = {choice.value: choice.text for one in fields for choice in one.choices if choice.value}
        if offered and str(self.system) not in offered:
            systems = ", ".join(sorted(offered, key=lambda text: (len(text), text)))
            msg = f"the SCC offers this account no system {self.system}; it offers {systems}. Nothing was sent"
            raise UnknownSystem(msg)

    def _verdict(self, page: Page, help_texts: set[str]) -> MeasurementID:
        content = page.content
        if urlsplit(page.head.url).path.endswith(routes.UPLOAD):
            rejected = self._rejected(page, help_texts)
            if rejected.reasons or _shows_form(page):
                raise rejected
        for heading in content.headings:
            if match := _HEADING.match(heading):
                return MeasurementID(match[1])
        msg = f"after the upload came a page without a measurement, titled {content.title!r}"
        raise UnreadablePage(msg, status=page.head.status)

    def _rejected(self, page: Page, help_texts: set[str]) -> UploadRejected:
        content = page.content
        reasons = [*content.alerts]
        reasons += [one.text for one in content.messages if one.level in {"error", "warning"}]
        reasons += [*content.error_notes]
        # What stood beside the fields before anything was sent is help, not a reason.
        reasons += [text for text in _field_texts(page) if text not in help_texts]
        unique = tuple(dict.fromkeys(reason for reason in reasons if reason))
        said = "; ".join(unique) or "it gives no reason; upload the file by hand to see more"
        return UploadRejected(f"the SCC rejected {self.path.name} for system {self.system}: {said}", reasons=unique)

    def _look(self, session: Session, lost: SCCError) -> Flow[MeasurementID]:
        """After an answer that was lost or tells nothing: ask whether the measurement arrived; nothing is sent again."""
        hint = "look for it on the web site before you upload it again"
        if self.id is not None:
            try:
                for look in range(_LOOKS):
                    if look:
                        yield Sleep(_PAUSE)
                    if (yield from GetMeasurement(self.id).flow(session)) is not None:
                        return self.id
                hint = "the API does not show it; it is safe to upload it again, since the ID is looked for first"
            except (TransportError, AnswerError):
                hint = "the API did not answer either; try again later: the ID is looked for before anything is sent"
        msg = f"whether the SCC took {self.path.name} is not known ({lost}); {hint}"
        raise OutcomeUnknown(msg) from lost


def _shows_form(page: Page) -> bool:
    return any(form.get(name) is not None for form in page.content.forms for name in ("system", "data"))


def _field_texts(page: Page) -> list[str]:
    texts: list[str] = []
    for form in page.content.forms:
        texts += [*form.errors, *(error for one in form.fields for error in one.errors)]
    return texts
