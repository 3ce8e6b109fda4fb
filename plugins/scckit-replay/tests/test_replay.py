"""The transport that plays: what matches, what is told where nothing does, threads, asyncio, and by name."""

from __future__ import annotations

import asyncio
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import scckit
from scckit.errors import InvalidInput, LocalFileError, SCCError, TransportError
from scckit.plugins import Headers, Registry, Request, ThreadTransport, TransportSettings
from scckit_replay.cassette import Cassette, Interaction, write
from scckit_replay.replay import NothingRecorded, ReplayTransport

BASE = "https://scc.example/"


def cassette(*rows: str | tuple[str, bytes]) -> Cassette:
    """Make a cassette of rows such as "GET a/?q=1", the body being the row where none is given."""
    pairs = [(row, row.encode()) if isinstance(row, str) else row for row in rows]
    asked = [(*row.split(" ", 1), body) for row, body in pairs]
    return Cassette([Interaction(method, BASE + url, 200, Headers(), body) for method, url, body in asked], "rows.yaml")


def ask(transport: ReplayTransport, row: str, base: str = BASE) -> bytes:
    """Ask for a row and return the body."""
    method, _, url = row.partition(" ")
    with closing(transport.open(Request(method, base + url))) as exchange:
        return b"".join(exchange.chunks())


# -- matching ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("recorded", "asked", "matches"),
    [
        ("GET a/?x=1&y=2", "GET a/?y=2&x=1", True),
        ("GET a/?x=1&x=2", "GET a/?x=2&x=1", True),
        ("GET a/?x=a+b", "GET a/?x=a%20b", True),
        ("GET a/?x=1&y=", "GET a/?x=1", True),
        ("GET ", "GET ", True),
        ("GET a/?x=1", "GET a/?x=2", False),
        ("GET a/?x=1", "GET a/?x=1&x=1", False),
        ("GET a/", "GET a", False),
        ("GET a/", "POST a/", False),
        ("GET a%20b", "GET a+b", False),
    ],
)
def test_requests_match_as_in_vcrpy(recorded: str, asked: str, matches: bool) -> None:
    """Method, path and query decide, the query without order and without parameters that have no value."""
    matchers = pytest.importorskip("vcr.matchers")
    requests = pytest.importorskip("vcr.request")
    pair = [requests.Request(row.split(" ")[0], BASE + row.split(" ", 1)[1], b"", {}) for row in (recorded, asked)]

    def in_vcrpy() -> bool:
        try:
            for matcher in (matchers.method, matchers.path, matchers.query):
                matcher(*pair)
        except AssertionError:
            return False
        return True

    transport = ReplayTransport(cassette((recorded, b"found")))
    try:
        found = ask(transport, asked) == b"found"
    except NothingRecorded:
        found = False

    assert found is matches
    assert in_vcrpy() is matches


@given(st.lists(st.sampled_from(["GET a/", "GET a/?p=1", "GET a/?p=2", "POST a/", "GET b/"]), max_size=12), st.data())
def test_each_answer_plays_once_in_recorded_order(rows: list[str], data: st.DataObject) -> None:
    """In whatever order requests come, each kind of request gets its own answers in the order of the recording."""
    transport = ReplayTransport(cassette(*((row, b"%d" % number) for number, row in enumerate(rows))))
    asked = data.draw(st.permutations(rows))
    given_to: dict[str, list[int]] = {}
    for row in asked:
        given_to.setdefault(row, []).append(int(ask(transport, row)))

    assert given_to == {row: [n for n, each in enumerate(rows) if each == row] for row in given_to}
    assert transport.unplayed == ()
    assert len(transport.played) == len(rows)
    for row in {*rows, "GET c/"}:
        with pytest.raises(NothingRecorded):
            ask(transport, row)


def test_the_recorded_server_stands_for_the_one_that_is_asked() -> None:
    """Answers that send to the recorded server send to the one that is asked, and to others as recorded."""
    headers = Headers(
        [
            ("Location", "https://scc.example:443/b/?c#d"),
            ("Content-Location", BASE),
            ("X-At", BASE),
            ("Set-Cookie", "a=1"),
        ]
    )
    elsewhere = Headers([("Location", "https://else.example/"), ("location", "/relative/"), ("Location", "http://[")])
    rows = [Interaction("GET", f"{BASE}a/", 302, each) for each in (headers, elsewhere)]
    transport = ReplayTransport(Cassette(rows))
    url = "http://user:word@127.0.0.1:8000/a/"
    heads = [transport.open(Request("GET", url)).head for _ in rows]

    assert heads[0].url == url
    assert heads[0].headers.get("location") == "http://127.0.0.1:8000/b/?c#d"
    assert heads[0].headers.get("content-location") == "http://127.0.0.1:8000/"
    assert heads[0].headers.get("x-at") == BASE
    assert heads[1].headers.pairs == elsewhere.pairs


