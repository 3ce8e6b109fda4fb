"""What the public strategies draw: it covers what matters, keeps its promises with the core, and shrinks to something plain."""

from __future__ import annotations

import inspect
import json
import pickle
import re
import traceback
from collections.abc import Callable
from datetime import UTC
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, find, given, settings
from hypothesis import Phase as Stage
from hypothesis.strategies import SearchStrategy

from scckit.archive import unpack
from scckit.errors import SCCError, TransportError, UnreadablePage, UnsafeArchive
from scckit.models import LidarConstant, Measurement, MeasurementID, Module, Phase, ProductName, Status
from scckit.session.credentials import Credentials
from scckit.session.drivers import run
from scckit.session.messages import get
from scckit.session.session import Doors, Session
from scckit.site import Site
from scckit.site.content import PageContent, Row
from scckit.site.shapes import measurement_from_api
from scckit.testing import Answer, ScriptTransport, strategies
from scckit.testing.contracts._archives import HOSTILE
from scckit_parsel.reader import ParselReader

READER = ParselReader()
SITE = Site(READER)
#: The same examples each time, and none remembered.
SAMPLING = settings(
    derandomize=True,
    database=None,
    max_examples=300,
    phases=[Stage.generate],
    suppress_health_check=list(HealthCheck),
    deadline=None,
)


@cache
def sample(strategy: Callable[..., SearchStrategy[Any]], *arguments: Any) -> list[Any]:
    """Draw some hundred examples, the same in each run; the first is the plainest one."""
    drawn: list[Any] = []

    @SAMPLING
    @given(strategy(*arguments))
    def draw(one: Any) -> None:
        drawn.append(one)

    draw()
    return drawn


def example(strategy: Callable[..., SearchStrategy[Any]], holds: Callable[[Any], object]) -> Any:
    """Give an example of a kind; looked for further where it is not among some hundred."""
    at_hand = next((one for one in sample(strategy) if holds(one)), None)
    if at_hand is not None:
        return at_hand
    return find(strategy(), lambda one: bool(holds(one)), settings=settings(SAMPLING, max_examples=5000))


def draws(strategy: Callable[..., SearchStrategy[Any]], holds: Callable[[Any], object]) -> bool:
    """Tell that a strategy comes to examples of a kind; what it never comes to is an error of hypothesis."""
    return bool(holds(example(strategy, holds)))


class TestModels:
    """IDs, modules, measurements, constants, names of products."""

    @given(strategies.measurement_ids())
    def test_ids_are_of_the_grammar(self, id: MeasurementID) -> None:
        """Every ID is one by the core's own check, and tells its day."""
        assert MeasurementID(str(id)).date == id.date

    @pytest.mark.parametrize(
        "form", [r"\d{8}[a-z]{3}([01]\d|2[0-3])[0-5]\d", r"\d{8}[a-z]{2}\d\d", r".{13}", r".{14}", r".*[A-Z].*", r"\d+"]
    )
    def test_ids_come_in_all_forms(self, form: str) -> None:
        """Station and hour, call sign and number, every length, capitals, nothing but digits."""
        assert draws(strategies.measurement_ids, re.compile(form).fullmatch)

    @pytest.mark.parametrize("status", Status)
    def test_modules_are_in_all_states(self, status: Status) -> None:
        """As a page tells them, as the API does, with an exit code and without; a running one has no icon of its own."""
        modules = strategies.modules

        assert draws(modules, lambda one: one.status is status and one.code is not None and one.exit)
        assert draws(modules, lambda one: one.status is status and one.code is not None and not one.exit)
        if status is not Status.RUNNING:
            assert draws(modules, lambda one: one == Module(status))

    @given(strategies.measurements())
    def test_measurements_are_values(self, measurement: Measurement) -> None:
        """They are equal to their copies, are in a phase, end after they begin, and can be shown."""
        assert pickle.loads(pickle.dumps(measurement)) == measurement
        assert measurement.phase in Phase
        assert measurement.start is None or measurement.start <= measurement.stop
        assert measurement.id in measurement._repr_html_()

    @pytest.mark.parametrize("phase", Phase)
    def test_measurements_are_in_all_phases(self, phase: Phase) -> None:
        """Delayed, queued, processing, not started, finished."""
        assert draws(strategies.measurements, lambda one: one.phase is phase and one.start and one.updated)

    @pytest.mark.parametrize("name", [field.name for field in LidarConstant.__attrs_attrs__])
    def test_every_field_of_a_constant_is_told_and_not_told(self, name: str) -> None:
        """Nothing is told always or never."""
        assert draws(strategies.lidar_constants, lambda one: getattr(one, name) is not None)
        assert draws(strategies.lidar_constants, lambda one: getattr(one, name) is None)

    @pytest.mark.parametrize(
        "holds",
        [
            lambda name: name.module == "cloudscreen" and name.product_id is None and name.version,
            lambda name: name.wavelength and name.version,
            lambda name: name.product_type is not None and name.wavelength is None and name.version,
            lambda name: name.module == "elpp" and name.version is None and name.text.startswith(name.measurement_id),
            lambda name: name.text.startswith("pid") and name.module == "elda",
            lambda name: name.text.endswith(".nc") and name.station is None and name.version,
            lambda name: not name.text,
            lambda name: "\n" in name.text,
        ],
    )
    def test_product_names_are_of_all_forms(self, holds: Callable[[ProductName], object]) -> None:
        """The grammar with and without its parts, both older forms, nearly right ones, and any text."""
        assert draws(strategies.product_names, holds)

    @given(strategies.product_parts())
    def test_parts_make_a_name(self, parts: dict[str, Any]) -> None:
        """The parts are never refused, and are told again."""
        name = ProductName.build(**parts)

        assert {part: getattr(name, part) for part in parts} == parts


