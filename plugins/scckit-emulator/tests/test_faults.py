"""What goes wrong on request: each fault in process and over a socket, and to which requests it happens."""

from __future__ import annotations

import base64
import concurrent.futures
import http.client
import io
import stat
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, get_args
from urllib.parse import urlsplit

import pytest
from emulator_browser import ID, LOGIN, QUICK, START, STOP, Browser

from scckit_emulator import Account, Emulator, Fault, Faults
from scckit_emulator.hostile import ArchiveFault, spoil

ELIC = f"data_processing/measurements/{ID}/download-elic/"
#: A body that is the same each time, and made quickly.
API = "api/v1/"
UPLOAD = {"path": QUICK, "method": "POST"}


@pytest.fixture(scope="module")
def pauses() -> list[float]:
    """Pauses that the emulator made; it does not really sleep."""
    return []


@pytest.fixture(scope="module")
def alive(pauses: list[float]) -> Iterator[Emulator]:
    """One emulator for all tests of this file, since each takes its time to start."""
    with Emulator(speed=0, sleep=pauses.append) as emulator:
        yield emulator


@pytest.fixture
def emulator(alive: Emulator, pauses: list[float]) -> Emulator:
    """The emulator as it was when new."""
    alive.reset()
    pauses.clear()
    return alive


# -- to which requests a fault happens --------------------------------------------------------------------------------


@pytest.mark.parametrize("skip", [0, 1, 3])
@pytest.mark.parametrize("times", [1, 2, None])
def test_a_fault_happens_so_often_after_so_many(skip: int, times: int | None) -> None:
    """The first ``skip`` requests pass, the next ``times`` fail, the rest pass; or fail, for ever."""
    faults = Faults()
    faults.add(Fault.lost(), skip=skip, times=times)
    happened = [faults.next("GET", "api/v1/") is not None for _ in range(8)]

    assert happened == [skip <= number < skip + (8 if times is None else times) for number in range(8)]
    assert len(faults.seen) == sum(happened)


def test_a_fault_happens_to_what_fits() -> None:
    """Part of the address and the method choose the requests; others are not counted."""
    faults = Faults()
    faults.add(Fault.status(503), path="api/v1/", method="get", skip=1)
    asked = [("GET", "accounts/login/"), ("POST", "api/v1/x/"), ("GET", "api/v1/x/"), ("GET", "api/v1/y/")]
    happened = [faults.next(*one) for one in asked]

    assert happened == [None, None, None, Fault.status(503)]
    assert [(one.method, one.path) for one in faults.seen] == [("GET", "api/v1/y/")]


def test_the_fault_that_was_added_first_happens_first() -> None:
    """Where two fit, one happens, and then the other."""
    faults = Faults()
    faults.add(Fault.status(503))
    faults.add(Fault.reset())

    assert [faults.next("GET", ""), faults.next("GET", ""), faults.next("GET", "")] == [
        Fault.status(503),
        Fault.reset(),
        None,
    ]


def test_threads_share_the_count() -> None:
    """However many threads ask at once, a fault happens just so often."""
    faults = Faults()
    faults.add(Fault.lost(), times=40)
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        happened = list(pool.map(lambda _: faults.next("GET", "") is not None, range(200)))

    assert happened.count(True) == len(faults.seen) == 40


@pytest.mark.parametrize("end", [lambda emulator: emulator.faults.clear(), lambda emulator: emulator.reset()])
def test_faults_can_be_forgotten(emulator: Emulator, stranger: Browser, end: Callable[[Emulator], None]) -> None:
    """After a clear or a reset nothing fails, and nothing was seen."""
    emulator.faults.add(Fault.status(503), times=None)
    assert stranger.get(LOGIN).status == 503
    end(emulator)

    assert stranger.get(LOGIN).status == 200
    assert emulator.faults.seen == ()


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: Fault.status(99),
        lambda: Fault.status(600),
        lambda: Fault.reset(after_bytes=-1),
        lambda: Fault.truncate(keep=-1),
        lambda: Fault.wrong_length(0),
        lambda: Fault.drip(chunk=0),
        lambda: Fault.drip(pause=-1),
        lambda: Fault.slow(float("inf")),
        lambda: Fault.archive("evil"),  # type: ignore[arg-type] # the fault under test
        lambda: Faults().add(Fault.lost(), times=0),
        lambda: Faults().add(Fault.lost(), skip=-1),
    ],
)
def test_refuses_what_cannot_be(wrong: Callable[[], object]) -> None:
    """A number out of range and an unknown name are refused, and the message says what was found."""
    with pytest.raises(ValueError, match="found"):
        wrong()


