"""The verbs of a mirror that need no server, and a mirror of the emulator."""

from __future__ import annotations

import csv
import errno
import io
import os
import re
import shutil
import sqlite3
import sys
import tempfile
import tracemalloc
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import scckit
from scckit import events
from scckit.archive import files
from scckit.errors import InvalidInput, LocalFileError, MissingLibrary, MissingPlugin
from scckit.mirror import Mirror, MirroredFile
from scckit.mirror.catalogue import VERSION, Catalogue, FileRow
from scckit.mirror.layout import CATALOGUE, Layout
from scckit.testing import WSGITransport
from scckit_emulator import Behaviour, Emulator, Fault

from .conftest import run
from .server import URL, Fake, identity
from .test_takeover import killed
from .test_update import break_off, kept, products, served

BEGIN = datetime(2026, 3, 21, 0, tzinfo=UTC)
IDS = [f"20260321aky{hour:02}00" for hour in range(3)]


# -- a folder that is no mirror ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("is_there", [True, False])
def test_asking_makes_nothing(tmp_path: Path, is_there: bool) -> None:
    """A name with a slip in it is told, and no folder of that name is made."""
    folder = tmp_path / "mirrro"
    if is_there:
        folder.mkdir()
    with Mirror(folder) as mirror:
        for verb in (
            mirror.status,
            mirror.verify,
            mirror.query,
            lambda: mirror.changes(1),
            lambda: mirror.open("elda"),
            *(() if is_there else (mirror.repair,)),
        ):
            with pytest.raises(LocalFileError, match=r"mirrro is no mirror; update\(\) makes one"):
                verb()

    assert [path.name for path in tmp_path.rglob("*")] == (["mirrro"] if is_there else [])


@pytest.mark.parametrize(
    ("more", "error"),
    [
        ({"since": "soon"}, InvalidInput),
        ({"station": "nowhere"}, InvalidInput),
        ({"workers": 0}, InvalidInput),
        ({"kinds": []}, InvalidInput),
        ({"kinds": "eldax"}, MissingPlugin),
        ({}, scckit.SCCError),
    ],
)
def test_an_update_that_cannot_begin_makes_nothing(
    emulator: Emulator, tmp_path: Path, more: dict[str, Any], error: type[Exception]
) -> None:
    """A slip in an argument, and a password that is none: the folder is not there, and no server is noted for it."""
    wrong = scckit.Credentials("a", "b", "c", "d")
    transport = WSGITransport(emulator.wsgi)
    with (
        scckit.connect(emulator.base_url, credentials=wrong, transport=transport) as scc,
        Mirror(tmp_path / "mirror") as mirror,
        pytest.raises(error),
    ):
        mirror.update(scc, **{"since": "2026-03-21", "kinds": "elda", **more})

    assert list(tmp_path.iterdir()) == []


# -- the catalogue ---------------------------------------------------------------------------------------------------


def test_a_newer_catalogue_is_refused(tmp_path: Path) -> None:
    """It is left as it is, and the message says what to do."""
    Catalogue(tmp_path / CATALOGUE).close()
    with sqlite3.connect(tmp_path / CATALOGUE) as db:
        db.execute(f"PRAGMA user_version = {VERSION + 1}")
    db.close()
    before = (tmp_path / CATALOGUE).read_bytes()

    with pytest.raises(LocalFileError, match=rf"is of version {VERSION + 1}, and this scckit knows version {VERSION}"):
        Mirror(tmp_path)
    assert (tmp_path / CATALOGUE).read_bytes() == before


@pytest.mark.parametrize("content", ["sqlite", "text"])
def test_a_file_of_something_else_is_refused(tmp_path: Path, content: str) -> None:
    """Neither another program's database nor any other file is touched."""
    if content == "sqlite":
        with sqlite3.connect(tmp_path / CATALOGUE) as db:
            db.execute("CREATE TABLE theirs (x)")
        db.close()
    else:
        (tmp_path / CATALOGUE).write_bytes(
            b"any text that is longer than the head of a database, so that it is looked at" * 9
        )
    before = (tmp_path / CATALOGUE).read_bytes()

    with pytest.raises(LocalFileError, match=r"something else; mirror into another folder|not a database.*repair"):
        Mirror(tmp_path)
    assert (tmp_path / CATALOGUE).read_bytes() == before


