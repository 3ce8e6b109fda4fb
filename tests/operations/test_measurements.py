"""Flows about measurements, stepped by hand or over a script."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from scckit.errors import FilterRefused, InvalidInput, MeasurementNotFound, UnreadablePage, WaitTimeout
from scckit.events import PhaseSeen
from scckit.models import Phase
from scckit.operations import GetMeasurement, SearchMeasurements, WaitForMeasurement
from scckit.session.effects import Drain, Open
from scckit.session.messages import Head, Headers
from scckit.site.content import Cell, Link, PageContent, Pager, Row, Table
from scckit.testing import Answer

from ..conftest import SIGN_IN, Bench

MakeBench = Callable[..., Bench]
ID = "20210307aky0930"
API = Head(200, Headers([("Content-Type", "application/json")]), "https://scc.example/api/v1/")


def api(elpp: int = 0, **flags: bool) -> Answer:
    """Make an answer of the API."""
    import json

    return Answer.json(json.dumps({"id": ID, "elpp": elpp, "elda": 0, **flags}))


DONE = api(elpp=127, is_queued=False, is_being_processed=False)


def test_one_measurement_stepped_by_hand(bench: MakeBench) -> None:
    """The flow opens the API's address, drains the body and returns a model; no driver is needed to see it."""
    session = bench().session
    session._signed_in = True
    flow = GetMeasurement(ID).flow(session)

    opened = next(flow)
    drained = flow.send(API)
    with pytest.raises(StopIteration) as end:
        flow.send(b'{"id": "20210307aky0930", "elda": 127}')

    assert isinstance(opened, Open)
    assert opened.request.url == "https://scc.example/api/v1/measurements/20210307aky0930/"
    assert isinstance(drained, Drain)
    assert end.value.value.modules["elda"].status.value == "ok"


def test_an_unknown_id_is_none(bench: MakeBench) -> None:
    """404 of the API is an answer, not an error."""
    here = bench(*SIGN_IN, Answer(404))

    assert here.run(GetMeasurement(ID).flow(here.session)) is None


@pytest.mark.parametrize(
    "text", ["", "2021", "20210307", "20211307aky0930", "20210307aky09 0", "20210307aky/../x", "20210307aky0930\n"]
)
def test_what_is_no_id_is_refused_before_anything_is_sent(text: str) -> None:
    """An ID that cannot be one is an error of the caller."""
    with pytest.raises(InvalidInput, match="is not a measurement ID"):
        GetMeasurement(text)


def test_a_wait_ends_after_two_looks_that_agree(bench: MakeBench) -> None:
    """404 right after the upload, queued, processing, a moment between modules: all is waited through."""
    between = api(elpp=127, is_queued=True)
    script = [Answer(404), api(is_queued=True), api(elpp=1), DONE, between, DONE, DONE]
    here = bench(*SIGN_IN, *script)

    measurement = here.run(WaitForMeasurement(ID, interval=10).flow(here.session))

    assert measurement.phase is Phase.FINISHED
    assert here.time.pauses == [10, 10, 10, 5, 10, 5]
    phases = [event.phase for event in here.events if isinstance(event, PhaseSeen)]
    assert phases == ["queued", "processing", "finished", "queued", "finished", "finished"]


def test_a_wait_has_a_limit_and_says_what_it_waited_for(bench: MakeBench) -> None:
    """A measurement that never starts ends the wait at its limit, with a word on ancillary files."""
    here = bench(*SIGN_IN, *[api()] * 5)

    with pytest.raises(WaitTimeout, match=r"not started after 100 s .* ancillary"):
        here.run(WaitForMeasurement(ID, timeout=100, interval=30).flow(here.session))

    assert here.time.pauses == [30, 30, 30, 10]


def test_a_wait_whose_last_look_shows_the_end_is_over(bench: MakeBench) -> None:
    """Finished is seen for the first time as the limit is reached: that is the end, not a time-out."""
    here = bench(*SIGN_IN, api(is_queued=True), DONE)

    assert here.run(WaitForMeasurement(ID, timeout=30, interval=30).flow(here.session)).phase is Phase.FINISHED