# -- answers in place of the site's -----------------------------------------------------------------------------------


@pytest.mark.parametrize("code", [302, 429, 500, 502, 503, 520])
@pytest.mark.parametrize("retry_after", [None, 7, "Sun, 22 Nov 2026 20:00:00 GMT"])
def test_status(emulator: Emulator, stranger: Browser, code: int, retry_after: int | str | None) -> None:
    """A status comes as a page, with or without Retry-After, even before the outer layer asks who is there."""
    emulator.faults.add(Fault.status(code, retry_after=retry_after))
    stranger.basic = None
    answer = stranger.once("GET", LOGIN)

    assert answer.status == code
    assert answer.headers["Retry-After"] == (None if retry_after is None else str(retry_after))
    assert answer.headers.get_content_type() == "text/html"
    assert len(answer.body) == int(answer.headers["Content-Length"])
    assert stranger.once("GET", LOGIN).status == 401


@pytest.mark.parametrize(
    ("fault", "acts"),
    [
        (Fault.status(503), False),
        (Fault.status(502, acts=True), True),
        (Fault.maintenance(), False),
        (Fault.captive(), False),
        (Fault.captive("http://portal.example/"), False),
        (Fault.reset(), False),
        (Fault.reset(after_bytes=0), True),
        (Fault.lost(), True),
        (Fault.truncate(), True),
    ],
)
def test_whether_the_site_acts(emulator: Emulator, browser: Browser, raw: Path, fault: Fault, acts: bool) -> None:
    """An upload to which a fault happens is on the server exactly where the fault lets the site act."""
    emulator.faults.add(fault, **UPLOAD)
    try:
        browser.upload(follow=False, fields={"system": 437}, data=raw)
    except ConnectionResetError:
        assert "reset" in str(fault).lower() or "lost" in str(fault).lower()

    assert (browser.get(f"api/v1/measurements/{ID}/").status == 200) == acts
    assert [(one.fault, one.method, one.path) for one in emulator.faults.seen] == [(fault, "POST", QUICK)]


def test_pages_of_somebody_else(emulator: Emulator, browser: Browser) -> None:
    """Maintenance and a captive network come as pages with status 200, or as a redirect to another server."""
    for fault in (Fault.maintenance(), Fault.captive(), Fault.captive("http://portal.example/")):
        emulator.faults.add(fault)
    maintenance, captive, elsewhere = (browser.once("GET", "api/v1/measurements/") for _ in range(3))

    assert (maintenance.status, captive.status, elsewhere.status) == (200, 200, 302)
    assert "Maintenance" in maintenance.text
    assert "<form" in captive.text
    assert elsewhere.headers["Location"] == "http://portal.example/"


# -- bodies that do not come as they should ---------------------------------------------------------------------------


def _pieces(emulator: Emulator, browser: Browser, path: str) -> tuple[int, Iterator[bytes]]:
    """Announced length, and the body as it comes."""
    heads: list[list[tuple[str, str]]] = []
    environ: dict[str, Any] = {
        "REQUEST_METHOD": "GET",
        "SCRIPT_NAME": "",
        "PATH_INFO": f"/{path}",
        "QUERY_STRING": "",
        "SERVER_NAME": "scc.example",
        "SERVER_PORT": "80",
        "wsgi.input": io.BytesIO(),
        "wsgi.errors": io.StringIO(),
        "wsgi.url_scheme": "http",
        "HTTP_AUTHORIZATION": browser.basic,
        "HTTP_COOKIE": "; ".join(f"{name}={value}" for name, value in browser.cookies.items()),
    }
    chunks = emulator.wsgi(environ, lambda _, headers, *__: heads.append(headers))  # type: ignore[arg-type, return-value]
    return int(dict(heads[0])["Content-Length"]), iter(chunks)


def test_reset_amid_the_body(emulator: Emulator, browser: Browser) -> None:
    """The head and so many bytes come, then the connection breaks."""
    whole = browser.get(API).body
    emulator.faults.add(Fault.reset(after_bytes=50), path=API)
    length, chunks = _pieces(emulator, browser, API)

    assert length == len(whole)
    assert next(chunks) == whole[:50]
    with pytest.raises(ConnectionResetError, match="on demand"):
        next(chunks)


