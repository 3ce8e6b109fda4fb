"""The pytest plugin of scckit: fixtures for tools that embed it, so that their tests need no network.

pytest finds it by itself where scckit is installed; ``-p no:scckit`` leaves it out. Importing it imports pytest and no part
of scckit that does anything: what a fixture needs is imported by the fixture. What belongs to other distributions
(the emulator, the replaying transport) is imported by its name, and where it is missing the test says what to install.

Everything here is for one test at a time; the one thing that is kept longer is the emulator, which lives as long as the
module whose tests use it. Nothing is shared between processes, so that pytest-xdist may spread the tests as it likes.

Example:
    >>> @pytest.mark.scc(measurements=["20210307aky0930"])  # doctest: +SKIP
    ... def test_my_tool(scc_client):
    ...     assert my_tool.night_of(scc_client, "20210307aky0930") == "2021-03-07"
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Generator, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final

import pytest

if TYPE_CHECKING:
    from scckit.aio import AsyncClient
    from scckit.client import Client

__all__ = ["scc_async_client", "scc_cassette", "scc_client", "scc_emulator", "scc_generation"]

_MARKER: Final = """\
scc(generation="current", behaviour={}, faults=[], measurements=[], cassette=None): what the fixtures of scckit are like \
for a test. generation: "current" or "legacy", the emulated server; behaviour: further arguments of \
scckit_emulator.Behaviour, by name; faults: what goes wrong, each a scckit_emulator.Fault, or a pair of one and a dict of \
arguments of Faults.add (path, method, times, skip); measurements: what the emulator has besides its seed, each an ID or a \
dict of arguments of Emulator.add_measurement; cassette: name of the cassette, by default the name of the test. \
Markers of a class or module are added to; what is nearer to the test counts.\
"""
_ARGUMENTS: Final = ("generation", "behaviour", "faults", "measurements", "cassette")
_CASSETTES: Final = "scckit_cassettes"
_FIXTURES: Final = ("scc_async_client", "scc_client", "scc_cassette", "scc_emulator")
_GENERATIONS: Final = ("current", "legacy")

#: A system that the emulator has from its beginning, and how long a measurement lasts where only its ID is given.
_SYSTEM: Final = 437
_LENGTH: Final = timedelta(hours=1)

_passed: Final = pytest.StashKey[bool]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the setting of the plugin."""
    parser.addini(
        _CASSETTES, "folder of the cassettes for scc_cassette, from the root of the project", default="cassettes"
    )


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line("markers", _MARKER)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Remember whether a test passed: one that failed is not blamed for what it did not ask for any more."""
    report = yield
    if call.when == "call":
        item.stash[_passed] = report.passed
    return report


def _asked(request: pytest.FixtureRequest) -> dict[str, Any]:
    """Put the markers of a test together, the nearest first."""
    asked: dict[str, Any] = {}
    for marker in request.node.iter_markers("scc"):
        if marker.args:
            pytest.fail(f"the marker scc takes arguments by name only; found {marker.args!r}", pytrace=False)
        for name, value in marker.kwargs.items():
            if name not in _ARGUMENTS:
                near = difflib.get_close_matches(name, _ARGUMENTS, 1)
                hint = f"; did you mean {near[0]}?" if near else ""
                known = ", ".join(_ARGUMENTS)
                pytest.fail(f"the marker scc has no argument {name!r}; it has {known}{hint}", pytrace=False)
            asked.setdefault(name, value)
    return asked


def _wanted(distribution: str, module: str, fixture: str) -> ModuleType:
    """Import a module of another distribution, or tell what to install."""
    if find_spec(module.partition(".")[0]) is None:
        pytest.fail(
            f"{fixture} needs {distribution}, which is not installed: pip install {distribution}", pytrace=False
        )
    return import_module(module)


@pytest.fixture
def _scc_offline(request: pytest.FixtureRequest) -> Iterator[None]:
    from scckit.testing._sockets import loopback_only  # noqa: PLC0415 - no import without a use, see above

    def reason() -> str:
        names = ", ".join(name for name in _FIXTURES if name in request.fixturenames)
        return f"a test with the fixtures of scckit ({names}) stays on this machine (127.0.0.1, ::1, localhost)"

    with loopback_only(reason):
        yield


@pytest.fixture(scope="module")
def _scc_started_emulator() -> Iterator[Any]:
    with _wanted("scckit-emulator", "scckit_emulator", "scc_emulator").Emulator(speed=0) as emulator:
        yield emulator


@pytest.fixture
def scc_generation(request: pytest.FixtureRequest) -> str:
    """Which server the emulator is like: ``current`` or ``legacy``; the marker ``scc`` says it, else ``current``.

    A test, class or module runs on both with ``@pytest.mark.parametrize("scc_generation", ["current", "legacy"])``.
    """
    return str(_asked(request).get("generation", _GENERATIONS[0]))


@pytest.fixture
def scc_emulator(
    request: pytest.FixtureRequest,
    _scc_offline: None,
    scc_generation: str,
    _scc_started_emulator: Any,  # noqa: ANN401 - the emulator is another distribution
) -> Any:  # noqa: ANN401 - as above
    """Give the emulator of the SCC, as it was when new: a ``scckit_emulator.Emulator``; needs scckit-emulator.

    The marker ``scc`` says which server it is like, what goes wrong and which measurements there are besides the seed.
    Its clock stands still until ``scc_emulator.clock.advance(seconds)``, or a wait of ``scc_client``, moves it on; it goes on
    from test to test, all else is as before. ``scc_emulator.serve()`` puts it on a socket of this machine.
    One emulator can be alive in a process: a test cannot have one of its own beside this.
    """
    from scckit.errors import InvalidInput  # noqa: PLC0415 - no import without a use, see above

    library = _wanted("scckit-emulator", "scckit_emulator", "scc_emulator")
    asked = _asked(request)
    emulator = _scc_started_emulator
    try:
        emulator.behaviour = library.Behaviour(generation=scc_generation, **asked.get("behaviour", {}))
        emulator.reset()
        for one in asked.get("measurements", ()):
            emulator.add_measurement(**_measurement(one))
        for one in asked.get("faults", ()):
            fault, when = one if isinstance(one, tuple) else (one, {})
            if not isinstance(fault, library.Fault):
                raise TypeError(f"a fault is a scckit_emulator.Fault, or a pair of one and a dict; found {one!r}")  # noqa: TRY301 - told below
            emulator.faults.add(fault, **when)
    except (TypeError, ValueError, InvalidInput) as error:
        refusal = str(error)
    else:
        return emulator
    pytest.fail(f"the emulator cannot be as the marker scc wants it: {refusal}", pytrace=False)


def _measurement(one: str | Mapping[str, Any]) -> dict[str, Any]:
    """Make the arguments for a measurement; what is not given follows from its ID."""
    from scckit.models import MeasurementID  # noqa: PLC0415 - no import without a use, see above

    given: dict[str, Any] = {"id": one} if isinstance(one, str) else dict(one)
    if "start" not in given:
        day = MeasurementID(given["id"]).date
        # Most IDs end with the hour and minute of their start (scc-interface.md 5.2).
        clock = re.fullmatch(r".*([01][0-9]|2[0-3])([0-5][0-9])", given["id"][8:])
        hour, minute = (int(clock[1]), int(clock[2])) if clock else (0, 0)
        given["start"] = datetime(day.year, day.month, day.day, hour, minute, tzinfo=UTC)
    return {"system": _SYSTEM, "stop": given["start"] + _LENGTH, **given}


def _settings(emulator: Any) -> dict[str, Any]:  # noqa: ANN401 - as above
    """Make what both clients are made of."""
    from scckit.session.credentials import Credentials  # noqa: PLC0415 - no import without a use, see above

    account = emulator.account
    return {
        "credentials": Credentials(account.http_user, account.http_password, account.username, account.password),
        "environ": {},
    }


@pytest.fixture
def scc_client(scc_emulator: Any) -> Iterator[Client]:  # noqa: ANN401 - as above
    """Give a ``scckit.Client`` on ``scc_emulator``, in process, without a socket; it is closed at the end.

    Where it waits, the emulator's clock moves on and no time passes. Needs scckit-emulator and a page reader
    (scckit-parsel).
    """
    from scckit.client import connect  # noqa: PLC0415 - no import without a use, see above
    from scckit.testing.memory import WSGITransport  # noqa: PLC0415 - as above

    transport = WSGITransport(scc_emulator.wsgi)
    with connect(
        scc_emulator.base_url, transport=transport, sleep=scc_emulator.clock.advance, **_settings(scc_emulator)
    ) as client:
        yield client


@pytest.fixture
def scc_async_client(scc_emulator: Any) -> Iterator[AsyncClient]:  # noqa: ANN401 - as above
    """Give a ``scckit.AsyncClient`` on ``scc_emulator``, as ``scc_client`` is; it is closed at the end.

    It belongs to no event loop: use it in ``asyncio.run`` or in a test of pytest-asyncio or anyio.
    """
    import asyncio  # noqa: PLC0415 - no import without a use, see above

    from scckit.aio import connect_async  # noqa: PLC0415 - as above
    from scckit.session.threads import ThreadTransport  # noqa: PLC0415 - as above
    from scckit.testing.memory import WSGITransport  # noqa: PLC0415 - as above

    async def sleep(seconds: float) -> None:
        scc_emulator.clock.advance(seconds)

    transport = ThreadTransport(WSGITransport(scc_emulator.wsgi))
    client = connect_async(scc_emulator.base_url, transport=transport, sleep=sleep, **_settings(scc_emulator))
    yield client
    # A loop of its own: one that is set in this thread stays.
    with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
        runner.run(client.close())


@pytest.fixture
def scc_cassette(request: pytest.FixtureRequest, _scc_offline: None) -> Iterator[Any]:
    """Give a transport that plays a cassette: ``scckit.connect(transport=scc_cassette, ...)``; needs scckit-replay.

    It is a ``scckit_replay.replay.ReplayTransport`` of the file ``<folder>/<name>.yaml``: the folder is the setting
    ``scckit_cassettes`` (``cassettes`` by default, from the root of the project), the name is said by the marker ``scc``, or is
    that of the test with its parameters. A test that passed must have asked for everything that is on it.
    """
    library = _wanted("scckit-replay", "scckit_replay.replay", "scc_cassette")
    folder = request.config.rootpath / str(request.config.getini(_CASSETTES))
    name = _asked(request).get("cassette") or re.sub(r"[^\w\[\]().-]+", "-", request.node.name)
    path = Path(folder, name if Path(name).suffix in {".yaml", ".yml", ".json"} else f"{name}.yaml")
    transport = library.ReplayTransport(path)
    yield transport
    transport.close()
    if request.node.stash.get(_passed, False):
        transport.require_all_played()
