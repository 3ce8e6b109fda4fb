"""The processing chain: pure functions of what was asked and the time."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from scckit_emulator import chain
from scckit_emulator.chain import DONE, FAILED, NOT_RUN, RUNNING, Order, Pace, Progress

if TYPE_CHECKING:
    import hypothesis
    import hypothesis.strategies as st
else:
    hypothesis = pytest.importorskip("hypothesis")
    st = pytest.importorskip("hypothesis.strategies")

PACE = Pace(queue=5, module=3)
KNOWN = {NOT_RUN, RUNNING, DONE, FAILED}

failings = st.frozensets(st.sampled_from(chain.MODULES))
orders = st.builds(
    lambda calibration, since, delay, failing: Order(
        since, delay, chain.modules_of(is_calibration=calibration), {}, failing, PACE
    ),
    st.booleans(),
    st.none() | st.integers(0, 50),
    st.integers(0, 100),
    failings,
)
times = st.floats(0, 300)


def order(*failing: str, calibration: bool = False, since: float | None = 0, delay: float = 0) -> Order:
    """An order of all modules."""
    modules = chain.modules_of(is_calibration=calibration)
    return Order(since, delay, modules, {}, frozenset(failing), PACE)


@hypothesis.given(orders, times, times)
def test_what_has_ended_stays(asked: Order, first: float, second: float) -> None:
    """In one run a module that is done or failed never changes again."""
    early, late = sorted((first, second))
    before, after = chain.progress(asked, early).statuses, chain.progress(asked, late).statuses

    assert all(after[module] == status for module, status in before.items() if status in {DONE, FAILED})


@hypothesis.given(orders, times)
def test_flags_and_statuses_agree(asked: Order, now: float) -> None:
    """At most one module runs, exactly while it is being processed; no two flags are set."""
    now_at = chain.progress(asked, now)
    running = [module for module, status in now_at.statuses.items() if status == RUNNING]

    assert set(now_at.statuses) == set(chain.MODULES)
    assert set(now_at.statuses.values()) <= KNOWN
    assert len(running) == now_at.is_being_processed
    assert now_at.is_being_processed + now_at.is_queued + now_at.is_delayed <= 1


@hypothesis.given(st.booleans(), failings)
def test_end_of_a_run_is_what_finished_says(calibration: bool, failing: frozenset[str]) -> None:
    """`finished` and the end of a run give the same statuses."""
    end = chain.progress(order(*failing, calibration=calibration), 1e6)

    assert Progress(chain.finished(is_calibration=calibration, failing=failing)) == end


@hypothesis.given(orders, st.sampled_from(["all", "elpp", "elda"]), times)
def test_restart_keeps_the_rest(asked: Order, scope: chain.Scope, now: float) -> None:
    """A restart leaves modules outside its scope as they are and ends, like all, with nothing running."""
    again = chain.restarted(asked, scope, now=now, is_calibration=False, failing=(), pace=PACE)
    at_once = chain.progress(again, now)

    assert all(at_once.statuses[module] == NOT_RUN for module in again.modules)
    assert RUNNING not in chain.progress(again, now + 1000).statuses.values()


@hypothesis.given(orders)
def test_orders_survive_json(asked: Order) -> None:
    """An order is the same after a way through JSON."""
    assert asked == Order.from_json(json.loads(json.dumps(asked.to_json())))


def test_modules_run_one_after_another() -> None:
    """After the queue each module takes its time, in order."""
    seen = [
        next((m for m, s in chain.progress(order(), now).statuses.items() if s == RUNNING), None)
        for now in (4, 6, 9, 12, 15, 18, 21, 24)
    ]

    assert seen == [None, "hirelpp", "cloudmask", "elpp", "elda", "elic", "elquick", None]


def test_delay_comes_before_the_queue() -> None:
    """It is delayed, then queued, then processed."""
    asked = order(delay=100)

    assert chain.progress(asked, 99).is_delayed
    assert chain.progress(asked, 104).is_queued
    assert chain.progress(asked, 106).is_being_processed


def test_missing_files_stop_all() -> None:
    """While an ancillary file is missing every status is 0 and no flag is set, for ever."""
    assert Progress(dict.fromkeys(chain.MODULES, NOT_RUN)) == chain.progress(order(since=None), 1e9)


@pytest.mark.parametrize(
    ("failing", "expected"),
    [
        ("elpp", {"hirelpp": DONE, "elpp": FAILED, "elda": NOT_RUN, "elic": DONE, "elquick": DONE}),
        ("hirelpp", {"hirelpp": FAILED, "cloudmask": NOT_RUN, "elpp": DONE, "elda": DONE, "elic": NOT_RUN}),
        ("cloudmask", {"cloudmask": FAILED, "elda": DONE, "elic": DONE}),
    ],
)
def test_failure_stops_only_what_needs_it(failing: str, expected: dict[str, int]) -> None:
    """A failed module stops those that read its output and no others."""
    end = chain.finished(is_calibration=False, failing=[failing])

    assert expected == {module: end[module] for module in expected}


def test_calibration_runs_elpp_and_eldec() -> None:
    """A calibration measurement has ELPP and ELDEC only."""
    end = chain.finished(is_calibration=True, failing=())

    assert {"elpp", "eldec"} == {module for module, status in end.items() if status == DONE}


def test_restart_waits_for_missing_files_too() -> None:
    """Restarting a measurement that waits for a file does not start it."""
    again = chain.restarted(order(since=None), "all", now=7, is_calibration=False, failing=(), pace=PACE)

    assert again.since is None


@pytest.mark.parametrize(("status", "known"), [(NOT_RUN, False), (RUNNING, False), (DONE, True), (FAILED, True)])
def test_exit_codes_come_with_the_end(status: int, known: bool) -> None:
    """Only a module that has ended has an exit code: 0 when done, more when failed."""
    code = chain.exit_code("elda", status)

    assert known == (code is not None)
    assert code is None or (code[0] > 0) == (status == FAILED)
