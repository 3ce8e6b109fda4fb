"""The pytest plugin as a tool uses it that embeds scckit: in a project of its own, with a pytest of its own."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import scckit
import scckit.testing

pytest_plugins = ["pytester"]

CASSETTES = Path(__file__).resolve().parents[2] / "cassettes"
#: In the projects of these tests it is an error if something is not as before at the end of a test.
CONFTEST = """
import os, socket, warnings
import pytest

def state():
    environment = {name: value for name, value in os.environ.items() if name != "PYTEST_CURRENT_TEST"}
    patched = [vars(socket.socket).get(name) for name in ("connect", "connect_ex")]
    return environment, patched, socket.getaddrinfo, socket.socket

BEFORE = state()

@pytest.fixture(autouse=True)
def nothing_is_left():
    filters = list(warnings.filters)
    yield
    assert state() == BEFORE
    # Libraries add filters of their own where they are imported; pytest takes them away.
    assert [one for one in warnings.filters if one in filters] == filters
"""


@pytest.fixture
def project(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """Make an empty project, in an environment whose settings of scckit must not matter."""
    monkeypatch.setenv("SCCKIT_BASE_URL", "https://elsewhere.example/")
    monkeypatch.setenv("SCCKIT_PLUGINS", "environment")  # and so no page reader
    pytester.makeconftest(CONFTEST)
    return pytester


def run(project: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    """Run the tests of a project: all warnings are errors, and no other tool looks after the sockets."""
    return project.runpytest_subprocess("-W", "error", "-p", "no:recording", "-p", "no:socket", *arguments)


def test_the_fixtures_work_and_leave_nothing_behind(project: pytest.Pytester) -> None:
    """Emulator, clients, clock, faults, measurements, both generations: each test begins anew, and all is as before."""
    project.makepyfile(
        """
        import asyncio
        import pytest
        import scckit
        from scckit_emulator import Fault

        ID = "20210307aky0930"
        FAULTS = [(Fault.status(503, retry_after=7), {"path": "api/v1/", "times": 2})]

        @pytest.mark.scc(
            measurements=[ID, {"id": "20210308hpb00", "system": 437, "finished": False}], behaviour={"page_size": 2}
        )
        class TestMeasurements:
            def test_given_ones_are_there(self, scc_client, scc_emulator):
                assert scc_emulator.behaviour.page_size == 2
                measurement = scc_client.measurements.get(ID)
                assert f"{measurement.start:%Y-%m-%d %H:%M}" == "2021-03-07 09:30"
                assert measurement.phase is scckit.Phase.FINISHED
                assert scc_client.measurements.get("20210308hpb00").phase is not scckit.Phase.FINISHED

            def test_waiting_moves_the_clock(self, scc_client, scc_emulator):
                before = scc_emulator.clock.now()
                scc_client.measurements.rerun(ID)
                assert scc_client.measurements.wait(ID).phase is scckit.Phase.FINISHED
                assert scc_emulator.clock.now() > before
                scc_client.measurements.delete(ID)

            @pytest.mark.scc(behaviour={"page_size": 1})
            def test_nothing_of_another_test_is_left(self, scc_client, scc_emulator):
                assert scc_client.measurements.find(ID) is not None
                assert (scc_emulator.behaviour.page_size, scc_emulator.behaviour.generation) == (1, "current")

        def test_nothing_of_a_class_is_left(scc_client, scc_emulator):
            assert scc_client.measurements.find(ID) is None
            assert scc_emulator.behaviour.page_size == 100

        @pytest.mark.scc(faults=FAULTS)
        def test_faults_happen(scc_client, scc_emulator):
            assert scc_client.measurements.find(ID) is None
            assert len(scc_emulator.faults.seen) == 2

        @pytest.mark.scc(generation="legacy")
        def test_the_marker_says_the_generation(scc_emulator, scc_generation):
            assert scc_emulator.behaviour.is_legacy and scc_generation == "legacy"

        @pytest.mark.parametrize("scc_generation", ["current", "legacy"])
        @pytest.mark.scc(generation="current", measurements=[ID])
        def test_both_generations(scc_generation, scc_client, scc_emulator):
            assert scc_emulator.behaviour.generation == scc_generation
            assert [one.id for one in scc_client.measurements.search("2021-03")] == [ID]

        @pytest.mark.scc(measurements=[ID])
        def test_asyncio(scc_async_client):
            async def find():
                return await asyncio.gather(*[scc_async_client.measurements.find(ID) for _ in range(4)])
            assert [one.id for one in asyncio.run(find())] == [ID] * 4

        def test_clients_see_one_emulator(scc_client, scc_async_client, scc_emulator):
            assert scc_client.base_url == scc_async_client.base_url == scc_emulator.base_url
        """
    )

    run(project).assert_outcomes(passed=10)


def test_nothing_leaves_the_machine(project: pytest.Pytester) -> None:
    """Look-ups and connections, plain, by IPv6, by UDP, in threads and in asyncio are refused by name; loopback is free."""
    project.makepyfile(
        """
        import asyncio
        import http.client
        import socket
        import threading
        import urllib.request
        import pytest

        BY_NAME = r"was refused: a test with the fixtures of scckit \\(scc_client, scc_emulator\\) stays on this machine"

        def lookup(): socket.getaddrinfo("elsewhere.example", 443)
        def name(): http.client.HTTPConnection("elsewhere.example").request("GET", "/")
        def address(): socket.create_connection(("192.0.2.1", 80))
        def ipv6(): socket.create_connection(("2001:db8::1", 80))
        def mapped(): socket.create_connection(("::ffff:192.0.2.1", 80))
        def nameless(): socket.socket().connect(("elsewhere.example", 80))
        def quiet(): socket.socket().connect_ex(("192.0.2.1", 80))
        def udp(): socket.socket(type=socket.SOCK_DGRAM).connect(("192.0.2.1", 53))
        def any_address(): socket.socket().connect(("0.0.0.0", 80))
        def task(): asyncio.run(asyncio.open_connection("192.0.2.1", 80))
        def thread():
            caught = []
            def go():
                try:
                    address()
                except RuntimeError as error:
                    caught.append(error)
            worker = threading.Thread(target=go)
            worker.start()
            worker.join()
            raise caught[0]

        @pytest.mark.parametrize(
            "leave", [lookup, name, address, ipv6, mapped, nameless, quiet, udp, any_address, task, thread]
        )
        def test_refused(leave, scc_client):
            with pytest.raises(RuntimeError, match=BY_NAME):
                leave()

        def test_refused_for_one_fixture(scc_emulator):
            with pytest.raises(RuntimeError, match=r"the fixtures of scckit \\(scc_emulator\\)"):
                lookup()

        def test_refused_by_dynamic_fixture(request):
            request.getfixturevalue("scc_emulator")
            with pytest.raises(RuntimeError, match=r"\\(scc_emulator\\)"):
                lookup()

        def test_loopback_is_free(scc_emulator):
            with scc_emulator.serve() as base_url:
                for host in ("127.0.0.1", "localhost"):
                    with pytest.raises(urllib.error.HTTPError, match="401") as caught:
                        urllib.request.urlopen(base_url.replace("127.0.0.1", host))
                    caught.value.close()
            assert socket.getaddrinfo("192.0.2.1", 80) and socket.getaddrinfo(None, 80)
            for one in socket.socketpair():
                one.close()

        def test_without_a_fixture_nothing_is_refused():
            assert "connect" not in vars(socket.socket)
        """
    )

    run(project).assert_outcomes(passed=15)


def test_a_client_is_refused_at_once(project: pytest.Pytester) -> None:
    """A tool that forgets its transport does not try again and again: the refusal is no error of the network."""
    project.makepyfile(
        """
        import pytest
        import scckit

        def no_pause(seconds):
            raise AssertionError("it was tried again")

        def test_it(scc_client):
            credentials = scckit.Credentials("a", "b", "c", "d")
            client = scckit.connect("https://elsewhere.example/", credentials=credentials, sleep=no_pause, environ={})
            with pytest.raises(RuntimeError, match="scc_client"):
                client.check()
        """
    )

    run(project).assert_outcomes(passed=1)


def test_guards_of_others_stay_as_they_are(project: pytest.Pytester) -> None:
    """Whatever else guards the sockets guards them before, while and after, and a guard put over ours outlives it."""
    project.makepyfile(
        """
        import socket
        import pytest

        @pytest.fixture(autouse=True)
        def before(monkeypatch):
            def connect(self, address):
                raise PermissionError("before")
            monkeypatch.setattr(socket.socket, "connect", connect)
            return connect

        def test_below(before, scc_emulator):
            with pytest.raises(PermissionError, match="before"), socket.socket() as one:
                one.connect(("127.0.0.1", 9))
            with pytest.raises(RuntimeError, match="scc_emulator"), socket.socket() as one:
                one.connect(("192.0.2.1", 9))

        def test_restored(before):
            assert vars(socket.socket)["connect"] is before

        @pytest.fixture
        def placed_over():
            from scckit.testing._sockets import loopback_only
            guard = loopback_only(lambda: "ours")
            guard.__enter__()
            below = socket.socket.connect
            socket.socket.connect = ours = lambda self, address: below(self, address)
            guard.__exit__(None, None, None)
            assert vars(socket.socket)["connect"] is ours

        def test_passes_through(before, placed_over):
            with pytest.raises(PermissionError, match="before"), socket.socket() as one:
                one.connect(("192.0.2.1", 9))

        def test_a_class_in_the_place_of_the_socket(before, monkeypatch, request):
            class Other(socket.socket):
                pass
            monkeypatch.setattr(socket, "socket", Other)
            request.getfixturevalue("scc_emulator")
            with pytest.raises(RuntimeError, match="scc_emulator"):
                Other().connect(("192.0.2.1", 9))
        """
    )

    run(project).assert_outcomes(passed=4)


#: Arguments of the marker that cannot be, a fixture, and what is said.
WRONG = [
    ("generaton='legacy'", "scc_client", "*has no argument 'generaton'*did you mean generation?*"),
    ("'legacy'", "scc_emulator", "*takes arguments by name only; found ('legacy',)*"),
    ("generation='new'", "scc_emulator", "*the marker scc wants it: generation must be one of current, legacy*"),
    ("behaviour={'generation': 'legacy'}", "scc_emulator", "*the marker scc wants it:*multiple values*generation*"),
    ("faults=['503']", "scc_emulator", "*the marker scc wants it: a fault is a scckit_emulator.Fault*'503'*"),
    ("measurements=['x']", "scc_emulator", "*the marker scc wants it: 'x' is not a measurement ID*"),
    ("cassette='nothing'", "scc_cassette", "*cassettes?nothing.yaml*"),
]


def test_a_wrong_marker_says_what_is_right(project: pytest.Pytester) -> None:
    """What cannot be is told in a line, before the test runs."""
    tests = [
        f"@pytest.mark.scc({marker})\ndef test_{number}({fixture}): pass"
        for number, (marker, fixture, _) in enumerate(WRONG)
    ]
    project.makepyfile("\n".join(["import pytest", *tests]))

    result = run(project)

    result.assert_outcomes(errors=len(WRONG))
    result.stdout.fnmatch_lines([said for _, _, said in WRONG])


def test_cassettes_are_played_to_their_end(project: pytest.Pytester) -> None:
    """By the name of the test or of the marker, from the folder of the setting; what is left is told, once, at the end."""
    tapes = project.mkdir("tapes")
    shutil.copy(CASSETTES / "test_list[current].yaml", tapes / "test_list[current].yaml")
    shutil.copy(CASSETTES / "test_list[current].yaml", tapes / "named.yaml")
    project.makeini("[pytest]\nscckit_cassettes = tapes\n")
    project.makepyfile(
        """
        import socket
        import pytest
        import scckit

        def connect(transport):
            credentials = scckit.Credentials("a", "b", "c", "d")
            return scckit.connect(
                "https://scc.example/", transport=transport, credentials=credentials, environ={}, sleep=lambda _: None
            )

        def whole(transport):
            with connect(transport) as client:
                assert len(list(client.measurements.list(startswith="202103"))) == 4
                assert client.measurements.free_id("2021-03-04", "aky") == "20210304aky0000"

        @pytest.mark.parametrize("generation", ["current"])
        def test_list(generation, scc_cassette):
            whole(scc_cassette)
            with pytest.raises(RuntimeError, match="scc_cassette"):
                socket.getaddrinfo("elsewhere.example", 443)

        @pytest.mark.scc(cassette="named")
        class TestNamed:
            def test_whole(self, scc_cassette):
                whole(scc_cassette)

            def test_part(self, scc_cassette):
                connect(scc_cassette).sign_in()

            def test_failing(self, scc_cassette):
                connect(scc_cassette).sign_in()
                assert False, "of its own"
        """
    )

    result = run(project)

    result.assert_outcomes(passed=3, failed=1, errors=1)
    result.stdout.fnmatch_lines(
        ["*ERROR at teardown of TestNamed.test_part*", "*named.yaml: 2 of * answers were played*"]
    )


def test_workers_of_xdist_do_not_meet(project: pytest.Pytester) -> None:
    """Each process has its emulator; the tests can be spread in any way."""
    pytest.importorskip("xdist", reason="pytest-xdist is not installed")
    project.makepyfile(
        """
        import pytest

        @pytest.mark.parametrize("number", range(6))
        @pytest.mark.scc(measurements=["20210307aky0930"])
        def test_it(number, scc_client):
            scc_client.measurements.delete("20210307aky0930")
        """
    )

    run(project, "-n", "2", "--dist", "load").assert_outcomes(passed=6)


def test_everything_is_documented_and_can_be_left_out(project: pytest.Pytester) -> None:
    """``--fixtures`` and ``--markers`` tell what there is; ``-p no:scckit`` takes it away."""
    shown = run(project, "--fixtures")
    markers = run(project, "--markers", "--strict-markers")
    settings = run(project, "--help")
    project.makepyfile("def test_it(scc_client): pass")
    without = run(project, "-p", "no:scckit")

    for name in ("scc_generation", "scc_emulator", "scc_client", "scc_async_client", "scc_cassette"):
        shown.stdout.fnmatch_lines([f"{name} -- *pytest_plugin.py*"])
    markers.stdout.fnmatch_lines(["@pytest.mark.scc(generation=*"])
    settings.stdout.fnmatch_lines(["*scckit_cassettes*"])
    without.assert_outcomes(errors=1)
    without.stdout.fnmatch_lines(["*fixture 'scc_client' not found*"])


def test_the_plugin_is_light() -> None:
    """Pytest imports it at every start: it brings pytest and no part of scckit that does anything."""
    script = """
import sys, pytest
before = set(sys.modules)
import scckit.testing.pytest_plugin
new = {name for name in set(sys.modules) - before if name.partition(".")[0] not in sys.stdlib_module_names}
assert new == {"scckit", "scckit._lazy", "scckit.testing", "scckit.testing.pytest_plugin"}, new
"""
    subprocess.run([sys.executable, "-W", "error", "-c", script], check=True)


def test_names_of_the_testing_package_come_when_they_are_used() -> None:
    """Each public name is found, is listed, and one that is none is an AttributeError."""
    names = scckit.testing.__all__

    assert [name for name in names if not hasattr(scckit.testing, name)] == []
    assert set(names) <= set(dir(scckit.testing))
    assert sorted(scckit.testing._HOMES) == sorted(names)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = scckit.testing.nothing
