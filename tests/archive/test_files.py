"""Files are whole under their final name or not there; what stood there stays until then."""

from __future__ import annotations

import errno
import os
import stat
import tempfile
import threading
from pathlib import Path
from typing import Never

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scckit.archive import files
from scckit.archive.files import AtomicFile, PartFile
from scckit.errors import LocalFileError, TargetExists, UnexpectedContent

NO_LINKS = OSError(errno.EPERM, "Operation not permitted")


def tree(folder: Path) -> dict[str, bytes]:
    """Return all files below a folder with their content."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if not path.is_dir()}


@given(st.lists(st.binary(max_size=50), max_size=10))
def test_the_file_holds_what_was_written(tmp_path_factory: pytest.TempPathFactory, chunks: list[bytes]) -> None:
    """The chunks come together under the final name, and nothing else is left behind."""
    folder = tmp_path_factory.mktemp("files")
    file = AtomicFile(folder / "deep" / "er" / "x.nc")
    file.begin()
    for chunk in chunks:
        file.write(chunk)

    assert folder / "deep" / "er" / "x.nc" == file.commit()
    assert {"deep/er/x.nc": b"".join(chunks)} == tree(folder)


def test_the_old_file_stands_until_the_commit(tmp_path: Path) -> None:
    """While bytes come in, readers see the old content; afterwards the new one."""
    target = tmp_path / "x.nc"
    target.write_bytes(b"old")
    file = AtomicFile(target)
    file.begin()
    file.write(b"new")

    assert target.read_bytes() == b"old"
    file.commit()
    assert tree(tmp_path) == {"x.nc": b"new"}


def test_abort_leaves_everything_as_it_was(tmp_path: Path) -> None:
    """Aborting removes the part; it may be called at any time and twice."""
    target = tmp_path / "x.nc"
    target.write_bytes(b"old")
    file = AtomicFile(target)
    file.abort()
    file.begin()
    file.write(b"new")
    file.abort()
    file.abort()

    assert tree(tmp_path) == {"x.nc": b"old"}


def test_a_sink_may_be_begun_again(tmp_path: Path) -> None:
    """After an abort, a commit, or in the middle, begin starts from nothing."""
    file = AtomicFile(tmp_path / "x.nc")
    for begin in range(3):
        file.begin()
        file.write(b"half")
        file.begin()
        file.write(b"%d" % begin)
        file.commit()

    assert tree(tmp_path) == {"x.nc": b"2"}


def test_the_file_is_as_readable_as_any_other(tmp_path: Path) -> None:
    """The permissions are those that the user's umask gives to new files, not those of temporary files."""
    (tmp_path / "plain").write_bytes(b"")
    file = AtomicFile(tmp_path / "x.nc")
    file.begin()
    target = file.commit()

    assert stat.S_IMODE((tmp_path / "plain").stat().st_mode) == stat.S_IMODE(target.stat().st_mode)


def test_permissions_hold_from_the_first_byte_on(tmp_path: Path) -> None:
    """A file that is its owner's alone never was another's, also while it was in the making."""
    file = AtomicFile(tmp_path / "x.nc", mode=0o600)
    file.begin()
    (part,) = tmp_path.iterdir()

    before = part.stat().st_mode
    file.write(b"secret")

    assert before & 0o777 == file.commit().stat().st_mode & 0o777 == 0o600


def test_what_a_check_refuses_gets_no_name(tmp_path: Path) -> None:
    """The check sees the complete content; what it raises leaves the old file and nothing else."""
    target = tmp_path / "x.nc"
    target.write_bytes(b"old")
    seen = []

    def check(path: Path) -> None:
        seen.append(path.read_bytes())
        raise UnexpectedContent("not that")

    with pytest.raises(UnexpectedContent, match="not that"):
        AtomicFile(target, check=check).put(b"new")

    assert (seen, target.read_bytes(), list(tmp_path.iterdir())) == ([b"new"], b"old", [target])


def test_put_writes_the_whole(tmp_path: Path) -> None:
    """One call takes the place of begin, write and commit."""
    target = tmp_path / "x.nc"

    assert AtomicFile(target, replace=False).put(b"new") == target

    assert target.read_bytes() == b"new"
    with pytest.raises(TargetExists):
        AtomicFile(target, replace=False).put(b"newer")
    assert (target.read_bytes(), list(tmp_path.iterdir())) == (b"new", [target])


