"""Lists of the API and of lidar constants, free IDs, and the export of a system."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scckit.errors import FilterRefused, InvalidInput, RequestRefused, SystemNotFound, UnreadablePage
from scckit.operations import ExportSystem, FreeMeasurementID, ListMeasurements, SearchConstants
from scckit.site.content import Cell, PageContent, Pager, Row, Table
from scckit.site.export import system_from_export
from scckit.testing import Answer

from ..conftest import SIGN_IN, Bench

MakeBench = Callable[..., Bench]
START = datetime(2021, 3, 1, tzinfo=UTC)


def listed(*ids: str, following: str | None = None) -> Answer:
    """Make a page of the API's list."""
    return Answer.json(
        json.dumps({"meta": {"next": following, "total_count": 9}, "objects": [{"id": one} for one in ids]})
    )


def test_a_list_is_followed_by_its_own_links(bench: MakeBench) -> None:
    """``meta.next`` leads to the next page, whatever the size of a page is."""
    following = "/api/v1/measurements/?id__startswith=202103&limit=2&offset=2"
    here = bench(*SIGN_IN, listed("20210307aky0930", "20210308aky0930", following=following), listed("20210309aky0930"))

    first = here.run(ListMeasurements(startswith="202103").flow(here.session))
    assert first.next is not None
    second = here.run(first.next.flow(here.session))

    assert [one.id for one in (*first.items, *second.items)] == [
        "20210307aky0930",
        "20210308aky0930",
        "20210309aky0930",
    ]
    assert first.total == 9
    assert second.next is None
    assert here.transport.requests[-1].url == f"https://scc.example{following}"


def test_a_filter_that_is_ignored_or_refused_is_noticed(bench: MakeBench) -> None:
    """Objects outside of the filter, or status 400, are an error and no result."""
    for answer in (listed("20210307aky0930"), Answer(400)):
        here = bench(*SIGN_IN, answer)
        with pytest.raises(FilterRefused):
            here.run(ListMeasurements(startswith="2022").flow(here.session))


def test_a_list_of_one_id(bench: MakeBench) -> None:
    """An exact ID is asked for as such, and nothing else is taken for it."""
    here = bench(*SIGN_IN, listed("20210307aky0930"))
    other = bench(*SIGN_IN, listed("20210307aky0931"))

    page = here.run(ListMeasurements("20210307aky0930").flow(here.session))
    with pytest.raises(FilterRefused):
        other.run(ListMeasurements("20210307aky0930").flow(other.session))

    assert [one.id for one in page.items] == ["20210307aky0930"]
    assert here.asked()[-1] == "GET api/v1/measurements/?id__exact=20210307aky0930"


def test_a_list_that_leads_in_circles_ends(bench: MakeBench) -> None:
    """A page that links to itself, or an empty page that links on, is an error and no endless loop."""
    here = bench(*SIGN_IN, listed("20210307aky0930", following="/x/"))
    with pytest.raises(UnreadablePage, match="circles"):
        here.run(ListMeasurements(startswith="2021", page="/x/").flow(here.session))
    empty = bench(*SIGN_IN, listed(following="/y/"))
    with pytest.raises(UnreadablePage, match="circles"):
        empty.run(ListMeasurements().flow(empty.session))


def test_a_list_that_leads_elsewhere_is_not_followed(bench: MakeBench) -> None:
    """A next page on another server is not asked for."""
    here = bench(*SIGN_IN, listed("20210307aky0930", following="https://evil.test/api/"))
    page = here.run(ListMeasurements().flow(here.session))
    assert page.next is not None

    with pytest.raises(Exception, match="another server"):
        here.run(page.next.flow(here.session))

    assert not [one for one in here.transport.requests if "evil" in one.url]


@given(used=st.sets(st.integers(0, 30), max_size=20))
def test_the_first_gap_of_the_day_is_free(used: set[int]) -> None:
    """The free ID is the smallest number that no measurement of the day has, over all pages of the list."""
    from scckit.session.credentials import Credentials
    from scckit.session.drivers import run
    from scckit.session.session import Session
    from scckit.site import Site
    from scckit.testing import ScriptTransport

    from ..conftest import TinyReader

    ids = [f"20210307aky{number:04}" for number in sorted(used)]
    half = len(ids) // 2
    pages = [listed(*ids[:half], following="/n/"), listed(*ids[half:])] if half else [listed(*ids)]
    session = Session("https://scc.example/", Credentials("a", "b", "c", "d"), Site(TinyReader()))
    transport = ScriptTransport(*SIGN_IN, *pages)

    found = run(
        FreeMeasurementID(date(2021, 3, 7), "aky").flow(session),
        transport,
        sleep=lambda _: None,
        observe=lambda _: None,
    )

    assert int(found[-4:]) == min(set(range(40)) - used)


def test_a_full_day_of_an_old_call_sign(bench: MakeBench) -> None:
    """Two digits are used up at 100; that is said."""
    here = bench(*SIGN_IN, listed(*[f"20210307po{number:02}" for number in range(100)]))

    with pytest.raises(RequestRefused, match="all 100"):
        here.run(FreeMeasurementID(date(2021, 3, 7), "po").flow(here.session))