class TestPages:
    """Content and the pages that show it."""

    @settings(suppress_health_check=[HealthCheck.too_slow])
    @given(strategies.page_contents())
    def test_what_is_rendered_is_read(self, content: PageContent) -> None:
        """A page shows its content: all of it, and nothing else."""
        assert READER.read(strategies.render(content)) == content

    @pytest.mark.parametrize(
        "holds",
        [
            lambda content: content.is_login,
            lambda content: content.actions,
            lambda content: content.alerts and content.error_notes and content.headings,
            lambda content: {one.level for one in content.messages} == {"success", "error"},
            lambda content: content.table("result_list") and content.table("result_list").rows,
            lambda content: content.pager and content.pager.last and content.pager.total is None,
            lambda content: content.pager and content.pager.pages and content.pager.last is None,
            lambda content: content.pager and not content.pager.pages,
            lambda content: any(form.errors for form in content.forms),
            lambda content: any(one.errors and one.choices for form in content.forms for one in form.fields),
            lambda content: any(one.kind == "file" for form in content.forms for one in form.fields),
        ],
    )
    def test_contents_are_of_all_kinds(self, holds: Callable[[PageContent], object]) -> None:
        """Sign-in, lists with and without actions and pages, all that a page may say, forms with errors."""
        assert draws(strategies.page_contents, holds)

    @given(strategies.rows())
    def test_any_row_is_a_measurement_or_one_error(self, row: Row) -> None:
        """Rows of any table are taken for measurements, or refused with our error."""
        try:
            SITE.measurements([row])
            SITE.constants([row])
        except SCCError as error:
            assert isinstance(error, UnreadablePage)

    @pytest.mark.parametrize("generation", [None, "current", "legacy"])
    @pytest.mark.parametrize(
        ("pages", "read"), [(strategies.pages, SITE.measurements), (strategies.constant_pages, SITE.constants)]
    )
    def test_lists_are_read_whole(self, generation: Any, pages: Any, read: Callable[..., list[object]]) -> None:
        """Of a page of a list comes its content, and of its rows what must come of them; without rows there is no table."""

        @settings(suppress_health_check=[HealthCheck.too_slow])
        @given(pages(generation))
        def check(page: strategies.ListPage[Any]) -> None:
            content = READER.read(page.html)
            table = content.table("result_list")

            assert content == page.content
            assert read(() if table is None else table.rows) == list(page.items)
            assert bool(table) == bool(content.actions) == bool(page.items)

        check()

    @pytest.mark.parametrize(
        "holds",
        [
            lambda html: "elda_ok_evo" in html and 'href="?p=2&amp;q="' in html,
            lambda html: "field-elda_ok " in html and 'href="?p=0&amp;q="' in html,
            lambda html: 'alt="Not Executed"' in html and 'alt="Error"' in html,
            lambda html: 'alt="???"' in html,
            lambda html: 'class="field-new' in html,
            lambda html: "field-comment" in html,
            lambda html: "result_list" in html and "field-station_id" not in html,
            lambda html: html.find("field-stop") < html.find("field-id") and "field-stop" in html,
            lambda html: "result_list" in html and "action-select" not in html,
            lambda html: html.count('<tr class="grp-row') > 2,
            lambda html: "grp-messagelist" in html and "result_list" not in html,
        ],
    )
    def test_lists_are_of_all_kinds(self, holds: Callable[[str], object]) -> None:
        """Both generations, all icons, columns that are new, missing or elsewhere, without boxes, long and empty."""
        assert draws(strategies.pages, lambda page: holds(page.html))

    def test_generations_stay_apart(self) -> None:
        """A current page never counts from 0; a legacy one never links to a page beyond its count."""
        current, legacy = sample(strategies.pages, "current"), sample(strategies.pages, "legacy")

        assert not [page for page in current if "?p=0&" in page.html or 'field-elda_ok"' in page.html]
        assert not [page for page in legacy if "?p=5&" in page.html]


