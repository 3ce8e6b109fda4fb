"""Archives are hostile until proved: nothing of a bad one is kept, and a good one comes whole."""

from __future__ import annotations

import errno
import hashlib
import io
import itertools
import os
import pickle
import stat
import struct
import tracemalloc
import unicodedata
import zipfile
import zlib
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Never

import pytest
from attrs import frozen
from hypothesis import assume, example, given
from hypothesis import strategies as st

from scckit.archive import ArchiveSink, Limits, files, unpack
from scckit.archive.members import check_name
from scckit.errors import InvalidInput, InvalidMeasurementID, LocalFileError, TargetExists, UnsafeArchive
from scckit.models.products import ProductFile

Write = Callable[[bytes], Path]

ID = "20181017oh00"
PRODUCT = "hpb_000_0000324_201810172100_201810172300_20181017oh00_elpp_v5.3.0.nc"


@frozen
class Kind:
    """A product kind that owns names with some ending."""

    name: str
    ending: str

    def owns(self, member: str) -> bool:
        """Tell by the ending."""
        return member.endswith(self.ending)


NETCDF, PICTURE = Kind("elda", ".nc"), Kind("plots", ".png")


def made(*members: tuple[str | zipfile.ZipInfo, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Make an archive of (name or ZipInfo, content)."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name, content in members:
            archive.writestr(name, content, compression)
    return buffer.getvalue()


def info(name: str, *, mode: int | None = None, **fields: object) -> zipfile.ZipInfo:
    """Make the description of a member that ``writestr`` would not make by itself."""
    one = zipfile.ZipInfo("x")
    one.filename = name
    if mode is not None:
        one.external_attr = mode << 16
    for field, value in fields.items():
        setattr(one, field, value)
    return one


def tree(folder: Path) -> dict[str, bytes]:
    """Return all files below a folder with their content."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if not path.is_dir()}


@pytest.fixture
def archive(tmp_path: Path) -> Write:
    """Write bytes as an archive and return its path."""

    def write(content: bytes) -> Path:
        (tmp_path / "in").mkdir(exist_ok=True)
        path = tmp_path / "in" / "archive.zip"
        path.write_bytes(content)
        return path

    return write


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """Give a folder that holds two files from an earlier download."""
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / "a.nc").write_bytes(b"old a")
    (folder / "b.nc").write_bytes(b"old b")
    return folder


OLD = {"a.nc": b"old a", "b.nc": b"old b"}


def no_links(*_arguments: object, **_options: object) -> Never:
    """Be a file system that knows no hard links."""
    raise OSError(errno.EPERM, "Operation not permitted")


def everything(_name: str) -> bool:
    """Accept any member."""
    return True


def test_all_members_come_out_flat(archive: Write, out: Path) -> None:
    """The folder of the measurement in the archive is left out; the files come in the archive's order."""
    path = archive(made((f"{ID}/", b""), (f"{ID}/b.nc", b"new b"), (f"{ID}/c.nc", b"c"), ("d.nc", b"")))
    result = unpack(path, out, accept=everything)

    assert tuple(out / name for name in ("b.nc", "c.nc", "d.nc")) == result
    assert tree(out) == OLD | {"b.nc": b"new b", "c.nc": b"c", "d.nc": b""}


safe_names = (
    st.text("abcXYZ019_-. øé", min_size=1, max_size=20)
    .map(lambda text: unicodedata.normalize("NFC", text))
    .filter(lambda name: check_name(name) is None)
)


@given(
    st.dictionaries(safe_names, st.binary(max_size=200), max_size=6),
    st.sampled_from([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED]),
)
def test_any_honest_archive_comes_out_as_it_went_in(
    tmp_path_factory: pytest.TempPathFactory, contents: dict[str, bytes], compression: int
) -> None:
    """Whatever the names and the content, what was packed is unpacked."""
    assume(len({name.casefold() for name in contents}) == len(contents))
    folder = tmp_path_factory.mktemp("honest")
    path = folder / "a.zip"
    path.write_bytes(made(*contents.items(), compression=compression))

    unpack(path, folder / "out", accept=everything)
    assert contents == tree(folder / "out")


def test_members_that_are_not_accepted_are_skipped_but_checked(archive: Write, out: Path) -> None:
    """Only accepted members are written; a damaged one spoils the archive even if it is not wanted."""
    content = made(("a.nc", b"new"), ("x.txt", b"text of some length"), compression=zipfile.ZIP_STORED)
    assert (out / "a.nc",) == unpack(archive(content), out, accept=NETCDF.owns)
    assert tree(out) == OLD | {"a.nc": b"new"}

    spoiled = content.replace(b"text of", b"TEXT of")
    with pytest.raises(UnsafeArchive, match=r"x\.txt.*damaged.*CRC"):
        unpack(archive(spoiled), out, accept=NETCDF.owns)


BAD_NAMES = {
    "/etc/passwd": "absolute",
    "../a.nc": r"\.\.",
    "x/../../a.nc": r"\.\.",
    "..": r"\.\.",
    "x\\a.nc": "backslash",
    "\\\\server\\share\\a.nc": "backslash",
    "C:a.nc": "drive letter",
    "C:/a.nc": "drive letter",
    "a.nc:stream": "colon",
    "x//a.nc": "empty part",
    "./a.nc": "empty part",
    "a\x00.nc": "control",
    "a\n.nc": "control",
    "a\x7f.nc": "control",
    "a\u202ecn.exe": "control or invisible",
    "CON": "reserved",
    "con.nc": "reserved",
    "lpt1.tar.nc": "reserved",
    "COM\u00b9.nc": "reserved",
    "aux /a.nc": "ends with a dot or a space",
    "nul .nc": "reserved",
    "a.nc.": "ends with a dot",
    "a.nc ": "ends with a dot",
    "a?.nc": "not every system",
    "a" * 256: "longer than",
    "": "empty part",
}


@pytest.mark.parametrize("name", BAD_NAMES)
@pytest.mark.parametrize("accepted", [True, False])
def test_names_that_could_do_harm_are_refused(archive: Write, out: Path, name: str, *, accepted: bool) -> None:
    """A bad name anywhere refuses the whole archive, says why, and changes nothing."""
    path = archive(made(("a.nc", b"new"), (info(name), b"evil")))
    with pytest.raises(UnsafeArchive, match=BAD_NAMES[name]) as caught:
        unpack(path, out, accept=lambda one: accepted or one == "a.nc")

    assert repr(name) in str(caught.value)
    assert tree(out) == OLD


def test_a_second_name_in_unicode_is_checked_too(archive: Write, tmp_path: Path) -> None:
    """The extra field that gives a member another name leads nowhere, whether or not this Python heeds it."""
    second = b"../evil.nc"
    field = struct.pack("<BL", 1, zlib.crc32(b"a.nc")) + second
    member = info("a.nc", extra=struct.pack("<HH", 0x7075, len(field)) + field)
    try:
        unpack(archive(made((member, b"x"))), tmp_path / "out" / "deep", accept=everything)
    except UnsafeArchive as error:
        assert "'..'" in str(error)
    assert tree(tmp_path / "out") in ({}, {"deep/a.nc": b"x"})


@pytest.mark.parametrize(
    ("mode", "reason"),
    [
        (stat.S_IFLNK | 0o777, "link"),
        (stat.S_IFCHR | 0o666, "device"),
        (stat.S_IFBLK | 0o666, "device"),
        (stat.S_IFIFO | 0o666, "device, a pipe"),
        (stat.S_IFSOCK | 0o666, "device"),
        (stat.S_IFDIR | 0o777, "says file and its attributes say folder"),
    ],
)
def test_only_files_and_folders_are_taken(archive: Write, out: Path, mode: int | None, reason: str) -> None:
    """Links, devices, pipes and files that are said to be folders are refused."""
    path = archive(made(("a.nc", b"new"), (info("b.nc", mode=mode), b"/etc/passwd")))
    with pytest.raises(UnsafeArchive, match=reason):
        unpack(path, out, accept=everything)

    assert tree(out) == OLD


def test_plain_modes_are_fine(archive: Write, out: Path) -> None:
    """Members with the attributes that archivers on Unix write are taken."""
    path = archive(
        made((info(f"{ID}/", mode=stat.S_IFDIR | 0o755), b""), (info(f"{ID}/a.nc", mode=stat.S_IFREG | 0o644), b"new"))
    )
    unpack(path, out, accept=everything)

    assert (out / "a.nc").read_bytes() == b"new"


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize(
    ("one", "other"),
    [("a.nc", "a.nc"), ("a.nc", "A.NC"), ("x/a.nc", "y/a.nc"), ("\u00e9.nc", "e\u0301.nc"), ("stra\u00dfe", "STRASSE")],
)
def test_two_members_of_one_name_are_refused(archive: Write, out: Path, one: str, other: str) -> None:
    """Members that would be one file here or on another system are refused."""
    with pytest.raises(UnsafeArchive, match="same base name"):
        unpack(archive(made((one, b"1"), (other, b"2"))), out, accept=everything)

    assert tree(out) == OLD


def test_encrypted_members_are_refused(archive: Write, out: Path) -> None:
    """A member that is marked as encrypted is refused without asking for a password."""
    content = bytearray(made(("a.nc", b"new")))
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(signature) + offset] |= 1
    with pytest.raises(UnsafeArchive, match="encrypted"):
        unpack(archive(bytes(content)), out, accept=everything)


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA, 97])
def test_other_compressions_are_refused(archive: Write, out: Path, method: int) -> None:
    """Only stored and deflated members are read."""
    content = bytearray(made(("a.nc", b"new")))
    struct.pack_into("<H", content, content.index(b"PK\x01\x02") + 10, method)
    with pytest.raises(UnsafeArchive, match=f"method {method}"):
        unpack(archive(bytes(content)), out, accept=everything)


