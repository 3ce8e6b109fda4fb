"""What every product kind must do, proved on files that the kind's own tests write. Pytest runs the class.

Nothing is known here of what is in the files: what a kind opens only has to be closed. Every case says which promise it
holds a kind to, and why the rest of scckit counts on it.
"""

from __future__ import annotations

import io
import os
import pickle
import random
import re
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from types import MappingProxyType
from typing import Any, ClassVar, Final, TypeVar
from urllib.parse import urlsplit

import pytest

from scckit.archive import ArchiveSink
from scckit.errors import InvalidInput, MissingLibrary, UnreadableProduct, UnsafeArchive
from scckit.plugins import Draws, JoinsFiles, Problem, ProductKind
from scckit.testing.contracts._archives import HOSTILE, HTML, pack
from scckit.testing.contracts._garbage import new_garbage_collected

__all__ = ["ProductKindContract"]

_T = TypeVar("_T")

_ID: Final = "20210307aky0930"
_NAME: Final = re.compile(r"[a-z][a-z0-9]*([_-][a-z0-9]+)*")
_CODE: Final = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_ROUTE: Final = re.compile(r"[A-Za-z0-9._~-]+(/[A-Za-z0-9._~-]+)*/")
#: Attributes that name persons (scc-interface.md 6.4).
_PERSONAL: Final = re.compile(r"PI(_.*)?|Data_Originator.*")
_THREADS: Final = 8
#: Where a file is cut: in its head, and then in as many places spread over it.
_HEAD_CUTS: Final = (1, 4, 8, 16, 32, 64, 128, 256, 512, 1024)
_CUTS: Final = 20
#: What a file must weigh at least for its part to be told from the whole, and which part may be read of it.
_LARGE: Final = 4_000_000
_SMALL_PART: Final = 1 / 10
#: Where Linux tells what a process has open, mapped and read.
_DESCRIPTORS: Final = Path("/proc/self/fd")
_MAPPINGS: Final = Path("/proc/self/maps")
_READ: Final = Path("/proc/self/io")

_FOREIGN: Final = (
    "readme.txt",
    "index.html",
    "measurement.json",
    "products.zip",
    ".scckit.json",
    "x",
    "hpb_012_0000598_201810172100_201810172300_20181017oh00_nosuchmodule_v0.0.1.nc",
    "hpb_012_0000598_201810172100_201810172300_20181017oh00_nosuchmodule_v0.0.1.xyz",
)
_ODD_NAMES: Final = (
    "",
    " ",
    ".",
    "..",
    ".nc",
    "_",
    "_" * 300,
    "/",
    "../../etc/x.nc",
    "C:\\x.nc",
    "CON.nc",
    "\0",
    "a\0b.nc",
    "\ud800.nc",
    "\n.nc",
    "\u202ecn.x",
    "e\u0301.nc",
    "Ω٣.nc",
    "a" * 10_000 + ".nc",
    "hpb_000_0355_0000378_209913993299_000000000000_20200630hpb2200_elda_v5.1.2.nc",
    "hpb_٠٠٠_0355_0000378_202006302200_202006302359_20200630hpb2200_elda_v5.1.2.nc",
    "%s%n{0}{a}.nc",
    "[.nc",
    "(((((.nc",
)


def _folder(path: Path) -> None:
    path.mkdir()


def _nothing(_path: Path) -> None:
    """Leave the place empty."""


#: What may be where a product is due, by its name.
_STRANGE: Final[Mapping[str, Callable[[Path], object]]] = MappingProxyType(
    {
        "a web page": lambda path: path.write_bytes(HTML),
        "an empty file": lambda path: path.touch(),
        "no file": _nothing,
        "a folder": _folder,
        "an archive": lambda path: path.write_bytes(pack(("x.txt", b"x" * 5000))),
        "random bytes": lambda path: path.write_bytes(random.Random(1).randbytes(5000)),  # noqa: S311 - the same each time
    }
)


