"""What is here already is told by the manifest and the content; both change together, also for two who write at once."""

from __future__ import annotations

import errno
import hashlib
import io
import json
import multiprocessing
import os
import pickle
import sys
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Never

import pytest
from attrs import evolve, frozen
from hypothesis import given
from hypothesis import strategies as st

from scckit.archive import ArchiveSink, MeasurementFolder, folder
from scckit.archive.manifest import NAME, Manifest, State
from scckit.errors import LocalFileError, TargetExists
from scckit.models.ids import MeasurementID
from scckit.models.measurement import Measurement, Module, Status
from scckit.models.products import ProductFile

ID = MeasurementID("20210307aky0930")
NOON = datetime(2021, 3, 8, 12, tzinfo=UTC)
SERVER, ROUTE = "https://scc.example/", "optical/"
DONE = Measurement(ID, {"elda": Module(Status.OK, 127)}, updated=NOON)


@frozen
class Kind:
    """A product kind that owns what begins with its name."""

    name: str

    def owns(self, member: str) -> bool:
        """Tell by the beginning."""
        return member.startswith(self.name)


ELDA, ELDEC, ELPP = Kind("elda"), Kind("eldec"), Kind("elpp")


def archive(**members: str) -> bytes:
    """Make an archive of small files named after their kinds."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as made:
        for name, content in members.items():
            made.writestr(f"{ID}/{name}.nc", content)
    return data.getvalue()


BOTH = archive(elda_1="one", eldec_1="two", elda_2="three")


def sink_of(
    into: Path, *kinds: Kind, unpack: bool = True, measurement: Measurement | None = DONE, replace: bool = True
) -> ArchiveSink:
    """Make a sink that records."""
    plain = ArchiveSink(into, ID, kinds, unpack=unpack, replace=replace)
    return plain.noting(server=SERVER, route=ROUTE, when=NOON, measurement=measurement)


def poured(sink: ArchiveSink, content: bytes = BOTH) -> tuple[ProductFile, ...]:
    """Pour an archive into a sink as a driver does."""
    sink.begin()
    sink.write(content)
    return sink.commit()


def tree(folder: Path) -> dict[str, bytes]:
    """Return all files below a folder with their content."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if not path.is_dir()}


@pytest.fixture
def here(tmp_path: Path) -> MeasurementFolder:
    """Give a folder into which nothing has come yet."""
    return MeasurementFolder(tmp_path / ID, ID)


def test_the_manifest_says_what_came(here: MeasurementFolder) -> None:
    """Server, route, time, state, lengths, and the digest of each file that was kept are in it, as plain JSON."""
    files = poured(sink_of(here.path.parent, ELDA, ELDEC))

    (record,) = here.manifest().archives
    assert (record.server, record.route, record.kinds, record.fetched) == (SERVER, ROUTE, ("elda", "eldec"), NOON)
    assert (record.size, record.sha256) == (len(BOTH), None)
    assert record.state == State.of(DONE)
    assert [(here.path / one.path, one.size, one.sha256) for one in record.files] == [
        (file.path, file.size, file.sha256) for file in files
    ]
    assert files[0].sha256 == hashlib.sha256(b"one").hexdigest()
    written = json.loads((here.path / NAME).read_bytes())
    assert written["version"] == 1
    assert written["archives"][0]["files"][0]["path"] == "elda/elda_1.nc"
    poured(sink_of(here.path.parent, ELDA, unpack=False))
    assert here.manifest().archives[1].sha256 == hashlib.sha256(BOTH).hexdigest()


@pytest.mark.parametrize("unpack", [True, False])
def test_what_is_complete_and_unchanged_is_found_as_it_came(here: MeasurementFolder, *, unpack: bool) -> None:
    """The files are the same values as right after the download, and stand while the measurement is as it was."""
    files = poured(sink_of(here.path.parent, ELDEC, ELDA, unpack=unpack))

    found = here.verified([ELDEC, ELDA], ROUTE, unpack=unpack)
    assert found is not None
    assert found.files == files
    assert found.stands(SERVER, DONE)
    assert not found.stands("https://other.example/", DONE)
    assert not found.stands(SERVER, evolve(DONE, updated=None))
    assert not found.stands(SERVER, evolve(DONE, modules={}))
    assert here.verified([ELDEC, ELDA], ROUTE, unpack=not unpack) is None
    assert here.verified([ELDEC, ELDA], "other/", unpack=unpack) is None
    assert here.verified([ELDA, ELPP], ROUTE, unpack=unpack) is None
    assert pickle.loads(pickle.dumps(found)) == found


