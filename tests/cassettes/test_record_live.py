"""What ``record_live`` records, tried on the emulator as if it were live, and that it can only read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path

import pytest

import scckit
from scckit.plugins import Request
from scckit.session.messages import get
from scckit.testing import Answer, ScriptTransport, WSGITransport
from scckit_emulator import Behaviour, Emulator
from scckit_emulator.synthetic import write_raw
from scckit_replay.cassette import Cassette
from scckit_replay.replay import ReplayTransport

from ..test_cassettes_are_clean import FORBIDDEN, LIMIT
from . import record_live
from .record_live import NotReadOnlyError, Plan, ReadOnlyTransport

BASE = "https://scc.example/scc/"
ID = "20210301aky0930"
GENERATIONS = {"current": Behaviour(page_size=3), "legacy": Behaviour(generation="legacy", page_size=3)}


@pytest.fixture(params=GENERATIONS)
def emulator(request: pytest.FixtureRequest, started_emulator: Emulator | None) -> Iterator[Emulator]:
    """Give the emulator with some measurements of one month; the one that is alive if cassettes are just made."""
    with nullcontext(started_emulator) if started_emulator else Emulator(speed=0) as emulator:
        emulator.behaviour = GENERATIONS[request.param]
        emulator.reset()
        for day in range(1, 5):
            start = datetime(2021, 3, day, 9, 30, tzinfo=UTC)
            emulator.add_measurement(f"202103{day:02}aky0930", system=437, start=start, stop=start.replace(hour=10))
        yield emulator


@pytest.fixture
def environ(emulator: Emulator) -> Iterator[dict[str, str]]:
    """Serve the emulator on loopback, and give the environment that asks for a recording of it."""
    account = emulator.account
    with emulator.serve() as base_url:
        yield {
            "SCCKIT_RECORD_LIVE": "1",
            "SCCKIT_RECORD_STATION": "aky",
            "SCCKIT_RECORD_SECRETS": "Log in; ;stand-in",
            "SCCKIT_BASE_URL": base_url,
            "SCCKIT_HTTP_USER": account.http_user,
            "SCCKIT_HTTP_PASSWORD": account.http_password,
            "SCCKIT_USERNAME": account.username,
            "SCCKIT_PASSWORD": account.password,
        }


def test_what_is_recorded_is_clean_and_can_be_played(
    environ: dict[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every verb that reads becomes a cassette that keeps the rules of all cassettes and gives the same answers again."""
    code = record_live.main(environ, tmp_path / "live", sleep=lambda _: None)
    verbs = Plan("aky").verbs()
    written = sorted((tmp_path / "live").iterdir())
    secrets = [environ[name] for name in environ if name.startswith(("SCCKIT_HTTP", "SCCKIT_USER", "SCCKIT_PASS"))]

    assert code == 0
    assert [path.stem for path in written] == sorted(verbs)
    assert all(str(path) in capsys.readouterr().out for path in written[:1])
    for path in written:
        text = path.read_text(encoding="utf-8")
        assert {what: match[0] for what, pattern in FORBIDDEN.items() if (match := pattern.search(text))} == {}
        assert [secret for secret in [*secrets, "Log in", "stand-in"] if secret in text] == []
        assert path.stat().st_size <= LIMIT
        for one in Cassette.read(path).interactions:
            assert one.method == "GET" or (one.method == "POST" and one.target.startswith("/accounts/log"))
        with (
            ReplayTransport(path) as replay,
            scckit.connect(BASE.removesuffix("scc/"), transport=replay, credentials=scckit.Credentials(*"abcd")) as scc,
        ):
            played = verbs[path.stem](scc)
        assert played == _live(environ, path.stem)
        replay.require_all_played()


def _live(environ: dict[str, str], verb: str) -> object:
    with scckit.connect(environ=environ) as scc:
        return Plan("aky").verbs()[verb](scc)


def test_the_verbs_find_something(environ: dict[str, str]) -> None:
    """What is recorded are answers with content, page after page."""
    assert len(_live(environ, "list")) == len(_live(environ, "search")) == 4
    assert [one.id for one in _live(environ, "find")] == _live(environ, "list")[:1]


