"""The station admin's lists, actions and deletions (scc-interface.md 2.5, 3)."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from emulator_browser import ID, LONG, ORIGIN, START, STOP, Browser, rows

from scckit_emulator import Behaviour, Emulator

LIST = "admin/database/measurements/"
CONSTANTS = "admin/database/lidarconstant/"
DELETE = f"{LIST}{ID}/delete/"
MODULES = ("hirelpp", "cloudmask", "elpp", "elda", "eldec", "elic", "elquick")


def fill(emulator: Emulator, count: int) -> None:
    """Add measurements, an hour each."""
    for number in range(count):
        start = START + timedelta(hours=number)
        emulator.add_measurement(
            f"{start:%Y%m%d}aky{start:%H%M}", system=437, start=start, stop=start + timedelta(hours=1)
        )


def test_row_has_the_cells_of_the_scc(emulator: Emulator, browser: Browser) -> None:
    """A row has every cell by its name, the station as link in a th, and icons with three states."""
    emulator.add_measurement(ID, system=438, start=START, stop=STOP, failing=["elda"])
    answer = browser.get(LIST, id=ID)
    (row,) = rows(answer)

    assert row == {
        "id": ID,
        "station_id": "aky",
        "start": "2021-03-07 09:30",
        "stop": "2021-03-07 11:00",
        "creation_date": "2024-06-01 12:00",
        "updated_date": "2024-06-01 12:00",
        "upload_ok_evo": "OK",
        "hirelpp_ok_evo": "OK",
        "cloudmask_ok_evo": "OK",
        "elpp_ok_evo": "OK",
        "elda_ok_evo": "Error",
        "eldec_ok_evo": "Not Executed",
        "elic_ok_evo": "OK",
        "elquick_ok_evo": "OK",
        "is_being_processed": "False",
    }
    assert re.search(r'<th class="field-station_id"><a href="[^"]+">aky</a></th>', answer.text)
    assert f'<td class="field-id">{ID}</td>' in answer.text
    assert re.search(rf'<input type="checkbox" name="_selected_action" value="{ID}" class="action-select"', answer.text)


def test_frame_is_grappellis(browser: Browser) -> None:
    """Table, pager and actions have Grappelli's markup."""
    text = browser.get(LIST).text

    assert 'id="result_list"' in text
    assert 'class="grp-pagination"' in text
    assert "grp-changelist-actions" in text
    assert '<option value="rerun_all">' in text
    assert re.search(r"12\s+total", text)


def test_filters(emulator: Emulator, browser: Browser) -> None:
    """Start is inclusive, end is exclusive, the station is exact; nothing found leaves no table."""
    fill(emulator, 4)
    span = {"start__gte": "2021-03-07 10:30:00", "start__lt": "2021-03-07 12:30:00"}
    found = [row["id"] for row in rows(browser.get(LIST, **span))]

    assert found == ["20210307aky1130", "20210307aky1030"]
    assert found == [row["id"] for row in rows(browser.get(LIST, **span, station_id="aky"))]
    nothing = browser.get(LIST, **span, station_id="hpb")

    assert (nothing.status, rows(nothing)) == (200, [])
    assert "result_list" not in nothing.text


@pytest.mark.parametrize("query", [{"nonsense": "1"}, {"start__gte": "yesterday"}, {"p": "99"}])
def test_refused_filter_shows_everything(emulator: Emulator, browser: Browser, query: dict[str, str]) -> None:
    """A filter that cannot be used redirects to ?e=1, with the unfiltered list."""
    emulator.behaviour = Behaviour(page_size=10)
    answer = browser.get(LIST, **query)

    assert f"{LIST}?e=1" == answer.path
    assert len(rows(answer)) == 10


def test_forbidden_lookup_is_400(browser: Browser) -> None:
    """A look-up across relations is a 400."""
    assert browser.get(LIST, system__station__name="x").status == 400


