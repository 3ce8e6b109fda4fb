"""The emulator in process, in both generations, and a client on it; no socket is opened."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

import scckit
from scckit.testing import WSGITransport
from scckit_emulator import Behaviour, Emulator
from scckit_emulator.synthetic import write_raw

START = datetime(2026, 3, 21, 20, tzinfo=UTC)
STOP = datetime(2026, 3, 21, 21, tzinfo=UTC)
ID = "20260321aky2000"
GENERATIONS = {
    "current": Behaviour(generation="current"),
    "legacy": Behaviour(generation="legacy", legacy_flags=False),
    "oldest": Behaviour(generation="legacy", legacy_flags=False, cells="_ok"),
}


@pytest.fixture(params=GENERATIONS)
def emulator(request: pytest.FixtureRequest, started_emulator: Emulator) -> Emulator:
    """Give the emulator as it was when new, in each generation."""
    started_emulator.behaviour = GENERATIONS[request.param]
    started_emulator.reset()
    return started_emulator


@pytest.fixture
def connect(emulator: Emulator) -> Callable[..., scckit.Client]:
    """Make clients of the emulator, for which waiting moves the emulator's clock."""

    def make(**settings: Any) -> scckit.Client:
        account = emulator.account
        given = {
            "credentials": scckit.Credentials(
                account.http_user, account.http_password, account.username, account.password
            ),
            "transport": WSGITransport(emulator.wsgi),
            "sleep": emulator.clock.advance,
            **settings,
        }
        return scckit.connect(emulator.base_url, **given)

    return make


@pytest.fixture
def scc(connect: Callable[..., scckit.Client]) -> Iterator[scckit.Client]:
    """Give a client of the emulator."""
    with connect() as client:
        yield client


@pytest.fixture(scope="session")
def raw(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write a raw file."""
    path = tmp_path_factory.mktemp("raw") / f"{ID}.nc"
    write_raw(path, measurement_id=ID, start=START, stop=STOP)
    return path