def test_a_folder_is_no_target(tmp_path: Path) -> None:
    """A folder under the final name is refused before anything is written."""
    (tmp_path / "x.nc").mkdir()
    with pytest.raises(LocalFileError, match=r"x\.nc is a folder"):
        AtomicFile(tmp_path / "x.nc").begin()

    assert [path.name for path in tmp_path.iterdir()] == ["x.nc"]


def test_a_file_in_the_place_of_a_folder_is_named(tmp_path: Path) -> None:
    """If a file is where a folder is needed, the error names it and gives the reason."""
    (tmp_path / "deep").write_bytes(b"")
    with pytest.raises(LocalFileError, match=r"deep: .*a file is where a folder is needed"):
        AtomicFile(tmp_path / "deep" / "x.nc").begin()


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EACCES, errno.EIO])
def test_errors_of_the_disk_are_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    """What the system refuses becomes a LocalFileError with the reason, and the old file stands."""
    target = tmp_path / "x.nc"
    target.write_bytes(b"old")
    file = AtomicFile(target)
    file.begin()
    file.write(b"new")

    def refuse(_descriptor: int) -> Never:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(files.os, "fsync", refuse)
    with pytest.raises(LocalFileError, match=os.strerror(code)):
        file.commit()

    assert tree(tmp_path) == {"x.nc": b"old"}


def test_what_the_disk_loses_of_a_large_file_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A large file goes to the disk while it comes; the system tells of a loss once, and that is not at the end."""
    real = os.fsync
    calls: list[str] = []

    def lose_once(descriptor: int) -> None:
        calls.append(threading.current_thread().name)
        if len(calls) == 1:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        real(descriptor)

    monkeypatch.setattr(files.os, "fsync", lose_once)
    file = AtomicFile(tmp_path / "x.nc")
    file.begin()
    for _ in range(20):
        file.write(bytes(1024 * 1024))

    with pytest.raises(LocalFileError, match="Input/output error"):
        file.commit()
    assert len(calls) == 1
    assert calls[0].startswith("scckit-disk")
    assert tree(tmp_path) == {}


def test_a_large_file_goes_to_the_disk_while_it_comes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pieces are forced before the commit, and the whole file in the end; no thread of it is left."""
    real, begun, sizes = os.fsync, threading.Event(), []

    def note(descriptor: int) -> None:
        sizes.append(os.fstat(descriptor).st_size)
        begun.set()
        real(descriptor)

    monkeypatch.setattr(files.os, "fsync", note)
    file = AtomicFile(tmp_path / "x.nc")
    file.begin()
    for _ in range(20):
        file.write(bytes(1024 * 1024))
    assert begun.wait(10)
    file.commit()

    assert 16 * 1024**2 <= sizes[0] <= 20 * 1024**2
    assert 20 * 1024**2 in sizes[1:]
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("scckit-disk")]


@given(steps=st.lists(st.sampled_from(["write", "complete"]), max_size=6))
def test_every_byte_is_forced_to_the_disk(steps: list[str]) -> None:
    """Whenever a part is handed to the system in between: once it is finished, the disk was asked to take all of it."""
    sizes: list[int] = []
    with tempfile.TemporaryDirectory() as name, pytest.MonkeyPatch.context() as patch:
        patch.setattr(files.os, "fsync", lambda descriptor: sizes.append(os.fstat(descriptor).st_size))
        part = PartFile(Path(name), "x.nc")
        for step in steps:
            part.write(b"some bytes") if step == "write" else part.complete()
        part.finish()

    assert part.size in sizes


