"""What the tests of the peers share: a server for each file of tests, and files to upload."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from scckit_emulator.synthetic import write_raw

from .served import ID, SEEDED, START, STOP, Server, serving


@pytest.fixture(scope="module", autouse=True)
def _surroundings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Peers find neither configuration files nor a proxy of whoever runs the tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(tmp_path_factory.mktemp("home")))
        patch.setenv("NO_PROXY", "127.0.0.1")
        yield


@pytest.fixture(scope="module")
def server(peer: object, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The server that the peers were written for, ten times as fast.

    It asks for the peer, which each file of tests defines: where that is not installed nothing is started.
    """
    options = ("--generation", "legacy", "--speed", "10", "--seed-measurements", str(SEEDED))
    with serving(tmp_path_factory.mktemp("server"), *options) as server:
        yield server


@pytest.fixture
def make_raw(tmp_path: Path) -> Callable[..., Path]:
    """Makes raw files."""

    def make(measurement_id: str = ID, **changes: object) -> Path:
        wanted = {"start": START, "stop": STOP, "points": 200, "profiles": 2} | changes
        return write_raw(tmp_path / f"{measurement_id}.nc", measurement_id=measurement_id, **wanted)

    return make