def test_pages_count_from_one(emulator: Emulator, browser: Browser) -> None:
    """Pages are 1, 2 …; the link to the last is `a.end`, and missing on the last page."""
    emulator.behaviour = Behaviour(page_size=5)
    pages = [browser.get(LIST, p=number) for number in (1, 2, 3)]

    assert [len(rows(page)) for page in pages] == [5, 5, 2]
    assert len({row["id"] for page in pages for row in rows(page)}) == 12
    assert set(re.findall(r'<a href="\?p=(\d)" class="end">(\d)</a>', pages[0].text)) == {("3", "3")}
    assert 'class="end"' not in pages[2].text
    assert '<span class="this-page">3</span>' in pages[2].text


def test_page_links_keep_the_filter(emulator: Emulator, browser: Browser) -> None:
    """Links of the pager carry the filter."""
    emulator.behaviour = Behaviour(page_size=2)
    fill(emulator, 5)
    answer = browser.get(LIST, station_id="aky", start__lt="2021-04-01 00:00:00")
    (link,) = set(re.findall(r'<a href="(\?[^"]*)" class="end">', answer.text))

    assert len(rows(browser.get(LIST + link.replace("&amp;", "&")))) == 1


def test_one_page_has_no_page_links(browser: Browser) -> None:
    """With one page the pager is there and has no links."""
    text = browser.get(LIST).text

    assert 'class="end"' not in text
    assert "grp-pagination" in text


def test_action_restarts_and_says_so_in_a_cookie(emulator: Emulator, browser: Browser) -> None:
    """The action of the clients redirects, sets an opaque messages cookie, and restarts; the list shows the message."""
    emulator.add_measurement(ID, system=438, start=START, stop=STOP)
    browser.get(LIST)
    answer = browser.post(LIST, follow=False, _selected_action=ID, action="rerun_all", selected_across=0, index=0)

    assert answer.status == 302
    cookie = browser.cookies["messages"]
    assert "The processing chain was restarted" not in cookie
    assert browser.measurement()["is_queued"]
    assert "The processing chain was restarted" in browser.get(LIST).text
    emulator.clock.advance(LONG)

    assert browser.measurement()["elda"] == 127


def test_is_being_processed_while_a_module_runs(emulator: Emulator, browser: Browser) -> None:
    """The cell follows the clock; a module that runs has not been executed yet."""
    emulator.add_measurement(ID, system=438, start=START, stop=STOP, finished=False)
    emulator.clock.advance(6)
    (row,) = rows(browser.get(LIST, id=ID))

    assert (row["is_being_processed"], row["hirelpp_ok_evo"]) == ("True", "Not Executed")


def test_older_cells(emulator: Emulator, browser: Browser) -> None:
    """On request the cells are those before March 2021: other names, True or False."""
    emulator.behaviour = Behaviour(cells="_ok")
    emulator.add_measurement(ID, system=438, start=START, stop=STOP, failing=["elda"])
    (row,) = rows(browser.get(LIST, id=ID))

    assert (row["elpp_ok"], row["elda_ok"], row["eldec_ok"]) == ("True", "False", "False")
    assert not any(f"{module}_ok_evo" in row for module in MODULES)


def test_delete_asks_first(emulator: Emulator, browser: Browser) -> None:
    """The page that asks sets the token, has both fields, and deletes nothing."""
    emulator.add_measurement(ID, system=438, start=START, stop=STOP)
    answer = browser.once("GET", DELETE)

    assert answer.status == 200
    assert any(line.startswith("csrftoken=") for line in answer.headers.get_all("Set-Cookie", []))
    assert 'name="post" value="yes"' in answer.text
    assert 'name="select_delete_related_measurements"' in answer.text
    assert browser.measurement()["id"] == ID


