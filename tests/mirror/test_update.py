"""Runs of a mirror against a server in memory: what differs comes, what came stays, what is told is true."""

from __future__ import annotations

import errno
import os
import shutil
import sqlite3
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest
from attrs import evolve
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from scckit.errors import LocalFileError, UnsafeArchive
from scckit.mirror import Mirror
from scckit.mirror.catalogue import Catalogue
from scckit.mirror.layout import CATALOGUE, Layout
from scckit.mirror.update import Window
from scckit.models.measurement import Measurement, Module, Status

from ..kinds import TextKind
from .conftest import run
from .server import BEGIN, KINDS, Fake, Job, identity

NUMBERS = st.integers(0, 5)


def products(folder: Path) -> dict[str, bytes]:
    """Return the current products of a mirror's folder with their content, by their last three parts."""
    return {"/".join(path.parts[-3:]): path.read_bytes() for path in folder.glob("2*/*/*/*/*") if path.is_file()}


def served(fake: Fake) -> dict[str, bytes]:
    """Return the products that a server has of what is finished."""
    return {
        f"{measurement}/{kind}/{name}": content
        for measurement, thing in fake.things.items()
        for kind, files in thing.files.items()
        for name, content in files.items()
        if not thing.measurement.is_queued
    }


class Mirroring(RuleBasedStateMachine):
    """A server that changes, files that are lost or changed here, runs that fail, stop, are broken off and repeated."""

    def __init__(self) -> None:
        """Begin with nothing on either side."""
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.fake = Fake()
        self.edited: set[bytes] = set()
        self.deleted: set[str] = set()
        self.strays: dict[Path, bytes] = {}

    def teardown(self) -> None:
        """Remove the folder."""
        shutil.rmtree(self.folder)

    @rule(number=NUMBERS, copies=st.integers(1, 2))
    def is_made(self, number: int, copies: int) -> None:
        """The server makes a measurement, or makes it anew."""
        self.fake.make(number, copies=copies)
        self.deleted.discard(identity(number))

    @rule(number=NUMBERS)
    def fails_there(self, number: int) -> None:
        """The server's processing fails: no products any more."""
        self.fake.make(number, Status.FAILED)
        self.deleted.discard(identity(number))

    @precondition(lambda self: self.fake.things)
    @rule(data=st.data())
    def is_deleted(self, data: st.DataObject) -> None:
        """The server deletes one."""
        name = data.draw(st.sampled_from(sorted(self.fake.things)))
        del self.fake.things[name]
        self.deleted.add(name)

    @precondition(lambda self: self.fake.things)
    @rule(data=st.data())
    def waits(self, data: st.DataObject) -> None:
        """The server puts one into its queue."""
        self.fake.queue(data.draw(st.sampled_from(sorted(self.fake.things))))

    @precondition(lambda self: products(self.folder))
    @rule(data=st.data(), edit=st.booleans())
    def is_touched(self, data: st.DataObject, edit: bool) -> None:
        """Somebody deletes or changes a file here."""
        path = data.draw(st.sampled_from(sorted(self.folder.glob("2*/*/*/*/*"))))
        content = path.read_bytes()
        if path in self.strays:
            return
        self.edited.discard(content)
        path.unlink()
        if edit:  # as most editors do, by a new file
            path.write_bytes(content + b" by hand")
            self.edited.add(content + b" by hand")

    @precondition(lambda self: products(self.folder))
    @rule(data=st.data(), number=st.integers(0, 2))
    def gets_company(self, data: st.DataObject, number: int) -> None:
        """Somebody puts a file of his own beside the products."""
        path = data.draw(st.sampled_from(sorted(self.folder.glob("2*/*/*/*")))) / f"notes-{number}.txt"
        if path.parent.is_dir():
            path.write_bytes(b"mine")
            self.strays[path] = b"mine"

    @rule(keep=st.booleans(), failing=st.sets(NUMBERS), breaking=st.sets(NUMBERS), stop=st.none() | st.integers(0, 3))
    def runs_badly(self, keep: bool, failing: set[int], breaking: set[int], stop: int | None) -> None:
        """A run in which some downloads fail, some of them behind their first archive, and which may stop early."""
        damaged = UnsafeArchive("it is damaged")
        self.fake.fails = {identity(number): damaged for number in failing}
        self.fake.breaks = {identity(number): damaged for number in breaking}
        self.fake.stop_after = stop
        before = self.all_of(keep)
        here = products(self.folder)
        report = run(self.fake, self.folder, keep_versions=keep)
        self.fake.fails, self.fake.breaks, self.fake.stop_after = {}, {}, None
        failed = {one.measurement for one in report.changes if one.what == "failed"}
        broken = {identity(number) for number in breaking - failing}
        assert failed <= {identity(number) for number in failing} | broken
        untouched = {name: content for name, content in here.items() if name[:15] in failed - broken}
        assert untouched.items() <= products(self.folder).items()  # a failure takes nothing that was there
        assert before <= self.all_of(keep)
        kept(self.folder)

    @rule(keep=st.booleans(), after=st.integers(0, 4), behind=st.booleans())
    def is_broken_off(self, keep: bool, after: int, behind: bool) -> None:
        """A run that is interrupted before a download, or behind it, when its files are there and are not noted yet."""
        left = after

        def watch(_: Job) -> None:
            nonlocal left
            left -= 1
            if left < 0:
                raise KeyboardInterrupt

        before = self.all_of(keep)
        self.fake.before_fetch, self.fake.after_fetch = (lambda _: None, watch) if behind else (watch, lambda _: None)
        with suppress(KeyboardInterrupt):
            run(self.fake, self.folder, keep_versions=keep)
        self.fake.before_fetch = self.fake.after_fetch = lambda _: None
        assert before <= self.all_of(keep)
        kept(self.folder)

    @rule(keep=st.booleans(), kind=st.sampled_from(sorted(KINDS)), first=NUMBERS)
    def runs_in_part(self, keep: bool, kind: str, first: int) -> None:
        """A run of a smaller window and of one kind: that is here, and the rest stays as it is."""
        here = products(self.folder)
        before = self.all_of(keep)
        start = BEGIN + timedelta(hours=first)
        report = run(self.fake, self.folder, keep_versions=keep, start=start, kinds={kind: KINDS[kind]})
        assert report.is_complete

        def within(name: str) -> bool:
            return name[:15] >= identity(first) and f"/{kind}/" in name

        after = products(self.folder)
        assert {name: content for name, content in served(self.fake).items() if within(name)}.items() <= after.items()
        others = {name: content for name, content in here.items() if not within(name)}
        assert others == {name: content for name, content in after.items() if not within(name)}
        assert before <= self.all_of(keep)

    def all_of(self, keep: bool) -> set[bytes]:
        """Return the content of all files, current or earlier, if nothing of it may be lost."""
        return {path.read_bytes() for path in self.folder.rglob("*.txt")} if keep else set()

    @rule(keep=st.booleans())
    def runs(self, keep: bool) -> None:
        """A run without trouble: all that is finished there is here, and the next run asks for nothing."""
        report = run(self.fake, self.folder, keep_versions=keep)
        assert report.is_complete
        assert served(self.fake).items() <= products(self.folder).items()
        self.fake.asked.clear()
        again = run(self.fake, self.folder)
        assert self.fake.asked == []
        assert again.seen == len(self.fake.things)
        assert again.unchanged + again.counts.get("pending", 0) == again.seen
        with Mirror(self.folder) as mirror:
            found = [one for one in mirror.verify() if one.path not in self.strays and not self.is_theirs(one.path)]
            waiting = {name for name, thing in self.fake.things.items() if thing.measurement.is_queued}
            assert {one.path.parts[-3] for one in found} <= self.deleted | waiting  # what cannot come now
            lost = {one.path for one in found if one.problem == "missing"}
            assert mirror.status().gone == len(self.deleted & self.known())
            here = {"/".join(one.path.parts[-3:]) for one in mirror.query() if one.path not in lost}
            strays = {"/".join(path.parts[-3:]) for path in self.strays}
            here |= {name for name, content in products(self.folder).items() if content in self.edited}
            assert here == set(products(self.folder)) - strays

    def is_theirs(self, path: Path) -> bool:
        """Tell whether somebody has changed a file."""
        return path.exists() and path.read_bytes() in self.edited

    def known(self) -> set[str]:
        """Return the measurements that the catalogue knows."""
        with sqlite3.connect(self.folder / CATALOGUE) as db:
            found = {row[0] for row in db.execute("SELECT id FROM measurements")}
        db.close()
        return found

    @invariant()
    def nothing_that_somebody_wrote_is_lost(self) -> None:
        """What was changed by hand is somewhere."""
        assert self.edited <= {path.read_bytes() for path in self.folder.rglob("*.txt")}
        assert all(path.read_bytes() == content for path, content in self.strays.items())


