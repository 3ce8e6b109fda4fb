"""The contract of product kinds has teeth: a correct kind keeps all of it, and each broken one fails where it is broken."""

from __future__ import annotations

import gc
import inspect
import itertools
import json
import re
import threading
import warnings
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, BinaryIO, ClassVar

import pytest

from scckit.errors import InvalidInput, UnreadableProduct
from scckit.plugins import Problem
from scckit.testing.contracts import ProductKindContract
from scckit.testing.contracts._garbage import new_garbage_collected

NAME = "aky_202103070930_202103071030_20210307aky0930_tiny_v5.3.0.tiny"
SMALL, LARGE = 4000, 5_000_000
MARK = b"TINY 1\n"

#: Files that broken kinds leave open; the test closes them.
KEPT: list[BinaryIO] = []


def write_tiny(path: Path, size: int, **changes: object) -> Path:
    """Write a file of the tiny format: a mark, a line of JSON with the length of the data and their checksum, the data."""
    data = (bytes(range(250)) * (size // 250 + 1))[:size]
    header = {"start": 9, "stop": 10, "PI": "Ada Seeded", "length": size, "crc": zlib.crc32(data), **changes}
    path.write_bytes(MARK + json.dumps(header).encode() + b"\n" + data)
    return path


class TinyProduct:
    """An open file, whose data are read when they are asked for."""

    def __init__(self, file: BinaryIO, header: Mapping[str, Any]) -> None:
        """Keep the file."""
        self.file = file
        self.header = header

    def data(self) -> bytes:
        """Read the data."""
        self.file.seek(-self.header["length"], 2)
        return self.file.read()

    def close(self) -> None:
        """Close the file."""
        self.file.close()


class Picture:
    """Can be saved as a figure of matplotlib can."""

    def __init__(self, draw: Callable[[], bytes]) -> None:
        """Keep how the picture is made."""
        self._draw = draw

    def savefig(self, target: BinaryIO) -> None:
        """Save it."""
        target.write(self._draw())


class TinyKind:
    """A correct kind of the tiny format, with nothing but the standard library."""

    name = "tiny"
    aliases: tuple[str, ...] = ("tiniest",)
    module: str | None = "tiny"
    route = "download-tiny/"

    def owns(self, member: str, /) -> bool:
        """Tell by the form of the name."""
        return re.fullmatch(r"[a-z]{3}_[0-9]{12}_[0-9]{12}_[0-9A-Za-z]{12,15}_tiny_v[0-9.]+\.tiny", member) is not None

    def header(self, path: Path, /) -> Mapping[str, Any]:
        """Read the second line."""
        with closing(self.opened(path)) as product:
            return product.header

    def verify(self, path: Path, /) -> Sequence[Problem]:
        """Compare the checksum and the times."""
        try:
            product = self.opened(path)
        except UnreadableProduct as error:
            return [Problem("unreadable", path.name, str(error))]
        with closing(product):
            return list(self.findings(product))

    def open(self, path: Path, /) -> TinyProduct:
        """Open a file, and refuse it if its length is wrong."""
        return self.opened(path)

    def summary(self, path: Path, /) -> str:
        """Tell the times."""
        with closing(self.opened(path)) as product:
            return f"tiny, {product.header['start']} to {product.header['stop']} h"

    def open_many(self, paths: Sequence[Path], /) -> TinyProduct:
        """Open the first file, and look at the others."""
        if not paths:
            raise InvalidInput("no file was given; give at least one")
        for path in paths[1:]:
            self.opened(path).close()
        return self.opened(paths[0])

    def plot(self, product: Path | TinyProduct, /) -> Picture:
        """Draw the data."""
        if isinstance(product, Path):
            with closing(self.opened(product)) as opened:
                data = opened.data()
        else:
            data = product.data()
        return Picture(lambda: data)

    # What follows is for this kind alone.

    def opened(self, path: Path) -> TinyProduct:
        """Do what ``open`` does."""
        try:
            file = path.open("rb")
        except OSError as error:
            raise UnreadableProduct(f"{path} cannot be read: {error}") from error
        try:
            return TinyProduct(file, self.read(file, path))
        except BaseException:
            file.close()
            raise

    def read(self, file: BinaryIO, path: Path) -> Mapping[str, Any]:
        """Read what is before the data."""
        mark, line = file.readline(10), file.readline(1000)
        if mark != MARK:
            raise UnreadableProduct(f"{path} is no tiny file")
        header = self.parse(line, path)
        self.check_length(file, path, len(mark) + len(line) + header["length"])
        return header

    def parse(self, line: bytes, path: Path) -> Mapping[str, Any]:
        """Read the second line."""
        if not line.endswith(b"\n"):
            raise UnreadableProduct(f"{path} is truncated in its header")
        header: dict[str, Any] = json.loads(line)
        return header

    def check_length(self, file: BinaryIO, path: Path, due: int) -> None:
        """Compare the length."""
        if file.seek(0, 2) != due:
            raise UnreadableProduct(f"{path} is truncated")

    def findings(self, product: TinyProduct) -> Iterator[Problem]:
        """Say what is wrong with a file that opens."""
        if product.header["crc"] != zlib.crc32(product.data()):
            yield Problem("checksum", "data", "the data are not those that were written")
        if product.header["start"] > product.header["stop"]:
            yield Problem("times", "stop", "it stops before it starts")


def spoil_data(path: Path) -> None:
    """Change the last byte."""
    path.write_bytes(path.read_bytes()[:-1] + b"!")


def swap_times(path: Path) -> None:
    """Let the file stop before it starts."""
    write_tiny(path, SMALL, stop=8)


class TinySuite(ProductKindContract):
    """The contract for kinds of the tiny format."""

    kind: ClassVar[type[TinyKind]] = TinyKind

    def make_kind(self) -> TinyKind:
        """Make the kind under test."""
        return self.kind()

    def write_product(self, folder: Path) -> Path:
        """Write a small file."""
        return write_tiny(folder / NAME, SMALL)

    def write_large(self, folder: Path) -> Path | None:
        """Write a large file."""
        return write_tiny(folder / NAME, LARGE)

    def faults(self) -> Mapping[str, Callable[[Path], None]]:
        """Spoil the data, or the times."""
        return {"spoilt data": spoil_data, "swapped times": swap_times}


class TestTinyKind(TinySuite):
    """A correct kind that needs nothing but the standard library keeps the whole contract."""


# -- broken kinds ----------------------------------------------------------------------------------------------------------


class LeaksWhatItOpens(TinyKind):
    """Has a second descriptor of every product, which nobody closes."""

    def open(self, path: Path, /) -> TinyProduct:
        product = super().open(path)
        KEPT.append(path.open("rb"))
        return product


class LeaksInSummary(TinyKind):
    """Keeps the file open that it has summed up."""

    def summary(self, path: Path, /) -> str:
        text = super().summary(path)
        KEPT.append(path.open("rb"))
        return text


class LeaksWhenItFails(TinyKind):
    """Leaves a file open that it cannot read."""

    def opened(self, path: Path) -> TinyProduct:
        if not path.is_file():
            raise UnreadableProduct(f"{path} is no file")
        file = path.open("rb")
        return TinyProduct(file, self.read(file, path))


class ForgetsItsFile(TinyKind):
    """Lets the garbage collector close what it reads the header from."""

    def header(self, path: Path, /) -> Mapping[str, Any]:
        return self.opened(path).header


class RaisesOnPages(TinyKind):
    """Lets out what its parser raises on a page."""

    def header(self, path: Path, /) -> Mapping[str, Any]:
        try:
            return super().header(path)
        except UnreadableProduct:
            if path.is_file() and b"<html" in path.read_bytes():
                raise ValueError("Expecting value: line 1 column 1 (char 0)") from None
            raise


class RaisesOnMissingFiles(TinyKind):
    """Checks only files that are there."""

    def verify(self, path: Path, /) -> Sequence[Problem]:
        path.stat()
        return super().verify(path)


class RaisesOnShortFiles(TinyKind):
    """Does not expect a file to end in its header."""

    def parse(self, line: bytes, path: Path) -> Mapping[str, Any]:
        header: dict[str, Any] = json.loads(line)
        return header


class TakesShortFiles(TinyKind):
    """Neither compares lengths nor, then, looks at the data that it has."""

    def check_length(self, file: BinaryIO, path: Path, due: int) -> None:
        pass

    def findings(self, product: TinyProduct) -> Iterator[Problem]:
        if product.file.seek(0, 2) > SMALL:
            yield from super().findings(product)

    def plot(self, product: Path | TinyProduct, /) -> Picture:
        if isinstance(product, Path):
            self.opened(product).close()
        return Picture(lambda: b"drawn")


class ReadsAll(TinyKind):
    """Reads the whole file to open it."""

    def open(self, path: Path, /) -> TinyProduct:
        product = super().open(path)
        product.data()
        return product


class ReadsAllForItsHeader(TinyKind):
    """Reads the whole file to tell its header."""

    def header(self, path: Path, /) -> Mapping[str, Any]:
        header = super().header(path)
        path.read_bytes()
        return header


class OwnsEverything(TinyKind):
    """Takes the files of all others."""

    def owns(self, member: str, /) -> bool:
        return bool(member)


class OwnsUnfinishedFiles(TinyKind):
    """Does not look at the end of a name."""

    def owns(self, member: str, /) -> bool:
        return "_tiny_v" in member


class OwnsNothing(TinyKind):
    """Knows its files by another name."""

    def owns(self, member: str, /) -> bool:
        return super().owns(member.upper())


class CannotReadOddNames(TinyKind):
    """Raises on names that are no Unicode."""

    def owns(self, member: str, /) -> bool:
        return super().owns(member.encode().decode())


class OwnsByWhim(TinyKind):
    """Owns every other nameless file."""

    whims = itertools.count()

    def owns(self, member: str, /) -> bool:
        return super().owns(member) or (not member and next(self.whims) % 2 == 0)


class SumsUpInTwoLines(TinyKind):
    """Says too much."""

    def summary(self, path: Path, /) -> str:
        return super().summary(path).replace(", ", "\n")


class SumsUpWithColours(TinyKind):
    """Tells a terminal what to do."""

    def summary(self, path: Path, /) -> str:
        return f"\x1b[31m{super().summary(path)}\x1b[0m"


class SumsUpAnew(TinyKind):
    """Tells when it was asked."""

    moments = itertools.count()

    def summary(self, path: Path, /) -> str:
        return f"{super().summary(path)}, looked at {next(self.moments)}"


class NamesPersons(TinyKind):
    """Tells who measured."""

    def summary(self, path: Path, /) -> str:
        return f"{super().summary(path)}, by {self.header(path)['PI']}"


class IsBlind(TinyKind):
    """Finds nothing wrong with a file that opens."""

    def findings(self, product: TinyProduct) -> Iterator[Problem]:
        return iter(())


class IsBlindToPages(TinyKind):
    """Finds nothing wrong with a file that does not open."""

    def verify(self, path: Path, /) -> Sequence[Problem]:
        return [problem for problem in super().verify(path) if problem.code != "unreadable"]


class FindsTooMuch(TinyKind):
    """Takes a good file for a bad one."""

    def findings(self, product: TinyProduct) -> Iterator[Problem]:
        yield from super().findings(product)
        yield Problem("person", "PI", "the person is not known here")


class FindsWithoutWords(TinyKind):
    """Tells its findings by a code alone."""

    def findings(self, product: TinyProduct) -> Iterator[Problem]:
        return (Problem(problem.code, problem.where, "") for problem in super().findings(product))


class ChangesTheFile(TinyKind):
    """Writes to the file while it reads."""

    def header(self, path: Path, /) -> Mapping[str, Any]:
        header = super().header(path)
        with path.open("r+b") as file:
            file.write(MARK)
        return header


class LeavesAnIndex(TinyKind):
    """Keeps what it knows beside the file."""

    def header(self, path: Path, /) -> Mapping[str, Any]:
        header = super().header(path)
        path.with_suffix(".index").touch()
        return header


class CannotBePickled(TinyKind):
    """Holds what cannot travel."""

    def __init__(self) -> None:
        self.key = lambda header: header


class IsOfOneThread(TinyKind):
    """Can only be used where it was made, as connections of SQLite."""

    def __init__(self) -> None:
        self.thread = threading.get_ident()

    def summary(self, path: Path, /) -> str:
        if threading.get_ident() != self.thread:
            raise UnreadableProduct("made in another thread")
        return super().summary(path)


class LeadsElsewhere(TinyKind):
    """Has a route that begins at the root of another server."""

    route = "//tiny.example/download-tiny/"


class LeadsOut(TinyKind):
    """Has a route to another measurement."""

    route = "../20210307aky1030/download-tiny/"


class HasALoudName(TinyKind):
    """Has a name that is no plain word."""

    name = "Tiny Product"


class IsItsOwnAlias(TinyKind):
    """Has its name for an alias."""

    aliases = ("tiny",)


class HasLettersForAliases(TinyKind):
    """Has a text where a tuple is due; each of its letters is an alias then."""

    aliases = "ab"  # type: ignore[assignment]


class CannotJoinNothing(TinyKind):
    """Takes the first file of none."""

    def open_many(self, paths: Sequence[Path], /) -> TinyProduct:
        return super().open_many([paths[0], *paths[1:]])


class JoinsToSomethingElse(TinyKind):
    """Gives a list where a product is due."""

    def open_many(self, paths: Sequence[Path], /) -> Any:
        super().open_many(paths).close()
        return []


class LeavesGoodFilesOpen(TinyKind):
    """Opens all files before it looks at them."""

    def open_many(self, paths: Sequence[Path], /) -> TinyProduct:
        KEPT.extend(self.opened(path).file for path in paths[1:2] and paths)
        return super().open_many(paths)


class DrawsLate(TinyKind):
    """Reads what it draws when the picture is saved, and the file may be gone."""

    def plot(self, product: Path | TinyProduct, /) -> Picture:
        super().plot(product)
        return Picture(product.read_bytes if isinstance(product, Path) else product.data)


class DrawsOnOneFigure(TinyKind):
    """Draws one picture over the other."""

    figure = Picture(lambda: b"drawn")

    def plot(self, product: Path | TinyProduct, /) -> Picture:
        super().plot(product)
        return self.figure


class ClosesWhatItDraws(TinyKind):
    """Closes the product of its caller."""

    def plot(self, product: Path | TinyProduct, /) -> Picture:
        picture = super().plot(product)
        if isinstance(product, TinyProduct):
            product.close()
        return picture


#: Each broken kind, and the promises that it breaks: the one that it is about, and those that cannot hold without it.
BROKEN: dict[type[TinyKind], set[str]] = {
    LeaksWhatItOpens: {
        "closing_a_product_closes_its_file",
        "threads_do_not_disturb_each_other",
        "joining_one_file_is_opening_it",
        "drawing_leaves_a_product_open",
    },
    LeaksInSummary: {"other_methods_close_the_file", "threads_do_not_disturb_each_other"},
    LeaksWhenItFails: {
        "failures_close_the_file",
        "nothing_is_left_to_the_garbage_collector",
        "joining_closes_all_if_one_is_bad",
    },
    ForgetsItsFile: {"nothing_is_left_to_the_garbage_collector"},
    RaisesOnPages: {"what_is_no_product_is_refused"},
    RaisesOnMissingFiles: {"verify_tells_what_is_no_product"},
    RaisesOnShortFiles: {"a_truncated_file_is_read_or_refused"},
    TakesShortFiles: {"truncation_is_found"},
    ReadsAll: {"opening_is_lazy"},
    ReadsAllForItsHeader: {"opening_is_lazy"},
    OwnsEverything: {"it_owns_no_foreign_files"},
    OwnsUnfinishedFiles: {"it_owns_no_foreign_files"},
    OwnsNothing: {"it_owns_its_files", "a_good_archive_is_unpacked"},
    CannotReadOddNames: {"any_name_is_answered"},
    OwnsByWhim: {"any_name_is_answered"},
    SumsUpInTwoLines: {"a_summary_is_one_line"},
    SumsUpWithColours: {"a_summary_is_one_line"},
    SumsUpAnew: {"a_summary_is_one_line", "threads_do_not_disturb_each_other", "it_travels_to_other_processes"},
    NamesPersons: {"no_person_is_named"},
    IsBlind: {"each_fault_is_found"},
    IsBlindToPages: {"verify_tells_what_is_no_product"},
    FindsTooMuch: {"a_good_file_has_no_error", "a_good_archive_is_unpacked"},
    FindsWithoutWords: {"findings_are_told_in_full"},
    ChangesTheFile: {"the_file_stays_as_it_is"},
    LeavesAnIndex: {"the_file_stays_as_it_is"},
    CannotBePickled: {"it_travels_to_other_processes"},
    IsOfOneThread: {"threads_do_not_disturb_each_other"},
    LeadsElsewhere: {"its_route_stays_below_the_measurement"},
    LeadsOut: {"its_route_stays_below_the_measurement"},
    HasALoudName: {"its_names_are_plain_words"},
    IsItsOwnAlias: {"its_names_are_plain_words"},
    HasLettersForAliases: {"it_fulfils_the_protocol"},
    CannotJoinNothing: {"joining_nothing_is_refused"},
    JoinsToSomethingElse: {"joining_one_file_is_opening_it"},
    LeavesGoodFilesOpen: {"joining_closes_all_if_one_is_bad"},
    DrawsLate: {"a_picture_outlives_its_file"},
    DrawsOnOneFigure: {"a_picture_outlives_its_file"},
    ClosesWhatItDraws: {"drawing_leaves_a_product_open"},
}


def cases(promise: Callable[..., None]) -> Iterator[Mapping[str, object]]:
    """Give the arguments of each case of a promise, as pytest would."""
    marks = [mark for mark in getattr(promise, "pytestmark", []) if mark.name == "parametrize"]
    for values in itertools.product(*(mark.args[1] for mark in marks)):
        yield {mark.args[0]: value for mark, value in zip(marks, values, strict=True)}


def judged(suite: ProductKindContract, folder: Path) -> tuple[set[str], set[str]]:
    """Return which promises of a suite are broken, and which cannot be judged on this system."""
    broken, unjudged = set(), set()
    for name, promise in inspect.getmembers(suite, inspect.ismethod):
        if not name.startswith("test_"):
            continue
        for number, arguments in enumerate(cases(promise)):
            place = (
                {"tmp_path": folder / f"{name}-{number}"} if "tmp_path" in inspect.signature(promise).parameters else {}
            )
            for path in place.values():
                path.mkdir()
            try:
                promise(**place, **arguments)
            except pytest.skip.Exception:
                unjudged.add(name.removeprefix("test_"))
            except (Exception, pytest.fail.Exception):  # noqa: BLE001 - pytest fails a test for any error
                broken.add(name.removeprefix("test_"))
                gc.collect()  # what the failure held is not the next one's
            while KEPT:
                KEPT.pop().close()
    return broken, unjudged


@pytest.mark.parametrize("kind", BROKEN, ids=lambda kind: kind.__name__)
def test_a_broken_kind_breaks_its_promise_and_no_other(tmp_path: Path, kind: type[TinyKind]) -> None:
    """Whoever runs the suite over a broken kind is told which promise it breaks, and is not led astray by others."""
    suite = type("Suite", (TinySuite,), {"kind": kind})()
    with warnings.catch_warnings():
        # The files that some of them forget; the suite has its own look at those.
        warnings.simplefilter("ignore", ResourceWarning)
        with new_garbage_collected():
            broken, unjudged = judged(suite, tmp_path)

    assert broken == BROKEN[kind] - unjudged


def test_each_promise_has_a_kind_that_breaks_it() -> None:
    """Every promise can be broken; but for hostile archives, which the core refuses whatever the kind is like."""
    promises = {name.removeprefix("test_") for name in dir(ProductKindContract) if name.startswith("test_")}

    assert promises - set().union(*BROKEN.values()) == {"hostile_archives_leave_nothing"}