def test_only_the_server_of_the_base_url_is_served() -> None:
    """With a base URL nothing is answered for another server, whatever is recorded."""
    transport = ReplayTransport(cassette("GET a/"), base_url="https://mine.example/")

    with pytest.raises(InvalidInput, match=r"scc\.example was asked for"):
        ask(transport, "GET a/")
    assert ask(transport, "GET a/", "https://mine.example:443/") == b"GET a/"
    for url in ("ftp://mine.example/", "/a/", "http://["):
        with pytest.raises(InvalidInput, match="no absolute"):
            transport.open(Request("GET", url))
    with pytest.raises(InvalidInput, match="no absolute"):
        ReplayTransport(cassette(), base_url="mine.example")


def test_answers_of_several_servers_are_refused() -> None:
    """One transport stands for one server; a cassette of two cannot be told apart by paths."""
    rows = [Interaction("GET", f"https://{host}/", 200) for host in ("me:word@a.example", "b.example")]

    with pytest.raises(LocalFileError, match=r"\(a\.example, b\.example\)"):
        ReplayTransport(Cassette(rows))


# -- bodies -----------------------------------------------------------------------------------------------------------


def test_large_bodies_come_in_pieces_and_a_closed_exchange_gives_none() -> None:
    """A body is given in pieces; nothing can be read from an answer that was closed."""
    transport = ReplayTransport(cassette(("GET a/", b"x" * 200_000), "GET b/"))
    exchange = transport.open(Request("GET", f"{BASE}a/"))
    chunks = exchange.chunks()

    assert len(next(chunks)) < 200_000
    exchange.close()
    exchange.close()
    for rest in (chunks, exchange.chunks()):
        with pytest.raises(TransportError, match="closed"):
            next(rest)


@pytest.mark.parametrize(("method", "status"), [("HEAD", 200), ("GET", 204), ("GET", 304)])
def test_answers_that_have_no_body_give_none(method: str, status: int) -> None:
    """What a cassette keeps as the body of an answer that has none is not given."""
    transport = ReplayTransport(Cassette([Interaction(method, BASE, status, Headers(), b"odd")]))

    assert ask(transport, f"{method} ") == b""


class Upload:
    """A body that counts how often it is read, may lie, and may fail."""

    content_type = "text/plain"

    def __init__(self, length: int, error: Exception | None = None) -> None:
        self.length = length
        self.error = error

    def chunks(self):
        yield b"12"
        if self.error is not None:
            raise self.error
        yield b"345"


def test_bodies_of_requests_are_read_as_a_server_would() -> None:
    """What is wrong with a body shows, and uses up no answer."""
    transport = ReplayTransport(cassette("POST a/"))
    gone = OSError("the file is gone")

    with pytest.raises(OSError, match="gone") as caught:
        transport.open(Request("POST", f"{BASE}a/", body=Upload(5, gone)))
    assert caught.value is gone
    with pytest.raises(InvalidInput, match="announced 4 bytes and gave 5"):
        transport.open(Request("POST", f"{BASE}a/", body=Upload(4)))
    assert transport.open(Request("POST", f"{BASE}a/", body=Upload(5))).head.status == 200


# -- what is told -----------------------------------------------------------------------------------------------------


def test_what_was_not_recorded_is_told_with_what_is_near() -> None:
    """The message says what was asked, what is near and not played, what else is not, and what was played."""
    transport = ReplayTransport(cassette("GET a/?p=1", "GET a/?p=2", "POST a/?p=3", "GET b/"))
    ask(transport, "GET a/?p=1")
    with pytest.raises(NothingRecorded) as caught:
        ask(transport, "GET a/?p=3")

    assert str(caught.value).splitlines() == [
        "GET /a/?p=3: no answer in rows.yaml; ask what was recorded, or record it again",
        "  not played, and near:",
        "    2. GET /a/?p=2",
        "    3. POST /a/?p=3",
        "  not played either:",
        "    4. GET /b/",
        "  played:",
        "    1. GET /a/?p=1",
    ]
    assert isinstance(caught.value, SCCError)
    assert not isinstance(caught.value, TransportError)


def test_what_was_played_already_is_told_as_such() -> None:
    """A request that comes once too often is told how often it was recorded."""
    transport = ReplayTransport(cassette("GET a/", "GET a/"))
    for _ in range(2):
        ask(transport, "GET a/")

    with pytest.raises(NothingRecorded, match="it was recorded 2 times, and each answer is played once"):
        ask(transport, "GET a/")


