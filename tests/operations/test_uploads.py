"""The upload: what is looked for first, what is sent, how its verdict is read, and what happens when it is lost."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from scckit.errors import (
    ConnectionBroken,
    ConnectionFailed,
    InvalidInput,
    MeasurementExists,
    OutcomeUnknown,
    TransportError,
    UnknownSystem,
    UnreadablePage,
    UploadRejected,
)
from scckit.models import AncillaryKind, MeasurementID
from scckit.operations import Upload, UploadReceipt
from scckit.site.content import Choice, Form, FormField, Message, PageContent
from scckit.testing import Answer

from ..conftest import SIGN_IN, Bench

MakeBench = Callable[..., Bench]
ID = MeasurementID("20210307aky0930")
ABSENT = Answer(404)
PRESENT = Answer.json('{"id": "20210307aky0930"}')
FORM = Answer.page("form")
TO_PAGE = Answer.redirect(f"/data_processing/measurements/{ID}/")
ACCEPTED = (TO_PAGE, Answer.page(f"Measurement {ID} uploaded"))


class UploadReader:
    """Reads the pages around an upload; ``rejected`` shows reasons in all the places that the SCC uses."""

    def read(self, text: str, /) -> PageContent:
        """Make content of a word."""
        if text == "login":
            return PageContent(is_login=True)
        choices = (Choice("", "---"), Choice("437", "day"), Choice("438", "night"))
        fields = [FormField("system", "select", choices=choices), FormField("csrfmiddlewaretoken", "hidden", "masked")]
        if text == "form":
            fields.append(FormField("data", "file", errors=("The raw file.",)))
        if text == "rejected":
            fields.append(FormField("data", "file", errors=("The raw file.", "Error: no Raw_Lidar_Data")))
            return PageContent(
                alerts=("Altitude must be ascending",),
                messages=(Message("success", "hello"),),
                forms=(Form(fields=tuple(fields)),),
            )
        return PageContent(headings=(text,), forms=(Form(fields=tuple(fields)),) if text == "form" else ())


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    """Make a file to upload."""
    path = tmp_path / "raw.nc"
    path.write_bytes(b"\x89HDF raw")
    return path


def make(bench: MakeBench, *script: object) -> Bench:
    """Make a bench whose reader knows the upload's pages."""
    here = bench(*SIGN_IN, *script)
    object.__setattr__(here.session.site, "reader", UploadReader())
    return here


def run(here: Bench, upload: Upload) -> UploadReceipt:
    """Run an upload."""
    return here.run(upload.flow(here.session))


def test_an_accepted_upload(bench: MakeBench, raw: Path) -> None:
    """The ID is looked for, the form is sent with token, system and delay, and the page names the measurement."""
    here = make(bench, ABSENT, FORM, *ACCEPTED)

    receipt = run(here, Upload(raw, 437, "edge", id=ID, delay=24))

    post = here.transport.requests[4]
    assert post.body is not None
    body = b"".join(post.body.chunks())
    assert receipt == UploadReceipt(ID)
    assert post.headers.get("x-csrftoken") == "masked"
    assert post.headers.get("referer") == "https://scc.example/data_processing/measurements/quick/"
    assert b'name="csrfmiddlewaretoken"\r\n\r\nmasked\r\n' in body
    assert b'name="system"\r\n\r\n437\r\n' in body
    assert b'name="delay"\r\n\r\n24\r\n' in body
    assert b'name="data"; filename="raw.nc"\r\nContent-Type: application/octet-stream\r\n\r\n\x89HDF raw\r\n' in body


def test_a_taken_id_sends_nothing(bench: MakeBench, raw: Path) -> None:
    """A measurement that exists ends it before the form is even opened."""
    here = make(bench, PRESENT)

    with pytest.raises(MeasurementExists, match="delete it first"):
        run(here, Upload(raw, 437, "edge", id=ID))

    assert here.asked()[2:] == [f"GET api/v1/measurements/{ID}/"]


def test_an_unknown_system_sends_nothing(bench: MakeBench, raw: Path) -> None:
    """A system that the form does not offer ends it before the file leaves; the error lists those offered."""
    here = make(bench, ABSENT, FORM)

    with pytest.raises(UnknownSystem, match="437, 438"):
        run(here, Upload(raw, 999, "edge", id=ID))

    assert not [one for one in here.transport.requests if one.url.endswith("quick/") and one.method == "POST"]


def test_a_page_in_place_of_the_form_sends_nothing(bench: MakeBench, raw: Path) -> None:
    """A maintenance page where the form should be ends it before the file leaves."""
    here = make(bench, ABSENT, Answer.page("maintenance"))

    with pytest.raises(UnreadablePage, match="nothing was sent"):
        run(here, Upload(raw, 437, "edge", id=ID))

    assert not [one for one in here.transport.requests if one.url.endswith("quick/") and one.method == "POST"]