def test_an_older_catalogue_is_migrated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each step from its version on is taken, in one transaction; what was in it stays."""
    from scckit.mirror import catalogue as module

    Catalogue(tmp_path / CATALOGUE).close()
    steps = {**module._MIGRATIONS, VERSION: "ALTER TABLE runs ADD COLUMN host TEXT"}
    monkeypatch.setattr(module, "_MIGRATIONS", steps)
    monkeypatch.setattr(module, "VERSION", VERSION + 1)
    with sqlite3.connect(tmp_path / CATALOGUE) as db:
        db.execute("INSERT INTO facts VALUES ('server', 'https://scc.example/')")
    db.close()

    with Mirror(tmp_path) as mirror:
        assert mirror.status().server == "https://scc.example/"
    with sqlite3.connect(tmp_path / CATALOGUE) as db:
        db.execute("SELECT host FROM runs")
        assert db.execute("PRAGMA user_version").fetchone() == (VERSION + 1,)
    db.close()


def test_a_change_that_fails_is_taken_back(tmp_path: Path) -> None:
    """All of a transaction or nothing of it, and the error is one of ours."""
    catalogue = Catalogue(tmp_path / CATALOGUE)

    def change() -> None:
        with catalogue.changing():
            catalogue.note("server", "x")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        change()
    assert catalogue.fact("server") is None
    catalogue.close()
    with pytest.raises(LocalFileError, match="cannot be used"):
        catalogue.fact("server")


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE files SET fetched = 'x'",
        "UPDATE files SET path = '../theirs' WHERE kind = 'elda'",
        "UPDATE files SET path = '/theirs' WHERE kind = 'elda'",
        "UPDATE files SET measurement = 'x'",
        "UPDATE files SET path = CAST(X'fffe' AS TEXT) WHERE kind = 'elda'",
        "UPDATE measurements SET start = 1e300",
        "INSERT INTO doomed VALUES ('../theirs')",
        "INSERT INTO claims VALUES ('../../..', 1)",
    ],
)
def test_a_damaged_catalogue_is_told(fake: Fake, tmp_path: Path, damage: str) -> None:
    """Values that no run has written: nothing outside of the folder is touched, and the message leads to a new catalogue."""
    folder, theirs = tmp_path / "mirror", tmp_path / "theirs"
    theirs.write_text("mine", encoding="utf-8")
    fake.make(0)
    run(fake, folder)
    before = products(folder)
    with sqlite3.connect(folder / CATALOGUE) as db:
        db.execute(damage)
    db.close()

    def use() -> None:
        with Mirror(folder) as mirror:
            mirror.status()
            mirror.query()
            list(mirror.verify())
        fake.make(0)
        run(fake, folder)

    with pytest.raises(LocalFileError, match=r"cannot be used .*away and call repair"):
        use()
    assert theirs.read_text(encoding="utf-8") == "mine"
    assert products(folder) == before
    for path in folder.glob(f"{CATALOGUE}*"):
        path.unlink()
    with Mirror(folder) as mirror:
        assert list(mirror.repair()) == []
        assert len(mirror.query()) == 2
        assert list(mirror.verify()) == []


# -- without the right to write ---------------------------------------------------------------------------------------


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """Give a folder that every user of the machine can reach."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    yield folder
    for path in (folder, *folder.rglob("*")):
        if path.is_dir():
            path.chmod(0o755)
    shutil.rmtree(folder)