@pytest.mark.parametrize("station", ["", "a", "abcd", "a y", "Ώτε"])
def test_a_station_that_is_none_is_refused(station: str) -> None:
    """Station codes have three letters, old call signs two."""
    with pytest.raises(InvalidInput, match="station"):
        FreeMeasurementID(date(2021, 3, 7), station)
    with pytest.raises(InvalidInput):
        ListMeasurements(startswith="2021/")


class Fixed:
    """Reads any page as a given content."""

    def __init__(self, content: PageContent) -> None:
        """Keep it."""
        self.content = content

    def read(self, _: str, /) -> PageContent:
        """Return it."""
        return self.content


def constants(bench: MakeBench, **cells: str) -> object:
    """Search for constants on a page of one row."""
    here = bench(Answer.page("list"))
    here.session._signed_in = True
    row = Row({name: Cell(text) for name, text in cells.items()})
    object.__setattr__(
        here.session.site, "reader", Fixed(PageContent(tables=(Table("result_list", (row,)),), pager=Pager(total=1)))
    )
    return here.run(SearchConstants(START, datetime(2021, 4, 1, tzinfo=UTC), "aky").flow(here.session))


def test_lidar_constants_are_numbers(bench: MakeBench) -> None:
    """Numbers come as numbers, times as UTC, an empty cell as None."""
    (constant,) = constants(
        bench,
        measurement_id_display="20210307aky0930",
        channel_id_display="1203",
        detection_wavelength="532.0",
        lidar_constant="1.25e+11",
        lidar_constant_stat_err="-",
        profile_start_time="2021-03-07 09:30",
        elda_version="3.4.13",
    ).items

    assert (constant.channel_id, constant.detection_wavelength, constant.lidar_constant) == (1203, 532.0, 1.25e11)
    assert constant.lidar_constant_stat_err is None
    assert constant.profile_start == datetime(2021, 3, 7, 9, 30, tzinfo=UTC)
    assert constant.elda_version == "3.4.13"


@pytest.mark.parametrize(
    ("cells", "error", "said"),
    [
        ({"constant": "1"}, UnreadablePage, "no column 'lidar_constant'"),
        ({"lidar_constant": "many"}, UnreadablePage, "'many'"),
        ({"lidar_constant": "1", "profile_start_time": "2019-03-07 09:30"}, FilterRefused, "ignored the dates"),
    ],
)
def test_constants_that_cannot_be_believed(
    bench: MakeBench, cells: dict[str, str], error: type[Exception], said: str
) -> None:
    """A missing column, a text for a number, rows outside of the search: each is an error that says what."""
    with pytest.raises(error, match=said):
        constants(bench, **cells)


EXPORT = """HoiSystems
id,owner_id_id,lidar_version_id,name,configuration,height_asl,Latitude,Longitude,lidar_pointing_angle
437,aky,12,PollyXT,day,193.0,35.86,23.31,5.0

HoiChannels
id,_telescope_id_id,_laser_id_id,_scat_mechanism_id_id,_detection_mode_id_id,if_center,if_fwhm,emission_wavelength,dead_time
1201,3,4,elT,pc,532.0,1.0,532.0,0E-8
1202,3,4,vrRN2,pc,607.0,1.0,532.0,

HoiTelescopes
id,full_overlap_height_m
3,800

HoiLaser
id,repetition_rate
4,20

PolarizationCrosstalkParameter

PRODUCTSCHANNELS
channelID,signalTypeID
1201,0
1202,3

CHECKSUM abc
HoiSystems
"""


def test_the_export_of_a_system(bench: MakeBench) -> None:
    """Sections become a typed system; ``0E-8`` is a number; it needs the outer layer only."""
    here = bench(Answer(200, (("Content-Type", "text/csv"),), EXPORT.encode()))

    system = here.run(ExportSystem(437).flow(here.session))

    assert (system.id, system.station, system.latitude) == (437, "aky", 35.86)
    assert [channel.scattering_mechanism for channel in system.channels] == ["elT", "vrRN2"]
    assert [channel.dead_time for channel in system.channels] == [0.0, None]
    assert [channel.signal_types for channel in system.channels] == [(0,), (3,)]
    assert system.telescopes[0].full_overlap_height_m == 800.0
    assert system.crosstalk == ()
    assert system.sections["hoisystems"][0]["lidar_version_id"] == "12"
    assert here.asked() == ["GET admin/database/hoisystems/export/437"]


def test_a_system_that_is_not_there(bench: MakeBench) -> None:
    """404 is "no such system"; a number that is none is refused here."""
    here = bench(Answer(404))

    with pytest.raises(SystemNotFound, match="999"):
        here.run(ExportSystem(999).flow(here.session))
    with pytest.raises(InvalidInput):
        ExportSystem(0)


@given(st.text(st.sampled_from('HoiSystemsCnl,\n"\r1 id_xé'), max_size=200))
def test_any_text_is_a_system_or_one_error(text: str) -> None:
    """Whatever text comes, there is a system or our error."""
    with contextlib.suppress(UnreadablePage):
        system_from_export(text)