TestMirroring = Mirroring.TestCase
TestMirroring.settings = settings(max_examples=30, stateful_step_count=20, deadline=None)


def test_what_is_unchanged_is_not_asked_for(fake: Fake, tmp_path: Path) -> None:
    """The first run fetches all, the second asks for nothing, a rerun on the server is fetched alone."""
    for number in range(4):
        fake.make(number)

    first = run(fake, tmp_path)
    second = run(fake, tmp_path)
    fake.make(2)
    third = run(fake, tmp_path)

    assert (first.counts, first.files) == ({"new": 4}, 8)
    assert (second.counts, second.unchanged, second.files) == ({}, 4, 0)
    assert [(one.measurement, one.what, one.files) for one in third.changes] == [(identity(2), "changed", 2)]


def test_another_kind_is_fetched_alone(fake: Fake, tmp_path: Path) -> None:
    """A kind that is asked for later comes later, and what is here of the others is not asked for again."""
    fake.make(0)
    run(fake, tmp_path, kinds={"elda": KINDS["elda"]})
    fake.asked.clear()

    run(fake, tmp_path)

    assert fake.asked == [(identity(0), ("elpp",))]


def test_what_the_server_says_it_has_is_asked_for_until_it_comes(fake: Fake, tmp_path: Path) -> None:
    """One answer that there is no such archive: told, not taken for the truth, and what is here stays the current file."""
    first, second = fake.make(0), fake.make(1)
    run(fake, tmp_path, stop=BEGIN + timedelta(hours=1))
    fake.make(0)
    hidden = {name: fake.things[name].files["elda"] for name in (first, second)}
    for name in (first, second):
        fake.things[name].files = {"elpp": fake.things[name].files["elpp"]}

    report = run(fake, tmp_path)

    assert [(one.measurement, one.what, one.files) for one in report.changes] == [
        (first, "failed", 1),
        (second, "failed", 1),
    ]
    assert not report.is_complete
    assert all("has made elda, and has nothing to download" in one.detail for one in report.changes)
    with Mirror(tmp_path) as mirror:
        assert mirror.status().failed == 2
        assert len(mirror.query("elda")) == 1
        assert list(mirror.verify()) == []
    fake.asked.clear()
    assert not run(fake, tmp_path).is_complete
    assert fake.asked == [(second, ("elda",)), (first, ("elda",))]
    for name, files in hidden.items():
        fake.things[name].files = {**fake.things[name].files, "elda": files}
    assert run(fake, tmp_path).counts == {"changed": 1, "new": 1}
    assert served(fake) == products(tmp_path)
    with Mirror(tmp_path) as mirror:
        assert mirror.status().failed == 0