def test_a_rejection_shows_the_servers_own_words(bench: MakeBench, raw: Path) -> None:
    """Reasons from alert boxes and from beside the field reach the caller; messages of success and help texts do not."""
    here = make(bench, ABSENT, FORM, Answer.page("rejected"))

    with pytest.raises(UploadRejected) as caught:
        run(here, Upload(raw, 437, "edge", id=ID))

    assert caught.value.reasons == ("Altitude must be ascending", "Error: no Raw_Lidar_Data")
    assert "Altitude must be ascending" in str(caught.value)


def test_ancillary_files_go_along_only_if_the_scc_lacks_them(bench: MakeBench, raw: Path, tmp_path: Path) -> None:
    """A file that is there is left out and reported; a missing one and an unknown one are sent under their fields."""
    paths = {kind: tmp_path / f"{kind.value}.nc" for kind in AncillaryKind}
    for path in paths.values():
        path.write_bytes(b"x")
    there = Answer.json('{"objects": [{"id": 7, "filename": "sounding.nc", "status": "ok"}]}')
    missing = Answer.json('{"objects": [{"id": 8, "filename": "overlap.nc", "status": "missing"}]}')
    unrelated = Answer.json('{"objects": [{"id": 9, "filename": "other.nc", "status": "ok"}]}')
    here = make(bench, ABSENT, there, missing, unrelated, FORM, *ACCEPTED)

    receipt = run(here, Upload(raw, 437, "edge", id=ID, ancillary=tuple(paths.items())))

    (post,) = (one for one in here.transport.requests if one.method == "POST" and one.url.endswith("quick/"))
    assert post.body is not None
    body = b"".join(post.body.chunks())
    assert receipt.sent == ("overlap.nc", "lidar_ratio.nc")
    assert [file.id for file in receipt.already_there] == [7]
    assert b'name="sounding_file"' not in body
    assert b'name="overlap_file"; filename="overlap.nc"' in body
    assert b'name="lidar_ratio_file"' in body


@pytest.mark.parametrize(
    "lost",
    [
        ConnectionBroken("reset"),
        Answer(502),
        Answer(504),
        Answer.page("Maintenance"),
        Answer.redirect("https://portal.example/"),
    ],
)
def test_a_lost_answer_is_looked_up_and_nothing_sent_again(bench: MakeBench, raw: Path, lost: object) -> None:
    """After an answer that is lost, or somebody else's, the API is asked, for some seconds; the file is sent once."""
    here = make(bench, ABSENT, FORM, lost, ABSENT, ABSENT, PRESENT)

    receipt = run(here, Upload(raw, 437, "edge", id=ID))

    assert receipt.id == ID
    assert len([one for one in here.transport.requests if one.url.endswith("quick/") and one.method == "POST"]) == 1


def test_a_lost_answer_that_cannot_be_cleared_up(bench: MakeBench, raw: Path) -> None:
    """If the API does not show the measurement, or the ID is not known, the outcome is unknown and said to be."""
    never = make(bench, ABSENT, FORM, ConnectionBroken("reset"), *[ABSENT] * 5)
    unchecked = make(bench, FORM, ConnectionBroken("reset"))

    with pytest.raises(OutcomeUnknown, match="safe to upload it again"):
        run(never, Upload(raw, 437, "edge", id=ID))
    with pytest.raises(OutcomeUnknown, match="look for it"):
        run(unchecked, Upload(raw, 437, "edge"))


def test_what_never_left_is_no_unknown_outcome(bench: MakeBench, raw: Path) -> None:
    """A connection that cannot be made is just that: nothing was sent, nothing is looked for."""
    here = make(bench, ABSENT, FORM, *[ConnectionFailed("refused")] * 4)

    with pytest.raises(ConnectionFailed):
        run(here, Upload(raw, 437, "edge", id=ID))
    before = make(bench, ABSENT, *[ConnectionBroken("reset")] * 4)
    with pytest.raises(TransportError):
        run(before, Upload(raw, 437, "edge", id=ID))


@pytest.mark.parametrize(
    ("field", "value"),
    [("delay", 97), ("delay", -1), ("delay", True), ("delay", 1.5), ("system", 0), ("system", "437")],
)
def test_fields_without_sense_are_refused(raw: Path, field: str, value: object) -> None:
    """The delay is 0 to 96 whole hours, the system a number."""
    with pytest.raises(InvalidInput, match=field):
        Upload(**{"path": raw, "system": 437, "boundary": "edge", field: value})
