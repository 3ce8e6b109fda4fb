"""Files on this side without a client: which kind opens them, trees, checks of raw files, what a notebook shows."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from attrs import define, field, frozen
from hypothesis import given
from hypothesis import strategies as st

import scckit
from scckit.archive.manifest import NAME
from scckit.errors import InvalidInput, InvalidRawFile, LocalFileError, MissingPlugin, UnreadableProduct
from scckit.local import require_raw
from scckit.models import (
    AncillaryKind,
    ExitCode,
    Measurement,
    MeasurementID,
    Module,
    Problem,
    ProductFile,
    ProductName,
    Status,
)
from scckit.plugins import Registry, hookimpl

from .kinds import TextKind

ID = "20210307aky0930"
ERROR = Problem("missing-variable", "Raw_Lidar_Data", "there is no variable Raw_Lidar_Data")
SECOND = Problem("time-bounds", "Raw_Data_Start_Time[3]", "it does not begin after the one before it")
WARNING = Problem("single-profile", "time", "there is one profile only", "warning")


@frozen
class JoiningKind(TextKind):
    """A kind that joins and draws."""

    def open_many(self, paths: Sequence[Path], /) -> str:
        """Return all texts."""
        return "+".join(path.read_text(encoding="utf-8") for path in paths)

    def plot(self, product: Path, /) -> str:
        """Return the name."""
        return f"picture of {product.name}"


@frozen
class CheckingKind(TextKind):
    """A raw kind with findings, which remembers what it was given."""

    findings: tuple[Problem, ...] = ()
    given: list[Mapping[AncillaryKind, Path]] = field(factory=list)

    def check_input(self, path: Path, ancillary: Mapping[AncillaryKind, Path], /) -> Sequence[Problem]:
        """Return the findings."""
        self.given.append(ancillary)
        return self.findings


@define
class Opened:
    """Something that is open until it is closed."""

    name: str
    closed: int = 0

    def close(self) -> None:
        """Count."""
        self.closed += 1


@frozen
class OpeningKind(TextKind):
    """A kind whose products must be closed."""

    opened: list[Opened] = field(factory=list)

    def open(self, path: Path, /) -> Opened:  # type: ignore[override]
        """Open, unless the file says that it is damaged."""
        if path.read_text(encoding="utf-8") == "damaged":
            raise UnreadableProduct(f"{path.name} is damaged")
        self.opened.append(Opened(path.name))
        return self.opened[-1]


def registry(*kinds: TextKind, tree: Callable[[Mapping[str, object]], object] = dict) -> Registry:
    """Make a registry of some kinds and a tree."""

    class Plugin:
        @hookimpl
        def scckit_product_kinds(self) -> Sequence[TextKind]:
            return kinds

        @hookimpl
        def scckit_trees(self) -> Mapping[str, object]:
            return {"xarray": tree}

    made = Registry(discover=False, strict=True)
    made.register(Plugin(), "plugin")
    return made


def write(path: Path, text: str = "{}") -> Path:
    """Write a file, and its folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


KINDS = registry(TextKind("raw"), JoiningKind("elda"), TextKind("elpp"))


def test_the_name_decides_which_kind_opens(tmp_path: Path) -> None:
    """A file is opened, verified and summed up by the kind that owns its name; "raw" takes what nobody else does."""
    elda, other = write(tmp_path / "elda_1", "x"), write(tmp_path / "other", "y")

    assert scckit.open_product(elda, registry=KINDS) == "elda: x"
    assert scckit.open_product(str(other), registry=KINDS) == "raw: y"
    assert scckit.summarize_product(elda, registry=KINDS) == "elda_1"
    assert list(scckit.verify_product(elda, registry=KINDS)) == []


def test_a_downloaded_file_is_opened_by_the_kind_it_came_as(tmp_path: Path) -> None:
    """Not its name but the kind that a download noted counts."""
    path = write(tmp_path / "elda_1", "x")
    file = ProductFile(path, ProductName.parse(path.name), "elpp", 1)

    assert scckit.open_product(file, registry=KINDS) == "elpp: x"


def test_a_name_that_nobody_knows_is_told_with_the_kinds(tmp_path: Path) -> None:
    """Without a raw kind, an unknown name is an error of ours that lists what is installed."""
    with pytest.raises(InvalidInput, match=r"kind \(elda\) knows a file named other"):
        scckit.open_product(tmp_path / "other", registry=registry(JoiningKind("elda")))


