"""Rerun and delete: believed from the server's words or from the API, never from a status code, never sent twice."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from scckit.errors import (
    ConnectionBroken,
    InvalidInput,
    MeasurementNotFound,
    OutcomeUnknown,
    PermissionDenied,
    RequestRefused,
)
from scckit.operations import DeleteMeasurement, RerunMeasurement
from scckit.site.content import Form, FormField, Message, PageContent
from scckit.testing import Answer

from ..conftest import SIGN_IN, Bench

MakeBench = Callable[..., Bench]
ID = "20210307aky0930"
FINISHED = Answer.json(f'{{"id": "{ID}", "elda": 127, "is_queued": false}}')
QUEUED = Answer.json(f'{{"id": "{ID}", "elda": 127, "is_queued": true}}')
GONE = Answer(404)
TO_PAGE = Answer.redirect(f"/data_processing/measurements/{ID}/")
TO_LIST = Answer.redirect("/admin/database/measurements/")
CONFIRM = Answer.page("confirm")
#: Answers that tell nothing of what the server did.
LOST = [ConnectionBroken("reset"), Answer(502), Answer(500), Answer.redirect("https://portal.example/")]


class WordReader:
    """Reads a page of "level: words" as a message; ``confirm`` is the form that asks whether to delete."""

    def read(self, text: str, /) -> PageContent:
        """Make content."""
        if text == "login":
            return PageContent(is_login=True)
        if text == "confirm":
            return PageContent(
                forms=(
                    Form(fields=(FormField("csrfmiddlewaretoken", "hidden", "t"), FormField("post", "hidden", "yes"))),
                )
            )
        level, _, words = text.partition(": ")
        return PageContent(messages=(Message(level, words),)) if words else PageContent(headings=(text,))


def run(bench: MakeBench, operation: RerunMeasurement | DeleteMeasurement, *script: object) -> Bench:
    """Run an operation to its end over a script."""
    here = bench(*SIGN_IN, *script)
    object.__setattr__(here.session.site, "reader", WordReader())
    here.run(operation.flow(here.session))
    assert here.transport.left == 0
    return here


@pytest.mark.parametrize("what", ["all", "elpp", "elda"])
def test_a_rerun_that_the_server_confirms(bench: MakeBench, what: str) -> None:
    """The server's own word is enough; each part has its own address."""
    here = run(
        bench, RerunMeasurement(ID, what), FINISHED, TO_PAGE, Answer.page("success: The processing chain was restarted")
    )

    assert here.asked()[3] == f"GET data_processing/measurements/{ID}/rerun-{what}/"


def test_a_rerun_without_a_word_is_looked_up(bench: MakeBench) -> None:
    """A page that says nothing is not believed: the API must show that something happens, soon."""
    run(bench, RerunMeasurement(ID), FINISHED, TO_PAGE, Answer.page("page"), FINISHED, QUEUED)

    with pytest.raises(OutcomeUnknown, match="no change"):
        run(bench, RerunMeasurement(ID), FINISHED, TO_PAGE, Answer.page("page"), *[FINISHED] * 4)


@pytest.mark.parametrize("lost", LOST)
def test_a_rerun_whose_answer_is_lost_is_asked_for_once(bench: MakeBench, lost: object) -> None:
    """A rerun changes state by GET; it is not repeated as other GETs are."""
    here = run(bench, RerunMeasurement(ID), FINISHED, lost, QUEUED)

    assert len([line for line in here.asked() if "rerun" in line]) == 1


def test_a_rerun_that_is_refused(bench: MakeBench) -> None:
    """The server's own words reach the caller; an unknown ID is one."""
    with pytest.raises(RequestRefused, match="being processed"):
        run(bench, RerunMeasurement(ID), FINISHED, TO_PAGE, Answer.page("error: It is being processed"))
    with pytest.raises(MeasurementNotFound):
        run(bench, RerunMeasurement(ID), GONE)
    with pytest.raises(InvalidInput, match="all, elpp, elda"):
        RerunMeasurement(ID, "everything")  # type: ignore[arg-type]


@pytest.mark.parametrize(("related", "choice"), [(True, b"=delete_related"), (False, b"=not_delete_related")])
def test_a_delete_that_the_server_confirms(bench: MakeBench, related: bool, choice: bytes) -> None:
    """The form is opened, answered with the choice about related measurements, and the success is read."""
    here = run(
        bench, DeleteMeasurement(ID, related), CONFIRM, TO_LIST, Answer.page("success: was deleted successfully.")
    )

    body = here.transport.requests[3].body
    assert body is not None
    assert b"".join(body.chunks()).endswith(choice)
    assert b"post=yes" in b"".join(body.chunks())


def test_a_delete_without_a_word_is_looked_up(bench: MakeBench) -> None:
    """Status 200 is no proof: the API must have lost the measurement."""
    run(bench, DeleteMeasurement(ID), CONFIRM, TO_LIST, Answer.page("list"), FINISHED, GONE)

    with pytest.raises(OutcomeUnknown, match="still there"):
        run(bench, DeleteMeasurement(ID), CONFIRM, TO_LIST, Answer.page("list"), *[FINISHED] * 4)


@pytest.mark.parametrize("lost", LOST)
def test_a_delete_whose_answer_is_lost_is_sent_once(bench: MakeBench, lost: object) -> None:
    """After a reset, an error or somebody else's redirect the API is asked; the form is not sent again."""
    here = run(bench, DeleteMeasurement(ID), CONFIRM, lost, GONE)

    assert len([line for line in here.asked() if line.startswith("POST admin")]) == 1


@pytest.mark.parametrize(
    ("script", "error"),
    [
        ((GONE,), MeasurementNotFound),
        ((TO_LIST, Answer.page("list")), MeasurementNotFound),
        ((TO_LIST, Answer.page("warning: does not exist")), RequestRefused),
        ((Answer.page("perms lacking"),), PermissionDenied),
        ((CONFIRM, TO_LIST, Answer.page("error: It is in use"), *[FINISHED] * 4), RequestRefused),
    ],
)
def test_a_delete_that_is_refused(bench: MakeBench, script: tuple[object, ...], error: type[Exception]) -> None:
    """404, a redirect to the list, a page without a form, an error: each ends as what it is."""
    with pytest.raises(error):
        run(bench, DeleteMeasurement(ID), *script)
