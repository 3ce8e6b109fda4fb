"""What a run and a query cost follows their window, and not what the mirror holds: counted in steps of SQLite's machine."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from scckit.batches import Outcome, OutcomeState
from scckit.mirror import Mirror, MirroredFile
from scckit.mirror.catalogue import Catalogue, FileRow
from scckit.mirror.layout import Layout
from scckit.mirror.update import Job, Server, Update, Window
from scckit.models.ids import MeasurementID
from scckit.models.measurement import Measurement, Module, Status

from .server import BEGIN, KINDS, URL, identity

NEW = 10
FEW, MANY = 100, 2000
#: A tree of pages is a level deeper here and there, and a look into it a few steps longer.
SLACK = 1.25


def measurement(number: int) -> Measurement:
    """Return the one of that hour, without products."""
    begin = BEGIN + timedelta(hours=number)
    return Measurement(
        MeasurementID(identity(number)),
        modules={"elda": Module(Status.FAILED)},
        station="aky",
        start=begin,
        stop=begin + timedelta(hours=1),
        updated=begin,
    )


def counted(catalogue: Catalogue, work: Callable[[], object]) -> int:
    """Return the steps that some work takes."""
    steps = 0

    def step() -> int:
        nonlocal steps
        steps += 1
        return 0

    catalogue._db.set_progress_handler(step, 1)
    work()
    catalogue._db.set_progress_handler(None, 1)
    return steps


def looked_at(catalogue: Catalogue, layout: Layout, numbers: range) -> None:
    """Let a run see the measurements of these numbers; none has products of a kind that is asked for."""

    def absent(jobs: Iterator[Job]) -> Iterator[Outcome]:
        return (Outcome(job.measurement.id, OutcomeState.ABSENT) for job in jobs)

    server = Server(URL, lambda _: map(measurement, numbers), lambda _: None, absent)
    window = Window(BEGIN + timedelta(hours=numbers.start), None, None, {"elda": KINDS["elda"]})
    report = Update(server, catalogue, layout, window, keep_versions=False, now=lambda: 1e9).run()
    assert report.seen == len(numbers)


@pytest.fixture
def steps_of_a_run(tmp_path: Path) -> Callable[[int], int]:
    """Return what tells the steps of a run over new measurements, behind so many older ones."""

    def steps(older: int) -> int:
        folder = tmp_path / str(older)
        folder.mkdir()
        layout = Layout(folder)
        catalogue = Catalogue(layout.catalogue)
        looked_at(catalogue, layout, range(older))
        taken = counted(catalogue, lambda: looked_at(catalogue, layout, range(older, older + NEW)))
        catalogue.close()
        return taken

    return steps


def test_a_run_costs_what_its_window_holds(steps_of_a_run: Callable[[int], int]) -> None:
    """The same behind a hundred measurements and behind two thousand."""
    assert steps_of_a_run(MANY) <= SLACK * steps_of_a_run(FEW)


def steps_of_a_query(folder: Path, older: int, kinds: list[str] | None) -> int:
    """Return the steps of a query of ten hours, among the files of so many."""
    since, until = BEGIN + timedelta(hours=20), BEGIN + timedelta(hours=30)
    found: list[MirroredFile] = []
    folder.mkdir()
    Catalogue(Layout(folder).catalogue).close()
    with Mirror(folder) as mirror:
        catalogue = mirror._known()
        looked_at(catalogue, mirror._layout, range(older))
        with catalogue.changing():
            for number in range(older):
                for kind in ("elda", "elpp"):
                    path = f"2021/03/{identity(number)}/{kind}/{number}.nc"
                    begin = BEGIN + timedelta(hours=number)
                    catalogue.put(FileRow(path, identity(number), kind, 1, "0" * 64, begin, begin))
        steps = counted(catalogue, lambda: found.extend(mirror.query(kinds, since=since, until=until)))
    assert {one.measurement for one in found} == {identity(number) for number in range(20, 30)}
    return steps


@pytest.mark.parametrize("kinds", [None, ["elda"], ["elda", "elpp"]])
def test_a_query_costs_what_its_window_holds(tmp_path: Path, kinds: list[str] | None) -> None:
    """The same beside a hundred measurements' files and beside those of two thousand."""
    few, many = (steps_of_a_query(tmp_path / str(older), older, kinds) for older in (FEW, MANY))

    assert many <= SLACK * few
