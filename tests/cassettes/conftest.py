"""Cassettes: recorded from the emulator through the urllib3 transport, replayed with all sockets blocked.

``tox run -e record`` makes them again. What is written to ``cassettes/`` is scrubbed here: credentials, cookies, tokens; the
address of the emulator becomes ``https://scc.example/``; uploaded bodies become a word, since nothing is matched by them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from vcr import VCR
from vcr.serializers import yamlserializer

import scckit
from scckit_emulator import Behaviour, Emulator

ROOT = Path(__file__).resolve().parents[2]
BASE_URL = "https://scc.example/"
HEADER = """\
# Recorded from scckit-emulator (synthetic data), not from the SCC. Made again by: tox run -e record
# Credentials, cookies and tokens are replaced; the address is not a real one.
"""
GENERATIONS = {
    "current": Behaviour(generation="current", page_size=3),
    "legacy": Behaviour(generation="legacy", legacy_flags=False, page_size=3),
}
#: Tokens in forms, and the name of the account; replaced by as many ``x``, so that lengths stay true.
_SECRETS = (
    re.compile(b"()(station-operator)"),
    re.compile(rb'(name="csrfmiddlewaretoken"\s+value=")([^"]+)'),
    re.compile(rb"(value=\")([^\"]+)(?=\"\s+name=\"csrfmiddlewaretoken)"),
)
_COOKIE = re.compile(r"^([^=]+=)([^;]*)")
_KEPT = frozenset({"content-type", "content-length", "location", "set-cookie", "retry-after", "www-authenticate"})


def _scrub_request(request: Any) -> Any:
    """Take all that is secret or accidental out of a request."""
    parts = urlsplit(request.uri)
    request.uri = BASE_URL + parts.path.removeprefix("/") + (f"?{parts.query}" if parts.query else "")
    if request.body:
        request.body = b"(form)"
    request.headers = {name: value for name, value in request.headers.items() if name.lower() == "content-type"}
    return request


def _scrub_response(response: Any) -> Any:
    """Take all that is secret or accidental out of an answer; the length of its body stays."""
    headers = {}
    for name, values in response["headers"].items():
        if name.lower() not in _KEPT:
            continue
        if name.lower() == "set-cookie":
            values = [_COOKIE.sub(lambda match: match[1] + "x" * len(match[2]), value) for value in values]  # noqa: PLW2901
        headers[name] = values
    body = response["body"]["string"]
    for secret in _SECRETS:
        body = secret.sub(lambda match: match[1] + b"x" * len(match[2]), body)
    return {**response, "headers": headers, "body": {"string": body}}


class _Serializer:
    """YAML whose first lines say where the recording comes from."""

    @staticmethod
    def serialize(cassette: dict[str, Any]) -> str:
        """Write a cassette."""
        return HEADER + yamlserializer.serialize(cassette)

    @staticmethod
    def deserialize(text: str) -> Any:
        """Read a cassette; the header is a comment."""
        return yamlserializer.deserialize(text)


def pytest_recording_configure(config: pytest.Config, vcr: VCR) -> None:
    """Put our serializer in the place of the plain one; its name is the ending of the files."""
    del config
    vcr.register_serializer("yaml", _Serializer)


@pytest.fixture(scope="session")
def vcr_config() -> dict[str, Any]:
    """Match by method and address, in order; each answer is played once."""
    return {
        "serializer": "yaml",
        "match_on": ["method", "scheme", "host", "path", "query"],
        "before_record_request": _scrub_request,
        "before_record_response": _scrub_response,
    }


@pytest.fixture(scope="session")
def vcr_cassette_dir() -> str:
    """Cassettes lie at the top of the repository, for everyone's tests."""
    return str(ROOT / "cassettes")


@pytest.fixture(scope="session")
def is_recording(request: pytest.FixtureRequest) -> bool:
    """Tell whether cassettes are made or played."""
    return request.config.getoption("--record-mode") not in {None, "none"}


@pytest.fixture(scope="session")
def started_emulator(is_recording: bool) -> Iterator[Emulator | None]:
    """Start the emulator for recording only."""
    if not is_recording:
        yield None
        return
    with Emulator(behaviour=GENERATIONS["current"], speed=0) as emulator:
        yield emulator


@pytest.fixture(params=GENERATIONS)
def scc(request: pytest.FixtureRequest, started_emulator: Emulator | None, vcr: Any) -> Iterator[scckit.Client]:
    """Give a client over urllib3: on the emulator while recording, else on what was recorded."""
    credentials = scckit.Credentials("scc-user", "http-password", "someone", "password")
    if started_emulator is None:
        with scckit.connect(BASE_URL, credentials=credentials, sleep=lambda _: None, environ={}) as client:
            yield client
        assert vcr.all_played, "the cassette holds answers that were not asked for"
        return
    started_emulator.behaviour = GENERATIONS[request.param]
    started_emulator.reset()
    for day in range(1, 5):
        started_emulator.add_measurement(
            id=f"202103{day:02}aky0930",
            system=437,
            start=datetime(2021, 3, day, 9, 30, tzinfo=UTC),
            stop=datetime(2021, 3, day, 10, 30, tzinfo=UTC),
        )
    account = started_emulator.account
    credentials = scckit.Credentials(account.http_user, account.http_password, account.username, account.password)
    with (
        started_emulator.serve() as base_url,
        scckit.connect(base_url, credentials=credentials, sleep=started_emulator.clock.advance, environ={}) as client,
    ):
        yield client
