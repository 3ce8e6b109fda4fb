"""Processing on the clock, restarts, and the page of a measurement (scc-interface.md 2.3, 4.3, 4.4)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import get_args

import pytest
from emulator_browser import ID, LONG, START, STOP, Browser

from scckit_emulator import Behaviour, Emulator
from scckit_emulator.chain import DONE, FAILED, MODULES, NOT_RUN, Scope

PAGE = f"data_processing/measurements/{ID}/"
FLAGS = ("is_queued", "is_being_processed", "is_delayed")


def statuses(found: dict[str, object]) -> dict[str, object]:
    """Statuses of a measurement of the API."""
    return {module: found[module] for module in MODULES}


def test_upload_is_queued_processed_finished(emulator: Emulator, browser: Browser, raw: Path) -> None:
    """A measurement is queued, then its modules run one after another, then it is finished."""
    browser.upload(fields={"system": 438}, data=raw)
    seen = []
    for _ in range(9):
        found = browser.measurement()
        running = [module for module in MODULES if found[module] == 1]
        seen.append((found["is_queued"], found["is_being_processed"], running))
        emulator.clock.advance(3)

    assert seen == [
        (True, False, []),
        (True, False, []),
        (False, True, ["hirelpp"]),
        (False, True, ["cloudmask"]),
        (False, True, ["elpp"]),
        (False, True, ["elda"]),
        (False, True, ["elic"]),
        (False, True, ["elquick"]),
        (False, False, []),
    ]


def test_exit_codes_are_null_until_a_module_has_ended(emulator: Emulator, browser: Browser, raw: Path) -> None:
    """The exit code is null, then an object with code and description."""
    emulator.behaviour = Behaviour(failing_modules=["elda"])
    browser.upload(fields={"system": 438}, data=raw)

    assert browser.measurement()["elda_exit_code"] is None
    emulator.clock.advance(LONG)
    found = browser.measurement()

    assert found["elpp_exit_code"]["exit_code"] == 0
    assert found["elda_exit_code"]["exit_code"] > 0
    assert found["elda_exit_code"]["description"]
    assert found["eldec_exit_code"] is None


def test_calibration_runs_eldec(emulator: Emulator, browser: Browser, make_raw: Callable[..., Path]) -> None:
    """A measurement of a calibration system says so and runs ELPP and ELDEC only."""
    browser.upload(fields={"system": 462}, data=make_raw())
    emulator.clock.advance(LONG)
    found = browser.measurement()

    assert found["is_calibration"]
    assert {"elpp", "eldec"} == {module for module, status in statuses(found).items() if status == DONE}


def test_failing_modules_hold_for_runs_that_begin_then(emulator: Emulator, browser: Browser, raw: Path) -> None:
    """A behaviour decides about runs that begin under it; a restart under another one heals."""
    emulator.behaviour = Behaviour(failing_modules={ID: ["elpp"]})
    browser.upload(fields={"system": 438}, data=raw)
    emulator.behaviour = Behaviour()
    emulator.clock.advance(LONG)

    assert (browser.measurement()["elpp"], browser.measurement()["elda"]) == (FAILED, NOT_RUN)
    browser.get(PAGE + "rerun-elpp/")
    emulator.clock.advance(LONG)

    assert (browser.measurement()["elpp"], browser.measurement()["elda"]) == (DONE, DONE)


@pytest.mark.parametrize("scope", get_args(Scope))
def test_restart_runs_on_the_clock(emulator: Emulator, browser: Browser, scope: Scope) -> None:
    """A restart leads to the measurement's page with a message, is queued, and ends as before."""
    emulator.add_measurement(ID, system=438, start=START, stop=STOP)
    before = statuses(browser.measurement())
    answer = browser.get(f"{PAGE}rerun-{scope}/")

    assert (answer.path, answer.status) == (PAGE, 200)
    assert 'class="grp-success"' in answer.text
    assert "The processing chain was restarted" in answer.text
    assert browser.measurement()["is_queued"]
    assert browser.measurement()["elda"] == NOT_RUN
    assert browser.measurement()["hirelpp"] == (NOT_RUN if scope == "all" else DONE)
    emulator.clock.advance(LONG)

    assert before == statuses(browser.measurement())


def test_message_is_shown_once(emulator: Emulator, browser: Browser) -> None:
    """The message of a restart is gone from the next page."""
    emulator.add_measurement(ID, system=438, start=START, stop=STOP)
    browser.get(PAGE + "rerun-all/")

    assert "grp-success" not in browser.get(PAGE).text


@pytest.mark.parametrize("path", [f"{PAGE}rerun-all/", PAGE, f"{PAGE}download-raw/"])
def test_unknown_measurement_is_not_found(browser: Browser, path: str) -> None:
    """Pages, restarts and downloads of an unknown measurement are 404."""
    assert browser.get(path).status == 404


@pytest.mark.parametrize("path", ["rerun-hirelpp/", "download-ltool/"])
def test_unknown_action_is_not_found(emulator: Emulator, browser: Browser, path: str) -> None:
    """A restart or download that the SCC does not have is 404."""
    emulator.add_measurement(ID, system=438, start=START, stop=STOP)

    assert browser.get(PAGE + path).status == 404


def test_statuses_can_be_given(emulator: Emulator, browser: Browser) -> None:
    """A measurement can be put there with any statuses and exit codes, and keeps them."""
    given = {"hirelpp": 127, "cloudmask": -127, "elpp": 127, "elda": -127, "elic": 127, "elquick": 1}
    emulator.add_measurement(
        ID, system=438, start=START, stop=STOP, statuses=given, exit_codes={"elda": (13, "no valid points")}
    )
    emulator.clock.advance(LONG)
    found = browser.measurement()

    assert {**given, "eldec": 0} == statuses(found)
    assert found["elda_exit_code"] == {"exit_code": 13, "description": "no valid points"}
    assert not any(found[flag] for flag in FLAGS)


def test_unfinished_measurement_begins_when_added(emulator: Emulator, browser: Browser) -> None:
    """A measurement that is added unfinished runs from then on, after its delay."""
    emulator.add_measurement(ID, system=438, start=START, stop=STOP, finished=False, delay=10)

    assert browser.measurement()["is_delayed"]
    emulator.clock.advance(10 + LONG)

    assert browser.measurement()["elda"] == DONE


def test_added_ancillary_file_releases_a_measurement(emulator: Emulator, browser: Browser) -> None:
    """A measurement waits for the last of its files; `add_ancillary` brings them."""
    emulator.add_measurement(
        ID, system=438, start=START, stop=STOP, finished=False, sounding="rs_a.nc", overlap="ov_a.nc"
    )
    emulator.add_ancillary("sounding", "rs_a.nc")

    assert not browser.measurement()["is_queued"]
    emulator.add_ancillary("overlap", "ov_a.nc")

    assert browser.measurement()["is_queued"]