def test_an_interrupt_leaves_no_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An interruption in the middle of the commit removes the part too."""
    file = AtomicFile(tmp_path / "x.nc")
    file.begin()

    def interrupt(_descriptor: int) -> Never:
        raise KeyboardInterrupt

    monkeypatch.setattr(files.os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        file.commit()

    assert tree(tmp_path) == {}


def test_writing_needs_a_beginning(tmp_path: Path) -> None:
    """Write and commit before begin, and after the end, are errors that say what to call."""
    file = AtomicFile(tmp_path / "x.nc")
    for call in (lambda: file.write(b""), file.commit):
        with pytest.raises(LocalFileError, match=r"call begin\(\)"):
            call()


@pytest.mark.parametrize("links", [True, False])
def test_no_replacing_means_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, links: bool) -> None:
    """With replace=False an existing file is refused at the begin, and one that appears later at the commit."""
    if not links:
        monkeypatch.setattr(Path, "hardlink_to", lambda *_: (_ for _ in ()).throw(NO_LINKS))
    target = tmp_path / "x.nc"
    file = AtomicFile(target, replace=False)
    file.begin()
    file.write(b"mine")
    target.write_bytes(b"theirs")
    with pytest.raises(TargetExists, match="exists already"):
        file.commit()
    with pytest.raises(TargetExists):
        file.begin()

    assert tree(tmp_path) == {"x.nc": b"theirs"}
    target.unlink()
    file.begin()
    file.write(b"mine")
    file.commit()
    assert tree(tmp_path) == {"x.nc": b"mine"}


def test_a_claimed_name_is_given_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there are no hard links and the rename fails, the claim on the name does not stay behind."""
    monkeypatch.setattr(Path, "hardlink_to", lambda *_: (_ for _ in ()).throw(NO_LINKS))
    monkeypatch.setattr(Path, "replace", lambda *_: (_ for _ in ()).throw(OSError(errno.EIO, "Input/output error")))
    file = AtomicFile(tmp_path / "x.nc", replace=False)
    file.begin()
    with pytest.raises(LocalFileError, match="Input/output error"):
        file.commit()

    assert tree(tmp_path) == {}


def test_other_trouble_with_links_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An error that does not mean "no hard links here" is not taken for one."""
    failure = OSError(errno.EIO, "Input/output error")
    monkeypatch.setattr(Path, "hardlink_to", lambda *_: (_ for _ in ()).throw(failure))
    file = AtomicFile(tmp_path / "x.nc", replace=False)
    file.begin()
    with pytest.raises(LocalFileError, match="Input/output error"):
        file.commit()


@pytest.mark.parametrize("links", [True, False])
def test_of_many_writers_one_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, links: bool) -> None:
    """With replace=False exactly one of several threads puts its file there, and it is whole."""
    if not links:
        monkeypatch.setattr(Path, "hardlink_to", lambda *_: (_ for _ in ()).throw(NO_LINKS))
    sinks = [AtomicFile(tmp_path / "x.nc", replace=False) for _ in range(8)]
    for number, sink in enumerate(sinks):
        sink.begin()
        sink.write(b"%d" % number * 100)
    gate, won = threading.Barrier(len(sinks)), []

    def race(number: int) -> None:
        gate.wait()
        try:
            sinks[number].commit()
        except TargetExists:
            return
        won.append(number)

    threads = [threading.Thread(target=race, args=(number,)) for number in range(len(sinks))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(won) == 1
    assert {"x.nc": b"%d" % won[0] * 100} == tree(tmp_path)


def test_long_names_are_possible(tmp_path: Path) -> None:
    """A target with the longest allowed name gets a sibling whose name is not too long."""
    target = tmp_path / ("ø" * 120 + ".nc")
    file = AtomicFile(target)
    file.begin()

    assert target == file.commit()


def test_a_link_is_replaced_and_not_followed(tmp_path: Path) -> None:
    """A link at the target gives way to the file; what it pointed to is not touched."""
    (tmp_path / "other").write_bytes(b"other")
    (tmp_path / "x.nc").symlink_to(tmp_path / "other")
    file = AtomicFile(tmp_path / "x.nc")
    file.begin()
    file.write(b"new")
    file.commit()

    assert tree(tmp_path) == {"x.nc": b"new", "other": b"other"}
    assert not (tmp_path / "x.nc").is_symlink()


def test_repr_tells_the_state(tmp_path: Path) -> None:
    """The repr shows the target and whether writing has begun."""
    file = AtomicFile(tmp_path / "x.nc")

    assert "x.nc" in repr(file)
    assert "begun=False" in repr(file)
