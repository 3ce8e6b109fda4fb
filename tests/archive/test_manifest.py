"""A manifest reads back as it was written; whatever else is read is an error that says so; nothing leads out of the folder."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from attrs import evolve
from hypothesis import example, given
from hypothesis import strategies as st

from scckit.archive.manifest import DamagedManifest, FileRecord, Manifest, ModuleState, Record, State, zip_name
from scckit.errors import LocalFileError
from scckit.models.measurement import ExitCode, Measurement, Module, Status
from scckit.testing import strategies

ID = "20210307aky0930"
NOON = datetime(2021, 3, 8, 12, tzinfo=UTC)
SHA = "0123456789abcdef" * 4

names = st.text("abcdefgh_0123456789", min_size=1, max_size=8)
sizes = st.integers(0, 2**40)
digests = st.text("0123456789abcdef", min_size=64, max_size=64)
moments = st.datetimes(timezones=st.just(UTC))
numbers = st.none() | st.integers(-200, 200)
states = st.builds(
    State,
    st.none() | moments,
    st.sampled_from(["finished", "queued", "processing"]),
    st.dictionaries(names, st.builds(ModuleState, st.text(max_size=8), numbers, numbers), max_size=3),
)


@st.composite
def records(draw: st.DrawFn, kinds: st.SearchStrategy[str] = names) -> Record:
    """Make an archive with files of its kinds."""
    wanted = draw(st.lists(kinds, min_size=1, max_size=3, unique=True))
    unpacked = draw(st.booleans())
    if unpacked:
        pairs = draw(st.lists(st.tuples(st.sampled_from(wanted), names), max_size=4, unique=True))
        places = [(kind, f"{kind}/{name}.nc") for kind, name in pairs]
    else:
        places = [(wanted[0], zip_name(wanted[0]))]
    return Record(
        draw(st.text(max_size=10)),
        draw(st.text(max_size=10)),
        tuple(wanted),
        unpacked,
        draw(moments),
        draw(sizes),
        draw(st.none() | digests),
        draw(st.none() | states),
        tuple(FileRecord(kind, path, draw(sizes), draw(digests)) for kind, path in places),
    )


manifests = st.builds(Manifest, st.just(ID), st.lists(records(), max_size=3).map(tuple))


def value() -> dict[str, Any]:
    """Make a manifest as a JSON value, to be spoilt."""
    state = State(NOON, "finished", {"elda": ModuleState("ok", 127, 0)})
    files = (FileRecord("elda", "elda/a.nc", 1, SHA),)
    record = Record("https://scc.example/", "optical/", ("elda", "eldec"), True, NOON, 10, SHA, state, files)
    made: dict[str, Any] = json.loads(Manifest(ID, (record,)).to_bytes())
    return made


@given(manifests)
def test_a_manifest_reads_back(manifest: Manifest) -> None:
    """What was written is what is read, in every field."""
    assert Manifest.read(manifest.to_bytes(), ID) == manifest


@given(st.binary(max_size=200))
@example(b"")
@example(b"[" * 100_000)
@example(b"1" * 5_000)
@example(b'{"version": 1, "measurement": ' + b"[" * 900 + b"]" * 900 + b', "archives": []}')
@example(b"\xff\xfe{\x00}\x00")
def test_any_bytes_are_a_manifest_or_damaged(data: bytes) -> None:
    """No bytes end in another error than ours."""
    with pytest.raises(LocalFileError):
        Manifest.read(data, ID)


def _places(found: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = found.items() if isinstance(found, dict) else enumerate(found) if isinstance(found, list) else ()
    return [(*path, key) for key, _ in inner] + [place for key, one in inner for place in _places(one, (*path, key))]


@given(st.data())
def test_any_value_in_any_place_is_taken_or_damage(data: st.DataObject) -> None:
    """A manifest in which one value is another, or one key is missing, reads back as it says or is refused."""
    spoilt = value()
    *way, last = data.draw(st.sampled_from(_places(spoilt)))
    inner: Any = spoilt
    for key in way:
        inner = inner[key]
    if data.draw(st.booleans()):
        del inner[last]
    else:
        inner[last] = data.draw(strategies.json_values(4))
    try:
        manifest = Manifest.read(json.dumps(spoilt).encode(), ID)
    except LocalFileError:
        return
    assert Manifest.read(manifest.to_bytes(), ID) == manifest


def _set(**fields: object) -> Callable[[dict[str, Any]], object]:
    return lambda manifest: manifest["archives"][0].update(fields)


def _file(**fields: object) -> Callable[[dict[str, Any]], object]:
    return lambda manifest: manifest["archives"][0]["files"][0].update(fields)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda manifest: manifest.update(measurement="20210307aky0931"),
        lambda manifest: manifest.update(version=0),
        lambda manifest: manifest.update(version=True),
        lambda manifest: manifest.update(more=1),
        _file(path="../elda/a.nc"),
        _file(path="elda/../a.nc"),
        _file(path="/elda/a.nc"),
        _file(path="eldec/a.nc"),
        _file(path="a.nc"),
        _file(path="elda/"),
        _file(path="elda/x\\y"),
        _file(kind="..", path="../a.nc"),
        _file(kind="elpp", path="elpp/a.nc"),
        _file(size=-1),
        _file(size=True),
        _file(size=1.0),
        _file(sha256=SHA.upper()),
        _set(kinds=[]),
        _set(kinds=["elda", "elda"]),
        _set(kinds=["elda", "../x"]),
        _set(kinds=["elda", "a/b"]),
        _set(unpacked=False),
        _set(unpacked=0),
        _set(fetched="2021-03-08T12:00:00"),
        _set(fetched="yesterday"),
        _set(fetched="0001-01-01T00:00:00+23:00"),
        _set(state={}),
        _set(sha256=SHA[:-1]),
    ],
)
def test_nothing_is_believed_that_cannot_be(spoil: Callable[[dict[str, Any]], object]) -> None:
    """Paths out of the folder, another measurement, wrong types: each is damage."""
    spoilt = value()
    assert Manifest.read(json.dumps(spoilt).encode(), ID).archives
    spoil(spoilt)

    with pytest.raises(DamagedManifest):
        Manifest.read(json.dumps(spoilt).encode(), ID)


def test_a_newer_manifest_is_not_damage() -> None:
    """A later version is told from damage, with both versions and what to do, whatever else it holds."""
    with pytest.raises(LocalFileError, match=r"version 2.*knows version 1; use a newer scckit") as caught:
        Manifest.read(b'{"version": 2, "other": []}', ID)

    assert not isinstance(caught.value, DamagedManifest)


def test_times_with_another_offset_are_the_same_moment() -> None:
    """Moments are read as UTC, whatever offset they were written with."""
    there = NOON.astimezone(timezone(timedelta(hours=5, minutes=30)))
    written = value()
    written["archives"][0]["fetched"] = there.isoformat()

    (record,) = Manifest.read(json.dumps(written).encode(), ID).archives
    assert (record.fetched, record.fetched.tzinfo) == (NOON, UTC)


@given(st.lists(records(st.sampled_from(["elda", "eldec", "elpp"])), max_size=6))
def test_the_last_archive_of_a_kind_counts(came: list[Record]) -> None:
    """After any sequence of archives, each kind is told by the last that it was wanted from, and by no other."""
    manifest = Manifest(ID)
    for record in came:
        manifest = manifest.having(record)

    for kind in ("elda", "eldec", "elpp"):
        last = next((one for one in reversed(came) if one.unpacked and kind in one.kinds), None)
        found = manifest.covering(kind)
        assert (found and (found.fetched, found.size)) == (last and (last.fetched, last.size))
        if found is not None and last is not None:
            assert [one for one in found.files if one.kind == kind] == [one for one in last.files if one.kind == kind]
        assert sum(one.unpacked and kind in one.kinds for one in manifest.archives) == (last is not None)
        assert manifest.kept(kind) == next(
            (one for one in reversed(came) if not one.unpacked and one.kinds[0] == kind), None
        )
    assert Manifest.read(manifest.to_bytes(), ID) == manifest


def test_a_state_tells_only_with_the_moment_of_the_last_change() -> None:
    """Equal statuses are what a rerun leaves too; and while a module works, products come without another word."""
    module = Module(Status.OK, 127, ExitCode(0, "without errors"))
    done = Measurement(ID, {"elda": module}, upload=Module(Status.OK, 127), updated=NOON)

    assert State.of(done).tells
    assert State.of(done) == State.of(evolve(done, modules={"elda": evolve(module, exit=ExitCode(0, "other words"))}))
    assert not State.of(evolve(done, updated=None)).tells
    assert not State.of(evolve(done, is_queued=True)).tells
    assert not State.of(evolve(done, is_processing=True)).tells
    for change in (
        {"updated": NOON + timedelta(minutes=1)},
        {"upload": None},
        {"modules": {}},
        {"modules": {"elda": evolve(module, status=Status.FAILED)}},
        {"modules": {"elda": evolve(module, exit=ExitCode(1, "without errors"))}},
    ):
        assert State.of(done) != State.of(evolve(done, **change))