class TestAPI:
    """Objects of the API."""

    @pytest.mark.parametrize("generation", [None, "current", "legacy"])
    def test_objects_become_what_they_must(self, generation: Any) -> None:
        """Through JSON text, of both generations."""

        @given(strategies.api_objects(generation))
        def check(one: strategies.APIObject) -> None:
            assert SITE.measurement(SITE.json(one.text.encode())) == one.measurement

        check()

    @pytest.mark.parametrize(
        "holds",
        [
            lambda value: "is_running" in value,
            lambda value: value.get("is_queued") and "is_running" not in value,
            lambda value: "pre_processing" in value,
            lambda value: "newmodule_exit_code" in value,
            lambda value: value.get("elpp_exit_code") and value["elpp"] == -127,
            lambda value: value["upload"] is None,
            lambda value: isinstance(value.get("system"), dict),
            lambda value: isinstance(value.get("system"), int),
            lambda value: str(value.get("system")).startswith("/api/"),
            lambda value: any(key.startswith("unknown") for key in value),
        ],
    )
    def test_objects_are_of_all_kinds(self, holds: Callable[[Any], object]) -> None:
        """Flags and modules old and new, exit codes, every form of the system, keys that nobody knows."""
        assert draws(strategies.api_objects, lambda one: holds(one.value))

    @given(strategies.json_values())
    def test_any_json_is_a_measurement_or_one_error(self, value: object) -> None:
        """Whatever JSON comes, it can be written, and there is a measurement or our error."""
        json.dumps(value)
        try:
            measurement_from_api(value)
        except SCCError as error:
            assert isinstance(error, UnreadablePage)


class TestArchives:
    """Archives of products."""

    @given(strategies.archives())
    def test_good_archives_come_out_whole(
        self, tmp_path_factory: pytest.TempPathFactory, archive: strategies.Archive
    ) -> None:
        """Every file arrives under its base name, with its content, in the archive's order."""
        folder = tmp_path_factory.mktemp("good")
        (folder / "a.zip").write_bytes(archive.data)

        paths = unpack(folder / "a.zip", folder / "out", accept=lambda _: True)

        assert [(path.name, path.read_bytes()) for path in paths] == list(archive.files.items())

    def test_good_archives_are_of_all_kinds(self) -> None:
        """With the measurement's folder and without, packed and plain, empty."""
        archives = strategies.archives

        assert draws(archives, lambda one: not one.files)
        assert draws(archives, lambda one: len(one.files) > 1 and b"/" in one.data)
        assert draws(archives, lambda one: one.files and b"/" not in one.data)
        assert draws(archives, lambda one: one.files and one.data[8:10] == b"\x08\x00")

    @pytest.mark.parametrize("wrong", sorted(HOSTILE))
    def test_hostile_archives_are_refused(self, tmp_path: Path, wrong: str) -> None:
        """Each sort is drawn, is refused with our error, and leaves nothing."""
        archive = example(strategies.hostile_archives, lambda one: one.wrong == wrong)
        (tmp_path / "a.zip").write_bytes(archive.data)

        with pytest.raises(UnsafeArchive):
            unpack(tmp_path / "a.zip", tmp_path / "out", accept=lambda _: True, limits=archive.limits)

        assert not [path for path in (tmp_path / "out").rglob("*") if path.is_file()]