def _longer(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"!")


def _other(path: Path) -> None:
    path.write_bytes(path.read_bytes()[::-1] + b"")


def _link(path: Path) -> None:
    path.rename(path.with_suffix(".elsewhere"))
    path.symlink_to(path.with_suffix(".elsewhere"))


def _folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


@pytest.mark.parametrize("change", [_longer, _other, _link, _folder, Path.unlink])
@pytest.mark.parametrize("unpack", [True, False])
def test_what_was_changed_by_hand_is_noticed(
    here: MeasurementFolder, change: Callable[[Path], None], *, unpack: bool
) -> None:
    """Another length, another content of the same length, a link, a folder or nothing in place of a file."""
    files = poured(sink_of(here.path.parent, ELDA, ELDEC, unpack=unpack))
    change(files[-1].path)

    assert here.verified([ELDA, ELDEC], ROUTE, unpack=unpack) is None
    if unpack:
        assert here.verified([ELDA], ROUTE, unpack=True) is not None


@pytest.mark.parametrize("measurement", [None, evolve(DONE, updated=None), evolve(DONE, is_processing=True)])
def test_without_a_state_that_tells_nothing_stands(here: MeasurementFolder, measurement: Measurement | None) -> None:
    """What came without a word on the last change, or while a module worked, cannot be taken as current."""
    poured(sink_of(here.path.parent, ELDA, measurement=measurement))

    assert here.verified([ELDA], ROUTE, unpack=True) is None
    assert here.present(ELDA) is not None


def test_kinds_that_came_at_different_times(here: MeasurementFolder) -> None:
    """Two archives of one route are one answer while they are of one state, and none if a change lies between."""
    poured(sink_of(here.path.parent, ELDA))
    poured(sink_of(here.path.parent, ELDEC))
    together = here.verified([ELDEC, ELDA], ROUTE, unpack=True)
    poured(sink_of(here.path.parent, ELDEC, measurement=evolve(DONE, updated=NOON.replace(hour=13))))

    assert together is not None
    assert [file.kind for file in together.files] == ["eldec", "elda", "elda"]
    assert here.verified([ELDEC, ELDA], ROUTE, unpack=True) is None
    assert here.verified([ELDA], ROUTE, unpack=True) is not None


def test_a_kind_that_was_absent_is_not_recorded_as_present(here: MeasurementFolder) -> None:
    """An archive without a kind leaves it known as absent beside others, and to be asked for by itself."""
    poured(sink_of(here.path.parent, ELDA, ELPP))
    both = here.verified([ELDA, ELPP], ROUTE, unpack=True)

    assert both is not None
    assert {file.kind for file in both.files} == {"elda"}
    assert here.verified([ELPP], ROUTE, unpack=True) is None
    assert here.present(ELPP) == ()


def test_what_is_present_without_a_manifest(here: MeasurementFolder) -> None:
    """Files of earlier days count by their names; foreign files, links and folders do not."""
    folder = here.path / "elda"
    folder.mkdir(parents=True)
    assert here.present(ELDA) is None
    (folder / "elda_old.nc").write_bytes(b"old")
    (folder / "notes.txt").write_bytes(b"mine")
    (folder / "elda_link").symlink_to(folder / "notes.txt")
    (folder / "elda_folder").mkdir()

    found = here.present(ELDA)
    assert found is not None
    assert [(file.path.name, file.size, file.sha256) for file in found] == [
        ("elda_old.nc", 3, hashlib.sha256(b"old").hexdigest())
    ]
    assert here.present_archive([ELDA]) is None
    assert here.present(ELDEC) is None
    (here.path / "elda.zip").write_bytes(b"zip")
    assert here.present_archive([ELDA, ELDEC]) is not None


def test_what_is_here_is_refused_by_name(here: MeasurementFolder) -> None:
    """The error names a file that is here, and the other ways; files of another form or kind are no reason."""
    poured(sink_of(here.path.parent, ELDA))

    with pytest.raises(TargetExists, match=r"elda_1\.nc exists already.*existing='verify', 'skip' or 'replace'"):
        here.refuse_present([ELDEC, ELDA], unpack=True)
    here.refuse_present([ELDEC], unpack=True)
    here.refuse_present([ELDA], unpack=False)
    poured(sink_of(here.path.parent, ELDA, unpack=False))
    with pytest.raises(TargetExists, match=r"elda\.zip exists already"):
        here.refuse_present([ELDA], unpack=False)


