"""The verbs of ``test_replay`` once more, played by scckit-replay: by the cassette's name alone, with nothing patched."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path

import pytest

import scckit
from scckit.plugins import Request
from scckit_replay.cassette import Cassette
from scckit_replay.replay import ReplayTransport

from . import test_replay as verbs

CASSETTES = sorted((Path(__file__).resolve().parents[2] / "cassettes").glob("*.yaml"))


def _verb(path: Path) -> Callable[..., None]:
    return getattr(verbs, path.name.partition("[")[0])


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    """Write the raw file that the verbs upload."""
    return inspect.unwrap(verbs.raw)(tmp_path)


@pytest.mark.parametrize("path", CASSETTES, ids=lambda path: path.stem)
def test_a_cassette_is_played_by_its_name(path: Path, raw: Path, tmp_path: Path) -> None:
    """Without credentials and address, each cassette gives what the test that recorded it expects."""
    with scckit.connect(transport=f"replay:{path}", environ={}, sleep=lambda _: None) as scc:
        given = {"scc": scc, "raw": raw, "tmp_path": tmp_path}
        _verb(path)(**{name: given[name] for name in inspect.signature(_verb(path)).parameters})


@pytest.mark.parametrize("path", CASSETTES, ids=lambda path: path.stem)
def test_a_cassette_is_played_whole(path: Path, raw: Path, tmp_path: Path) -> None:
    """Nothing is left when its test is through, and nothing was asked beyond it."""
    credentials = scckit.Credentials("a", "b", "c", "d")
    with ReplayTransport(path) as replay:
        with scckit.connect(transport=replay, credentials=credentials, environ={}, sleep=lambda _: None) as scc:
            given = {"scc": scc, "raw": raw, "tmp_path": tmp_path}
            _verb(path)(**{name: given[name] for name in inspect.signature(_verb(path)).parameters})

        replay.require_all_played()


@pytest.mark.parametrize("path", CASSETTES, ids=lambda path: path.stem)
def test_every_answer_of_a_cassette_is_as_long_as_it_says(path: Path) -> None:
    """The length that a head announces is that of the body, for each answer of each cassette."""
    cassette = Cassette.read(path)
    replay = ReplayTransport(cassette)
    for one in cassette.interactions:
        exchange = replay.open(Request(one.method, one.url))
        assert exchange.head.content_length in {None, sum(map(len, exchange.chunks()))}
    assert len(replay.played) == len(cassette.interactions)
