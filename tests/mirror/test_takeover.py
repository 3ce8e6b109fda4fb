"""Runs that take over from each other: what one of them keeps or fetches, no other removes, and each sees who is at work."""

from __future__ import annotations

import os
import signal
import sqlite3
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import datetime
from pathlib import Path
from threading import Event, current_thread, main_thread
from typing import Any

import pytest
from attrs import evolve

from scckit.mirror.catalogue import Catalogue
from scckit.mirror.layout import CATALOGUE, Layout
from scckit.models.measurement import Measurement

from .conftest import run
from .server import BEGIN, Fake, Job
from .test_update import break_off, kept, products, served


def killed(folder: Path, measurement: str, *, keeping: bool = False) -> int:
    """Leave what a run leaves that was killed when it had claimed a measurement, or had kept its files too."""
    layout = Layout(folder)
    with closing(Catalogue(layout.catalogue)) as catalogue:
        number = catalogue.begin_run({}, BEGIN)
        catalogue.claim(measurement, number)
        for file in list(catalogue.files("measurement = ?", [measurement])) if keeping else ():
            layout.keep(file.path, file.fetched)
    return number


def test_what_was_taken_over_meanwhile_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two runs see that a third was killed; the slower one touches neither the kept files nor the archive of the faster."""
    fake = Fake(names=1)
    name = fake.make(0)
    run(fake, tmp_path)
    old = set(products(tmp_path).values())
    fake.make(0)
    part = Layout(tmp_path).month(name) / f".{name}.zip.0011.part"
    began, may_look, fetches, may_fetch = Event(), Event(), Event(), Event()
    dead: list[int] = []
    real = Layout.is_alive

    def search(window: Any) -> Iterator[Measurement]:
        began.set()
        assert may_look.wait(20)
        yield from fake.server().search(window)

    def half(_: Job) -> None:
        part.write_bytes(b"half")
        fetches.set()
        assert may_fetch.wait(20)

    def is_alive(self: Layout, number: int) -> bool:
        answer = real(self, number)
        if current_thread() is main_thread() and number in dead:  # the slower one; it has read the claims
            may_look.set()
            assert fetches.wait(20)
        return answer

    fake.before_fetch = half
    with ThreadPoolExecutor(1) as pool:
        try:
            other = pool.submit(run, evolve(fake.server(), search=search), tmp_path, keep_versions=True)
            assert began.wait(20)
            dead.append(killed(tmp_path, name))
            monkeypatch.setattr(Layout, "is_alive", is_alive)
            slower = run(Fake(things=fake.things), tmp_path, keep_versions=True)
            assert part.exists()
        finally:
            for event in (may_look, may_fetch):
                event.set()
        report = other.result()

    assert (slower.counts, report.counts) == ({"elsewhere": 1}, {"changed": 1})
    assert kept(tmp_path) == old
    assert products(tmp_path) == served(fake)


def test_what_a_killed_run_has_kept_is_there_for_the_next(tmp_path: Path) -> None:
    """It had replaced nothing, so its copy is no version; until the one that replaces something counts on that copy."""
    fake = Fake(names=1)
    first, second = fake.make(0), fake.make(1)
    run(fake, tmp_path)
    old = set(products(tmp_path).values())
    fake.make(0)
    fake.make(1)
    server = fake.server()

    def search(window: Any) -> Iterator[Measurement]:
        killed(tmp_path, first, keeping=True)
        yield from server.search(window)

    # The list shows the second one first: when that is done the first one is taken already, as several workers do.
    ahead = evolve(server, search=search, fetch=lambda jobs: server.fetch(iter(list(jobs))))
    report = run(ahead, tmp_path, keep_versions=True)

    assert [name for name, _ in fake.asked[-2:]] == [second, first]
    assert report.counts == {"changed": 2}
    assert kept(tmp_path) == old


@pytest.mark.parametrize("step", ["keep", "forget"])
def test_none_keeps_while_another_removes(
    fake: Fake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """A file is kept, or removed from where it was kept, and that is noted, in one step as other runs see it."""
    fake.make(0)
    run(fake, tmp_path)
    fake.make(0)
    real, refused = getattr(Layout, step), []

    def watched(self: Layout, path: str, *came: datetime) -> Any:
        with (
            closing(sqlite3.connect(tmp_path / CATALOGUE, timeout=0, isolation_level=None)) as other,
            pytest.raises(sqlite3.OperationalError, match="locked"),
        ):
            other.execute("BEGIN IMMEDIATE")
        refused.append(path)
        return real(self, path, *came)

    monkeypatch.setattr(Layout, step, watched)
    fake.before_fetch = break_off
    with pytest.raises(KeyboardInterrupt):
        run(fake, tmp_path, keep_versions=True)

    assert len(refused) == 2
    assert kept(tmp_path) == set()


@pytest.mark.skipif(sys.platform == "win32", reason="there, a file that is open cannot be removed")
def test_a_run_that_begins_while_another_looks_keeps_its_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It has made its file, and gets its lock at the very moment at which the one that looks lets go of it."""
    from scckit.mirror import layout as module

    layout, locks = Layout(tmp_path), []
    (tmp_path / ".runs").mkdir()
    (tmp_path / ".runs" / "7").touch()
    real = module.os.close

    def close(descriptor: int) -> None:
        real(descriptor)
        if not locks:
            locks.append(None)
            locks[0] = layout.lock(7)

    monkeypatch.setattr(module.os, "close", close)
    assert not layout.is_alive(7)

    assert layout.is_alive(7)
    assert layout.runs() == [7]
    locks[0].close()
    assert layout.runs() == []


@pytest.mark.skipif(not hasattr(os, "fork"), reason="a process is copied")
def test_a_copy_of_a_killed_process_does_not_hold_its_run(tmp_path: Path) -> None:
    """A run in a process that has workers, copies of it, is killed while they live: it counts as ended."""
    layout = Layout(tmp_path)
    reading, writing = os.pipe()
    run_of = os.fork()
    if not run_of:
        os.close(writing)
        lock = layout.lock(7)
        if not os.fork():
            lock.close()  # as when a copy leaves what the process was in the middle of: the run is not the copy's
            os.read(reading, 1)  # to the end of the test
            os._exit(0)
        os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(run_of, 0)
    try:
        assert layout.runs() == [7]
        assert not layout.is_alive(7)
    finally:
        os.close(writing)
        os.close(reading)