@given(st.binary(max_size=300))
def test_any_damaged_manifest_is_kept_aside(tmp_path_factory: pytest.TempPathFactory, damaged: bytes) -> None:
    """Nothing is known while it lies there, reading changes nothing, and the next download moves it aside, byte for byte."""
    into = tmp_path_factory.mktemp("damaged")
    here = MeasurementFolder(into / ID, ID)
    here.path.mkdir()
    (here.path / NAME).write_bytes(damaged)

    assert here.manifest() == Manifest(ID)
    assert tree(here.path) == {NAME: damaged}
    poured(sink_of(into, ELDA))
    assert here.verified([ELDA], ROUTE, unpack=True) is not None
    (here.path / NAME).write_bytes(b"damaged again")
    poured(sink_of(into, ELDA))

    asides = {path.name: path.read_bytes() for path in here.path.glob("*.damaged*")}
    assert asides == {
        "scckit-manifest.damaged.json": damaged,
        "scckit-manifest.damaged-2.json": b"damaged again",
    }


def test_a_newer_manifest_is_never_touched(here: MeasurementFolder) -> None:
    """What a newer scckit has written stops a download, and stays; so do the files."""
    poured(sink_of(here.path.parent, ELDA))
    (here.path / NAME).write_bytes(b'{"version": 2}')
    before = tree(here.path.parent)

    for attempt in (
        here.manifest,
        lambda: here.verified([ELDA], ROUTE, unpack=True),
        lambda: poured(sink_of(here.path.parent, ELDA), archive(elda_1="newer")),
        lambda: poured(sink_of(here.path.parent, ELDA, unpack=False)),
    ):
        with pytest.raises(
            LocalFileError, match=rf"{NAME} cannot be used.*version 2.*newer scckit, or .*another folder"
        ):
            attempt()
    assert before == tree(here.path.parent)