def test_the_report_tells_what_is_left() -> None:
    """Closing does not mind what is left; who minds asks, and gets an AssertionError with the report."""
    transport = ReplayTransport(cassette(*(f"GET {number}/" for number in range(12))))
    for number in range(2):
        ask(transport, f"GET {number}/")
    with transport:
        pass

    assert [str(one) for one in transport.played] == ["GET /0/", "GET /1/"]
    assert [str(one) for one in transport.unplayed] == [f"GET /{number}/" for number in range(2, 12)]
    with pytest.raises(AssertionError) as caught:
        transport.require_all_played()
    lines = str(caught.value).splitlines()
    assert lines[:4] == ["rows.yaml: 2 of 12 answers were played", "  played:", "    1. GET /0/", "    2. GET /1/"]
    assert (lines[4], lines[-1]) == ("  not played:", "    and 2 more")
    assert repr(transport) == "<ReplayTransport rows.yaml 2 of 12 played>"


def test_a_cassette_that_is_played_whole_is_fine() -> None:
    """Nothing is raised where nothing is left."""
    transport = ReplayTransport(cassette("GET a/"))
    ask(transport, "GET a/")

    transport.require_all_played()
    assert "not played: nothing" in transport.report()


def test_a_closed_transport_answers_nothing() -> None:
    """Closing is final, and may be done twice."""
    transport = ReplayTransport(cassette("GET a/"))
    transport.close()
    transport.close()

    with pytest.raises(TransportError, match="closed"):
        ask(transport, "GET a/")
    assert len(transport.unplayed) == 1


# -- threads and asyncio ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("workers", [2, 8, 32])
def test_threads_get_answers_of_their_own(workers: int) -> None:
    """However many threads ask, no answer is given twice, none is lost, and each is for what was asked."""
    rows = [(f"GET {number % 5}/", f"{number % 5} {number}".encode()) for number in range(1000)]
    transport = ReplayTransport(cassette(*rows))
    asked = [row for row, _ in rows]
    with ThreadPoolExecutor(workers) as pool:
        bodies = list(pool.map(lambda row: ask(transport, row), asked))

    assert Counter(bodies) == Counter(body for _, body in rows)
    assert [body.split()[0] for body in bodies] == [row[4:-1].encode() for row in asked]
    transport.require_all_played()


def test_tasks_get_answers_of_their_own() -> None:
    """The same holds for tasks of asyncio."""
    rows = [("GET a/", str(number).encode()) for number in range(100)]
    transport = ThreadTransport(ReplayTransport(cassette(*rows)))

    async def one() -> bytes:
        exchange = await transport.open(Request("GET", f"{BASE}a/"))
        body = b"".join([chunk async for chunk in exchange.chunks()])
        await exchange.aclose()
        return body

    async def all_of_them() -> list[bytes]:
        return await asyncio.gather(*(one() for _ in rows))

    assert sorted(asyncio.run(all_of_them())) == sorted(body for _, body in rows)


# -- by name ----------------------------------------------------------------------------------------------------------


def test_a_client_finds_it_by_name(tmp_path: Path) -> None:
    """``replay:FILE`` needs no credentials, no address and no network; what is not recorded is told at once."""
    path = tmp_path / "empty.yaml"
    write(path, [])
    pauses: list[float] = []
    with (
        scckit.connect(transport=f"replay:{path}", environ={}, sleep=pauses.append) as scc,
        pytest.raises(NothingRecorded, match=r"GET /accounts/login/: no answer in .*empty\.yaml"),
    ):
        scc.check()

    assert pauses == []


def test_an_async_client_finds_it_by_name(tmp_path: Path) -> None:
    """The same name serves asyncio."""
    path = tmp_path / "empty.yaml"
    write(path, [])

    async def check() -> None:
        async with scckit.connect_async(transport=f"replay:{path}", environ={}) as scc:
            await scc.check()

    with pytest.raises(NothingRecorded):
        asyncio.run(check())


def test_what_is_missing_behind_the_name_is_told() -> None:
    """Without a file, or with one that is not there, the message says what to write."""
    with pytest.raises(InvalidInput, match="transport='replay:FILE'"):
        scckit.connect(transport="replay", environ={})
    with pytest.raises(LocalFileError, match=r"'absent\.yaml' cannot be read"):
        scckit.connect(transport="replay:absent.yaml", environ={})


def test_the_factory_promises_to_stay_offline(tmp_path: Path) -> None:
    """The registry offers it, marked as one that never leaves this machine, and it keeps to the base URL."""
    factory = Registry(strict=True).transport("replay")
    write(tmp_path / "empty.yaml", [])
    transport = factory(TransportSettings("https://mine.example/", argument=str(tmp_path / "empty.yaml")))

    assert factory.offline
    with pytest.raises(InvalidInput, match="one server only"):
        transport.open(Request("GET", BASE))
