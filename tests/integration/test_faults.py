"""What the client does when the way to the server fails, verb by verb: repeat, look, or end with the right error."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable, Iterable, Iterator
from email.utils import formatdate
from pathlib import Path
from tempfile import mkdtemp
from typing import Any, get_args

import pytest
import trustme

import scckit
from scckit.errors import (
    AnswerError,
    BodyTruncated,
    CertificateRejected,
    ConnectionBroken,
    ConnectionFailed,
    OutcomeUnknown,
    RedirectRefused,
    SCCError,
    TransportError,
    TransportTimeout,
    UnexpectedContent,
    UnexpectedStatus,
    UnreadablePage,
    UnsafeArchive,
    WrongHTTPCredentials,
)
from scckit.events import Requested
from scckit.session.messages import FormBody, Request
from scckit.session.retry import RetryPolicy
from scckit.session.session import Doors
from scckit.testing import WSGITransport
from scckit.testing.server import ScriptedServer, answer, refusing_port
from scckit_emulator import Emulator, Fault
from scckit_emulator.hostile import ArchiveFault

from .conftest import ID, START, STOP

Connect = Callable[..., scckit.Client]
Verb = Callable[[scckit.Client, Path], object]

API = "api/v1/measurements/"
QUICK = "data_processing/measurements/quick/"
ONCE = RetryPolicy(attempts=1)
#: Tests of what does not differ between the generations of the server run on one.
CURRENT = pytest.mark.parametrize("emulator", ["current"], indirect=True)


def _downloaded(scc: scckit.Client, into: Path) -> list[tuple[str, bytes]]:
    """Download into a new folder, so that nothing is there yet; name and content of what came."""
    files = scc.products.download(ID, ["elic"], into=mkdtemp(dir=into))
    return [(file.path.name, file.path.read_bytes()) for file in files]


#: Each way to ask for something, and where.
READS: dict[str, tuple[str, Verb]] = {
    "sign in": ("accounts/login/", lambda scc, _: scc.sign_in()),
    "search": ("admin/database/measurements/", lambda scc, _: list(scc.measurements.search("2026", station="aky"))),
    "list": (API, lambda scc, _: list(scc.measurements.list(startswith="2026"))),
    "get": (API, lambda scc, _: scc.measurements.get(ID)),
    "wait": (API, lambda scc, _: scc.measurements.wait(ID)),
    "ancillary": ("api/v1/sounding_files/", lambda scc, _: scc.ancillary.find("rs.nc", "sounding")),
    "constants": ("admin/database/lidarconstant/", lambda scc, _: list(scc.constants.search("2026"))),
    "system": ("hoisystems/export/", lambda scc, _: scc.systems.export(437)),
    "download": ("/download-elic/", _downloaded),
}

#: What goes wrong, and what a verb ends with if it does not stop.
BROKEN: dict[str, tuple[Fault, type[SCCError]]] = {
    "429": (Fault.status(429), UnexpectedStatus),
    "429 later": (Fault.status(429, retry_after=7), UnexpectedStatus),
    "500": (Fault.status(500), UnexpectedStatus),
    "502": (Fault.status(502), UnexpectedStatus),
    "503": (Fault.status(503), UnexpectedStatus),
    "503 later": (Fault.status(503, retry_after=7), UnexpectedStatus),
    "504": (Fault.status(504, acts=True), UnexpectedStatus),
    "reset": (Fault.reset(), ConnectionBroken),
    "reset in the body": (Fault.reset(after_bytes=5), ConnectionBroken),
    "lost": (Fault.lost(), ConnectionBroken),
    "truncated": (Fault.truncate(keep=5), BodyTruncated),
    "more announced": (Fault.wrong_length(10), BodyTruncated),
}


@pytest.fixture(scope="module")
def gate() -> threading.Event:
    """Ends the pauses of the emulator's faults."""
    return threading.Event()


@pytest.fixture(scope="module")
def started_emulator(gate: threading.Event) -> Iterator[Emulator]:
    """Start the emulator; where it would sleep, it waits until a test needs its answer no more."""
    with Emulator(speed=0, sleep=lambda seconds: gate.wait(min(seconds, 10.0)) and None) as emulator:
        yield emulator


@pytest.fixture
def processed(emulator: Emulator) -> Emulator:
    """The emulator, where a measurement is finished."""
    emulator.add_measurement(ID, system=437, start=START, stop=STOP)
    return emulator