def test_a_huge_manifest_is_damage(here: MeasurementFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is larger than any manifest is not read to its end."""
    monkeypatch.setattr(folder, "_LARGEST", 1000)
    here.path.mkdir()
    (here.path / NAME).write_bytes(Manifest(ID).to_bytes() + b" " * 1000)

    assert here.manifest() == Manifest(ID)
    with pytest.raises(LocalFileError, match="larger than any manifest"):
        here._read()


@pytest.mark.parametrize("unpack", [True, False])
@pytest.mark.parametrize("at", [0, 1, 2, 3])
def test_files_and_manifest_come_together_or_not_at_all(
    here: MeasurementFolder, monkeypatch: pytest.MonkeyPatch, at: int, *, unpack: bool
) -> None:
    """Whichever file cannot be put in place, all of the older download stands, its manifest too, and the error tells the path."""
    poured(sink_of(here.path.parent, ELDA, ELDEC, unpack=unpack))
    before, real, count = tree(here.path.parent), Path.replace, 0

    def failing(self: Path, target: Path) -> Path:
        nonlocal count
        count += 1
        if count == at + 1:
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(self, target)

    monkeypatch.setattr(Path, "replace", failing)
    newer = sink_of(
        here.path.parent, ELDA, ELDEC, unpack=unpack, measurement=evolve(DONE, updated=NOON.replace(hour=13))
    )
    content = archive(elda_1="newer", eldec_1="newer", elda_2="newer")
    if at < (4 if unpack else 2):
        with pytest.raises(LocalFileError, match=rf"{here.path}.*No space left on device; make room"):
            poured(newer, content)
        assert before == tree(here.path.parent)
    else:
        poured(newer, content)
        assert here.verified([ELDA, ELDEC], ROUTE, unpack=unpack) is not None


def test_the_manifest_comes_last(here: MeasurementFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    """If the power goes between two files, the manifest tells of older ones, which then count as changed."""
    poured(sink_of(here.path.parent, ELDA))
    real, order = Path.replace, []

    def noting(self: Path, target: Path) -> Path:
        order.append(target.name)
        return real(self, target)

    monkeypatch.setattr(Path, "replace", noting)
    poured(sink_of(here.path.parent, ELDA))

    assert order == ["elda_1.nc", "elda_2.nc", NAME]


def test_what_cannot_be_read_is_told(here: MeasurementFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    """A manifest or file without permission, or a file where a folder is due, gives the path and the reason."""
    poured(sink_of(here.path.parent, ELDA))
    (here.path / "eldec").write_bytes(b"in the way")
    with pytest.raises(LocalFileError, match="eldec"):
        here.refuse_present([ELDEC], unpack=True)

    def denied(*_arguments: object, **_options: object) -> Never:
        raise PermissionError(errno.EACCES, "Permission denied")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "open", denied)
        with pytest.raises(LocalFileError, match=rf"cannot read .*{NAME}: Permission denied"):
            here.manifest()
    (here.path / NAME).write_bytes(b"damaged")
    monkeypatch.setattr(Path, "replace", denied)
    with pytest.raises(LocalFileError, match=rf"damaged manifest aside from .*{NAME}: Permission denied"):
        here.manifest_to_replace()


@pytest.mark.parametrize(
    ("asked", "kind", "is_kept"), [(-60, "elda", True), (60, "elda", False), (-60, "eldec", False)], ids=str
)
def test_a_download_that_was_overtaken_undoes_nothing(
    here: MeasurementFolder, asked: int, kind: str, is_kept: bool
) -> None:
    """What was asked for before, of an earlier state, is refused where a later one has come, and nowhere else."""
    late = evolve(DONE, updated=DONE.updated + timedelta(hours=1))
    poured(sink_of(here.path.parent, ELDA, measurement=late))
    before = tree(here.path)
    plain = ArchiveSink(here.path.parent, ID, (ELDA if kind == "elda" else ELDEC,))
    slow = plain.noting(server=SERVER, route=ROUTE, when=NOON + timedelta(seconds=asked), measurement=DONE)

    if is_kept:
        with pytest.raises(TargetExists, match="elda of a later state"):
            poured(slow)
        assert tree(here.path) == before
    else:
        poured(slow)
        assert tree(here.path) != before


def test_a_refused_download_changes_no_manifest(here: MeasurementFolder) -> None:
    """With replace=False a file that appeared in the meantime stays, and so does the manifest."""
    poured(sink_of(here.path.parent, ELDA))
    before = tree(here.path)

    with pytest.raises(TargetExists):
        poured(sink_of(here.path.parent, ELDA, replace=False), archive(elda_1="newer"))
    assert before == tree(here.path)
    assert len(poured(sink_of(here.path.parent, ELDEC, replace=False))) == 1


def test_an_archive_without_the_kinds_changes_no_manifest(here: MeasurementFolder) -> None:
    """Where nothing came, nothing is recorded."""
    assert poured(sink_of(here.path.parent, ELPP)) == ()
    assert tree(here.path.parent) == {}


def _pour_into(into: Path, number: int) -> None:
    for turn in range(5):
        poured(sink_of(into, Kind(f"kind{number}_")), archive(**{f"kind{number}_{turn}": f"{number} {turn}"}))
        poured(sink_of(into, ELDA), archive(elda_1=f"{number} {turn}"))


@pytest.mark.skipif(sys.platform == "win32", reason="there nobody waits, see MeasurementFolder.alone")
@pytest.mark.parametrize("who", ["threads", "processes"])
def test_downloads_at_once_lose_nothing(here: MeasurementFolder, who: str) -> None:
    """Four write different kinds and the same kind at once: all is recorded, and each record is that of its files."""
    into = here.path.parent
    if who == "threads":
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(_pour_into, [into] * 4, range(4)))
    else:
        workers = [multiprocessing.get_context("fork").Process(target=_pour_into, args=(into, n)) for n in range(4)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        assert [worker.exitcode for worker in workers] == [0] * 4

    for kind in [ELDA, *(Kind(f"kind{number}_") for number in range(4))]:
        found = here.verified([kind], ROUTE, unpack=True)
        assert found is not None
        assert len(found.files) == 1
    assert not list(into.rglob("*.part"))


@pytest.mark.skipif(sys.platform == "win32", reason="there are none")
def test_without_locks_a_download_still_works(here: MeasurementFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file system that locks no folder is no reason to fail, and no descriptor stays open."""
    opened: list[int] = []
    real = os.open

    def opening(*arguments: object, **options: object) -> int:
        descriptor: int = real(*arguments, **options)  # type: ignore[arg-type]
        opened.append(descriptor)
        return descriptor

    def no_locks(*_: object) -> Never:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(folder.fcntl, "flock", no_locks)
    monkeypatch.setattr(folder.os, "open", opening)
    poured(sink_of(here.path.parent, ELDA))

    assert here.verified([ELDA], ROUTE, unpack=True) is not None
    for descriptor in set(opened):
        with pytest.raises(OSError, match="Bad file descriptor"):
            os.fstat(descriptor)