@pytest.mark.parametrize("keep", [0, 100, 10**9])
def test_truncated(emulator: Emulator, browser: Browser, keep: int) -> None:
    """Fewer bytes come than announced, one less at least."""
    whole = browser.get(API).body
    emulator.faults.add(Fault.truncate(keep=keep), path=API)
    answer = browser.get(API)

    assert int(answer.headers["Content-Length"]) == len(whole)
    assert answer.body == whole[: min(keep, len(whole) - 1)]


@pytest.mark.parametrize("by", [10, -10])
def test_wrong_length(emulator: Emulator, browser: Browser, by: int) -> None:
    """All comes; more or less is announced."""
    whole = browser.get(API).body
    emulator.faults.add(Fault.wrong_length(by), path=API)
    answer = browser.get(API)

    assert int(answer.headers["Content-Length"]) == len(whole) + by
    assert answer.body == whole


def test_drip_and_slow_use_the_sleep_that_was_given(emulator: Emulator, browser: Browser, pauses: list[float]) -> None:
    """A dripping body is whole, comes in small pieces with pauses between; a slow answer comes after one pause."""
    whole = browser.get(API).body
    emulator.faults.add(Fault.drip(chunk=100, pause=0.5))
    emulator.faults.add(Fault.slow(30))
    length, chunks = _pieces(emulator, browser, API)
    pieces = list(chunks)
    dripped = len(pauses)

    assert browser.get(API).body == b"".join(pieces) == whole
    assert {len(piece) for piece in pieces[:-1]} == {100}
    assert length == len(whole)
    assert pauses == [0.5] * (len(pieces) - 1) + [30]
    assert dripped == len(pieces) - 1


# -- archives ---------------------------------------------------------------------------------------------------------


def test_bad_archives_come_as_good_answers(emulator: Emulator, browser: Browser) -> None:
    """A download, and no other request, gives a bad archive under the usual head; with what was good in it first."""
    emulator.add_measurement(ID, system=437, start=START, stop=STOP)
    good = browser.get(ELIC)
    for what in get_args(ArchiveFault):
        emulator.faults.add(Fault.archive(what))
        page = browser.get(API)
        answer = browser.get(ELIC)

        assert page.json()
        assert (answer.status, answer.headers["Content-Type"]) == (200, "application/zip")
        assert answer.headers["Content-Disposition"] == good.headers["Content-Disposition"]
        assert int(answer.headers["Content-Length"]) == len(answer.body)
        assert answer.body == spoil(good.body, what) != good.body
        if what not in {"bomb", "html", "truncated"}:
            assert answer.archive().namelist()[0] == good.archive().namelist()[0]


def test_what_is_bad_about_them() -> None:
    """Each bad archive has the one fault that its name says, even when it is made of no archive."""
    names = {what: zipfile.ZipFile(io.BytesIO(spoil(b"", what))).namelist() for what in _READABLE}
    [link] = zipfile.ZipFile(io.BytesIO(spoil(b"", "link"))).infolist()
    bomb = spoil(b"", "bomb")

    assert names["traversal"][0].startswith("../")
    assert names["absolute"][0].startswith("/")
    assert len(names["duplicate"]) == 2
    assert len(set(names["duplicate"])) == 1
    assert stat.S_ISLNK(link.external_attr >> 16)
    assert len(bomb) < 100_000
    assert zipfile.ZipFile(io.BytesIO(bomb)).getinfo("bomb.nc").file_size > 500 * len(bomb)
    assert spoil(b"", "html").startswith(b"<!DOCTYPE html>")
    with pytest.raises(zipfile.BadZipFile):
        zipfile.ZipFile(io.BytesIO(spoil(b"", "truncated")))
    with pytest.raises((zipfile.BadZipFile, zlib.error), match="CRC"):
        zipfile.ZipFile(io.BytesIO(spoil(b"", "corrupt"))).read("corrupt.nc")


_READABLE: tuple[ArchiveFault, ...] = ("traversal", "absolute", "duplicate")


# -- over a socket ----------------------------------------------------------------------------------------------------