def test_a_bomb_is_stopped_by_what_it_really_is(archive: Write, out: Path) -> None:
    """The ratio is counted on real bytes and the total too, for members that are not wanted as well."""
    zeros = made(("a.nc", bytes(20 * 1024 * 1024)))
    for accept in (everything, PICTURE.owns):
        with pytest.raises(UnsafeArchive, match="more than 250 times its size"):
            unpack(archive(zeros), out, accept=accept)
    with pytest.raises(UnsafeArchive, match="more than 1000000 bytes"):
        unpack(archive(zeros), out, accept=everything, limits=Limits(max_total_bytes=1_000_000))

    assert tree(out) == OLD


def test_a_lie_about_the_size_does_not_help(archive: Write, out: Path) -> None:
    """A member that is said to be small, and is not, is damaged; so is one that is said to be larger."""
    for told in (10, 3000):
        content = bytearray(made(("a.nc", bytes(2000))))
        struct.pack_into("<I", content, content.index(b"PK\x01\x02") + 24, told)
        with pytest.raises(UnsafeArchive, match="damaged"):
            unpack(archive(bytes(content)), out, accept=everything)

    assert tree(out) == OLD


def test_too_many_members_are_refused(archive: Write, out: Path) -> None:
    """The number of members has a limit, and so has the length of the table of contents."""
    path = archive(made(*((f"{number}.nc", b"") for number in range(11))))
    with pytest.raises(UnsafeArchive, match="11 members, more than 10"):
        unpack(path, out, accept=everything, limits=Limits(max_members=10))

    long_table = archive(made(*((f"{number:0200}.nc", b"") for number in range(2000))))
    with pytest.raises(UnsafeArchive, match="table of contents"):
        unpack(long_table, out, accept=everything, limits=Limits(max_members=10))


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"", "empty"),
        (b"\xef\xbb\xbf \n<!DOCTYPE html><html>", r"web page \(HTML\)"),
        (b'<?xml version="1.0"?><html xmlns="x">', r"web page \(HTML\)"),
        (b'{"error": 1}', "JSON"),
        (b"\x89HDF\r\n\x1a\nxxx", "netCDF-4"),
        (b"CDF\x01xxx", "netCDF-3"),
        (b"Not found", "text"),
        (b"\x1f\x8b\x00", "binary"),
        (b"<html>" + made(("a.nc", b"x")), "web page"),
        (b"MZ\x00" + made(("a.nc", b"x")), "binary"),
    ],
)
def test_what_is_no_archive_is_called_by_its_name(archive: Write, out: Path, content: bytes, found: str) -> None:
    """A file that is no zip archive is refused with what it is, also when an archive hangs behind it."""
    with pytest.raises(UnsafeArchive, match=f"is not a zip archive: it is .*{found}"):
        unpack(archive(content), out, accept=everything)