def test_files_of_one_kind_are_joined(tmp_path: Path) -> None:
    """The kind gets all paths at once, in the order given."""
    files = [write(tmp_path / name, name) for name in ("elda_2", "elda_1")]

    assert scckit.open_products(files, registry=KINDS) == "elda_2+elda_1"


@pytest.mark.parametrize(
    ("names", "told"),
    [([], "no file at all"), (["elda_1", "elpp_1"], "elda, elpp"), (["elpp_1", "elpp_2"], "elpp cannot be joined")],
)
def test_what_cannot_be_joined_is_refused(tmp_path: Path, names: list[str], told: str) -> None:
    """No files, files of two kinds, and kinds that do not join are told before anything is opened."""
    with pytest.raises(InvalidInput, match=told):
        scckit.open_products([tmp_path / name for name in names], registry=KINDS)


def test_only_kinds_that_draw_are_asked_to(tmp_path: Path) -> None:
    """A kind without pictures is told by name."""
    assert scckit.plot_product(tmp_path / "elda_1", registry=KINDS) == "picture of elda_1"
    with pytest.raises(InvalidInput, match="kind elpp"):
        scckit.plot_product(tmp_path / "elpp_1", registry=KINDS)


def test_a_measurement_is_a_tree_of_its_kinds(tmp_path: Path) -> None:
    """Every owned file of each kind's folder is in the tree; other files and folders are not."""
    for name in ("elda/elda_1.nc", "elda/notes.txt", "elda/elda_2.nc", "elpp/elpp_1.nc", "mine/elda_3.nc", "elda_4.nc"):
        write(tmp_path / "any name" / name, name)
    (tmp_path / "any name" / "elda" / "elda_folder").mkdir()

    tree = scckit.open_measurement(tmp_path / "any name", registry=registry(JoiningKind("elda"), TextKind("elpp")))
    one = scckit.open_measurement(tmp_path / "any name", kinds="elpp", registry=KINDS)

    assert list(tree) == ["elda/elda_1", "elda/elda_2", "elpp/elpp_1"]
    assert one == {"elpp/elpp_1": "elpp: elpp/elpp_1.nc"}


def test_the_manifest_tells_which_files_are_current(tmp_path: Path) -> None:
    """Of a kind that the manifest records, a file of an older download is left out, and so is one that is gone."""
    folder = tmp_path / ID
    for name in ("elda/elda_old.nc", "elda/elda_new.nc", "elpp/elpp_1.nc"):
        write(folder / name)
    record = {
        "server": "https://scc.example/",
        "route": "download-elda/",
        "kinds": ["elda"],
        "unpacked": True,
        "fetched": "2021-03-08T10:00:00+00:00",
        "size": 1,
        "sha256": None,
        "state": None,
        "files": [
            {"kind": "elda", "path": f"elda/elda_{one}.nc", "size": 2, "sha256": "0" * 64} for one in ("new", "gone")
        ],
    }
    write(folder / NAME, json.dumps({"version": 1, "measurement": ID, "archives": [record]}))

    assert list(scckit.open_measurement(folder, registry=KINDS)) == ["elda/elda_new", "elpp/elpp_1"]


def test_a_folder_without_products_says_what_was_looked_for(tmp_path: Path) -> None:
    """An empty or absent folder, and a folder above, is told with the kinds and what to give."""
    for folder in (tmp_path, tmp_path / "absent"):
        with pytest.raises(LocalFileError, match="kinds looked for: elda, elpp, raw"):
            scckit.open_measurement(folder, registry=KINDS)
    with pytest.raises(MissingPlugin, match="no tree 'other'"):
        scckit.open_measurement(tmp_path, tree="other", registry=KINDS)


@pytest.mark.parametrize("fails", ["a file", "the tree", "nothing"])
def test_what_was_opened_is_closed_if_the_tree_cannot_be_made(tmp_path: Path, fails: str) -> None:
    """A damaged file or a failing tree leaves nothing open; a tree that stands owns what is in it."""

    def building(products: Mapping[str, object]) -> object:
        if fails == "the tree":
            raise ValueError("no tree")
        return products

    kind = OpeningKind("elda")
    for number in range(3):
        write(tmp_path / "elda" / f"elda_{number}.nc", "damaged" if fails == "a file" and number == 2 else "x")
    error = {"a file": UnreadableProduct, "the tree": ValueError}.get(fails)
    if error is None:
        scckit.open_measurement(tmp_path, registry=registry(kind, tree=building))
    else:
        with pytest.raises(error):
            scckit.open_measurement(tmp_path, registry=registry(kind, tree=building))

    assert len(kind.opened) == (2 if fails == "a file" else 3)
    assert {one.closed for one in kind.opened} == {0 if error is None else 1}