@pytest.fixture
def connection(emulator: Emulator, browser: Browser) -> Iterator[Callable[[], http.client.HTTPResponse]]:
    """Asks for the same over one kept connection of the served emulator, with the cookies of the browser."""
    headers = {
        "Authorization": browser.basic or "",
        "Cookie": "; ".join(f"{name}={value}" for name, value in browser.cookies.items()),
    }
    with emulator.serve() as base_url:
        # Less than the server keeps an idle connection: what should end must end by itself.
        opened = http.client.HTTPConnection(urlsplit(base_url).netloc, timeout=5)

        def ask() -> http.client.HTTPResponse:
            opened.request("GET", f"/{API}", headers=headers)
            return opened.getresponse()

        yield ask
        opened.close()


@pytest.mark.parametrize("fault", [Fault.reset(), Fault.lost()])
def test_socket_is_reset_before_the_head(
    emulator: Emulator, connection: Callable[[], http.client.HTTPResponse], fault: Fault
) -> None:
    """The other side sees a reset, not an orderly end, and no byte of an answer."""
    emulator.faults.add(fault)

    with pytest.raises(ConnectionResetError) as caught:
        connection()
    assert not isinstance(caught.value, http.client.RemoteDisconnected)


@pytest.mark.parametrize("count", [0, 70])
def test_socket_is_reset_amid_the_body(
    emulator: Emulator, connection: Callable[[], http.client.HTTPResponse], count: int
) -> None:
    """Head and so many bytes come over the wire, then a reset."""
    whole = connection().read()
    emulator.faults.add(Fault.reset(after_bytes=count))
    answer = connection()

    assert int(answer.headers["Content-Length"]) == len(whole)
    assert answer.read(count) == whole[:count]
    with pytest.raises(ConnectionResetError):
        answer.read()


@pytest.mark.parametrize("fault", [Fault.truncate(keep=30), Fault.wrong_length(20)])
def test_socket_ends_before_the_announced_length(
    emulator: Emulator, connection: Callable[[], http.client.HTTPResponse], fault: Fault
) -> None:
    """Where fewer bytes come than announced, the connection ends at once, so that nobody waits for the rest."""
    emulator.faults.add(fault)

    with pytest.raises(http.client.IncompleteRead):
        connection().read()


def test_socket_ends_after_surplus_bytes(
    emulator: Emulator, connection: Callable[[], http.client.HTTPResponse]
) -> None:
    """Where more bytes come than announced, they come, and the connection ends after them."""
    whole = connection().read()
    emulator.faults.add(Fault.wrong_length(-20))
    answer = connection()
    reader = answer.fp

    assert answer.read(len(whole) - 21) + reader.read() == whole
    answer.close()


def test_socket_gives_drops_and_goes_on(emulator: Emulator, connection: Callable[[], http.client.HTTPResponse]) -> None:
    """Drops make the whole body, and the connection goes on after a fault that leaves it whole."""
    whole = connection().read()
    emulator.faults.add(Fault.drip(chunk=50))
    emulator.faults.add(Fault.status(503))

    assert connection().read() == whole
    busy = connection()
    assert (busy.status, len(busy.read())) == (503, int(busy.headers["Content-Length"]))
    assert connection().read() == whole


def test_nothing_is_printed() -> None:
    """An emulator with faults prints nothing by itself, in process and over a socket, nor does it log what is usual."""
    program = (
        "import http.client, logging\n"
        "from urllib.parse import urlsplit\n"
        "logging.basicConfig()\n"
        "from scckit_emulator import Emulator, Fault\n"
        "with Emulator(speed=0) as emulator, emulator.serve() as base_url:\n"
        "    for fault in (Fault.reset(), Fault.reset(after_bytes=3), Fault.truncate(), Fault.status(500)):\n"
        "        emulator.faults.add(fault, path='accounts/')\n"
        "    for path in ('accounts/login/',) * 5 + ('accounts/unknown/', 'api/v1/x/'):\n"
        "        connection = http.client.HTTPConnection(urlsplit(base_url).netloc, timeout=20)\n"
        "        try:\n"
        "            connection.request('GET', '/' + path, headers={'Authorization': PAIR})\n"
        "            connection.getresponse().read()\n"
        "        except (OSError, http.client.HTTPException):\n"
        "            pass\n"
        "        finally:\n"
        "            connection.close()\n"
        "    assert len(emulator.faults.seen) == 4\n"
    )
    account = Account()
    pair = base64.b64encode(f"{account.http_user}:{account.http_password}".encode()).decode()
    done = subprocess.run(
        [sys.executable, "-c", f"PAIR = 'Basic {pair}'\n{program}"],
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=60,
    )

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