def test_a_module_is_explained_by_any_product_of_it(fake: Fake, tmp_path: Path) -> None:
    """The plots hang on ELDA's status; where ELDA's files came, that there are no plots is the answer."""
    fake.make(0)
    plots = TextKind("plots", module="elda")

    assert run(fake, tmp_path, kinds={**KINDS, "plots": plots}).is_complete
    fake.asked.clear()
    assert run(fake, tmp_path, kinds={**KINDS, "plots": plots}).is_complete
    assert fake.asked == []
    assert not run(fake, tmp_path / "plots alone", kinds={"plots": plots}).is_complete


def test_a_file_that_is_lost_on_both_sides_is_asked_for_while_the_server_says_it_has_it(
    fake: Fake, tmp_path: Path
) -> None:
    """It is missing, and is told so, until it comes or the server says otherwise."""
    name = fake.make(0)
    run(fake, tmp_path)
    lost = next(tmp_path.glob("2*/*/*/elda/*"))
    lost.unlink()
    files, fake.things[name].files = fake.things[name].files, {}

    assert run(fake, tmp_path).counts == {"failed": 1}
    with Mirror(tmp_path) as mirror:
        assert [(one.path, one.problem) for one in mirror.verify()] == [(lost, "missing")]
    fake.things[name].files = files
    assert run(fake, tmp_path).counts == {"healed": 1}


@pytest.mark.parametrize("status", [Status.FAILED, None])
def test_what_the_server_does_not_say_it_has_is_asked_for_once(
    fake: Fake, tmp_path: Path, status: Status | None
) -> None:
    """A module that failed, or of which nothing is known: that there is nothing is the answer."""
    name = fake.make(0)
    thing = fake.things[name]
    modules = {"elda": Module(Status.OK), **({} if status is None else {"elpp": Module(status)})}
    thing.measurement = evolve(thing.measurement, modules=modules)
    thing.files = {"elda": thing.files["elda"]}

    assert run(fake, tmp_path).counts == {"new": 1}
    assert run(fake, tmp_path).unchanged == 1
    assert len(fake.asked) == 1


def test_an_archive_that_came_tells_of_all_its_kinds(fake: Fake, tmp_path: Path) -> None:
    """ELDA and ELDEC come in one archive, which may have files of one of them only."""
    name = fake.make(0)
    fake.things[name].files = {"elda": fake.things[name].files["elda"]}
    kinds = {kind: evolve(one, route="shared/") for kind, one in KINDS.items()}

    assert run(fake, tmp_path, kinds=kinds).counts == {"new": 1}
    assert run(fake, tmp_path, kinds=kinds).unchanged == 1


def test_earlier_versions_are_kept_when_asked(fake: Fake, tmp_path: Path) -> None:
    """A rerun's files replace the earlier ones; these stay below ``versions`` where that was asked, and are told."""
    fake.make(0)
    run(fake, tmp_path)
    old = products(tmp_path)
    fake.make(0)
    run(fake, tmp_path, keep_versions=True)

    kept = {path.read_bytes() for path in (tmp_path / "versions").rglob("*.txt")}
    assert kept == set(old.values())
    with Mirror(tmp_path) as mirror:
        assert len(mirror.query()) == 2
        earlier = [one for one in mirror.query(earlier=True) if not one.is_current]
        assert {one.path.read_bytes() for one in earlier} == kept
        assert list(mirror.verify()) == []

    fake.make(0)
    run(fake, tmp_path)
    assert {path.read_bytes() for path in (tmp_path / "versions").rglob("*.txt")} == kept
    assert len(products(tmp_path)) == 2