def test_all_files_that_are_not_there_are_told_at_once(tmp_path: Path) -> None:
    """The raw file and each ancillary file that is absent, empty or a folder has a finding of its own."""
    empty = write(tmp_path / "empty", "")
    found = scckit.check_raw(tmp_path / "a", sounding=empty, overlap=tmp_path, registry=KINDS)

    assert [(one.code, one.where) for one in found] == [
        ("unreadable", "a"),
        ("unreadable", "empty"),
        ("unreadable", tmp_path.name),
    ]


def test_the_raw_kind_looks_at_the_ancillary_files_too(tmp_path: Path) -> None:
    """What the plugin finds is what is found; it is given the ancillary files by kind."""
    path, sounding = write(tmp_path / "file.nc", f'{{"Measurement_ID": "{ID}"}}'), write(tmp_path / "rs.nc")
    kind = CheckingKind("raw", findings=(WARNING,))
    found = scckit.check_raw(path, sounding=sounding, registry=registry(kind))

    assert list(found) == [WARNING]
    assert kind.given == [{AncillaryKind.SOUNDING: sounding}]


@pytest.mark.parametrize("kind", [TextKind("raw"), CheckingKind("raw"), CheckingKind("raw", findings=(WARNING,))])
def test_the_measurement_id_is_looked_at_whatever_the_plugin_does(tmp_path: Path, kind: TextKind) -> None:
    """A raw kind without checks of its own, or that overlooks the ID, does not let a file without one through."""
    path = write(tmp_path / "file.nc", "{}")

    assert [one.code for one in scckit.check_raw(path, registry=registry(kind))][-1] == "measurement-id"
    with pytest.raises(InvalidRawFile, match="Measurement_ID"):
        require_raw(path, {}, registry=registry(kind))


@pytest.mark.parametrize(
    ("findings", "refused"), [((), False), ((WARNING,), False), ((ERROR, WARNING, SECOND), True), ((ERROR,), True)]
)
def test_an_upload_is_refused_for_errors_and_for_warnings_not(
    tmp_path: Path, findings: tuple[Problem, ...], refused: bool
) -> None:
    """All errors are in the message, all findings in ``problems``; warnings alone let the file through."""
    path = write(tmp_path / "file.nc", f'{{"Measurement_ID": "{ID}"}}')
    plugins = registry(CheckingKind("raw", findings=findings))
    if not refused:
        assert require_raw(path, {}, registry=plugins) == ID
        return
    with pytest.raises(InvalidRawFile) as caught:
        require_raw(path, {}, registry=plugins)

    assert caught.value.problems == findings
    assert all((one.message in str(caught.value)) == (one.severity == "error") for one in findings)


texts = st.text(min_size=1)


@given(texts, texts, texts)
def test_a_notebook_shows_text_and_no_markup(name: str, kind: str, words: str) -> None:
    """Whatever a server or a file name says is text in what a notebook shows."""
    file = ProductFile(Path("folder"), ProductName.parse(name), kind, 1)
    module = Module(Status.OK, 127, ExitCode(0, words))
    measurement = Measurement(MeasurementID(ID), {kind: module}, station=words)
    ours: Any = {"table", "caption", "tbody", "tr", "th", "td"}

    for shown in (file._repr_html_(), measurement._repr_html_()):
        tags = {part.partition(">")[0].partition(" ")[0].lstrip("/") for part in shown.split("<")[1:]}
        assert tags <= ours


def test_a_notebook_shows_what_the_name_of_a_product_tells() -> None:
    """Type with its meaning, wavelength, product, times."""
    name = "hpb_002_0355_0000379_202006302200_202006302359_20200630hpb2200_elda_v5.1.2.nc"
    shown = ProductFile(Path("x") / name, ProductName.parse(name), "elda", 12345)._repr_html_()

    for told in ("2 (lidar ratio and extinction)", "355 nm", "379", "2020-06-30 22:00 UTC", "12,345 bytes", "5.1.2"):
        assert told in shown