class ProductKindContract:
    """Contract suite for product kinds.

    Subclass it in a test module, give the subclass a name that pytest collects, and override ``make_kind``,
    ``write_product`` and ``faults``; ``write_large`` too unless the kind reads its files whole. The libraries that the kind
    reads with must be installed.

    Attributes:
        owns_any_name: True for a kind whose files may have any name, as raw files have.

    Example:
        >>> class TestMyKind(ProductKindContract):
        ...     def make_kind(self):
        ...         return MyKind()
        ...
        ...     def write_product(self, folder):
        ...         return write_my_file(folder / "aky_202103070930_202103071030_20210307aky0930_mymodule_v5.3.0.nc")
        ...
        ...     def faults(self):
        ...         return {"no time": lambda path: rename_variable(path, "time", "t")}
    """

    owns_any_name: ClassVar[bool] = False

    def make_kind(self) -> ProductKind:
        """Make the kind under test."""
        raise NotImplementedError

    def write_product(self, folder: Path) -> Path:
        """Write a good file under a name that the kind owns, and return its path.

        If files of the kind have attributes that name persons, this one should have them, with texts that are found
        nowhere else: the suite looks for them where they must not be.
        """
        raise NotImplementedError

    def write_large(self, folder: Path) -> Path | None:
        """Write a good file of 4 MB or more, most of it data, and return its path; None if files of this kind are read whole."""
        del folder
        return None

    def faults(self) -> Mapping[str, Callable[[Path], None]]:
        """Return what damages a good file in place, such that it can be read and ``verify`` must find it, by a name."""
        raise NotImplementedError

    def check_joined(self, opened: Any, joined: Any) -> None:  # noqa: ANN401 - what the kind opens
        """Check that what ``open_many`` makes of one file is what ``open`` makes of it; both are open.

        By default: it is of the same type, and where that has names, no name is lost.
        """
        assert type(joined) is type(opened), "one file and several must be the same to whoever uses them"
        if isinstance(opened, Mapping):
            lost = [name for name in opened if name not in joined]
            assert not lost, f"joining must not lose {lost}"

    # -- what it says of itself ---------------------------------------------------------------------------------------

    def test_it_fulfils_the_protocol(self) -> None:
        """The registry hands out what fulfils ``ProductKind``, and leaves out the rest."""
        kind = self.make_kind()

        assert isinstance(kind, ProductKind), "an attribute or a method of the protocol is missing"
        assert isinstance(kind.name, str), "its name is a text"
        assert isinstance(kind.aliases, tuple), "its aliases are a tuple, also if there are none or one"
        assert all(isinstance(alias, str) for alias in kind.aliases), "its aliases are texts"
        assert kind.module is None or (isinstance(kind.module, str) and kind.module), "a module has a name, or is None"
        assert isinstance(kind.route, str), "its route is a text"

    def test_its_names_are_plain_words(self) -> None:
        """A name is asked for in programs and on command lines, and is the name of a folder: small letters, digits, _ or -."""
        kind = self.make_kind()

        for name in (kind.name, *kind.aliases):
            assert _NAME.fullmatch(name), f"{name!r} is no plain word of small letters and digits"
        assert len({kind.name, *kind.aliases}) == 1 + len(kind.aliases), (
            "an alias that is there twice selects nothing new"
        )
        # Refuses what cannot be the name of a folder everywhere.
        ArchiveSink(Path(), _ID, [kind])

    def test_its_route_stays_below_the_measurement(self) -> None:
        """The route is put behind the measurement's address: it may lead nowhere else, for the account's cookies go along."""
        route = self.make_kind().route
        parts = urlsplit(route)

        assert (parts.scheme, parts.netloc, parts.query, parts.fragment) == ("", "", "", ""), "only a path is a route"
        assert _ROUTE.fullmatch(route), f"{route!r} must end with a slash, begin without one, and be plain (2.4)"
        assert not {".", ".."} & set(route.split("/")), "a route may not lead out of the measurement"

    # -- names of files -----------------------------------------------------------------------------------------------

    def test_it_owns_its_files(self, tmp_path: Path) -> None:
        """What the kind does not own is left in the archive, and the user is told that there is no such product."""
        assert self.make_kind().owns(self.write_product(tmp_path).name) is True

    def test_it_owns_no_foreign_files(self, tmp_path: Path) -> None:
        """One archive can hold products of several kinds; a file goes to the first kind that owns it."""
        if self.owns_any_name:
            pytest.skip("files of this kind may have any name")
        kind = self.make_kind()
        name = self.write_product(tmp_path).name
        foreign = (*_FOREIGN, *(f"{name}{end}" for end in (".part", "~", ".zip", ".txt")))

        assert [one for one in foreign if kind.owns(one)] == [], "these are plainly no files of this kind"

    def test_any_name_is_answered(self, tmp_path: Path) -> None:
        """Names come out of archives that anybody may have made: for each there is an answer, always the same one."""
        kind = self.make_kind()
        good = self.write_product(tmp_path).name
        dice = random.Random(2)  # noqa: S311 - the same each time
        names = [*_ODD_NAMES, *_FOREIGN, good]
        for _ in range(100):
            text = "".join(chr(dice.randrange(sys.maxunicode + 1)) for _ in range(dice.randrange(40)))
            names += [text, good[: dice.randrange(len(good))] + text[:1] + good[dice.randrange(len(good)) :]]
        first = [kind.owns(name) for name in names]

        assert {type(answer) for answer in first} <= {bool}, "the answer is True or False"
        assert [self.make_kind().owns(name) for name in reversed(names)] == first[::-1], (
            "the answer depends on the name alone"
        )

    # -- what is no product -------------------------------------------------------------------------------------------

    @pytest.mark.parametrize("what", _STRANGE)
    def test_what_is_no_product_is_refused(self, tmp_path: Path, what: str) -> None:
        """The SCC sends pages where files are due; whoever opens one gets our one error, which can be caught."""
        kind, path = self.make_kind(), self._strange(tmp_path, what)

        for method, read in self._readers(kind).items():
            with _telling(f"{method} of {what}"), pytest.raises(_refusals(method)) as caught:
                read(path)
            assert str(caught.value), f"{method} of {what} must say what it found"

    @pytest.mark.parametrize("what", _STRANGE)
    def test_verify_tells_what_is_no_product(self, tmp_path: Path, what: str) -> None:
        """Whoever checks a folder wants a list of findings, not an error at the first bad file."""
        kind, path = self.make_kind(), self._strange(tmp_path, what)

        assert _errors(kind.verify(path)), f"verify must find that it is {what}"

    def test_a_truncated_file_is_read_or_refused(self, tmp_path: Path) -> None:
        """A file can end anywhere; libraries then raise whatever they run into, and nobody can catch all of that."""
        kind = self.make_kind()

        for path in self._truncated(tmp_path):
            with _telling(f"verify of a file of {path.stat().st_size} bytes, cut from a longer one"):
                kind.verify(path)
            for method, read in self._readers(kind).items():
                with _telling(f"{method} of a file of {path.stat().st_size} bytes, cut from a longer one"):
                    _read_or_refused(method, read, path)

    def test_truncation_is_found(self, tmp_path: Path) -> None:
        """A shorter product that passes for a whole one makes wrong science: ``verify`` finds it, or ``open`` refuses it."""
        kind = self.make_kind()

        for path in self._truncated(tmp_path):
            is_found = _error_of(self._readers(kind)["open"], path) is not None or _errors(kind.verify(path))
            assert is_found, f"the file was cut to {path.stat().st_size} bytes, and nothing tells it"

    # -- archives -----------------------------------------------------------------------------------------------------

    @pytest.mark.parametrize("what", HOSTILE)
    def test_hostile_archives_leave_nothing(self, tmp_path: Path, what: str) -> None:
        """Of an archive that could do harm nothing is kept, whoever owns its members, and nothing appears elsewhere."""
        kind, hostile = self.make_kind(), HOSTILE[what]
        good = self.write_product(tmp_path)
        archive = hostile.make(good.name, good.read_bytes())
        before = sorted(tmp_path.rglob("*"))
        into = tmp_path / "a" / "b" / "into"
        sink = ArchiveSink(into, _ID, [kind], limits=hostile.limits)

        with pytest.raises(UnsafeArchive):
            _take(sink, archive)
        left = set(tmp_path.rglob("*")) - {*before, into, *into.parents}
        assert not left, f"nothing of the archive ({what}) may be left"

    def test_a_good_archive_is_unpacked(self, tmp_path: Path) -> None:
        """The kind's file comes out as it went in, in the folder that has the kind's name, and is good there."""
        kind = self.make_kind()
        good = self.write_product(tmp_path)
        into = tmp_path / "into"
        files = _take(ArchiveSink(into, _ID, [kind]), pack((f"{_ID}/{good.name}", good.read_bytes())))

        target = into / _ID / kind.name / good.name
        assert [(file.path, file.kind) for file in files] == [(target, kind.name)], "the file belongs to this kind"
        assert target.read_bytes() == good.read_bytes(), "the file is what was packed"
        assert _errors(kind.verify(target)) == [], "where a file is does not matter to its being good"

    # -- files are closed ---------------------------------------------------------------------------------------------

    def test_closing_a_product_closes_its_file(self, tmp_path: Path) -> None:
        """Thousands of products are opened in one run; each descriptor that is left brings the run nearer to its end."""
        kind, path = self.make_kind(), self.write_product(tmp_path)
        product = kind.open(path)
        _close(product)

        _require_closed(path, "the product was closed")
        assert product is not None, "there is something to work with"
        path.unlink()

    def test_other_methods_close_the_file(self, tmp_path: Path) -> None:
        """What gives no product back has nobody to close it but itself; some systems do not remove or move an open file."""
        kind, path = self.make_kind(), self.write_product(tmp_path)

        for method in (kind.header, kind.verify, kind.summary):
            # Kept until it was looked at, so that nothing is closed because it was forgotten.
            result = method(path)
            _require_closed(path, f"{method.__name__} gave {type(result).__name__}")
        path.unlink()

    def test_failures_close_the_file(self, tmp_path: Path) -> None:
        """An error closes what was opened on the way to it, also while somebody holds the error, as loggers do."""
        kind = self.make_kind()
        bad = [self._strange(_made(tmp_path / what), what) for what in _STRANGE]
        bad = [path for path in bad if path.is_file()] + list(self._truncated(tmp_path))[::4]
        # A file that can be opened seldom fails later; what can fail half-way is found among those that cannot.
        damaged = [path for _, path in self._damaged(tmp_path) if self._fails_and_closes("open", kind, path)]

        for path in bad + damaged:
            for method in (*self._readers(kind), "verify"):
                self._fails_and_closes(method, kind, path)

    def test_nothing_is_left_to_the_garbage_collector(self, tmp_path: Path) -> None:
        """A file that is closed because it was forgotten is closed late on other Pythons, with a warning on this one."""
        kind, good = self.make_kind(), self.write_product(tmp_path)
        paths = [good, self._strange(tmp_path / "page", "a web page"), *list(self._truncated(tmp_path))[::10]]
        with warnings.catch_warnings(record=True) as caught, new_garbage_collected():
            warnings.simplefilter("always", ResourceWarning)
            for path in paths:
                for read in (*self._readers(kind).values(), kind.verify):
                    _error_of(read, path)

        assert [str(one.message) for one in caught if one.category is ResourceWarning] == [], "these were not closed"

    def test_the_file_stays_as_it_is(self, tmp_path: Path) -> None:
        """The manifest knows each file by its checksum; one that a look has changed would be fetched again."""
        kind, path = self.make_kind(), self.write_product(tmp_path)
        before = (path.read_bytes(), path.stat().st_mtime_ns, sorted(tmp_path.rglob("*")))
        for method, read in {**self._readers(kind), "verify": kind.verify}.items():
            _error_of(read, path)

            after = (path.read_bytes(), path.stat().st_mtime_ns, sorted(tmp_path.rglob("*")))
            assert after[:2] == before[:2], f"{method} has written to the file"
            assert after[2] == before[2], f"{method} has left something beside the file"

    def test_opening_is_lazy(self, tmp_path: Path) -> None:
        """A night of signals can be larger than memory, and most of it is never looked at: it is read when it is used."""
        kind = self.make_kind()
        path = self.write_large(_made(tmp_path / "large"))
        if path is None:
            pytest.skip("files of this kind are read whole: write_large gives none")
        size = path.stat().st_size
        assert size >= _LARGE, f"write_large must write {_LARGE} bytes or more, to tell a part from the whole"
        # Libraries are read too when they are first used.
        small = self.write_product(_made(tmp_path / "small"))
        _close(kind.open(small))
        kind.header(small)
        before = _bytes_read()
        product = kind.open(path)
        opened = _bytes_read()
        _close(product)
        kind.header(path)
        told = _bytes_read()

        assert opened - before < size * _SMALL_PART, f"open has read {opened - before} of {size} bytes"
        assert told - opened < size * _SMALL_PART, f"header has read {told - opened} of {size} bytes"

    # -- findings -----------------------------------------------------------------------------------------------------

    def test_a_good_file_has_no_error(self, tmp_path: Path) -> None:
        """A finding about a good file teaches people to look past findings."""
        kind, path = self.make_kind(), self.write_product(tmp_path)

        assert _errors(kind.verify(path)) == []

    def test_each_fault_is_found(self, tmp_path: Path) -> None:
        """``verify`` is what tells a usable product from one that only opens."""
        kind = self.make_kind()
        assert self.faults(), "a kind whose files cannot be wrong needs no verify; name at least one fault"
        known = list(kind.verify(self.write_product(tmp_path)))
        found = {name: [one for one in kind.verify(path) if one not in known] for name, path in self._damaged(tmp_path)}

        assert [name for name, problems in found.items() if not problems] == [], "verify is blind to these"

    def test_findings_are_told_in_full(self, tmp_path: Path) -> None:
        """Programs go by the code and the severity, people by the place and the message: none may be missing."""
        kind = self.make_kind()
        page = self._strange(tmp_path / "page", "a web page")
        for path in (self.write_product(tmp_path), page, *(path for _, path in self._damaged(tmp_path))):
            for problem in kind.verify(path):
                assert isinstance(problem, Problem), "a finding is a Problem"
                assert _CODE.fullmatch(problem.code), (
                    f"{problem.code!r} is no stable word: small letters, digits, hyphens"
                )
                assert problem.where.strip(), "a finding tells what it is about"
                assert problem.message.strip(), "a finding tells in words what was found"
                assert problem.severity in {"error", "warning"}, "a finding tells how bad it is"

    # -- summaries ----------------------------------------------------------------------------------------------------

    def test_a_summary_is_one_line(self, tmp_path: Path) -> None:
        """Summaries stand in lists, one line for each file, on terminals that obey control characters."""
        kind, path = self.make_kind(), self.write_product(tmp_path)
        summary = kind.summary(path)

        assert summary == summary.strip() != "", "a summary says something"
        assert summary.isprintable(), f"{summary!r} holds a line break or another character that is not shown"
        assert {kind.summary(path), self.make_kind().summary(path)} == {summary}, "the same file has the same summary"

    def test_no_person_is_named(self, tmp_path: Path) -> None:
        """Summaries and findings go to logs and pages; who measured belongs to neither (scc-interface.md 6.4)."""
        kind, path = self.make_kind(), self.write_product(tmp_path)
        header = kind.header(path)
        private = {str(value) for name, value in header.items() if _PERSONAL.fullmatch(name) and str(value).strip()}
        if not private:
            pytest.skip("the file that write_product writes has no attributes that name persons")
        told = [kind.summary(path), *map(str, kind.verify(path))]

        assert [one for one in private if any(one in text for text in told)] == [], "this is told of the persons"

    # -- where it is used ---------------------------------------------------------------------------------------------

    def test_threads_do_not_disturb_each_other(self, tmp_path: Path) -> None:
        """One kind serves all threads of a program: what one of them reads must not depend on the others."""
        kind = self.make_kind()
        paths = [self.write_product(_made(tmp_path / str(number))) for number in range(_THREADS // 4)]
        looks: tuple[Callable[[Path], object], ...] = (
            kind.summary,
            lambda path: repr(dict(kind.header(path))),
            lambda path: list(kind.verify(path)),
            lambda path: _close(kind.open(path)),
        )
        work = [(look, path) for path in paths for look in looks]
        expected = [look(path) for look, path in work]
        with ThreadPoolExecutor(_THREADS) as pool:
            found = list(pool.map(lambda one: one[0](one[1]), work))

        assert found == expected, "each thread must see what one alone sees"
        for path in paths:
            _require_closed(path, "all threads have ended")

    def test_it_travels_to_other_processes(self, tmp_path: Path) -> None:
        """Batches run on executors of processes and machines: a kind is pickled, and is the same on the other side."""
        kind, path = self.make_kind(), self.write_product(tmp_path)
        copy: ProductKind = pickle.loads(pickle.dumps(kind))  # noqa: S301 - our own bytes

        assert (copy.name, copy.aliases, copy.route) == (kind.name, kind.aliases, kind.route)
        assert copy.summary(path) == kind.summary(path), "the copy must be as able as the kind"

    # -- several files, if it joins them ------------------------------------------------------------------------------

    def test_joining_one_file_is_opening_it(self, tmp_path: Path) -> None:
        """Whoever opens what a search found need not ask how many files there were."""
        kind, path = self._joining(), self.write_product(tmp_path)
        opened = kind.open(path)
        try:
            joined = kind.open_many([path])
            try:
                self.check_joined(opened, joined)
            finally:
                _close(joined)
        finally:
            _close(opened)

        _require_closed(path, "both were closed")

    def test_joining_nothing_is_refused(self) -> None:
        """Of no file nothing can be opened; the error must say so, and not which index was out of range."""
        with pytest.raises(InvalidInput):
            self._joining().open_many([])

    def test_joining_closes_all_if_one_is_bad(self, tmp_path: Path) -> None:
        """One bad file among many is refused, and the good ones before it are closed."""
        kind, good = self._joining(), self.write_product(tmp_path)
        bad = self._strange(tmp_path / "page", "a web page")
        error = _error_of(kind.open_many, [good, bad])

        assert error is not None, "a page is no product, also among others"
        _require_closed(good, "open_many was refused")
        _require_closed(bad, "open_many was refused")

    # -- pictures, if it draws ----------------------------------------------------------------------------------------

    def test_a_picture_outlives_its_file(self, tmp_path: Path) -> None:
        """A figure is shown and saved by whoever asked for it, when the file is closed long since."""
        kind, path = self._drawing(), self.write_product(tmp_path)
        first = _drawn(kind, path)
        second = _drawn(kind, path)

        _require_closed(path, "plot has drawn a path")
        assert first is not second, "each picture is one of its own"
        assert callable(getattr(first, "savefig", None)), (
            "a picture is a figure of matplotlib, or can be saved like one"
        )
        path.unlink()
        buffer = io.BytesIO()
        first.savefig(buffer)
        assert buffer.getvalue(), "the picture is there without its file"

    def test_drawing_leaves_a_product_open(self, tmp_path: Path) -> None:
        """Who opened a product closes it: between, it can be drawn, looked at, and drawn again."""
        kind, path = self._drawing(), self.write_product(tmp_path)
        product = kind.open(path)
        try:
            was_open = _is_open(path)
            for _ in range(2):
                _drawn(kind, product)
                assert _is_open(path) == was_open, "drawing must not close what it was given"
        finally:
            _close(product)

        _require_closed(path, "the product was closed")

    # -- helpers ------------------------------------------------------------------------------------------------------

    def _readers(self, kind: ProductKind) -> dict[str, Callable[[Path], object]]:
        """Return all that reads a file, by the name of the method; what they open they close."""
        readers: dict[str, Callable[[Path], object]] = {
            "open": lambda path: _close(kind.open(path)),
            "header": kind.header,
            "summary": kind.summary,
        }
        if isinstance(kind, JoinsFiles):
            readers["open_many"] = lambda path: _close(kind.open_many([path]))
        if isinstance(kind, Draws):
            readers["plot"] = kind.plot
        return readers

    def _strange(self, folder: Path, what: str) -> Path:
        """Put something that is no product where one is due."""
        path = _made(folder / "strange") / self.write_product(_made(folder / "good")).name
        _STRANGE[what](path)
        return path

    def _truncated(self, folder: Path) -> Iterator[Path]:
        """Give the good file cut to many lengths, each in a folder of its own, the shortest first."""
        good = self.write_product(_made(folder / "whole"))
        content = good.read_bytes()
        spread = (len(content) * cut // (_CUTS + 1) for cut in range(1, _CUTS + 1))
        for length in sorted({*_HEAD_CUTS, *spread, len(content) - 1} - {0}):
            if length >= len(content):
                return
            path = _made(folder / f"cut {length}") / good.name
            path.write_bytes(content[:length])
            yield path

    def _damaged(self, folder: Path) -> Iterator[tuple[str, Path]]:
        """Give each fault with a file that has it, in a folder of its own."""
        for number, (name, damage) in enumerate(self.faults().items()):
            path = self.write_product(_made(folder / f"fault {number}"))
            damage(path)
            yield name, path

    def _fails_and_closes(self, method: str, kind: ProductKind, path: Path) -> bool:
        """Tell whether a method fails; if it does, nothing may be open while its error is there."""
        error = _error_of({**self._readers(kind), "verify": kind.verify}[method], path)
        if error is not None:
            _require_closed(path, f"{method} has failed ({error})")
        return error is not None

    def _joining(self) -> Any:  # noqa: ANN401 - a kind that also joins files
        kind = self.make_kind()
        if not isinstance(kind, JoinsFiles):
            pytest.skip("this kind joins no files: it has no open_many")
        return kind

    def _drawing(self) -> Any:  # noqa: ANN401 - a kind that also draws
        kind = self.make_kind()
        if not isinstance(kind, Draws):
            pytest.skip("this kind draws nothing: it has no plot")
        return kind


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _close(product: Any) -> None:  # noqa: ANN401 - what a kind opens
    close = getattr(product, "close", None)
    if callable(close):
        close()


def _drawn(kind: Draws, product: object) -> Any:  # noqa: ANN401 - a figure
    try:
        return kind.plot(product)
    except MissingLibrary as error:
        pytest.skip(f"nothing can be drawn here: {error}")


def _refusals(method: str) -> tuple[type[Exception], ...]:
    """Return what a method may raise of a bad file; whether a picture can be drawn at all may be looked at first."""
    return (UnreadableProduct, MissingLibrary) if method == "plot" else (UnreadableProduct,)


def _read_or_refused(method: str, read: Callable[[Path], object], path: Path) -> None:
    """Read a file; an error passes if it is none of those that may be raised of a bad one."""
    with suppress(*_refusals(method)):
        read(path)


def _error_of(read: Callable[[_T], object], what: _T) -> Exception | None:
    """Read, and return the error, whatever it is: which errors there may be is a promise of its own."""
    try:
        read(what)
    except Exception as error:  # noqa: BLE001 - see above
        return error
    return None


@contextmanager
def _telling(what: str) -> Iterator[None]:
    """Add to an error what was being done."""
    try:
        yield
    except Exception as error:
        error.add_note(f"[{what}]")
        raise


def _errors(problems: Any) -> list[Problem]:  # noqa: ANN401 - whatever verify returns is judged here
    assert not isinstance(problems, str | bytes), "verify returns a list of findings, not a text"
    return [problem for problem in problems if problem.severity == "error"]


def _take(sink: ArchiveSink, archive: bytes) -> Any:  # noqa: ANN401 - a tuple of product files
    """Write an archive as a download does."""
    sink.begin()
    try:
        sink.write(archive)
        return sink.commit()
    finally:
        sink.abort()


def _is_open(path: Path) -> bool:
    """Tell whether this process has a file open or mapped.

    Skips the test where the system does not tell.
    """
    if not sys.platform.startswith("linux") or not _DESCRIPTORS.is_dir():
        pytest.skip("which files are open is looked up in /proc, which only Linux has")
    wanted = path.stat()
    for descriptor in _DESCRIPTORS.iterdir():
        try:
            found = descriptor.stat()
        except OSError:
            continue  # the one with which the folder is read is gone by now
        if os.path.samestat(found, wanted):
            return True
    return str(path.resolve()) in _MAPPINGS.read_text("utf-8", "surrogateescape")


def _require_closed(path: Path, when: str) -> None:
    assert not _is_open(path), f"{when}, and {path.name} is still open"


def _bytes_read() -> int:
    """Return how many bytes this process has read so far.

    Skips the test where the system does not tell.
    """
    try:
        text = _READ.read_text("ascii")
    except OSError:
        pytest.skip("how much is read is looked up in /proc/self/io, which is not to be had here")
    return int(dict(line.split(": ") for line in text.splitlines())["rchar"])