def by_a_reader(work: Callable[[], str]) -> str:
    """Do something in a copy of this process that has no special rights, and return what it returns."""
    if not hasattr(os, "fork"):
        pytest.skip("the work is done in a copy of this process")
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        try:
            if os.geteuid() == 0:
                os.setgid(65534)
                os.setuid(65534)
            told = work()
        except BaseException as error:  # noqa: BLE001 - told to the test
            told = f"{type(error).__name__}: {error}"
        finally:
            os.write(writing, told.encode())
            os._exit(0)
    os.close(writing)
    os.waitpid(child, 0)
    with open(reading, "rb") as pipe:  # noqa: PTH123 - a descriptor
        return pipe.read().decode()


@pytest.mark.parametrize("wal", [False, True])
def test_a_folder_that_may_only_be_read(fake: Fake, open_folder: Path, wal: bool) -> None:
    """Status, query and verify work; what would change something says that it cannot; with a run at work elsewhere too."""
    fake.make(0)
    run(fake, open_folder)
    other = sqlite3.connect(open_folder / CATALOGUE)
    if wal:  # a run of somebody who may write is at work
        other.execute("INSERT INTO facts VALUES ('x', 'y')")
        other.commit()
    for path in (*open_folder.rglob("*"), open_folder):
        path.chmod(0o555 if path.is_dir() else 0o444)

    def look() -> str:
        with Mirror(open_folder) as mirror:
            return f"{mirror.status().files} {len(mirror.query())} {len(list(mirror.verify()))}"

    def repair() -> str:
        with Mirror(open_folder) as mirror:
            return str(mirror.repair())

    def update() -> str:
        return str(run(fake, open_folder).counts)

    assert by_a_reader(look) == "2 2 0"
    for work in (repair, update):
        assert re.match(
            r"LocalFileError: the mirror's catalogue .*choose a folder that you may write to", by_a_reader(work)
        )
    other.close()


def test_a_newer_catalogue_that_may_only_be_read_is_refused(open_folder: Path) -> None:
    """The reason is the version, not the right to write."""
    Catalogue(open_folder / CATALOGUE).close()
    with sqlite3.connect(open_folder / CATALOGUE) as db:
        db.execute(f"PRAGMA user_version = {VERSION + 1}")
    db.close()
    open_folder.chmod(0o555)

    assert f"is of version {VERSION + 1}" in by_a_reader(lambda: str(Mirror(open_folder)))


def test_repair_tells_of_what_cannot_be_read(fake: Fake, open_folder: Path) -> None:
    """An earlier version without the right to read it is told; all others are found."""
    fake.make(0)
    run(fake, open_folder)
    fake.make(0)
    run(fake, open_folder, keep_versions=True)
    with Mirror(open_folder) as mirror:
        assert list(mirror.repair()) == []
    first, second = sorted(path for path in (open_folder / "versions").rglob("*") if path.is_file())
    for path in open_folder.rglob("*"):
        path.chmod(0o777 if path.is_dir() else 0o666)
    open_folder.chmod(0o777)
    first.chmod(0)

    def repair() -> str:
        with Mirror(open_folder) as mirror:
            found = [(one.path, one.problem) for one in mirror.repair()]
            assert found == [(first, "unreadable")], found
            return str([one.path for one in mirror.query(earlier=True) if not one.is_current] == [second])

    assert by_a_reader(repair) == "True"


