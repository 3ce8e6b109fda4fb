"""Downloads of archives: what a missing product looks like, and what is believed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qs

import pytest
from attrs import field, frozen

from scckit.errors import MeasurementNotFound, ProductNotAvailable, UnexpectedContent
from scckit.models.measurement import Measurement
from scckit.models.products import ProductFile, ProductName
from scckit.operations import DownloadArchive, DownloadProducts
from scckit.operations.products import RouteDownload
from scckit.session.session import BytesSink
from scckit.testing import Answer

from ..conftest import SIGN_IN, Bench

MakeBench = Callable[..., Bench]
ID = "20210307aky0930"
ZIP = (("Content-Type", "application/zip"),)


class EmptySink(BytesSink):
    """Takes an archive in which nothing is."""

    def commit(self) -> tuple[()]:  # type: ignore[override]
        """Find nothing."""
        return ()


def download(bench: MakeBench, *script: object, sink: object = None) -> object:
    """Run a download."""
    here = bench(*SIGN_IN, *script)
    operation = DownloadArchive(ID, "download-optical/", sink or BytesSink(), ("elda", "eldec"))
    try:
        return here.run(operation.flow(here.session))
    finally:
        assert here.transport.left == 0


def test_an_archive_comes_through_its_sink(bench: MakeBench) -> None:
    """What the sink makes of the body is the result."""
    assert download(bench, Answer(200, ZIP, b"PK data")) == b"PK data"


@pytest.mark.parametrize("face", ["404", "page", "empty"])
def test_every_face_of_a_missing_product(bench: MakeBench, face: str) -> None:
    """404, a page in its place, or an archive without it: the error tells where the module stands."""
    answers = {"404": Answer(404), "page": Answer.page("No file"), "empty": Answer(200, ZIP, b"PK")}
    state = Answer.json(f'{{"id": "{ID}", "elda": -127, "eldec": 0}}')

    with pytest.raises(ProductNotAvailable, match="elda is 'failed', eldec is 'not run'"):
        download(bench, answers[face], state, sink=EmptySink())


def test_a_page_although_the_module_succeeded_is_another_error(bench: MakeBench) -> None:
    """A web page in place of a product that must be there is told by its heading."""
    with pytest.raises(UnexpectedContent, match="Maintenance"):
        download(bench, Answer.page("Maintenance"), Answer.json(f'{{"id": "{ID}", "elda": 127}}'))


def test_a_measurement_that_is_not_there(bench: MakeBench) -> None:
    """A product of an unknown measurement is an unknown measurement."""
    with pytest.raises(MeasurementNotFound):
        download(bench, Answer(404), Answer(404))


# -- several archives, and files that are here already ---------------------------------------------------------------------


@frozen
class Noting:
    """Makes sinks that take an archive as one file, and keeps what they were told."""

    name: str
    told: list[tuple[str, str, datetime, Measurement | None]] = field(factory=list)

    def noting(self, *, server: str, route: str, when: datetime, measurement: Measurement | None) -> ProductSink:
        """Keep what is told."""
        self.told.append((server, route, when, measurement))
        return ProductSink(self.name)


class ProductSink(BytesSink):
    """Makes a product file of a body, named after it."""

    def __init__(self, kind: str) -> None:
        """Name the kind."""
        super().__init__()
        self.kind = kind

    def commit(self) -> tuple[ProductFile, ...]:  # type: ignore[override]
        """Make a file; an empty body is an archive without any."""
        body = super().commit()
        return (product(self.kind, body.decode()),) if body else ()


@frozen
class Here:
    """Local files that stand while the measurement is not being processed."""

    files: tuple[ProductFile, ...]

    def stands(self, server: str, measurement: Measurement) -> bool:
        """Look at the flag."""
        return server == "https://scc.example/" and not measurement.is_processing


def product(kind: str, name: str) -> ProductFile:
    """Make a product file that is nowhere."""
    return ProductFile(Path(kind) / name, ProductName.parse(name), kind, 0)


STATE = Answer.json(f'{{"id": "{ID}", "elda": 127, "elpp": -127}}')
DATED = Answer.json(f'{{"id": "{ID}", "elda": 127, "start": "2021-03-07T09:30:10"}}')
OLD = product("elda", "old")
#: How Django's admin answers an account that may not see it.
TO_SIGN_IN = (Answer.redirect("/admin/login/"), Answer.page("login"))


def test_only_what_is_needed_is_fetched(bench: MakeBench) -> None:
    """One look, then an archive for each route that has changed; the result is in the order of routes and kinds."""
    elpp, elda = Noting("elpp"), Noting("elda")
    here = bench(*SIGN_IN, STATE, Answer(200, ZIP, b"new"))
    parts = (
        RouteDownload("optical/", ("elda",), ("elda",), elda, local=Here((OLD,))),
        RouteDownload("pre/", ("elpp",), ("hirelpp", "elpp"), elpp, here=(product("hirelpp", "h"),)),
        RouteDownload("raw/", (), ("raw",), None, here=(product("raw", "r"),)),
    )
    files = here.run(DownloadProducts(ID, parts).flow(here.session))

    assert [file.path.name for file in files] == ["old", "h", "new", "r"]
    assert here.asked()[2:] == [f"GET api/v1/measurements/{ID}/", f"GET data_processing/measurements/{ID}/pre/"]
    assert elda.told == []
    ((server, route, when, measurement),) = elpp.told
    assert (server, route, when) == ("https://scc.example/", "pre/", datetime.fromtimestamp(1_000_000, UTC))
    assert measurement is not None
    assert measurement.id == ID


def test_nothing_needed_sends_nothing(bench: MakeBench) -> None:
    """Where all is here and none is in doubt, not even the sign-in is sent."""
    here = bench()
    part = RouteDownload("optical/", ("elda",), ("elda",), None, here=(OLD,))

    assert here.run(DownloadProducts(ID, (part,)).flow(here.session)) == [OLD]
    assert here.asked() == []


def test_a_change_fetches_in_place_of_what_is_here(bench: MakeBench) -> None:
    """Local files that do not stand are not in the result."""
    busy = Answer.json(f'{{"id": "{ID}", "elda": 127, "is_being_processed": true}}')
    here = bench(*SIGN_IN, busy, Answer(200, ZIP, b"new"))
    part = RouteDownload("optical/", ("elda",), ("elda",), Noting("elda"), local=Here((OLD,)))

    assert [file.path.name for file in here.run(DownloadProducts(ID, (part,)).flow(here.session))] == ["new"]


@pytest.mark.parametrize(
    ("look", "known"),
    [
        ([Answer(404)], None),
        ([Answer.page("Maintenance"), Answer.page("Maintenance")], "nothing"),
        ([DATED, Answer.page("Site administration")], "statuses"),
        ([DATED, Answer(403), *SIGN_IN, Answer(403)], "statuses"),
        ([DATED, *TO_SIGN_IN, *SIGN_IN, *TO_SIGN_IN], "statuses"),
        ([DATED, Answer.redirect("/admin/database/measurements/?e=1"), Answer.page("list")], "statuses"),
    ],
)
def test_what_the_server_cannot_tell_is_fetched(bench: MakeBench, look: list[Answer], known: str | None) -> None:
    """Without API or list there is no state, or one that tells nothing: archives come; an unknown measurement ends it."""
    sink = Noting("elda")
    here = bench(*SIGN_IN, *look, Answer(200, ZIP, b"new"), *[Answer(200, ZIP, b"new")] * 3)
    operation = DownloadProducts(ID, (RouteDownload("optical/", ("elda",), ("elda",), sink),))
    if known is None:
        with pytest.raises(MeasurementNotFound):
            here.run(operation.flow(here.session))
        assert sink.told == []
        return
    assert [file.path.name for file in here.run(operation.flow(here.session))] == ["new"]
    measurement = sink.told[0][3]
    assert (measurement is None) == (known == "nothing")
    if measurement is not None:
        assert measurement.updated is None


def test_the_list_is_asked_for_the_minute_of_the_start(bench: MakeBench) -> None:
    """The moment of the last change is in the admin's list, which filters by the begin."""
    here = bench(*SIGN_IN, DATED, Answer.page("no list"), Answer(200, ZIP, b"new"))
    here.run(DownloadProducts(ID, (RouteDownload("optical/", (), ("elda",), Noting("elda")),)).flow(here.session))

    query = parse_qs(here.asked()[3].partition("?")[2])
    assert query == {"start__gte": ["2021-03-07 09:30:00"], "start__lt": ["2021-03-07 09:31:00"]}