REFUSED = {
    "an upload": Request("POST", f"{BASE}data_processing/measurements/quick/"),
    "a deletion": Request("POST", f"{BASE}admin/database/measurements/{ID}/delete/"),
    "an action": Request("POST", f"{BASE}admin/database/measurements/"),
    "a restart": get(f"{BASE}data_processing/measurements/{ID}/rerun-all/"),
    "a restart that says so": get(f"{BASE}api/v1/measurements/", safe=False),
    "the page before a deletion": get(f"{BASE}admin/database/measurements/{ID}/delete/"),
    "a way out of the API": get(f"{BASE}api/v1/../../data_processing/measurements/{ID}/rerun-all/"),
    "a hidden way out": get(f"{BASE}api/v1/%2e%2e/%2E%2E/data_processing/measurements/{ID}/rerun-all/"),
    "another server": get("https://else.example/api/v1/"),
    "the server beside": get("https://scc.example/api/v1/"),
    "a PUT": Request("PUT", f"{BASE}api/v1/measurements/{ID}/"),
    "a PATCH": Request("PATCH", f"{BASE}api/v1/measurements/{ID}/"),
    "a DELETE": Request("DELETE", f"{BASE}api/v1/measurements/{ID}/", safe=True),
    "a POST to the API": Request("POST", f"{BASE}api/v1/measurements/", safe=True),
    "a form elsewhere": Request("POST", f"{BASE}accounts/login/../../admin/"),
}


@pytest.mark.parametrize("request_", REFUSED.values(), ids=REFUSED)
def test_what_may_do_more_than_read_is_not_sent(request_: Request) -> None:
    """Nothing but a known question and the two forms reaches the transport below."""
    below = ScriptTransport(Answer())
    guard = ReadOnlyTransport(below, BASE)

    with pytest.raises(NotReadOnlyError, match="was not sent"):
        guard.open(request_)
    assert below.requests == []


@pytest.mark.parametrize(
    "allowed",
    [
        get(f"{BASE}accounts/login/"),
        Request("POST", f"{BASE}accounts/login/"),
        get(f"{BASE}accounts/logout/"),
        Request("POST", f"{BASE}accounts/logout/"),
        get(BASE),
        Request("HEAD", f"{BASE}api/v1/"),
        get(f"{BASE}admin/database/measurements/", {"station_id": "aky"}),
        get(f"{BASE}admin/database/lidarconstant/", {"p": 2}),
        get(f"{BASE}api/v1/measurements/{ID}/"),
    ],
    ids=lambda request: f"{request.method} {request.url.removeprefix(BASE)}",
)
def test_questions_are_sent(allowed: Request) -> None:
    """What only reads, and what signs in and out, goes through; closing closes what is below."""
    below = ScriptTransport(Answer(body=b"said"))
    guard = ReadOnlyTransport(below, BASE)
    exchange = guard.open(allowed)
    guard.close()

    assert b"".join(exchange.chunks()) == b"said"
    assert below.requests == [allowed]
    assert below.closed


def test_a_client_behind_the_guard_changes_nothing(emulator: Emulator, tmp_path: Path) -> None:
    """Every verb that changes something fails, and on the server everything is as it was."""
    account = emulator.account
    credentials = scckit.Credentials(account.http_user, account.http_password, account.username, account.password)
    network = WSGITransport(emulator.wsgi)
    guard = ReadOnlyTransport(network, emulator.base_url)
    start = datetime(2026, 3, 21, 20, tzinfo=UTC)
    raw = write_raw(
        tmp_path / "20260321aky2000.nc", measurement_id="20260321aky2000", start=start, stop=start.replace(hour=21)
    )
    with (
        scckit.connect(emulator.base_url, credentials=credentials, transport=network) as free,
        scckit.connect(emulator.base_url, credentials=credentials, transport=guard) as scc,
    ):
        before = list(free.measurements.list())
        for change in (
            lambda: scc.measurements.upload(raw, system=437),
            lambda: scc.measurements.rerun(ID),
            lambda: scc.measurements.rerun(ID, "elda"),
            lambda: scc.measurements.delete(ID),
        ):
            with pytest.raises(NotReadOnlyError):
                change()

        assert list(free.measurements.list()) == before


def test_nothing_is_asked_without_being_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without the variable nothing happens, and with it alone the missing ones are named."""
    assert record_live.main({"SCCKIT_HTTP_USER": "me"}, tmp_path) == 0
    assert "SCCKIT_RECORD_LIVE=1" in capsys.readouterr().out
    assert record_live.main({"SCCKIT_RECORD_LIVE": "1"}, tmp_path) == 1
    assert "SCCKIT_RECORD_STATION" in capsys.readouterr().err
    assert record_live.main({"SCCKIT_RECORD_LIVE": "1", "SCCKIT_RECORD_STATION": "aky"}, tmp_path) == 1
    assert "SCCKIT_HTTP_USER" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_git_ignores_what_is_recorded() -> None:
    """The folder of live recordings never gets into the repository."""
    root = record_live.FOLDER.parents[1]

    assert str(record_live.FOLDER.relative_to(root)) + "/" in (root / ".gitignore").read_text(encoding="utf-8").split()