@pytest.fixture
def events() -> list[object]:
    """What the client told, in order."""
    return []


def _times(events: Iterable[object], method: str, route: str) -> int:
    """How often something was sent."""
    return sum(isinstance(one, Requested) and (one.method, one.route) == (method, route) for one in events)


def _files(folder: Path) -> dict[str, bytes]:
    """All files in a folder with their content."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


# -- what only asks ---------------------------------------------------------------------------------------------------


@CURRENT
@pytest.mark.parametrize("name", READS)
def test_what_only_asks_is_asked_again(processed: Emulator, connect: Connect, tmp_path: Path, name: str) -> None:
    """Whatever goes wrong twice, the third try gives what the first would have given."""
    path, verb = READS[name]
    with connect() as scc:
        expected = verb(scc, tmp_path)
        for what, (fault, _) in BROKEN.items():
            processed.faults.clear()
            processed.faults.add(fault, path=path, method="GET", times=2)

            assert verb(scc, tmp_path) == expected, what
            assert len(processed.faults.seen) == 2, what


@CURRENT
@pytest.mark.parametrize("name", READS)
def test_what_only_asks_ends_with_the_right_error(
    processed: Emulator, connect: Connect, tmp_path: Path, name: str
) -> None:
    """What goes wrong again and again ends after some tries with its own error; the next call works again."""
    path, verb = READS[name]
    with connect() as scc:
        expected = verb(scc, tmp_path)
        before = _files(tmp_path)
        for what, (fault, error) in BROKEN.items():
            processed.faults.add(fault, path=path, method="GET", times=None)
            with pytest.raises(error) as caught:
                verb(scc, tmp_path)

            assert len(processed.faults.seen) == RetryPolicy().attempts, what
            assert not isinstance(caught.value, UnexpectedStatus) or str(caught.value.status) in str(fault)
            assert _files(tmp_path) == before, what
            processed.faults.clear()
        assert verb(scc, tmp_path) == expected


@CURRENT
@pytest.mark.parametrize("name", READS)
def test_slow_lines_change_nothing(processed: Emulator, connect: Connect, tmp_path: Path, name: str) -> None:
    """A body that comes drop by drop is read as any other."""
    path, verb = READS[name]
    with connect() as scc:
        expected = verb(scc, tmp_path)
        processed.faults.add(Fault.drip(chunk=7), path=path, times=None)

        assert verb(scc, tmp_path) == expected
    assert processed.faults.seen


@CURRENT
def test_retry_after_is_obeyed_up_to_a_ceiling(processed: Emulator, connect: Connect) -> None:
    """Seconds and dates are waited for as the server asks; where it asks for very long, the client gives up at once."""
    pauses: list[float] = []
    now = 1_800_000_000.0
    # The clock goes on while the client pauses: a pause that was kept holds no later request back.
    doors = Doors(clock=lambda: sum(pauses), now=lambda: now, random=lambda: 0.0)
    with connect(sleep=pauses.append, doors=doors) as scc:
        scc.sign_in()
        processed.faults.add(Fault.status(429, retry_after=7))
        processed.faults.add(Fault.status(503, retry_after=formatdate(now + 20, usegmt=True)))
        processed.faults.add(Fault.status(503))
        measurement = scc.measurements.get(ID)
        processed.faults.add(Fault.status(503, retry_after=100_000))

        with pytest.raises(UnexpectedStatus, match="try again later"):
            scc.measurements.get(ID)
    assert measurement.id == ID
    assert pauses == [7.0, 20.0, 0.0]
    assert len(processed.faults.seen) == 4


@CURRENT
@pytest.mark.parametrize("name", READS)
def test_a_page_of_somebody_else_is_never_taken_for_an_answer(
    processed: Emulator, connect: Connect, tmp_path: Path, name: str
) -> None:
    """A page in the place of an answer, with status 200 or by a redirect elsewhere, is an error; nothing is written."""
    path, verb = READS[name]
    with connect() as scc:
        for fault in (Fault.maintenance(), Fault.captive(), Fault.captive("http://portal.example/")):
            processed.faults.add(fault, path=path, times=None)
            with pytest.raises(AnswerError) as caught:
                verb(scc, tmp_path)
            processed.faults.clear()

            assert isinstance(caught.value, UnexpectedContent | UnreadablePage | RedirectRefused)
            assert isinstance(caught.value, RedirectRefused) == ("portal" in str(fault))
            assert _files(tmp_path) == {}
        verb(scc, tmp_path)


@CURRENT
@pytest.mark.parametrize("name", ["sign in", "list", "get", "wait", "ancillary"])
def test_maintenance_that_ends_is_waited_for(processed: Emulator, connect: Connect, tmp_path: Path, name: str) -> None:
    """Where no page can be the answer, one about maintenance is taken as "later"."""
    path, verb = READS[name]
    with connect() as scc:
        expected = verb(scc, tmp_path)
        processed.faults.add(Fault.maintenance(), path=path, method="GET", times=2)

        assert verb(scc, tmp_path) == expected
    assert len(processed.faults.seen) == 2


@CURRENT
@pytest.mark.parametrize("fault", [Fault.lost(), Fault.reset(), Fault.status(503)])
def test_a_sign_in_may_be_sent_again(emulator: Emulator, connect: Connect, fault: Fault) -> None:
    """Signing in twice changes nothing more than once: its form is sent again where a change would not be."""
    emulator.faults.add(fault, path="accounts/login/", method="POST", times=2)
    with connect() as scc:
        scc.check()
    assert len(emulator.faults.seen) == 2


@CURRENT
@pytest.mark.parametrize("fault", [Fault.maintenance(), Fault.captive()])
def test_a_sign_in_that_nobody_read_is_no_sign_in(emulator: Emulator, connect: Connect, fault: Fault) -> None:
    """A page of somebody else after the form is neither a success nor a wrong password."""
    emulator.faults.add(fault, path="accounts/login/", method="POST")
    with connect() as scc, pytest.raises(UnexpectedContent, match="try again later"):
        scc.check()


# -- uploads ----------------------------------------------------------------------------------------------------------

#: What goes wrong with the answer to an upload that the server took.
TAKEN = {
    "lost": Fault.lost(),
    "502": Fault.status(502, acts=True),
    "cut": Fault.reset(after_bytes=0),
    "announced and not sent": Fault.wrong_length(10),
}


@pytest.mark.parametrize("what", TAKEN)
def test_an_upload_whose_answer_is_lost_is_found(
    emulator: Emulator, connect: Connect, raw: Path, events: list[object], what: str
) -> None:
    """A lost answer gives the receipt all the same, and the file was sent once."""
    with connect(observe=events.append) as scc:
        emulator.faults.add(TAKEN[what], path=QUICK, method="POST", times=None)
        receipt = scc.measurements.upload(raw, system=437)

        assert receipt.id == ID
        assert len(emulator.faults.seen) <= 1
        assert _times(events, "POST", QUICK) == 1
        assert [one.id for one in scc.measurements.list(startswith=ID)] == [ID]


@CURRENT
@pytest.mark.parametrize(
    "fault",
    [
        Fault.reset(),
        Fault.status(500),
        Fault.status(503, retry_after=7),
        Fault.maintenance(),
        Fault.captive("http://x/"),
    ],
)
def test_an_upload_that_did_not_arrive_is_not_sent_again(
    emulator: Emulator, connect: Connect, raw: Path, events: list[object], fault: Fault
) -> None:
    """Where nobody can tell whether the server took it, it is sent once, the error says so, and a second call is safe."""
    with connect(observe=events.append) as scc:
        emulator.faults.add(fault, path=QUICK, method="POST", times=None)
        with pytest.raises(OutcomeUnknown, match="safe to upload it again"):
            scc.measurements.upload(raw, system=437)

        assert _times(events, "POST", QUICK) == 1
        emulator.faults.clear()
        assert scc.measurements.upload(raw, system=437).id == ID


@CURRENT
def test_an_upload_is_sent_again_after_429_only(
    emulator: Emulator, connect: Connect, raw: Path, events: list[object]
) -> None:
    """Too many requests means that this one was not looked at: it is sent again after the pause."""
    emulator.faults.add(Fault.status(429, retry_after=7), path=QUICK, method="POST", times=2)
    with connect(observe=events.append) as scc:
        before = emulator.clock.now()

        assert scc.measurements.upload(raw, system=437).id == ID
    assert emulator.clock.now() - before >= 14
    assert _times(events, "POST", QUICK) == 3


@CURRENT
def test_an_upload_of_which_only_the_page_behind_fails(emulator: Emulator, connect: Connect, raw: Path) -> None:
    """The redirect tells where the new measurement is; if its page never comes, the API is believed."""
    emulator.faults.add(Fault.status(503), path=f"data_processing/measurements/{ID}/", times=None)
    with connect() as scc:
        assert scc.measurements.upload(raw, system=437).id == ID


@CURRENT
def test_an_upload_that_cannot_be_looked_up(emulator: Emulator, connect: Connect, raw: Path) -> None:
    """Where the API fails too, the outcome is unknown, and the message says why another call is safe."""
    emulator.faults.add(Fault.lost(), path=QUICK, method="POST")
    emulator.faults.add(Fault.status(503), path=API, skip=1, times=None)
    with connect() as scc:
        with pytest.raises(OutcomeUnknown, match="looked for before anything is sent"):
            scc.measurements.upload(raw, system=437)
        emulator.faults.clear()

        with pytest.raises(scckit.errors.MeasurementExists):
            scc.measurements.upload(raw, system=437)


@CURRENT
def test_process_goes_through_faults(emulator: Emulator, connect: Connect, raw: Path) -> None:
    """Upload and wait come to their end although every third request fails."""
    for skip in range(2, 40, 3):
        emulator.faults.add(Fault.lost(), skip=skip)
    with connect() as scc:
        assert scc.measurements.process(raw, system=437, interval=5).phase is scckit.Phase.FINISHED
    assert len(emulator.faults.seen) > 3


# -- delete and rerun -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("what", TAKEN)
def test_a_delete_whose_answer_is_lost(processed: Emulator, connect: Connect, events: list[object], what: str) -> None:
    """The API shows that it is gone; the form was sent once."""
    with connect(observe=events.append) as scc:
        processed.faults.add(TAKEN[what], path=f"{ID}/delete/", method="POST", times=None)
        scc.measurements.delete(ID)

        assert scc.measurements.find(ID) is None
    assert sum(isinstance(one, Requested) and one.route.endswith("/delete/") for one in events) == 2


@CURRENT
@pytest.mark.parametrize(
    "fault", [Fault.reset(), Fault.status(503), Fault.maintenance(), Fault.captive("http://portal.example/")]
)
def test_a_delete_that_did_not_arrive(
    processed: Emulator, connect: Connect, events: list[object], fault: Fault
) -> None:
    """The API shows that it is there: the error says so, the form was sent once, and a second call deletes."""
    with connect(observe=events.append) as scc:
        processed.faults.add(fault, path=f"{ID}/delete/", method="POST", times=None)
        with pytest.raises(OutcomeUnknown, match="still there"):
            scc.measurements.delete(ID)

        assert _times(events, "POST", f"admin/database/measurements/{ID}/delete/") == 1
        processed.faults.clear()
        scc.measurements.delete(ID)
        assert scc.measurements.find(ID) is None


@pytest.mark.parametrize("fault", [Fault.lost(), Fault.status(502, acts=True), Fault.reset(after_bytes=0)])
def test_a_rerun_whose_answer_is_lost(
    processed: Emulator, connect: Connect, events: list[object], fault: Fault
) -> None:
    """The API shows that it runs; the request that restarts it was sent once, although it is a GET."""
    with connect(observe=events.append) as scc:
        processed.faults.add(fault, path="/rerun-all/", times=None)
        scc.measurements.rerun(ID)

        assert scc.measurements.get(ID).phase is not scckit.Phase.FINISHED
    assert sum(isinstance(one, Requested) and "rerun" in one.route for one in events) == 1


@CURRENT
@pytest.mark.parametrize(
    "fault", [Fault.reset(), Fault.status(500), Fault.maintenance(), Fault.captive("http://portal.example/")]
)
def test_a_rerun_that_did_not_arrive(processed: Emulator, connect: Connect, events: list[object], fault: Fault) -> None:
    """The API shows no change: the error says so, and nothing was sent twice."""
    with connect(observe=events.append) as scc:
        processed.faults.add(fault, path="/rerun-all/", times=None)
        with pytest.raises(OutcomeUnknown, match="no change"):
            scc.measurements.rerun(ID)

        assert scc.measurements.get(ID).phase is scckit.Phase.FINISHED
    assert len(processed.faults.seen) == 1


# -- archives ---------------------------------------------------------------------------------------------------------


@CURRENT
@pytest.mark.parametrize("unpack", [True, False])
def test_hostile_archives_leave_everything_as_it_was(
    processed: Emulator, connect: Connect, tmp_path: Path, unpack: bool
) -> None:
    """No bad archive changes a file, in the folder or outside of it; the good one then takes the place of the old."""
    into = tmp_path / "deep" / "products"
    (tmp_path / "outside.nc").write_bytes(b"outside")
    with connect() as scc:
        good = scc.products.download(ID, ["elic"], into=tmp_path / "good", unpack=unpack)
        older = [into / file.path.relative_to(tmp_path / "good") for file in good]
        for path in older:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"older")
        before = _files(tmp_path)
        for what in get_args(ArchiveFault):
            processed.faults.add(Fault.archive(what), times=None)
            with pytest.raises(UnsafeArchive):
                scc.products.download(ID, ["elic"], into=into, unpack=unpack)

            assert _files(tmp_path) == before, what
            processed.faults.clear()
        assert not Path("/escaped.nc").exists()
        files = scc.products.download(ID, ["elic"], into=into, unpack=unpack)
    assert [file.path for file in files] == older
    assert [path.read_bytes() for path in older] == [file.path.read_bytes() for file in good]


# -- over a socket ----------------------------------------------------------------------------------------------------


@pytest.fixture
def served(processed: Emulator, gate: threading.Event) -> Iterator[Emulator]:
    """The emulator on a socket; its pauses end with the test."""
    gate.clear()
    with processed.serve():
        yield processed
        gate.set()


@CURRENT
def test_socket_downloads(served: Emulator, connect: Connect, tmp_path: Path) -> None:
    """Over the real transport each fault is its own error and leaves no file; the next download works."""
    errors: dict[Fault, type[SCCError]] = {
        Fault.reset(): ConnectionBroken,
        Fault.lost(): ConnectionBroken,
        Fault.reset(after_bytes=40): ConnectionBroken,
        Fault.truncate(keep=40): BodyTruncated,
        Fault.wrong_length(10): BodyTruncated,
        Fault.wrong_length(-10): UnsafeArchive,
    }
    with connect(transport="urllib3", timeout=20, retries=ONCE, environ={}) as scc:
        expected = _downloaded(scc, tmp_path)
        before = _files(tmp_path)
        for fault, error in errors.items():
            served.faults.add(fault, path="/download-elic/")
            with pytest.raises(error):
                _downloaded(scc, tmp_path)

            assert _files(tmp_path) == before, fault
    # On connections of its own: that of the last fault is ended by the server, and who tries once may be the first to know.
    with connect(transport="urllib3", timeout=20, retries=ONCE, environ={}) as scc:
        assert _downloaded(scc, tmp_path) == expected
    assert [one.fault for one in served.faults.seen] == list(errors)


@CURRENT
def test_socket_downloads_that_take_too_long(served: Emulator, connect: Connect, tmp_path: Path) -> None:
    """A head that does not come and a body that stops coming end by the time-out, and leave no file."""
    with connect() as patient:  # what the emulator makes on demand is made before the clock of the time-outs runs
        _downloaded(patient, tmp_path)
    before = _files(tmp_path)
    with connect(transport="urllib3", timeout=1, retries=ONCE, environ={}) as scc:
        for fault in (Fault.drip(chunk=10, pause=60), Fault.slow(60)):
            served.faults.add(fault, path="/download-elic/")
            with pytest.raises(TransportTimeout):
                _downloaded(scc, tmp_path)

            assert _files(tmp_path) == before
    assert len(served.faults.seen) == 2


@CURRENT
def test_socket_downloads_are_repeated(served: Emulator, connect: Connect, tmp_path: Path) -> None:
    """Broken tries are followed by one that works, over the same client."""
    for fault in (Fault.reset(), Fault.reset(after_bytes=40), Fault.truncate(keep=40)):
        served.faults.add(fault, path="/download-elic/")
    with connect(transport="urllib3", timeout=20, environ={}) as scc:
        assert _downloaded(scc, tmp_path)
    assert len(served.faults.seen) == 3


@CURRENT
@pytest.mark.parametrize("fault", [Fault.lost(), Fault.slow(60)])
def test_socket_upload_whose_answer_is_lost(
    served: Emulator, connect: Connect, raw: Path, events: list[object], fault: Fault
) -> None:
    """A reset and a time-out after the file was taken give the receipt, and the file was sent once."""
    with connect() as scc:
        scc.measurements.delete(ID)
    with connect(transport="urllib3", timeout=2, environ={}, observe=events.append) as scc:
        served.faults.add(fault, path=QUICK, method="POST", times=None)
        receipt = scc.measurements.upload(raw, system=437)

    assert receipt.id == ID
    assert len(served.faults.seen) == _times(events, "POST", QUICK) == 1


CREDENTIALS = scckit.Credentials("http-user", "http-pass", "someone", "pass-word")


def test_socket_that_nobody_listens_on() -> None:
    """A server that is not there is a ConnectionFailed, from the first call on."""
    with (
        refusing_port() as port,
        scckit.connect(f"http://127.0.0.1:{port}/", credentials=CREDENTIALS, environ={}, sleep=lambda _: None) as scc,
        pytest.raises(ConnectionFailed, match="nothing was sent") as caught,
    ):
        scc.check()

    assert type(caught.value) is ConnectionFailed


@pytest.mark.parametrize(("host", "known"), [("127.0.0.1", False), ("other.example", True)])
def test_socket_with_a_certificate_that_proves_nothing(tmp_path: Path, host: str, known: bool) -> None:
    """A certificate of an unknown authority or for another host is refused before anything is sent; a good one is not."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))

    def check(host: str, *, known: bool) -> tuple[SCCError, int]:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert(host).configure_cert(tls)
        settings: dict[str, Any] = {"verify": tmp_path / "ca.pem"} if known else {}
        refusal = answer(401, [("WWW-Authenticate", 'Basic realm="SCC"')])
        with (
            ScriptedServer(lambda _: refusal, tls=tls) as server,
            scckit.connect(server.url(), credentials=CREDENTIALS, retries=ONCE, environ={}, **settings) as scc,
        ):
            with pytest.raises(SCCError) as caught:
                scc.check()
            return caught.value, len(server.received)

    error, received = check(host, known=known)
    good, asked = check("127.0.0.1", known=True)

    assert (type(error), received) == (CertificateRejected, 0)
    assert "pass-word" not in str(error)
    assert (type(good), asked) == (WrongHTTPCredentials, 1)