@pytest.mark.parametrize("complete", [True, False])
def test_what_is_absent_costs_no_other(bench: MakeBench, *, complete: bool) -> None:
    """The other archives come; then the absence is an error if all was named, but never where some of it is here."""
    here = bench(*SIGN_IN, STATE, Answer(404), STATE, Answer(200, ZIP, b"new"), Answer(200, ZIP, b""), STATE)
    elda = Noting("elda")
    parts = (
        RouteDownload("pre/", ("elpp",), ("elpp",), Noting("elpp")),
        RouteDownload("optical/", ("elda",), ("elda",), elda),
        RouteDownload("other/", (), ("raw", "elda"), Noting("raw"), here=(OLD,)),
    )
    flow = DownloadProducts(ID, parts, complete=complete).flow(here.session)
    if complete:
        with pytest.raises(ProductNotAvailable, match="elpp is 'failed'"):
            here.run(flow)
    else:
        assert [file.path.name for file in here.run(flow)] == ["new", "old"]
    assert len(elda.told) == 1
    assert here.transport.left == 0


def test_without_a_look_only_archives_are_asked_for(bench: MakeBench) -> None:
    """``look=False`` sends one request for each route and records no state."""
    here = bench(*SIGN_IN, Answer(200, ZIP, b"new"))
    sink = Noting("elda")
    part = RouteDownload("optical/", (), ("elda",), sink)
    here.run(DownloadProducts(ID, (part,), look=False).flow(here.session))

    assert here.asked()[2:] == [f"GET data_processing/measurements/{ID}/optical/"]
    assert sink.told[0][3] is None