def test_an_empty_archive_gives_nothing(archive: Write, out: Path) -> None:
    """An archive without members is valid."""
    assert unpack(archive(made()), out, accept=everything) == ()
    assert tree(out) == OLD


def test_a_missing_archive_is_a_local_error(tmp_path: Path, out: Path) -> None:
    """An archive that is not there, or is a folder, gives the path and the reason."""
    with pytest.raises(LocalFileError, match=r"cannot read .*nothing\.zip: No such file"):
        unpack(tmp_path / "nothing.zip", out, accept=everything)
    with pytest.raises(LocalFileError, match="cannot read"):
        unpack(tmp_path, out, accept=everything)


GOOD = made((f"{ID}/a.nc", b"new a" * 50), (f"{ID}/c.nc", os.urandom(300)), (f"{ID}/note.txt", b"note"))


@pytest.mark.parametrize("length", range(0, len(GOOD), 7))
def test_a_truncated_archive_changes_nothing(archive: Write, out: Path, length: int) -> None:
    """Wherever an archive is cut, it is refused and the old files stand."""
    with pytest.raises(UnsafeArchive):
        unpack(archive(GOOD[:length]), out, accept=everything)

    assert tree(out) == OLD


@given(st.lists(st.tuples(st.integers(0, len(GOOD) - 1), st.integers(0, 255)), min_size=1, max_size=4))
@example([(GOOD.rindex(b"PK\x05\x06") + 16, 255)])
def test_any_change_gives_the_same_content_or_our_error(
    tmp_path_factory: pytest.TempPathFactory, changes: list[tuple[int, int]]
) -> None:
    """Whatever bytes of an archive are changed, the content that comes out is right or nothing comes out."""
    folder = tmp_path_factory.mktemp("changed")
    content = bytearray(GOOD)
    for place, value in changes:
        content[place] = value
    (folder / "a.zip").write_bytes(content)
    try:
        paths = unpack(folder / "a.zip", folder / "out", accept=everything)
    except UnsafeArchive:
        assert tree(folder / "out") == {}
    else:
        honest = {b"new a" * 50, b"note", zipfile.ZipFile(io.BytesIO(GOOD)).read(f"{ID}/c.nc")}
        assert {path.read_bytes() for path in paths} <= honest
        assert {path.parent for path in paths} <= {folder / "out"}


