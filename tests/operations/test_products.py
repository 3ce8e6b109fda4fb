"""Downloads of archives: what a missing product looks like, and what is believed."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from scckit.errors import MeasurementNotFound, ProductNotAvailable, UnexpectedContent
from scckit.operations import DownloadArchive
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