def test_the_clock_on_this_side_does_not_matter(fake: Fake, tmp_path: Path) -> None:
    """With a clock that goes back between runs, versions of the same moment stand side by side, and the last run is the last."""
    for now in (1e9, 1e9, 5e8):
        fake.make(0)
        report = run(fake, tmp_path, now=now, keep_versions=True)

    assert len({path.read_bytes() for path in (tmp_path / "versions").rglob("*.txt")}) == 4
    with Mirror(tmp_path) as mirror:
        assert mirror.status().run == report.run == 3


def test_what_the_server_deleted_is_marked_and_stays(fake: Fake, tmp_path: Path) -> None:
    """It is told once; its files stay; outside of the window nothing is looked up; one that comes back is not gone."""
    for number in (0, 1, 30):
        fake.make(number)
    run(fake, tmp_path)
    before = products(tmp_path)
    thing = fake.things.pop(identity(1))
    fake.things.pop(identity(30))

    report = run(fake, tmp_path, stop=BEGIN.replace(day=2))
    again = run(fake, tmp_path, stop=BEGIN.replace(day=2))

    assert [(one.measurement, one.what) for one in report.changes] == [(identity(1), "gone")]
    assert (again.counts, fake.looked_up) == ({}, [identity(1)])
    assert products(tmp_path) == before
    with Mirror(tmp_path) as mirror:
        assert {one.measurement for one in mirror.query() if one.is_gone} == {identity(1)}
    fake.things[identity(1)] = thing
    run(fake, tmp_path)
    with Mirror(tmp_path) as mirror:
        assert {one.measurement for one in mirror.query() if one.is_gone} == {identity(30)}


def test_a_row_that_the_list_passed_over_is_not_taken_for_deleted(fake: Fake, tmp_path: Path) -> None:
    """While pages are read the list may move by one; what is missing in it is asked for by its ID."""
    for number in range(3):
        fake.make(number)
    run(fake, tmp_path)
    server = fake.server()

    report = run(evolve(server, search=lambda window: list(server.search(window))[1:]), tmp_path)

    assert (report.counts, fake.looked_up) == ({}, [identity(2)])


def test_what_is_not_finished_waits(fake: Fake, tmp_path: Path) -> None:
    """A measurement in the queue is left for the next run, what is here of it stays, and the run is complete."""
    name = fake.make(0)
    run(fake, tmp_path)
    before = products(tmp_path)
    fake.queue(name)

    report = run(fake, tmp_path)

    assert (report.counts, report.is_complete, products(tmp_path)) == ({"pending": 1}, True, before)


def test_two_runs_at_a_time_share_the_work(fake: Fake, tmp_path: Path) -> None:
    """What one run is fetching the other leaves to it, says so, and is not complete; all comes once."""
    for number in range(3):
        fake.make(number)
    other: list[object] = []
    once = Fake(things=fake.things)

    def meanwhile(_: Job) -> None:
        if not other:
            other.append(None)
            other.append(run(once, tmp_path))

    fake.before_fetch = meanwhile
    report = run(fake, tmp_path)

    (_, second) = other
    assert second.counts == {"elsewhere": 3}  # type: ignore[attr-defined]
    assert not second.is_complete  # type: ignore[attr-defined]
    assert sorted(name for name, _ in fake.asked + once.asked) == sorted(fake.things)
    assert report.is_complete
    assert served(fake) == products(tmp_path)


def test_what_a_killed_run_was_fetching_is_taken_over(fake: Fake, tmp_path: Path) -> None:
    """Its claims hold no longer, and what its download left under temporary names is removed, and no other's."""
    fake.make(0)
    fake.make(1)
    run(fake, tmp_path, stop=BEGIN)
    with sqlite3.connect(tmp_path / CATALOGUE) as db:
        db.execute("INSERT INTO claims VALUES (?, 1)", (identity(0),))
    db.close()
    month = Layout(tmp_path).month(identity(0))
    month.mkdir(parents=True)
    for name in (f".{identity(0)}.zip.0011.part", f".{identity(1)}.zip.0011.part"):
        (month / name).write_bytes(b"half")

    report = run(fake, tmp_path)

    assert report.counts == {"new": 2}
    assert [path.name for path in month.glob(".*")] == [f".{identity(1)}.zip.0011.part"]


def test_a_mirror_has_one_server(fake: Fake, tmp_path: Path) -> None:
    """Another server is refused before anything is changed, and both are named."""
    fake.make(0)
    run(fake, tmp_path)
    with pytest.raises(LocalFileError, match=r"mirror of https://scc\.example/; https://other\.example/ was asked for"):
        run(evolve(fake.server(), url="https://other.example/"), tmp_path)