@given(st.binary(max_size=300), st.binary(max_size=100))
def test_any_bytes_give_our_error(tmp_path_factory: pytest.TempPathFactory, head: bytes, tail: bytes) -> None:
    """Bytes that only begin and end like an archive are refused with our error and no other."""
    folder = tmp_path_factory.mktemp("bytes")
    (folder / "a.zip").write_bytes(b"PK\x03\x04" + head + b"PK\x01\x02" + tail + GOOD[GOOD.rindex(b"PK\x05\x06") :])
    with pytest.raises(UnsafeArchive):
        unpack(folder / "a.zip", folder / "out", accept=everything)


def test_existing_files_are_refused_before_anything_changes(archive: Write, out: Path) -> None:
    """With replace=False one existing file leaves all as they were."""
    with pytest.raises(TargetExists, match=r"b\.nc exists already"):
        unpack(archive(made(("new.nc", b"1"), ("b.nc", b"2"))), out, accept=everything, replace=False)
    assert tree(out) == OLD

    unpack(archive(made(("new.nc", b"1"))), out, accept=everything, replace=False)
    assert tree(out) == OLD | {"new.nc": b"1"}


def test_a_folder_in_the_way_changes_nothing(archive: Write, out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder under the name of a file is found before the first file is moved, which could not be taken back here."""
    monkeypatch.setattr(os, "link", no_links)
    (out / "c.nc").mkdir()
    with pytest.raises(LocalFileError, match=r"c\.nc is a folder"):
        unpack(archive(made(("a.nc", b"1"), ("c.nc", b"2"))), out, accept=everything)

    assert tree(out) == OLD


@pytest.mark.parametrize("failure", [OSError(errno.EIO, "Input/output error"), KeyboardInterrupt()])
@pytest.mark.parametrize("after", [0, 1, 2])
def test_a_failure_between_two_files_is_taken_back(
    archive: Write, out: Path, monkeypatch: pytest.MonkeyPatch, failure: BaseException, after: int
) -> None:
    """If a rename fails or is interrupted, the files moved before it go back to what they were."""
    counter, real = itertools.count(), Path.replace

    def failing(self: Path, target: Path) -> Path:
        if next(counter) == after:
            raise failure
        return real(self, target)

    monkeypatch.setattr(Path, "replace", failing)
    expected = LocalFileError if isinstance(failure, OSError) else KeyboardInterrupt
    with pytest.raises(expected):
        unpack(archive(made(("a.nc", b"1"), ("new.nc", b"2"), ("b.nc", b"3"))), out, accept=everything)

    assert tree(out) == OLD


def test_without_hard_links_each_file_is_still_whole(
    archive: Write, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where old files cannot be kept, the documented rest holds: every file is whole, old or new."""
    counter, real = itertools.count(), Path.replace

    def failing(self: Path, target: Path) -> Path:
        if next(counter) == 1:
            raise OSError(errno.EIO, "Input/output error")
        return real(self, target)

    monkeypatch.setattr(os, "link", no_links)
    monkeypatch.setattr(Path, "replace", failing)
    with pytest.raises(LocalFileError):
        unpack(archive(made(("a.nc", b"new a"), ("b.nc", b"new b"))), out, accept=everything)

    assert tree(out) == {"a.nc": b"new a", "b.nc": b"old b"}


def test_a_full_disk_leaves_nothing(archive: Write, out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If the disk is full while unpacking, the temporary folder vanishes and the old files stand."""

    def full(_descriptor: int) -> Never:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(files.os, "fsync", full)
    with pytest.raises(LocalFileError, match="No space left on device; make room"):
        unpack(archive(made(("a.nc", b"1"))), out, accept=everything)

    assert tree(out) == OLD


def test_memory_stays_flat(archive: Write, out: Path) -> None:
    """A member is never in memory as a whole, whatever its size."""
    block = os.urandom(1024 * 1024)
    path = archive(made(("big.nc", block * 24), compression=zipfile.ZIP_STORED))
    tracemalloc.start()
    unpack(path, out, accept=everything)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert peak < 4 * 1024 * 1024
    assert 24 * len(block) == (out / "big.nc").stat().st_size


# -- the sink -----------------------------------------------------------------------------------------------------------


def poured(sink: ArchiveSink, content: bytes, size: int = 100) -> tuple[ProductFile, ...]:
    """Pour an archive into a sink as a driver does."""
    sink.begin()
    for start in range(0, len(content), size):
        sink.write(content[start : start + size])
    return sink.commit()


BOTH = made((f"{ID}/x.png", b"picture"), (f"{ID}/{PRODUCT}", b"data"), (f"{ID}/readme", b"?"))
STORED = made((f"{ID}/{PRODUCT}", b"data"), compression=zipfile.ZIP_STORED)


def test_files_come_below_measurement_and_kind(tmp_path: Path) -> None:
    """The layout is into/<measurement ID>/<kind>/<file>; the result is in the order of the kinds and knows all."""
    result = poured(ArchiveSink(tmp_path, ID, [NETCDF, PICTURE]), BOTH)

    assert {f"{ID}/plots/x.png": b"picture", f"{ID}/elda/{PRODUCT}": b"data"} == tree(tmp_path)
    assert [file.kind for file in result] == ["elda", "plots"]
    first = result[0]
    assert (tmp_path / ID / "elda" / PRODUCT, 4, hashlib.sha256(b"data").hexdigest()) == (
        first.path,
        first.size,
        first.sha256,
    )
    assert (first.name.text, first.name.product_id) == (PRODUCT, 324)


def test_the_archive_itself_can_be_kept(tmp_path: Path) -> None:
    """With unpack=False the archive comes whole under the name of the first kind, once it was checked."""
    result = poured(ArchiveSink(tmp_path, ID, [PICTURE, NETCDF], unpack=False), BOTH)

    assert {f"{ID}/plots.zip": BOTH} == tree(tmp_path)
    assert (tmp_path / ID / "plots.zip", "plots", len(BOTH), hashlib.sha256(BOTH).hexdigest()) == (
        result[0].path,
        result[0].kind,
        result[0].size,
        result[0].sha256,
    )


@pytest.mark.parametrize("unpacks", [True, False])
def test_an_archive_without_the_kinds_gives_nothing(tmp_path: Path, *, unpacks: bool) -> None:
    """An empty archive, and one with other files only, gives () and leaves no file."""
    for content in (made(), made((f"{ID}/", b"")), made((f"{ID}/readme", b"?"))):
        assert poured(ArchiveSink(tmp_path, ID, [NETCDF], unpack=unpacks), content) == ()

    assert tree(tmp_path) == {}
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("unpacks", [True, False])
@pytest.mark.parametrize("content", [BOTH[:-30], STORED.replace(b"data", b"dada"), b"<html>sign in</html>"])
def test_a_bad_archive_leaves_what_was_there(tmp_path: Path, *, unpacks: bool, content: bytes) -> None:
    """Whatever is wrong, the files of an earlier download stand and nothing else is left."""
    sink = ArchiveSink(tmp_path, ID, [NETCDF], unpack=unpacks)
    poured(sink, STORED)
    before = tree(tmp_path)
    with pytest.raises(UnsafeArchive):
        poured(sink, content)

    assert before == tree(tmp_path)


def test_an_aborted_download_leaves_nothing(tmp_path: Path) -> None:
    """Abort removes the temporary file; the sink may be begun again, also without an abort."""
    sink = ArchiveSink(tmp_path, ID, [NETCDF])
    sink.begin()
    sink.write(BOTH[:50])
    sink.abort()
    sink.abort()
    assert list(tmp_path.iterdir()) == []

    sink.begin()
    sink.write(b"half")
    assert len(poured(sink, BOTH)) == 1
    assert [path.name for path in tmp_path.iterdir()] == [ID]


@pytest.mark.parametrize("unpacks", [True, False])
def test_an_interrupt_in_the_commit_leaves_nothing(tmp_path: Path, *, unpacks: bool) -> None:
    """Also an exception that is no Exception takes the temporary files with it."""

    class Interrupting(Kind):
        def owns(self, _member: str) -> Never:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        poured(ArchiveSink(tmp_path, ID, [Interrupting("elda", "")], unpack=unpacks), BOTH)

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("unpacks", [True, False])
def test_an_existing_file_is_refused_on_request(tmp_path: Path, *, unpacks: bool) -> None:
    """With replace=False the second download is refused and the first stays."""
    sink = ArchiveSink(tmp_path, ID, [NETCDF], unpack=unpacks, replace=False)
    poured(sink, BOTH)
    before = tree(tmp_path)
    with pytest.raises(TargetExists):
        poured(sink, made((PRODUCT, b"newer")))

    assert before == tree(tmp_path)


def test_an_endless_archive_is_stopped(tmp_path: Path) -> None:
    """The archive itself may not be larger than what may be unpacked."""
    sink = ArchiveSink(tmp_path, ID, [NETCDF], limits=Limits(max_total_bytes=100))
    sink.begin()
    sink.write(bytes(100))
    with pytest.raises(UnsafeArchive, match="more than 100 bytes"):
        sink.write(b"x")
    sink.abort()

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("route", [None, "download-optical/"])
@pytest.mark.parametrize("unpacks", [True, False])
@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"<html>", "is not a zip archive"),
        (BOTH[:-9], "is damaged"),
        (STORED.replace(b"data", b"dat4"), "it is damaged"),
        (made(("../x.nc", b"x")), "leads out"),
        (made(("a.nc", b"x"), ("b/A.nc", b"x")), "same base name"),
        (made((PRODUCT, bytes(17 * 1024 * 1024))), "as bombs do"),
    ],
)
def test_an_archive_is_called_by_what_it_is_for(
    tmp_path: Path, content: bytes, said: str, unpacks: bool, route: str | None
) -> None:
    """Its temporary file is gone when the message is read; the measurement and the address say what to ask for again."""
    sink = ArchiveSink(tmp_path, ID, [NETCDF], unpack=unpacks)
    called = f"the archive for {ID}"
    if route is not None:
        sink = sink.noting(
            server="https://scc.example/", route=route, when=datetime(2026, 3, 21, tzinfo=UTC), measurement=None
        )
        called += " (download-optical)"
    with pytest.raises(UnsafeArchive, match=said) as error:
        poured(sink, content, len(content))

    assert str(error.value).startswith(f"{called} is ")
    assert str(tmp_path) not in str(error.value)


def test_arguments_are_checked_at_once(tmp_path: Path) -> None:
    """No kind, a kind whose name is no folder's, and an ID that is none are refused before anything is sent."""
    with pytest.raises(InvalidInput, match="no product kind"):
        ArchiveSink(tmp_path, ID, [])
    for name in ("../x", "a/b", "", "con", "/x"):
        with pytest.raises(InvalidInput, match="cannot have a folder"):
            ArchiveSink(tmp_path, ID, [Kind(name, "")])
    with pytest.raises(InvalidMeasurementID):
        ArchiveSink(tmp_path, "../../x", [NETCDF])


def test_a_sink_is_a_value_until_it_begins(tmp_path: Path) -> None:
    """A sink can be pickled to where it is used, says where files go, and wants its begin."""
    sink = pickle.loads(pickle.dumps(ArchiveSink(tmp_path, ID, [NETCDF])))

    assert "kinds=[elda]" in repr(sink)
    with pytest.raises(LocalFileError, match=r"call begin\(\)"):
        sink.write(b"")
    assert len(poured(sink, BOTH)) == 1