def test_a_wait_ends_though_the_clock_stands_still(bench: MakeBench) -> None:
    """The pauses count too: a clock that does not move while we sleep does not make a wait endless."""
    from scckit.session.drivers import run

    here = bench(*SIGN_IN, *[api()] * 5)
    flow = WaitForMeasurement(ID, timeout=100, interval=30).flow(here.session)

    with pytest.raises(WaitTimeout):
        run(flow, here.transport, sleep=lambda _: None, observe=lambda _: None)


def test_a_wait_for_an_id_that_never_appears_ends(bench: MakeBench) -> None:
    """The API may not know a new measurement at once, but not for ever."""
    here = bench(*SIGN_IN, *[Answer(404)] * 5)

    with pytest.raises(MeasurementNotFound, match=ID):
        here.run(WaitForMeasurement(ID, interval=30).flow(here.session))

    assert sum(here.time.pauses) == 120


@pytest.mark.parametrize(("timeout", "interval"), [(0, 1), (-1, 1), (1, 0), (float("nan"), 1)])
def test_waits_without_sense_are_refused(timeout: float, interval: float) -> None:
    """Limits and pauses are more than 0 seconds."""
    with pytest.raises(InvalidInput, match="more than 0"):
        WaitForMeasurement(ID, timeout=timeout, interval=interval)


class ListReader:
    """Reads any page as a given content."""

    def __init__(self, content: PageContent) -> None:
        """Keep the content."""
        self.content = content

    def read(self, _: str, /) -> PageContent:
        """Return it."""
        return self.content


START = datetime(2021, 3, 1, tzinfo=UTC)


def search(bench: MakeBench, content: PageContent, url_answers: tuple[Answer, ...] = (Answer.page("list"),)) -> object:
    """Run a search whose page has a content."""
    here = bench(*url_answers)
    here.session._signed_in = True
    object.__setattr__(here.session.site, "reader", ListReader(content))
    return here.run(SearchMeasurements(START, station="aky").flow(here.session))


def test_a_page_of_a_search(bench: MakeBench) -> None:
    """Rows become measurements, the total is kept, the next page is the link that the pager names, whatever its number."""
    row = Row(
        {"id": Cell(ID), "station_id": Cell("aky"), "elda_ok_evo": Cell(icon="OK"), "newmod_ok_evo": Cell(icon="Error")}
    )
    pager = Pager(total=250, current="1", pages=(Link("2", "?p=1"), Link("3", "?p=2")), last=Link("3", "?p=2"))
    page = search(bench, PageContent(tables=(Table("result_list", (row,)),), pager=pager))

    (measurement,) = page.items
    assert measurement.station == "aky"
    assert {name: module.status.value for name, module in measurement.modules.items()} == {
        "elda": "ok",
        "newmod": "failed",
    }
    assert page.total == 250
    assert page.next.page == "https://scc.example/admin/database/measurements/?p=1"


def test_a_refused_filter_is_no_result(bench: MakeBench) -> None:
    """A redirect to ?e=1 would show every measurement: that is an error."""
    answers = (Answer.redirect("/admin/database/measurements/?e=1"), Answer.page("list"))

    with pytest.raises(FilterRefused):
        search(bench, PageContent(pager=Pager()), answers)


def test_a_page_that_is_not_the_list_is_no_empty_result(bench: MakeBench) -> None:
    """A maintenance page with status 200 is not "nothing found"."""
    with pytest.raises(UnreadablePage, match="maintenance"):
        search(bench, PageContent(title="maintenance"))


def test_an_empty_list_is_empty(bench: MakeBench) -> None:
    """A list without results has a pager and no table."""
    page = search(bench, PageContent(pager=Pager(total=0)))

    assert page.items == ()
    assert page.next is None


def test_a_missing_column_is_named(bench: MakeBench) -> None:
    """A row without its ID is an error that names the column and those that are there."""
    row = Row({"identity": Cell(ID)})

    with pytest.raises(UnreadablePage, match=r"'id' \(found identity\)"):
        search(bench, PageContent(tables=(Table("result_list", (row,)),), pager=Pager()))