def test_a_server_of_which_nothing_came_is_forgotten(fake: Fake, tmp_path: Path) -> None:
    """The wrong one was named first; while a run is at work with it, it counts."""
    other = evolve(fake.server(), url="https://other.example/")
    refused: list[str] = []

    def search(_: object) -> Iterator[Measurement]:
        with pytest.raises(LocalFileError, match=r"is a mirror of https://other\.example/") as error:
            run(fake, tmp_path)
        refused.append(str(error.value))
        yield from ()

    run(evolve(other, search=search), tmp_path)
    assert refused
    fake.make(0)
    assert run(fake, tmp_path).is_complete
    with Mirror(tmp_path) as mirror:
        assert mirror.status().server == fake.server().url


def test_an_interrupted_run_keeps_what_came(fake: Fake, tmp_path: Path) -> None:
    """Ctrl-C in the middle: what was noted stays, no claim and no lock is left, and the next run fetches the rest only."""
    for number in range(3):
        fake.make(number)

    def interrupt(_: Job) -> None:
        if len(fake.asked) == 2:
            raise KeyboardInterrupt

    fake.before_fetch = interrupt
    with pytest.raises(KeyboardInterrupt):
        run(fake, tmp_path)
    fake.asked.clear()
    fake.before_fetch = lambda _: None

    assert list((tmp_path / ".runs").iterdir()) == []
    assert run(fake, tmp_path).counts == {"new": 2}


def test_the_folder_can_be_moved(fake: Fake, tmp_path: Path) -> None:
    """All paths are relative: in another place everything is found, and nothing is fetched again."""
    fake.make(0)
    run(fake, tmp_path / "a")
    (tmp_path / "a").rename(tmp_path / "b")
    fake.asked.clear()

    assert run(fake, tmp_path / "b").unchanged == 1
    with Mirror(tmp_path / "b") as mirror:
        assert [one.path.is_relative_to(tmp_path / "b") for one in mirror.query()] == [True, True]
        assert list(mirror.verify()) == []


def test_files_whose_names_tell_no_time_get_that_of_their_measurement(fake: Fake, tmp_path: Path) -> None:
    """A catalogue that was made again from the files does not know it, before the next run has asked the server."""
    fake.make(1)
    run(fake, tmp_path)
    (tmp_path / CATALOGUE).unlink()
    with Mirror(tmp_path) as mirror:
        mirror.repair()
        assert not mirror.query(since=BEGIN)

    run(fake, tmp_path)

    with Mirror(tmp_path) as mirror:
        found = mirror.query(since=BEGIN + timedelta(hours=1), until=BEGIN + timedelta(hours=2))
        assert {(one.start, one.stop) for one in found} == {
            (BEGIN + timedelta(hours=1), BEGIN + timedelta(hours=2)),
        }


@pytest.mark.parametrize("behind", [False, True])
def test_a_folder_that_is_moved_while_a_run_is_on(fake: Fake, tmp_path: Path, behind: bool) -> None:
    """The run ends and says so, nothing is noted or removed any more, and a run in the new place does the rest."""
    folder, moved = tmp_path / "a", tmp_path / "b"
    for number in range(3):
        fake.make(number)
    run(fake, folder)
    old = products(folder)
    for number in range(3):
        fake.make(number)
    fake.asked.clear()

    def move(_: Job) -> None:
        if folder.exists():
            folder.rename(moved)

    fake.before_fetch, fake.after_fetch = (lambda _: None, move) if behind else (move, lambda _: None)
    with pytest.raises(LocalFileError, match=rf"{folder} was moved or removed while .* run again in the new place"):
        run(fake, folder, keep_versions=True)

    assert len(fake.asked) == 1
    assert set(old.values()) <= {path.read_bytes() for path in moved.rglob("*.txt")}
    fake.before_fetch = fake.after_fetch = lambda _: None
    assert run(fake, moved, keep_versions=True).is_complete
    assert products(moved) == served(fake)
    with Mirror(moved) as mirror:
        assert list(mirror.verify()) == []
    assert kept(moved) >= {content for name, content in old.items() if not name.startswith(fake.asked[0][0])}


def test_what_does_not_arrive_is_told(fake: Fake, tmp_path: Path) -> None:
    """An executor that writes to another disk: no such file is told as here, and what arrived is."""
    first, second = fake.make(0), fake.make(1)

    def elsewhere(job: Job) -> None:
        if job.measurement.id == first:
            next(tmp_path.glob(f"2*/*/{first}/elpp/*")).unlink()

    fake.after_fetch = elsewhere
    report = run(fake, tmp_path)

    assert [(one.measurement, one.what) for one in report.changes] == [(first, "failed"), (second, "new")]
    assert "did not arrive; an executor must write to the same disk" in next(iter(report.changes)).detail
    assert not report.is_complete
    fake.after_fetch = lambda _: None
    assert run(fake, tmp_path).is_complete
    assert products(tmp_path) == served(fake)


# -- what is replaced, and what is in the way ---------------------------------------------------------------------------


def kept(folder: Path) -> set[bytes]:
    """Return the earlier versions, after a look whether the catalogue tells of each of them, and of no other."""
    here = {path: path.read_bytes() for path in (folder / "versions").rglob("*") if path.is_file()}
    with Mirror(folder) as mirror:
        assert {one.path for one in mirror.query(earlier=True) if not one.is_current} == set(here)
    return set(here.values())