@pytest.mark.parametrize("mode", [0, 0o444])
@pytest.mark.parametrize("place", ["2021/03", f"2021/03/{identity(0)}", f"versions/2021/03/{identity(0)}"])
def test_a_folder_without_the_right_to_read_it(fake: Fake, open_folder: Path, place: str, mode: int) -> None:
    """Told for the measurements in it; the others come; a repair forgets nothing of it, and the rest is as it was."""
    later = 24 * 40
    fake.names = 1
    for number in (0, later):
        fake.make(number)
    run(fake, open_folder, keep_versions=True)
    for number in (0, later):
        fake.make(number)
    run(fake, open_folder, keep_versions=True)
    with Mirror(open_folder) as mirror:
        assert list(mirror.repair()) == []
        before = [(one.path, one.is_current) for one in mirror.query(earlier=True)]
    for path in (open_folder, *open_folder.rglob("*")):
        path.chmod(0o777 if path.is_dir() else 0o666)
    (open_folder / "2021" / "03" / f".{identity(0)}.zip.0011.part").touch()  # which cannot be removed now
    (open_folder / place).chmod(mode)
    for number in (0, later):
        fake.make(number)

    def repair() -> str:
        with Mirror(open_folder) as mirror:
            found = {one.path for one in mirror.repair() if one.problem == "unreadable"}
            assert any(path.is_relative_to(open_folder / place) for path in found), found
            assert [(one.path, one.is_current) for one in mirror.query(earlier=True)] == before
            return str(any(one.problem == "unreadable" for one in mirror.verify()))

    def update() -> str:
        report = run(fake, open_folder, keep_versions=True)
        changes = {one.measurement: one for one in report.changes}
        assert str(open_folder / place) in changes[identity(0)].detail, report
        return f"{changes[identity(0)].what} {changes[identity(later)].what}"

    assert by_a_reader(repair) == "True"
    assert by_a_reader(update) == "failed changed"
    (open_folder / place).chmod(0o777)
    assert run(fake, open_folder, keep_versions=True).is_complete
    with Mirror(open_folder) as mirror:
        assert list(mirror.verify()) == []


# -- upkeep ----------------------------------------------------------------------------------------------------------


def test_what_is_not_as_it_came_is_found(fake: Fake, tmp_path: Path) -> None:
    """Missing, shorter, other bytes of the same length, and what no run has put there; nothing is changed."""
    for number in range(4):
        fake.make(number, copies=1)
    run(fake, tmp_path)
    files = sorted(tmp_path.glob("2*/*/*/elda/*"))
    files[0].unlink()
    files[1].write_bytes(files[1].read_bytes()[:-1])
    files[2].write_bytes(files[2].read_bytes()[::-1])
    stranger = files[3].parent / "notes.txt"
    stranger.write_text("mine", encoding="utf-8")
    before = products(tmp_path)

    with Mirror(tmp_path) as mirror:
        found = {one.path: one.problem for one in mirror.verify()}

    assert found == {files[0]: "missing", files[1]: "changed", files[2]: "changed", stranger: "unknown"}
    assert products(tmp_path) == before


def test_repair_lets_the_next_update_mend(fake: Fake, tmp_path: Path) -> None:
    """A file of the same length with other bytes is noticed by repair, comes again, and the changed one is kept."""
    fake.make(0)
    fake.make(1)
    run(fake, tmp_path)
    good = products(tmp_path)
    (file, _) = sorted(tmp_path.glob("2*/*/*/elda/*"))
    edited = file.read_bytes()[::-1]
    file.write_bytes(edited)
    fake.asked.clear()
    run(fake, tmp_path)
    assert fake.asked == []  # an update looks at lengths only

    with Mirror(tmp_path) as mirror:
        assert [(one.path, one.problem) for one in mirror.repair()] == [(file, "changed")]
    report = run(fake, tmp_path)

    assert [(one.measurement, one.what) for one in report.changes] == [(identity(0), "healed")]
    assert products(tmp_path) == good
    assert [path.read_bytes() for path in (tmp_path / "versions").rglob("*.txt")] == [edited]


@pytest.mark.parametrize("keep", [True, False])
def test_a_lost_catalogue_is_made_again(fake: Fake, tmp_path: Path, keep: bool) -> None:
    """From the manifests alone: the same files are told, and the next run fetches nothing."""
    for number in range(3):
        fake.make(number)
    run(fake, tmp_path, keep_versions=keep)
    fake.make(1)
    run(fake, tmp_path, keep_versions=keep)

    def told() -> set[tuple[object, ...]]:
        with Mirror(tmp_path) as mirror:
            return {(one.path, one.sha256, one.is_current) for one in mirror.query(earlier=True)}

    before = told()
    for path in tmp_path.glob(f"{CATALOGUE}*"):
        path.unlink()
    with Mirror(tmp_path) as mirror:
        assert list(mirror.repair()) == []
    assert told() == before
    fake.asked.clear()
    assert run(fake, tmp_path).unchanged == 3
    assert fake.asked == []