@pytest.mark.parametrize(
    "form", [{"post": "yes"}, {"post": "yes", "select_delete_related_measurements": "not_delete_related"}]
)
def test_delete(emulator: Emulator, browser: Browser, form: dict[str, str]) -> None:
    """A deletion redirects to the list, which says so; measurement and products are gone, the ID is free again."""
    emulator.add_measurement(ID, system=438, start=START, stop=STOP)
    download = f"data_processing/measurements/{ID}/download-cloudmask/"
    before = browser.get(download).archive().namelist()
    browser.get(LIST)
    answer = browser.post(DELETE, follow=False, **form)

    assert (302, f"/{LIST}") == (answer.status, answer.headers["Location"])
    shown = browser.get(LIST).text
    assert re.search(r'<li class="grp-success">[^<]*deleted successfully', shown)
    assert browser.get(f"api/v1/measurements/{ID}/").status == 404
    emulator.add_measurement(ID, system=438, start=START, stop=STOP + timedelta(hours=1))
    after = browser.get(download).archive().namelist()

    assert not set(before) & set(after)


@pytest.mark.parametrize(("choice", "left"), [("delete_related", 404), ("not_delete_related", 200)])
def test_delete_with_what_depends_on_it(emulator: Emulator, browser: Browser, choice: str, left: int) -> None:
    """Measurements that are calibrated with a deleted one go too, or stay, as was chosen."""
    other = "20210307aky2100"
    emulator.add_measurement(ID, system=462, start=START, stop=STOP)
    emulator.add_measurement(other, system=438, start=START, stop=STOP, calibrated_with=ID)
    browser.get(LIST)
    browser.post(DELETE, post="yes", select_delete_related_measurements=choice)

    assert browser.get(f"api/v1/measurements/{ID}/").status == 404
    assert left == browser.get(f"api/v1/measurements/{other}/").status


def test_delete_of_an_unknown_measurement(emulator: Emulator, browser: Browser) -> None:
    """It is 404, or on request what Django does: a redirect with a warning."""
    browser.get(LIST)

    assert [browser.get(DELETE).status, browser.post(DELETE, post="yes").status] == [404, 404]
    emulator.behaviour = Behaviour(delete_unknown="redirect")
    answer = browser.once("GET", DELETE)

    assert answer.status == 302
    assert "grp-warning" in browser.get(answer.headers["Location"].removeprefix(ORIGIN)).text


def test_lidar_constants(emulator: Emulator, browser: Browser) -> None:
    """The list of constants has the SCC's cells and filters by time and station."""
    emulator.add_measurement(ID, system=438, start=START, stop=STOP)
    count = emulator.add_lidar_constants(ID)
    span = {"profile_start_time__gte": "2021-03-07 00:00:00", "profile_start_time__lt": "2021-03-08 00:00:00"}
    found = rows(browser.get(CONSTANTS, **span, station="aky"))

    assert count == len(found) > 0
    assert rows(browser.get(CONSTANTS, **span, station="hpb")) == []
    assert set(found[0]) == {
        "measurement_id_display",
        "channel_id_display",
        "system_id_display",
        "product_id_display",
        "detection_wavelength",
        "lidar_constant",
        "lidar_constant_stat_err",
        "profile_start_time",
        "profile_end_time",
        "calibr_window_bottom",
        "calibr_window_top",
        "creation_date",
        "elda_version",
    }
    assert all((row["measurement_id_display"], row["system_id_display"]) == (ID, "438") for row in found)
    assert {"2021-03-07 09:30"} == {row["profile_start_time"] for row in found}
    assert all(float(row["lidar_constant"]) > float(row["lidar_constant_stat_err"]) > 0 for row in found)


def test_lidar_constants_go_with_their_measurement(emulator: Emulator, browser: Browser) -> None:
    """Deleting a measurement deletes its constants."""
    emulator.add_measurement(ID, system=438, start=START, stop=STOP)
    emulator.add_lidar_constants(ID)
    browser.get(LIST)
    browser.post(DELETE, post="yes")

    assert ID not in browser.get(CONSTANTS).text