def break_off(_: Job) -> None:
    """Be interrupted."""
    raise KeyboardInterrupt


@pytest.mark.parametrize("names", [1, 3])
def test_a_failure_after_an_archive_came_keeps_what_that_replaced(fake: Fake, tmp_path: Path, names: int) -> None:
    """Of two archives the second fails: the first one's earlier file is kept, and the catalogue is true at once."""
    fake.names = names
    name = fake.make(0)
    run(fake, tmp_path)
    before = products(tmp_path)
    fake.make(0)
    fake.breaks[name] = UnsafeArchive("it is damaged")

    report = run(fake, tmp_path, keep_versions=True)

    assert report.counts == {"failed": 1}
    elda = {content for path, content in before.items() if "/elda/" in path}
    assert kept(tmp_path) == (elda if names == 1 else set())
    assert set(before.values()) <= {*kept(tmp_path), *products(tmp_path).values()}
    with Mirror(tmp_path) as mirror:
        assert list(mirror.verify()) == []
    fake.breaks.clear()
    assert run(fake, tmp_path, keep_versions=True).is_complete
    assert kept(tmp_path) == set(before.values())
    assert products(tmp_path) == served(fake)


@pytest.mark.parametrize("keep", [True, False])
@pytest.mark.parametrize("names", [1, 3])
def test_an_interruption_behind_a_download_keeps_what_that_replaced(
    fake: Fake, tmp_path: Path, names: int, keep: bool
) -> None:
    """New files stand under their names and are not noted yet: what they replaced is there, and what somebody changed."""
    fake.names = names
    fake.make(0)
    run(fake, tmp_path)
    path = next(tmp_path.glob("2*/*/*/elda/*"))
    path.write_bytes(b"by hand")
    before = set(products(tmp_path).values())
    fake.make(0)
    fake.after_fetch = break_off

    with pytest.raises(KeyboardInterrupt):
        run(fake, tmp_path, keep_versions=keep)

    wanted = before if keep else {b"by hand"}
    assert kept(tmp_path) == (wanted if names == 1 else set())
    assert wanted <= {*kept(tmp_path), *products(tmp_path).values()}
    fake.after_fetch = lambda _: None
    assert run(fake, tmp_path, keep_versions=keep).is_complete
    assert kept(tmp_path) == wanted
    assert products(tmp_path) == served(fake)


@pytest.mark.parametrize("keep", [True, False])
def test_what_cannot_be_kept_is_not_replaced(fake: Fake, tmp_path: Path, keep: bool) -> None:
    """No folder for earlier versions: told for the measurement, whose files stay as they are; others come."""
    fake.make(0)
    run(fake, tmp_path)
    path = next(tmp_path.glob("2*/*/*/elda/*"))
    path.write_bytes(b"by hand")
    before = products(tmp_path)
    (tmp_path / "versions").write_bytes(b"a file where a folder is due")
    fake.make(0)
    fake.make(1)

    report = run(fake, tmp_path, keep_versions=keep)

    assert report.counts == {"failed": 1, "new": 1}
    (change,) = [one for one in report.changes if one.what == "failed"]
    assert "versions" in change.detail
    assert before.items() <= products(tmp_path).items()
    (tmp_path / "versions").unlink()
    assert run(fake, tmp_path, keep_versions=keep).counts == {"changed": 1}
    assert b"by hand" in kept(tmp_path)


def test_what_cannot_be_removed_is_told_and_stops_nothing(fake: Fake, tmp_path: Path) -> None:
    """A replaced file that the system does not let go: told in each run until it is gone; the rest goes on."""
    name = fake.make(0)
    run(fake, tmp_path)
    (stuck,) = tmp_path.glob(f"2*/*/{name}/elda/*")

    def swap(job: Job) -> None:
        if job.measurement.id == name and stuck.is_file():
            stuck.unlink()
            stuck.mkdir()  # unlike a file, it is not removed

    fake.make(0)
    fake.make(1)
    fake.before_fetch = swap
    report = run(fake, tmp_path)

    assert report.counts == {"failed": 1, "new": 1}
    assert report.files == 4
    (change,) = [one for one in report.changes if one.what == "failed"]
    assert str(stuck) in change.detail
    again = run(fake, tmp_path)
    assert [(one.measurement, one.what) for one in again.changes] == [(name, "failed")]
    stuck.rmdir()
    assert run(fake, tmp_path).counts == {}
    assert products(tmp_path) == served(fake)


def test_an_edit_that_was_kept_twice_stays(fake: Fake, tmp_path: Path) -> None:
    """The same edit is made again, and the download fails: the version of the first time is no leftover of the second."""
    name = fake.make(0)
    run(fake, tmp_path)
    path = next(tmp_path.glob("2*/*/*/elda/*"))
    path.write_bytes(b"by hand")
    run(fake, tmp_path)
    path.unlink()
    path.write_bytes(b"by hand")
    fake.fails[name] = UnsafeArchive("it is damaged")

    run(fake, tmp_path)

    assert kept(tmp_path) == {b"by hand"}