def test_repair_waits_for_nobody(fake: Fake, tmp_path: Path) -> None:
    """While a run is at work it is refused, and nothing is changed."""
    fake.make(0)
    told: list[str] = []

    def meanwhile(_: object) -> None:
        with Mirror(tmp_path) as mirror, pytest.raises(LocalFileError, match="is at work") as error:
            mirror.repair()
        told.append(str(error.value))

    fake.before_fetch = meanwhile
    assert run(fake, tmp_path).is_complete
    assert told


def test_repair_after_a_kill_makes_no_versions_up(fake: Fake, tmp_path: Path) -> None:
    """What a killed run has kept and not replaced is no earlier version; what it has replaced and not removed goes."""
    fake.names = 1
    name = fake.make(0)
    run(fake, tmp_path)
    killed(tmp_path, name, keeping=True)

    with Mirror(tmp_path) as mirror:
        assert list(mirror.repair()) == []
    assert kept(tmp_path) == set()


def test_repair_removes_what_was_to_be_removed(fake: Fake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that ends between noting what came and removing what that replaced."""
    fake.make(0)
    run(fake, tmp_path)
    fake.make(0)
    with monkeypatch.context() as patch:
        patch.setattr(Layout, "forget", lambda *_: break_off(None))
        with pytest.raises(KeyboardInterrupt):
            run(fake, tmp_path)

    with Mirror(tmp_path) as mirror:
        assert list(mirror.repair()) == []
        assert list(mirror.verify()) == []
    assert products(tmp_path) == served(fake)


def test_repair_knows_an_earlier_version_that_is_like_the_current_file(fake: Fake, tmp_path: Path) -> None:
    """The server made a file, another one, and the first one again: the one that was kept stays."""
    fake.names = 1
    name = fake.make(0)
    first = fake.things[name].files
    run(fake, tmp_path)
    for served_now in (None, first):
        fake.make(0)
        fake.things[name].files = served_now or fake.things[name].files
        run(fake, tmp_path, keep_versions=True)
    before = kept(tmp_path)

    with Mirror(tmp_path) as mirror:
        assert list(mirror.repair()) == []

    assert kept(tmp_path) == before
    assert len(before) == 4


def test_repair_knows_the_server_again(fake: Fake, tmp_path: Path) -> None:
    """From the manifests, so that another server's files do not get among these."""
    fake.make(0)
    run(fake, tmp_path)
    for path in tmp_path.glob(f"{CATALOGUE}*"):
        path.unlink()

    with Mirror(tmp_path) as mirror:
        mirror.repair()
        assert mirror.status().server == URL


def test_repair_looks_again_when_nobody_can_begin(fake: Fake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run begins just before the repair has the catalogue to itself: it is at work, and its archive stays."""
    fake.make(0)
    run(fake, tmp_path)
    part = Layout(tmp_path).month(identity(0)) / f".{identity(0)}.zip.0011.part"
    real, locks = Catalogue.changing, []

    def changing(self: Catalogue) -> Any:
        if not locks:
            locks.append(Layout(tmp_path).lock(41))
            self.claim(identity(0), 41)
            part.touch()
        return real(self)

    monkeypatch.setattr(Catalogue, "changing", changing)
    with Mirror(tmp_path) as mirror, pytest.raises(LocalFileError, match=r"run 41 .* is at work"):
        mirror.repair()
    locks[0].close()
    assert part.exists()


def test_verify_beside_a_run(fake: Fake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a run has replaced, removed or brought since the look began is no finding; nobody waits, and no row is lost."""
    from scckit.mirror import catalogue as module

    monkeypatch.setattr(module, "_PAGE", 2)
    for number in range(4):
        fake.make(number)
    run(fake, tmp_path)
    with Mirror(tmp_path) as mirror:
        path = mirror.query()[0].path
        path.write_bytes(b"by hand")
        found = mirror.verify()
        assert next(found).path == path
        for number in range(5):
            fake.make(number)
        assert run(fake, tmp_path).is_complete
        last = mirror.query()[-1].path
        last.unlink()
        assert [(one.path, one.problem) for one in found] == [(last, "missing")]


def test_verify_needs_no_more_memory_for_more_files(tmp_path: Path) -> None:
    """It reads the catalogue page by page."""
    catalogue = Catalogue(tmp_path / CATALOGUE)
    with catalogue.changing():
        for number in range(20_000):
            path = f"2021/03/{identity(0)}/elda/{number}"
            catalogue.put(FileRow(path, identity(0), "elda", 1, "0" * 64, BEGIN))
    catalogue.close()
    with Mirror(tmp_path) as mirror:
        tracemalloc.start()
        try:
            assert sum(1 for _ in mirror.verify()) == 20_000
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert peak < 5e6


# -- asking ----------------------------------------------------------------------------------------------------------


def test_rows_and_tables(fake: Fake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The rows read back from CSV; pandas is asked for where it is not installed."""
    for number in range(3):
        fake.make(number)
    run(fake, tmp_path)
    with Mirror(tmp_path) as mirror:
        files = mirror.query()
        text = io.StringIO(newline="")
        files.write_csv(text)
        text.seek(0)
        rows = list(csv.DictReader(text))
        assert [row["path"] for row in rows] == [str(one.path) for one in files]
        assert [datetime.fromisoformat(row["start"]) for row in rows] == [one.start for one in files]
        assert len(files[:2]) == 2
        assert isinstance(files[0], MirroredFile)
        assert [one.measurement for one in mirror.query(measurement=identity(1))] == [identity(1)] * 2
        assert {one.measurement for one in mirror.query(since="2021-03-01T01", until="2021-03-01T02")} == {identity(1)}
        assert len(mirror.query(station="AKY")) == 6
        assert len(mirror.query(station="pot")) == 0
        with pytest.raises(MissingPlugin, match="eldax"):
            mirror.query("eldax")
        table = files.to_pandas()
        assert list(table["sha256"]) == [one.sha256 for one in files]
        monkeypatch.setitem(sys.modules, "pandas", None)
        with pytest.raises(MissingLibrary, match="pip install pandas"):
            files.to_pandas()


# -- the emulator ----------------------------------------------------------------------------------------------------


@pytest.fixture
def emulator(started_emulator: Emulator) -> Emulator:
    """Give an emulator with three measurements."""
    started_emulator.reset()
    for hour, name in enumerate(IDS):
        start = BEGIN + timedelta(hours=hour)
        started_emulator.add_measurement(name, system=437, start=start, stop=start + timedelta(hours=1))
    return started_emulator


@pytest.fixture
def seen() -> list[events.Event]:
    """Give a list for events."""
    return []


def connected(emulator: Emulator, seen: list[events.Event]) -> scckit.Client:
    """Return a client, which is not signed in yet."""
    account = emulator.account
    pairs = scckit.Credentials(account.http_user, account.http_password, account.username, account.password)
    return scckit.connect(
        emulator.base_url,
        credentials=pairs,
        transport=WSGITransport(emulator.wsgi),
        observe=seen.append,
        sleep=emulator.clock.advance,
    )


@pytest.fixture
def scc(emulator: Emulator, seen: list[events.Event]) -> Iterator[scckit.Client]:
    """Give a client."""
    with connected(emulator, seen) as client:
        yield client


def test_a_mirror_of_the_emulator(
    emulator: Emulator, scc: scckit.Client, seen: list[events.Event], tmp_path: Path
) -> None:
    """All comes; nothing comes twice and no more is asked than the pages; a rerun comes again; a deletion is marked."""
    with Mirror(tmp_path) as mirror:
        update: Callable[..., Any] = lambda **more: mirror.update(  # noqa: E731 - short
            scc, "2026-03-21", "2026-03-22", station="aky", kinds=["elda", "hirelpp"], **more
        )
        first = update()
        assert (first.counts, first.seen, first.is_complete) == ({"new": 3}, 3, True)
        seen.clear()
        second = update()
        assert (second.counts, second.unchanged) == ({}, 3)
        assert len([one for one in seen if isinstance(one, events.Requested)]) == 1

        emulator.clock.advance(3600)
        scc.measurements.rerun(IDS[1])
        assert update().counts == {"pending": 1}
        scc.measurements.wait(IDS[1])
        assert update(keep_versions=True).counts == {"changed": 1}
        scc.measurements.delete(IDS[0])
        assert update().counts == {"gone": 1}
        assert list(mirror.verify()) == []
        assert mirror.status().gone == 1

        file = mirror.query("elda", measurement=IDS[1])[0]
        with mirror.open("elda", product_id=file.product_id, wavelength=file.wavelength) as dataset:
            assert dataset.sizes["time"] == 3
        with pytest.raises(InvalidInput, match=r"are of \d+ products: station aky, product_id"):
            mirror.open("elda")
        with pytest.raises(InvalidInput, match="has no elda of that"):
            mirror.open("elda", product_id=1)


def test_a_folder_that_is_moved_between_two_updates_is_not_made_again(scc: scckit.Client, tmp_path: Path) -> None:
    """A mirror that is open belongs to its place; the next one opens it in the new place."""
    with Mirror(tmp_path / "a") as mirror:
        mirror.update(scc, "2026-03-21", kinds="elda")
        (tmp_path / "a").rename(tmp_path / "b")
        with pytest.raises(LocalFileError, match="was moved or removed"):
            mirror.update(scc, "2026-03-21", kinds="elda")
    assert [path.name for path in tmp_path.iterdir()] == ["b"]
    with Mirror(tmp_path / "b") as mirror:
        assert mirror.update(scc, "2026-03-21", kinds="elda").unchanged == 3


@pytest.mark.parametrize("generation", ["current", "legacy"])
def test_an_unchanged_month_costs_its_pages_and_the_sign_in(
    emulator: Emulator, tmp_path: Path, generation: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """35 measurements, 10 a page, by a client that is not signed in yet: 4 pages, the form to sign in, and the answer to it."""
    monkeypatch.setattr(emulator, "behaviour", Behaviour(generation=generation, page_size=10))
    for number in range(32):
        start = BEGIN - timedelta(hours=number + 1)
        emulator.add_measurement(
            f"{start:%Y%m%d}aky{start:%H}00", system=437, start=start, stop=start + timedelta(hours=1)
        )
    asked: list[events.Event] = []
    for counts in ({"new": 35}, {}):
        asked.clear()
        with connected(emulator, asked) as scc, Mirror(tmp_path) as mirror:
            assert mirror.update(scc, "2026-03", station="aky", kinds="elda").counts == counts
            requests = len([one for one in asked if isinstance(one, events.Requested)])

    assert requests <= 4 + 2


def test_another_current_folder_does_not_matter(
    emulator: Emulator, scc: scckit.Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A mirror that was opened by a relative path stays where it is."""
    (tmp_path / "other").mkdir()
    monkeypatch.chdir(tmp_path)
    with Mirror("mirror") as mirror:
        monkeypatch.chdir("other")
        assert mirror.update(scc, "2026-03-21", kinds="elda").counts == {"new": 3}
        assert len(mirror.query()) == len(products(tmp_path / "mirror")) > 0
        assert list(mirror.verify()) == []
    assert list((tmp_path / "other").iterdir()) == []


def test_a_failure_is_told_and_mended(emulator: Emulator, scc: scckit.Client, tmp_path: Path) -> None:
    """One damaged archive: the others come, the status and the changes tell which failed; the next run has it."""
    emulator.faults.add(Fault.archive("corrupt"), path=f"{IDS[1]}/download-optical/", times=1)
    with Mirror(tmp_path) as mirror:
        report = mirror.update(scc, "2026-03-21", "2026-03-22", kinds="elda")
        (change,) = [one for one in mirror.changes(report.run) if one.what == "failed"]
        assert change.measurement == IDS[1]
        assert IDS[1] in change.detail
        assert not report.is_complete
        assert mirror.status().failed == 1
        assert mirror.update(scc, "2026-03-21", "2026-03-22", kinds="elda").counts == {"new": 1}
        assert mirror.status().failed == 0


@pytest.mark.parametrize("code", [errno.EACCES, errno.ENAMETOOLONG, errno.ENOTDIR, errno.ESTALE])
def test_trouble_with_one_folder_is_that_of_one_measurement(
    emulator: Emulator, scc: scckit.Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    """No right to write, a name that is too long: told for the measurement that it happens to; the others come."""
    real = os.open

    def refuse(path: str | Path, *rest: Any, **more: Any) -> int:
        if IDS[1] in str(path) and str(path).endswith(".part"):
            raise OSError(code, os.strerror(code), str(path))
        return real(path, *rest, **more)

    with Mirror(tmp_path) as mirror:
        with monkeypatch.context() as patch:
            patch.setattr(files.os, "open", refuse)
            report = mirror.update(scc, "2026-03-21", "2026-03-22", kinds="elda")
        assert report.counts == {"new": 2, "failed": 1}
        (change,) = [one for one in report.changes if one.what == "failed"]
        assert change.measurement == IDS[1]
        assert os.strerror(code) in change.detail
        assert list(mirror.verify()) == []
        assert {one.measurement for one in mirror.query("elda")} == {IDS[0], IDS[2]}

        assert mirror.update(scc, "2026-03-21", "2026-03-22", kinds="elda").counts == {"new": 1}
        assert (mirror.status().failed, list(mirror.verify())) == (0, [])


@pytest.mark.skipif(sys.platform != "linux", reason="what a descriptor is of is read from /proc")
def test_a_full_disk_stops_the_run(
    emulator: Emulator, scc: scckit.Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What came before is there and noted, no part of the rest is; with room again the next run does what is left."""
    for hour in range(3, 8):
        start = BEGIN + timedelta(hours=hour)
        emulator.add_measurement(f"20260321aky{hour:02}00", system=437, start=start, stop=start + timedelta(hours=1))
    real, first = os.fsync, "20260321aky0700"  # the list begins with the latest

    def full(descriptor: int) -> None:
        if first not in str(Path(f"/proc/self/fd/{descriptor}").readlink()):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        real(descriptor)

    with Mirror(tmp_path) as mirror:
        with monkeypatch.context() as patch:
            patch.setattr(files.os, "fsync", full)
            report = mirror.update(scc, "2026-03-21", "2026-03-22", kinds="elda", workers=1)
        assert not report.is_complete
        assert "make room" in report.stopped
        assert report.counts["failed"] < 7
        assert {one.measurement for one in mirror.query("elda")} == {first}
        assert list(mirror.verify()) == []
        assert [path for path in tmp_path.rglob("*") if path.name.endswith(".part")] == []

        assert mirror.update(scc, "2026-03-21", "2026-03-22", kinds="elda").counts == {"new": 7}
        assert list(mirror.verify()) == []


def test_the_whole_is_refused_where_it_cannot_be_looked_at(
    emulator: Emulator, scc: scckit.Client, tmp_path: Path
) -> None:
    """A server that fails in the search leaves the catalogue as it was, and marks nothing as deleted."""
    with Mirror(tmp_path) as mirror:
        mirror.update(scc, "2026-03-21", kinds="elda")
        emulator.faults.add(Fault.status(500), path="admin/database/measurements/", times=None)
        with pytest.raises(scckit.SCCError):
            mirror.update(scc, "2026-03-21", kinds="elda")
        emulator.faults.clear()
        assert mirror.status().gone == 0
        assert mirror.update(scc, "2026-03-21", kinds="elda").counts == {}
