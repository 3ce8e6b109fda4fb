"""The emulator's clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from scckit_emulator import Clock
from scckit_emulator.clock import database_time

START = datetime(2021, 3, 7, tzinfo=UTC)


class Real:
    """Real seconds, moved by the test."""

    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


@pytest.mark.parametrize(("speed", "expected"), [(0, 0), (1, 7), (10, 70)])
def test_runs_at_its_speed(speed: float, expected: float) -> None:
    """It shows real seconds times its speed."""
    real = Real()
    clock = Clock(START, speed=speed, real=real)
    real.seconds += 7

    assert START.timestamp() + expected == clock.now()


def test_advances() -> None:
    """Moving it on adds to what it shows, whatever its speed."""
    clock = Clock(START, speed=0)
    clock.advance(30)
    clock.advance(0.5)

    assert START + timedelta(seconds=30.5) == clock.datetime()


@pytest.mark.parametrize("seconds", [-1.0, float("nan"), float("inf")])
def test_never_goes_back(seconds: float) -> None:
    """It cannot be moved back, nor to nowhere."""
    with pytest.raises(ValueError, match="moved on"):
        Clock(START).advance(seconds)


@pytest.mark.parametrize("speed", [-1.0, float("nan"), float("inf")])
def test_refuses_impossible_speed(speed: float) -> None:
    """A speed below 0 or without value is refused."""
    with pytest.raises(ValueError, match="speed"):
        Clock(START, speed=speed)


def test_needs_a_zone() -> None:
    """A start without time zone is refused, and the message tells what to add."""
    with pytest.raises(ValueError, match="tzinfo=UTC"):
        Clock(datetime(2021, 3, 7))  # noqa: DTZ001 - the fault under test


def test_database_time_is_utc_without_zone() -> None:
    """A moment of any zone is kept as UTC without zone and without fractions."""
    moment = datetime(2021, 3, 7, 12, 0, 0, 999, tzinfo=timezone(timedelta(hours=2)))

    assert datetime(2021, 3, 7, 10) == database_time(moment)  # noqa: DTZ001 - that is the point