def test_a_lost_catalogue_does_not_cost_an_edit(fake: Fake, tmp_path: Path) -> None:
    """An update without it knows from the manifest what somebody has changed, and from its folder what was kept."""
    fake.make(0)
    run(fake, tmp_path)
    before = set(products(tmp_path).values())
    fake.make(0)
    run(fake, tmp_path, keep_versions=True)
    path = next(tmp_path.glob("2*/*/*/elda/*"))
    path.write_bytes(b"by hand")
    for one in tmp_path.glob(f"{CATALOGUE}*"):
        one.unlink()

    assert run(fake, tmp_path).is_complete

    assert kept(tmp_path) == {*before, b"by hand"}
    assert products(tmp_path) == served(fake)


def test_a_list_that_shows_some_twice(fake: Fake, tmp_path: Path) -> None:
    """Rows that came while the list was read push others onto the next page: each counts once and is fetched once."""
    for number in range(150):
        fake.make(number)
    server = fake.server()
    rows = sorted(fake.things, reverse=True)
    moved = [*rows[:100], *rows[97:]]

    report = run(evolve(server, search=lambda _: [fake.things[one].measurement for one in moved]), tmp_path)

    assert (report.seen, report.counts) == (150, {"new": 150})
    assert len(fake.asked) == 150


def test_a_row_that_is_shown_again_while_it_is_fetched(fake: Fake, tmp_path: Path) -> None:
    """Not on the next page but on one behind that, while workers have it still: it counts once and is fetched once."""
    for number in range(210):
        fake.make(number)
    server = fake.server()
    rows = list(server.search(Window(BEGIN, None, None, KINDS)))
    ahead = evolve(server, search=lambda _: [*rows, rows[0]], fetch=lambda jobs: server.fetch(iter(list(jobs))))

    report = run(ahead, tmp_path)

    assert (report.seen, report.counts) == (210, {"new": 210})
    assert len(fake.asked) == 210


def test_one_that_has_moved_out_of_the_window_is_looked_up_once(fake: Fake, tmp_path: Path) -> None:
    """It was deleted and uploaded again with another begin: it is there, and from then on known where it is."""
    name = fake.make(0)
    fake.make(1)
    run(fake, tmp_path)
    thing = fake.things[name]
    thing.measurement = evolve(thing.measurement, start=BEGIN - timedelta(days=1))

    for _ in range(2):
        assert run(fake, tmp_path).counts == {}

    assert fake.looked_up == [name]


def test_a_run_that_was_stopped_looks_no_further(fake: Fake, tmp_path: Path) -> None:
    """With a full disk the rest of the list is not read, nothing of it is kept or looked up, and the report says why."""
    for number in range(300):
        fake.make(number)
    run(fake, tmp_path)
    for number in range(300):
        fake.make(number)
    fake.stop_after = 0
    server, read = fake.server(), 0

    def search(window: object) -> Iterator[Measurement]:
        nonlocal read
        for one in server.search(window):  # type: ignore[arg-type]
            read += 1
            yield one

    report = run(evolve(server, search=search), tmp_path, keep_versions=True)

    assert (read, report.stopped) == (100, "the disk is full")
    assert not report.is_complete
    assert kept(tmp_path) == set()


# -- several at a time -------------------------------------------------------------------------------------------------


@pytest.mark.skipif(sys.platform == "win32", reason="there, a file that is open cannot be removed")
def test_a_run_that_is_taken_for_a_killed_one_shows_itself_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another run looks between the making of the file and its lock."""
    from scckit.mirror import layout as module

    layout, asked = Layout(tmp_path), []
    real = module.fcntl.flock

    def flock(descriptor: int, how: int) -> None:
        if not asked:
            asked.append(None)
            assert not layout.is_alive(7)
        real(descriptor, how)

    monkeypatch.setattr(module.fcntl, "flock", flock)
    lock = layout.lock(7)

    assert layout.is_alive(7)
    lock.close()
    assert not layout.is_alive(7)


@pytest.mark.skipif(sys.platform == "win32", reason="there, a file that is open cannot be removed")
def test_two_that_look_at_a_time_see_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """While one finds out that a run was killed, another one that asks does not take the first for that run."""
    from scckit.mirror import layout as module

    layout, seen = Layout(tmp_path), []
    (tmp_path / ".runs").mkdir()
    (tmp_path / ".runs" / "7").touch()
    real = module.fcntl.flock

    def flock(descriptor: int, how: int) -> None:
        real(descriptor, how)
        if not seen:
            seen.append(True)
            seen.append(layout.is_alive(7))

    monkeypatch.setattr(module.fcntl, "flock", flock)

    assert (layout.is_alive(7), seen) == (False, [True, False])


def test_a_run_that_begins_while_another_heals_keeps_its_claims(
    fake: Fake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It claims between the other one's looks at who is at work and at what is claimed."""
    fake.make(0)
    run(fake, tmp_path)
    number, locks = 41, []
    real = Catalogue.claims

    def claims(self: Catalogue) -> list[tuple[str, int]]:
        locks.append(Layout(tmp_path).lock(number))
        self.claim(identity(0), number)
        return real(self)

    monkeypatch.setattr(Catalogue, "claims", claims)
    fake.make(0)
    report = run(fake, tmp_path)

    assert report.counts == {"elsewhere": 1}
    for lock in locks:
        lock.close()