class TestConversation:
    """Answers, scripts of them, credentials."""

    @settings(suppress_health_check=[HealthCheck.too_slow])
    @given(strategies.scripts(max_size=8), strategies.credentials())
    def test_any_script_ends_in_a_value_or_our_error(
        self, script: list[Answer | TransportError], credentials: Credentials
    ) -> None:
        """With a real reader and whole pages too, a flow ends well or with our error, and shows no secret."""
        transport = ScriptTransport(*script, *[Answer(400)] * 60)
        session = Session("https://scc.example/", credentials, SITE, doors=Doors(random=lambda: 0.0))
        try:
            run(session.page(get("x/")), transport, sleep=lambda _: None, observe=lambda _: None)
        except SCCError as error:
            assert "§" not in "".join(traceback.format_exception(error))
        assert "§" not in repr((session, credentials, transport.requests))
        assert transport.open_exchanges == 0

    @pytest.mark.parametrize(
        "holds",
        [
            lambda answer: answer.status == 302 and ("Location", "https://elsewhere.example/") in answer.headers,
            lambda answer: answer.status == 200 and answer.error is not None and answer.body,
            lambda answer: b'name="password"' in answer.body,
            lambda answer: answer.body.startswith(b"PK") and len(answer.body) > 100,
            lambda answer: b"resource_uri" in answer.body,
            lambda answer: answer.status == 503 and ("Retry-After", "1") in answer.headers,
        ],
    )
    def test_answers_are_of_all_kinds(self, holds: Callable[[Answer], object]) -> None:
        """Redirects abroad, bodies that break off, sign-in pages, archives, objects, overload."""
        assert draws(strategies.answers, holds)

    def test_scripts_hold_failures_among_answers(self) -> None:
        """A step may be an answer or an error in place of one."""
        assert draws(strategies.scripts, lambda script: len({type(one) for one in script}) == 3)

    @given(strategies.credentials())
    def test_secrets_can_be_told(self, credentials: Credentials) -> None:
        """Each text is marked, can be sent by HTTP Basic, and is not shown."""
        secrets = [getattr(credentials, name) for name in ("http_user", "http_password", "username", "password")]

        assert all(secret.reveal().startswith("§") and secret.reveal().isprintable() for secret in secrets)
        assert ":" not in credentials.http_user.reveal()
        assert "§" not in repr(credentials)


#: Columns of the list of measurements in their usual order.
COLUMNS = ("id", "station_id", "start", "stop", "creation_date", "updated_date", "is_being_processed", "upload_ok_evo")

#: The plainest example of each strategy.
PLAINEST = {
    strategies.answers: Answer(200, ()),
    strategies.credentials: Credentials("§§", "§§", "§§", "§§"),
    strategies.lidar_constants: LidarConstant(),
    strategies.measurement_ids: MeasurementID("20000101aky0000"),
    strategies.measurements: Measurement(MeasurementID("20000101aky0000")),
    strategies.modules: Module(Status.NOT_RUN),
    strategies.page_contents: PageContent(),
    strategies.product_names: ProductName.parse("aky_200001010000_200001010000_20000101aky0000_hirelpp_v0.nc"),
    strategies.scripts: [],
    strategies.stations: "aky",
}


@pytest.mark.parametrize("strategy", PLAINEST, ids=lambda one: one.__name__)
def test_the_plainest_example_is_the_usual_one(strategy: Callable[[], SearchStrategy[Any]]) -> None:
    """Shrinking leads to what is not told, to what is empty, and to the usual where something must be there."""
    assert sample(strategy)[0] == PLAINEST[strategy]


def test_a_page_shrinks_to_the_row_that_matters() -> None:
    """A failing page is shown with one row in the usual order of columns, and with the one cell that it is about."""
    failed = Module(Status.FAILED)
    page = find(
        strategies.pages("current"),
        lambda page: any(failed in one.modules.values() for one in page.items),
        settings=settings(SAMPLING, max_examples=1000, phases=[Stage.generate, Stage.shrink]),
    )
    (measurement,) = page.items
    names = list(page.content.tables[0].rows[0].cells)

    assert (measurement.start, measurement.stop, measurement.station) == (None, None, None)
    assert list(measurement.modules.values()).count(failed) == 1
    assert page.content.messages == ()
    assert names == sorted(names, key=[*COLUMNS, *names].index)


@pytest.mark.parametrize("name", ["measurements", "pages", "api_objects"])
def test_dates_are_aware_and_in_reach(name: str) -> None:
    """Before and after the epoch, in UTC, and always to be written with a year of four digits."""
    drawn = sample(getattr(strategies, name))
    of_each = {
        "measurements": lambda one: [one],
        "pages": lambda one: one.items,
        "api_objects": lambda one: [one.measurement],
    }
    starts = [one.start for each in drawn for one in of_each[name](each) if one.start is not None]

    assert {start.tzinfo for start in starts} == {UTC}
    assert 1000 <= min(starts).year < 1970 < max(starts).year


@pytest.mark.parametrize("name", strategies.__all__)
def test_every_public_name_is_documented(name: str) -> None:
    """Each has a docstring, each function one with an example."""
    public = getattr(strategies, name)

    assert public.__doc__
    assert inspect.isclass(public) or "Example:\n" in public.__doc__