# -- the transport in process -----------------------------------------------------------------------------------------


class _Chunks:
    """A body that breaks after its first chunk, and remembers that it was closed."""

    def __init__(self, *chunks: bytes) -> None:
        self._chunks = iter(chunks)
        self.closed = False

    def __iter__(self) -> Iterator[bytes]:
        yield from self._chunks
        raise BrokenPipeError("the pipe broke")

    def close(self) -> None:
        self.closed = True


@pytest.mark.parametrize("chunks", [(), (b"first",)])
def test_in_process_a_broken_body_breaks_after_its_head(chunks: tuple[bytes, ...]) -> None:
    """An OSError after the head leaves the head and what came before it; the application's body is closed."""
    body = _Chunks(*chunks)

    def application(_: dict[str, Any], start: Callable[..., object]) -> Iterable[bytes]:
        start("200 OK", [("Set-Cookie", " a=b"), ("Content-Length", "9")])
        return body

    exchange = WSGITransport(application).open(Request("GET", "http://scc.example/x"))
    got = exchange.chunks()

    assert exchange.head.headers.get("set-cookie") == "a=b"
    assert tuple(next(got) for _ in chunks) == chunks
    with pytest.raises(ConnectionBroken, match=r"GET /x: .*the pipe broke"):
        next(got)
    exchange.close()
    assert body.closed


def test_in_process_a_broken_application_breaks_before_its_head() -> None:
    """An OSError before the head is a broken connection; what the request's own body raises stays what it is."""

    class Gone(FormBody):
        def chunks(self) -> Iterator[bytes]:
            raise FileNotFoundError("the raw file")

    def application(environ: dict[str, Any], _: object) -> Iterable[bytes]:
        environ["wsgi.input"].read()
        raise ConnectionResetError("reset")

    transport = WSGITransport(application)
    with pytest.raises(ConnectionBroken, match="reset"):
        transport.open(Request("GET", "http://scc.example/"))
    with pytest.raises(FileNotFoundError, match="raw file"):
        transport.open(Request("POST", "http://scc.example/", body=Gone(())))
    assert issubclass(ConnectionBroken, TransportError)
