"""Fixtures of the emulator's tests."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from scckit_emulator import Behaviour, Emulator
from scckit_emulator.synthetic import write_raw

# Tests are no package: what they share is found beside them.
sys.path.insert(0, str(Path(__file__).parent))

from emulator_browser import ID, START, STOP, Browser


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    """An emulator whose clock stands still until it is moved on."""
    with Emulator(speed=0) as emulator:
        yield emulator


@pytest.fixture
def stranger(emulator: Emulator) -> Browser:
    """A browser that has not signed in."""
    return Browser(emulator)


@pytest.fixture
def browser(stranger: Browser) -> Browser:
    """A browser that has signed in."""
    assert stranger.sign_in().status == 200
    return stranger


@pytest.fixture
def legacy(emulator: Emulator, browser: Browser) -> Browser:
    """A browser at the server that the published clients were written for."""
    emulator.behaviour = Behaviour(generation="legacy")
    return browser


@pytest.fixture
def make_raw(tmp_path: Path) -> Callable[..., Path]:
    """Makes raw files."""

    def make(name: str = "raw.nc", **changes: Any) -> Path:
        wanted: dict[str, Any] = {"measurement_id": ID, "start": START, "stop": STOP, "points": 200, "profiles": 2}
        return write_raw(tmp_path / name, **(wanted | changes))

    return make


@pytest.fixture
def raw(make_raw: Callable[..., Path]) -> Path:
    """A raw file that the SCC takes."""
    return make_raw()