def test_an_edit_of_what_the_server_has_no_more_is_asked_for_once(fake: Fake, tmp_path: Path) -> None:
    """It stays where it is, as a file of somebody's own, and an earlier version tells of it; later runs ask for nothing."""
    fake.make(0)
    run(fake, tmp_path)
    path = next(tmp_path.glob("2*/*/*/elda/*"))
    path.unlink()
    path.write_bytes(b"by hand")
    fake.make(0, Status.FAILED)

    run(fake, tmp_path)
    fake.asked.clear()
    run(fake, tmp_path)

    assert fake.asked == []
    assert path.read_bytes() == b"by hand"
    assert kept(tmp_path) == {b"by hand"}
    with Mirror(tmp_path) as mirror:
        assert [(one.path, one.problem) for one in mirror.verify()] == [(path, "unknown")]


# -- files that the catalogue does not know ----------------------------------------------------------------------------


@pytest.mark.parametrize("keep", [True, False])
@pytest.mark.parametrize("repaired", [True, False])
def test_a_file_that_the_catalogue_does_not_know_is_kept(
    fake: Fake, tmp_path: Path, keep: bool, repaired: bool
) -> None:
    """Of a download by hand whose manifest is lost: what a run puts in its place does not cost it."""
    fake.names = 1
    name = fake.make(0)
    run(fake, tmp_path, kinds={"elda": KINDS["elda"]})
    mine = tmp_path / "2021" / "03" / name / "elpp" / next(iter(fake.things[name].files["elpp"]))
    mine.parent.mkdir()
    mine.write_bytes(b"by hand")
    if repaired:
        (mine.parents[1] / "scckit-manifest.json").write_bytes(b"")
        with Mirror(tmp_path) as mirror:
            mirror.repair()

    run(fake, tmp_path, keep_versions=keep)

    assert products(tmp_path) == served(fake)
    assert kept(tmp_path) == {b"by hand"}
    with Mirror(tmp_path) as mirror:
        assert not any(one.problem != "unknown" for one in mirror.verify())


def test_a_file_beside_those_that_come_is_no_version(fake: Fake, tmp_path: Path) -> None:
    """What nothing has replaced stays where it is, once."""
    fake.make(0)
    run(fake, tmp_path)
    mine = next(tmp_path.glob("2*/*/*/elda")) / "notes.txt"
    mine.write_bytes(b"mine")
    fake.make(0)

    run(fake, tmp_path, keep_versions=True)

    assert mine.read_bytes() == b"mine"
    assert b"mine" not in kept(tmp_path)


@pytest.mark.parametrize("broken", [True, False])
def test_an_edit_while_a_run_fetches_is_kept(fake: Fake, tmp_path: Path, broken: bool) -> None:
    """Somebody writes into a file that the run is about to replace; it is there, also when the run is broken off."""
    fake.names = 1
    fake.make(0)
    run(fake, tmp_path)
    fake.make(0)

    def edit(_: Job) -> None:
        next(tmp_path.glob("2*/*/*/elda/*")).write_bytes(b"by hand")

    fake.before_fetch = edit
    if broken:
        fake.after_fetch = break_off
        with pytest.raises(KeyboardInterrupt):
            run(fake, tmp_path)
    else:
        run(fake, tmp_path)

    assert kept(tmp_path) == {b"by hand"}
    assert products(tmp_path) == served(fake)


def test_what_was_kept_and_cannot_be_read_is_told(fake: Fake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that fails just then: that measurement fails, and the others come."""
    from scckit.mirror import update as module

    first, second = fake.make(0), fake.make(1)
    run(fake, tmp_path)
    fake.make(0)
    fake.make(1)
    real = module.measured

    def measured(path: Path) -> tuple[int, str]:
        if first in str(path):
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return real(path)

    with monkeypatch.context() as patch:
        patch.setattr(module, "measured", measured)
        report = run(fake, tmp_path, keep_versions=True)

    assert [(one.measurement, one.what) for one in report.changes] == [(first, "failed"), (second, "changed")]
    assert run(fake, tmp_path).is_complete


def test_an_id_that_begins_like_another(tmp_path: Path) -> None:
    """What is under way of one is not what a killed run has left of the other."""
    layout = Layout(tmp_path)
    short, long = "20210307aky1", "20210307aky1234"
    layout.month(long).mkdir(parents=True)
    parts = {
        one: [
            layout.month(one) / f"{dots}{one}.{kind}.0123.part"
            for dots, kind in ((".", "zip"), ("..", "zip"), (".", "json"))
        ]
        for one in (short, long)
    }
    for path in (*parts[short], *parts[long]):
        path.touch()

    layout.sweep(short)

    assert sorted(layout.month(long).iterdir()) == sorted(parts[long])
