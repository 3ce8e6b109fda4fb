"""The server that the published clients were written for (scc-interface.md 1.5, 3.1, 4.3)."""

from __future__ import annotations

import re

from emulator_browser import ID, LONG, START, STOP, Browser, rows

from scckit_emulator import Behaviour, Emulator

LIST = "admin/database/measurements/"


def test_pages_count_from_zero(emulator: Emulator, legacy: Browser) -> None:
    """Pages are 0, 1 …, their links are labelled from 1, without `p` comes the first."""
    emulator.behaviour = Behaviour(generation="legacy", page_size=5)
    pages = [legacy.get(LIST, p=number) for number in (0, 1, 2)]

    assert [len(rows(page)) for page in pages] == [5, 5, 2]
    assert len({row["id"] for page in pages for row in rows(page)}) == 12
    assert set(re.findall(r'<a href="\?p=(\d)" class="end">(\d)</a>', pages[0].text)) == {("2", "3")}
    assert rows(legacy.get(LIST)) == rows(pages[0])
    assert rows(legacy.get(LIST, p="x")) == rows(pages[0])
    assert legacy.get(LIST, p=3).path == f"{LIST}?e=1"


def test_message_cookie_can_be_read(emulator: Emulator, legacy: Browser) -> None:
    """The messages cookie holds the text of the message, and the next page shows it."""
    emulator.add_measurement(ID, system=438, start=START, stop=STOP)
    legacy.get(LIST)
    answer = legacy.post(LIST, follow=False, _selected_action=ID, action="rerun_all", selected_across=0, index=0)

    assert answer.status == 302
    assert "The processing chain was restarted" in legacy.cookies["messages"]
    assert "The processing chain was restarted" in legacy.get(LIST).text
    assert "messages" not in legacy.cookies


def test_forged_message_cookie_is_dropped(legacy: Browser) -> None:
    """A cookie with another signature shows nothing and breaks nothing."""
    legacy.cookies["messages"] = '0000$[["__json_message",0,25,"forged"]]'
    answer = legacy.get(LIST)

    assert (answer.status, "grp-messagelist" in answer.text) == (200, False)


def test_older_flag_covers_queue_and_run(emulator: Emulator, legacy: Browser) -> None:
    """`is_running` is there, true from the queue to the end; the newer flags are there too."""
    emulator.add_measurement(ID, system=438, start=START, stop=STOP, finished=False)

    assert legacy.measurement()["is_running"] is True
    emulator.clock.advance(6)

    assert tuple(legacy.measurement()[flag] for flag in ("is_running", "is_being_processed")) == (True, True)
    emulator.clock.advance(LONG)

    assert legacy.measurement()["is_running"] is False


def test_newer_flags_can_be_left_out(emulator: Emulator, legacy: Browser) -> None:
    """On request the older server shows its one flag only, and the current one never shows it."""
    emulator.behaviour = Behaviour(generation="legacy", legacy_flags=False)
    emulator.add_measurement(ID, system=438, start=START, stop=STOP)
    old = legacy.measurement()
    emulator.behaviour = Behaviour()
    new = legacy.measurement()

    assert {"is_running"} == {flag for flag in old if flag.startswith("is_")} - {"is_calibration"}
    assert "is_running" not in new
