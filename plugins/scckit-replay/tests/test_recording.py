"""The transport that records: what passes, what is kept, what is taken out, and that vcrpy and we read each other's files."""

from __future__ import annotations

import base64
import gzip
import html
import json
import re
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from urllib.parse import quote, quote_plus, urlencode

import pytest
import yaml
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

import scckit
from scckit.errors import ConnectionBroken, InvalidInput, LocalFileError, TransportError
from scckit.plugins import Exchange, Head, Headers, Request, Secret, Transport, TransportSettings
from scckit.testing import Answer, ScriptTransport
from scckit.testing.server import ScriptedServer, answer
from scckit_replay.cassette import Cassette
from scckit_replay.recording import RecordingTransport
from scckit_replay.replay import ReplayTransport
from scckit_replay.scrub import Scrub
from scckit_urllib3.transport import Urllib3Transport

BASE = "https://station.example:8443/"


class Sent:
    """A body of a request."""

    def __init__(self, content: bytes, content_type: str = "application/x-www-form-urlencoded", size: int = 7) -> None:
        self.content, self.content_type, self.size = content, content_type, size

    @property
    def length(self) -> int:
        return len(self.content)

    def chunks(self) -> Iterator[bytes]:
        for begin in range(0, len(self.content), self.size):
            yield self.content[begin : begin + self.size]


def fetch(transport: Transport, url: str = "", method: str = "GET", **request) -> tuple[Head, bytes]:
    """Ask for an address, absolute or below ``BASE``, and return the head and the whole body."""
    absolute = url if url.startswith("http") else BASE + url
    with closing(transport.open(Request(method, absolute, **request))) as exchange:
        return exchange.head, b"".join(exchange.chunks())


def recorded(path: Path, *script: Answer, scrub: Scrub | None = None, **request) -> Cassette:
    """Record one exchange for each answer of a script, and read the cassette."""
    with RecordingTransport(ScriptTransport(*script), path, scrub=scrub) as transport:
        for _ in script:
            fetch(transport, **request)
    return Cassette.read(path)


def everything(path: Path) -> list[str]:
    """Return all texts of a cassette as they are read, bytes as Latin-1 and UTF-8, and the file itself."""

    def walk(data: object) -> Iterator[str]:
        if isinstance(data, dict):
            for pair in data.items():
                yield from walk(list(pair))
        elif isinstance(data, list):
            for each in data:
                yield from walk(each)
        elif isinstance(data, bytes):
            yield from (data.decode("latin-1"), data.decode(errors="replace"))
        else:
            yield str(data)

    text = path.read_text("utf-8")
    return [text, *walk(yaml.safe_load(text))]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return where to record to."""
    return tmp_path / "cassettes" / "one.yaml"


# -- record, then replay ----------------------------------------------------------------------------------------------

WORDS = st.text(st.characters(codec="utf-8", exclude_characters="@<>\"'&%\\:="), max_size=40)
HEADERS = st.lists(
    st.tuples(
        st.sampled_from(["Content-Type", "Location", "Retry-After", "WWW-Authenticate", "content-disposition"]),
        st.text(
            st.characters(codec="ascii", min_codepoint=32, max_codepoint=126, exclude_characters="@:"), max_size=30
        ),
    ),
    unique_by=lambda pair: pair[0].lower(),
    max_size=4,
)
ANSWERS = st.builds(
    Answer, st.sampled_from([200, 302, 404, 500]), HEADERS.map(tuple), st.binary(max_size=200) | WORDS.map(str.encode)
)
URLS = st.sampled_from(["", "api/v1/?limit=20&offset=0", "accounts/login/", "a%20b/?q=a+b"])


@settings(deadline=None)
@given(steps=st.lists(st.tuples(URLS, ANSWERS), min_size=1, max_size=6))
def test_what_was_recorded_is_replayed(tmp_path_factory: pytest.TempPathFactory, steps) -> None:
    """For any script of answers without secrets, heads and bodies are the same when played."""
    path = tmp_path_factory.getbasetemp() / "replayed.yaml"
    with RecordingTransport(ScriptTransport(*(step for _, step in steps)), path) as recording:
        live = [fetch(recording, url) for url, _ in steps]
    with ReplayTransport(path, base_url=BASE) as replaying:
        played = [fetch(replaying, url) for url, _ in steps]
        replaying.require_all_played()

    for (head, body), (again, body_again) in zip(live, played, strict=True):
        assert body_again == body
        assert (again.status, again.url, again.content_length) == (head.status, head.url, len(body))
        assert sorted((name.lower(), value) for name, value in again.headers) == sorted(
            (name.lower(), value) for name, value in head.headers
        )


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_chunks_and_heads_pass_as_they_come(path: Path, method: str) -> None:
    """The one who asks sees the very chunks of the wrapped transport, one by one, and its head."""
    given_out: list[bytes] = []

    class Exchange:
        head = ScriptTransport(Answer(200, [("X-Own", "1"), ("Content-Length", "6")])).open(Request(method, BASE)).head

        def chunks(self):
            for chunk in (b"ab", b"", b"cdef"):
                given_out.append(chunk)
                yield chunk

        def close(self) -> None: ...

    class Inner(ScriptTransport):
        def open(self, request: Request, /):
            return Exchange()

    recording = RecordingTransport(Inner(), path)
    exchange = recording.open(Request(method, BASE))
    chunks = exchange.chunks()

    assert exchange.head is Exchange.head
    assert (next(chunks), given_out) == (b"ab", [b"ab"])
    assert list(chunks) == [b"", b"cdef"]
    assert list(exchange.chunks()) == [b"ab", b"", b"cdef"]
    exchange.close()
    recording.close()
    assert [one.body for one in Cassette.read(path).interactions] == [b"abcdef"]


@pytest.mark.parametrize(("method", "status"), [("HEAD", 200), ("GET", 204), ("GET", 304)])
def test_answers_without_a_body_keep_their_length(path: Path, method: str, status: int) -> None:
    """Where there is no body, what the head announces stays, in the file and when played."""
    told = Answer(status, [("Content-Length", "10"), ("Content-Encoding", "gzip")])
    read = recorded(path, told, method=method)

    assert read.interactions[0].headers.pairs == (("Content-Encoding", "gzip"), ("Content-Length", "10"))
    assert fetch(ReplayTransport(read), method=method)[1] == b""


# -- what is kept -----------------------------------------------------------------------------------------------------


def test_only_what_went_well_is_kept(path: Path) -> None:
    """Without an answer, broken off, shorter than announced, half read: none of these is in the file, the rest is."""
    broken = ConnectionBroken("the connection broke")
    script = (
        Answer(200, body=b"first"),
        broken,
        Answer(200, body=b"some", error=broken),
        Answer(200, [("Content-Length", "100")], b"short"),
        Answer(200, body=b"h" * 100_000),
        Answer(200, body=b"last"),
    )
    with RecordingTransport(ScriptTransport(*script), path) as recording:
        fetch(recording, "1/")
        for url in ("2/", "3/"):
            with pytest.raises(ConnectionBroken) as caught:
                fetch(recording, url)
            assert caught.value is broken
        fetch(recording, "4/")
        with closing(recording.open(Request("GET", f"{BASE}5/"))) as half:
            next(half.chunks())
        fetch(recording, "6/")

    assert [(one.target, one.body) for one in Cassette.read(path).interactions] == [("/1/", b"first"), ("/6/", b"last")]


def test_an_answer_closed_unread_is_kept_without_its_body(path: Path) -> None:
    """Redirects are put down unread; when played, their head is there and holds for the empty body."""
    with RecordingTransport(ScriptTransport(Answer.redirect("/b/"), Answer(200, body=b"unread")), path) as recording:
        for _ in range(2):
            exchange = recording.open(Request("GET", BASE))
            exchange.close()
            exchange.close()
    read = Cassette.read(path).interactions

    assert [(one.status, one.body, one.headers.get("content-length")) for one in read] == [
        (302, b"", "0"),
        (200, b"", "0"),
    ]
    lengths = [one["response"]["headers"]["Content-Length"] for one in yaml.safe_load(path.read_text())["interactions"]]
    assert lengths == [["0"], ["0"]]


def test_a_body_read_to_its_announced_end_is_whole(path: Path) -> None:
    """Who counts bytes need not look for the end."""
    with RecordingTransport(ScriptTransport(Answer(200, body=b"five!")), path) as recording:
        exchange = recording.open(Request("GET", BASE))
        assert next(exchange.chunks()) == b"five!"
        exchange.close()

    assert Cassette.read(path).interactions[0].body == b"five!"


def test_what_is_read_after_closing_or_from_the_start_again_is_not_kept(path: Path) -> None:
    """A transport that gives more after an exchange is closed, or begins anew, does not spoil what was kept."""
    chunk = 64 * 1024
    too_long = Answer(200, [("Content-Length", str(chunk))], b"a" * chunk + b"b")

    def without_length(exchange: Exchange) -> Exchange:
        exchange.head = Head(200, Headers(), BASE)
        return exchange

    class Inner(ScriptTransport):
        def open(self, request: Request, /) -> Exchange:
            exchange = super().open(request)
            return exchange if request.url == BASE else without_length(exchange)

    with RecordingTransport(Inner(too_long, Answer(body=b"a" * chunk + b"b")), path) as recording:
        exchange = recording.open(Request("GET", BASE))
        chunks = exchange.chunks()
        assert len(next(chunks)) == chunk
        exchange.close()
        assert list(chunks) == [b"b"]
        exchange = recording.open(Request("GET", f"{BASE}anew/"))
        next(exchange.chunks())
        assert b"".join(exchange.chunks()) == b"a" * chunk + b"b"
        exchange.close()

    assert [(one.target, one.body) for one in Cassette.read(path).interactions] == [("/", b"a" * chunk)]


def test_order_is_that_of_the_answers_and_threads_are_kept_apart(path: Path) -> None:
    """Eight threads record at once; every answer is in the file, with what was asked for it."""
    with (
        RecordingTransport(
            ScriptTransport(*[lambda request: Answer(200, body=request.url.encode())] * 200), path
        ) as recording,
        ThreadPoolExecutor(8) as pool,
    ):
        list(pool.map(lambda number: fetch(recording, f"{number}/"), range(200)))
    read = Cassette.read(path).interactions

    assert {one.target for one in read} == {f"/{number}/" for number in range(200)}
    assert all(one.body.decode().endswith(one.target) for one in read)


def test_nothing_is_written_before_the_end_nor_without_a_reason(path: Path) -> None:
    """The old file stays until closing, if the block fails, and if nothing went through."""
    path.parent.mkdir()
    path.write_text("old")
    recording = RecordingTransport(ScriptTransport(Answer()), path)
    with pytest.raises(ZeroDivisionError), recording:
        assert fetch(recording)[0].status / 0
    with RecordingTransport(ScriptTransport(), path):
        pass
    assert path.read_text() == "old"

    recording = RecordingTransport(ScriptTransport(Answer(), Answer()), path)
    fetch(recording)
    late = recording.open(Request("GET", f"{BASE}late/"))
    assert path.read_text() == "old"
    recording.close()
    late.close()
    content = path.read_text()
    recording.close()
    assert len(Cassette.read(path).interactions) == 1
    assert path.read_text() == content
    assert [each.name for each in path.parent.iterdir()] == [path.name]


def test_closing_closes_what_is_wrapped_whatever_happens(path: Path) -> None:
    """The wrapped transport is closed with it, and also where nothing can be written."""
    inner = ScriptTransport(Answer())
    path.parent.write_text("a file in the way")
    recording = RecordingTransport(inner, path)
    fetch(recording)
    with pytest.raises(LocalFileError, match="a file is where a folder is needed"):
        recording.close()

    assert inner.closed


def test_a_folder_and_a_limit_below_nothing_are_refused(tmp_path: Path) -> None:
    """What cannot be recorded to is told at the beginning."""
    with pytest.raises(LocalFileError, match="is a folder"):
        RecordingTransport(ScriptTransport(), tmp_path)
    with pytest.raises(InvalidInput, match="found -1"):
        RecordingTransport(ScriptTransport(), tmp_path / "a", limit=-1)


@pytest.mark.parametrize(
    ("headers", "body"), [((), b"b" * 101), ((("Content-Encoding", "gzip"),), gzip.compress(b"b" * 101, mtime=0))]
)
def test_a_body_above_the_limit_reaches_the_reader_and_is_told_at_the_end(path: Path, headers, body: bytes) -> None:
    """The reader gets all of it; closing says which body was too large, and writes nothing."""
    recording = RecordingTransport(ScriptTransport(Answer(), Answer(200, headers, body)), path, limit=100)
    fetch(recording)
    assert fetch(recording, "big/?token=no")[1] == body

    with pytest.raises(
        LocalFileError, match=r"one\.yaml is not written.*: GET /big/: its body has more than 100 bytes"
    ):
        recording.close()
    assert not path.exists()
    recording.close()


def test_a_body_at_the_limit_is_kept(path: Path) -> None:
    """The limit is how many bytes a body may have, those kept on the disk included."""
    body = b"b" * 1_500_000
    with RecordingTransport(ScriptTransport(Answer(200, body=body)), path, limit=len(body)) as recording:
        fetch(recording)

    assert Cassette.read(path).interactions[0].body == body


@pytest.mark.parametrize(
    ("encoding", "pack"),
    [
        ("gzip", gzip.compress),
        ("X-GZIP", gzip.compress),
        ("deflate", zlib.compress),
        ("deflate", lambda body: zlib.compress(body)[2:-4]),
    ],
)
def test_compressed_bodies_are_stored_unpacked_and_scrubbed(path: Path, encoding: str, pack) -> None:
    """The reader gets what came; the file holds what it says, without secrets, under a head that is true of it."""
    packed = pack(b"the secret is pa55word")
    script = ScriptTransport(Answer(200, [("Content-Encoding", encoding)], packed))
    with RecordingTransport(script, path, scrub=Scrub(["pa55word"])) as recording:
        assert fetch(recording)[1] == packed
    read = Cassette.read(path).interactions[0]

    assert read.body == b"the secret is xxxxxxxx"
    assert read.headers.pairs == (("Content-Length", str(len(read.body))),)
    assert yaml.safe_load(path.read_text())["interactions"][0]["response"]["headers"] == {
        "Content-Length": [str(len(read.body))]
    }


@pytest.mark.parametrize(
    ("encoding", "body"), [("br", b"who knows"), ("gzip", b"not gzip"), ("gzip", gzip.compress(b"cut", mtime=0)[:-4])]
)
def test_what_cannot_be_unpacked_cannot_be_recorded(path: Path, encoding: str, body: bytes) -> None:
    """A body that cannot be looked into may hold anything; closing says so, and writes nothing."""
    recording = RecordingTransport(ScriptTransport(Answer(200, [("Content-Encoding", encoding)], body)), path)
    assert fetch(recording)[1] == body

    with pytest.raises(LocalFileError, match=f"'{encoding}'.*identity"):
        recording.close()
    assert not path.exists()


# -- what is taken out ------------------------------------------------------------------------------------------------

#: Ways in which a text may be written in a page, an address or JSON.
SPELLINGS = {
    "as it is": str,
    "in an address": lambda text: quote(text, safe=""),
    "in an address, with slashes": quote,
    "in a form": quote_plus,
    "in an address in lower case": lambda text: re.sub("%..", lambda m: m[0].lower(), quote(text, safe="")),
    "in an address in an address": lambda text: quote(quote(text, safe=""), safe=""),
    "every letter in an address": lambda text: "".join(f"%{octet:02X}" for octet in text.encode()),
    "in HTML": html.escape,
    "in HTML in HTML": lambda text: html.escape(html.escape(text)),
    "every letter in HTML": lambda text: "".join(f"&#{ord(letter)};" for letter in text),
    "every letter in HTML by hexadecimals": lambda text: "".join(f"&#x{ord(letter):X};" for letter in text),
    "in JSON": lambda text: json.dumps(text)[1:-1],
    "in JSON as it is": lambda text: json.dumps(text, ensure_ascii=False)[1:-1],
    "in JSON in HTML": lambda text: html.escape(json.dumps(text)[1:-1]),
    "in JSON with slashes": lambda text: json.dumps(text)[1:-1].replace("/", "\\/"),
}
SECRET = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zl", "Zp")), min_size=6, max_size=20
).filter(
    # What is nothing but blanks or x cannot be told from what replaces it.
    lambda text: len(text.strip("xX ")) > 3
)


@pytest.mark.parametrize("spell", SPELLINGS.values(), ids=SPELLINGS)
@example(secret="p\"a/'s & <w>\\d%25+é\U0001f600 ")
@example(secret="xxyxxyxxy")
@settings(max_examples=10, deadline=None)
@given(secret=SECRET)
def test_a_secret_is_nowhere_however_it_is_written(
    tmp_path_factory: pytest.TempPathFactory, spell, secret: str
) -> None:
    """Told or learned from what signs in, in a page, in bytes, in headers or addresses: no secret is in the file."""
    path = tmp_path_factory.getbasetemp() / "secret.yaml"
    written = spell(secret)
    page = f"<p>Welcome {written}, {secret}</p>".encode()
    cookie = f"{quote(secret, safe='')}-sessionid-token"
    headers = (
        ("Content-Type", "text/html"),
        ("Content-Disposition", f'attachment; filename="{written}.zip"'),
        ("Location", f"{BASE}?next={quote(secret)}"),
        ("Set-Cookie", f"sessionid={cookie}; Path=/"),
        ("WWW-Authenticate", f'Basic realm="{written}"'),
        ("X-User", secret),
    )
    answers = (
        Answer(200, headers, page),
        Answer(200, [("Content-Type", "application/zip")], b"PK\x03\x04\xff\x00" + written.encode() + page),
        Answer(
            200, [("Content-Type", "text/html; charset=latin-1")], b"\xe9" + written.encode("latin-1", "ignore") + page
        ),
    )
    with RecordingTransport(ScriptTransport(*answers), path, scrub=Scrub([Secret(secret)])) as transport:
        for _ in answers:
            fetch(
                transport,
                f"{quote(secret, safe='')}/?next={quote_plus(secret)}#{quote(secret)}",
                "POST",
                headers=[
                    ("Authorization", "Basic " + base64.b64encode(f"me:{secret}".encode()).decode()),
                    ("Cookie", f"a={cookie}"),
                ],
                body=Sent(urlencode({"username": secret, secret: "1"}).encode()),
            )
    found = everything(path)
    spellings = {secret, written, cookie, base64.b64encode(f"me:{secret}".encode()).decode()}
    assume(not any(each in "".join(everything_without(path)) for each in spellings))

    for each in spellings:
        assert not [text for text in found if each in text]
    assert [len(one.body) for one in Cassette.read(path).interactions] == [len(one.body) for one in answers]


def everything_without(path: Path) -> list[str]:
    """Return all texts of a cassette that is recorded the same without any secret: what is there anyway."""
    bare = path.with_name("bare.yaml")
    headers = (
        ("Content-Type", "text/html; charset=latin-1"),
        ("Content-Disposition", 'attachment; filename=".zip"'),
        ("Location", f"{BASE}?next="),
        ("Set-Cookie", "sessionid=-sessionid-token; Path=/"),
        ("WWW-Authenticate", 'Basic realm=""'),
    )
    with RecordingTransport(ScriptTransport(Answer(200, headers, b"\xff<p>Welcome , </p>")), bare) as transport:
        fetch(transport, "/?next=", "POST", body=Sent(urlencode({"username": "1"}).encode()))
    return everything(bare)


def test_what_signs_in_is_learned(path: Path) -> None:
    """Credentials, cookies and tokens that go through are replaced everywhere without being told."""
    sent = {
        "http-user": "scc-user",
        "http-password": "outer:word",
        "name": "station-operator",
        "password": "inner word&more",
        "token": "T0kenT0kenT0kenT0ken",
        "session": "s3ssions3ssions3ssion",
        "own cookie": "0wnc00kie0wnc00kie",
    }
    page = " ".join([*sent.values(), base64.b64encode(b"scc-user:outer:word").decode(), "en-GB"]).encode()
    with RecordingTransport(
        ScriptTransport(Answer.page(page.decode(), 200, ("Set-Cookie", f"s={sent['session']}"))), path
    ) as one:
        fetch(
            one,
            "accounts/login/",
            "POST",
            headers=[
                ("Authorization", "Basic " + base64.b64encode(b"scc-user:outer:word").decode()),
                ("Cookie", f"a={sent['own cookie']}; language=en-GB"),
                ("X-CSRFToken", sent["token"]),
            ],
            body=Sent(urlencode({"username": sent["name"], "password": sent["password"], "next": "/"}).encode()),
        )
    read = Cassette.read(path).interactions[0]

    assert set(read.body.decode()) == {*"x ", *"en-GB"}
    assert read.body.endswith(b" en-GB")
    assert len(read.body) == len(page)
    request = yaml.safe_load(path.read_text())["interactions"][0]["request"]
    assert request == {
        "body": "(form: username, password, next)",
        "headers": {"Content-Type": ["application/x-www-form-urlencoded"]},
        "method": "POST",
        "uri": "https://scc.example/accounts/login/",
    }


@pytest.mark.parametrize(
    ("page", "after"),
    [
        (
            '<input type="hidden" name="csrfmiddlewaretoken" value="abc123">',
            'name="csrfmiddlewaretoken" value="xxxxxx"',
        ),
        ("<input value='abc123' name='csrfmiddlewaretoken'>", "value='xxxxxx' name="),
        ("<INPUT NAME=csrfmiddlewaretoken VALUE=abc123>", "VALUE=xxxxxx"),
        ('<meta name="csrf-token" content="abc123">', 'content="xxxxxx"'),
        ("<script>var csrf_token = 'abc123';</script>", "csrf_token = 'xxxxxx'"),
        ('{"csrfToken": "abc123", "user": "me"}', '{"csrfToken": "xxxxxx", "user": "me"}'),
        ('{"api_key":"abc123"}', '{"api_key":"xxxxxx"}'),
        ("write to pi.station+scc@lidar.station.example.", "write to xxx"),
        ('<a href="mailto:pi%40station.example">pi&#64;station.example</a>', '<a href="mailto:xxxxx'),
        ('<input name="system" value="437">', '<input name="system" value="437">'),
        (f'<a href="{BASE}api/">', '<a href="https://xxxxxxxxxxxxxxxxxxxx/api/">'),
        ("next=http%3A%2F%2Fstation.example", "next=http%3A%2F%2Fxxxxxxxxxxxxxxx"),
        ("https://docs.station.example/", "https://docs.station.example/"),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
def test_pages_lose_tokens_and_addresses_of_people_and_of_the_server(
    path: Path, page: str, after: str, encoding: str
) -> None:
    """Tokens, e-mail addresses and the server's own address go, with as many letters in their place; the rest stays."""
    body = f"é {page} é".encode(encoding)
    read = recorded(path, Answer(200, [("Content-Type", "text/html")], body)).interactions[0].body

    assert after in read.decode(encoding)
    assert len(read) == len(body)
    for gone in (b"abc123", b"pi.station", b"pi@", b"8443"):
        assert gone not in read


@pytest.mark.parametrize("mark", [b"\xff", b"\x00"])
def test_bytes_that_are_no_text_are_kept_but_for_secrets(path: Path, mark: bytes) -> None:
    """In an archive what looks like an address is left alone, for it would be damaged."""
    body = b"PK\x03\x04" + mark + b" a@b.example hidden-word"
    told = Answer(200, [("Content-Type", "application/zip")], body)
    read = recorded(path, told, scrub=Scrub(["hidden-word"])).interactions[0].body

    assert read == body.replace(b"hidden-word", b"x" * 11)


def test_headers_are_kept_by_an_allow_list(path: Path) -> None:
    """What is not known to matter is left out; a user may keep more; cookies keep their names and how long they hold."""
    headers = (
        ("Date", "now"),
        ("Server", "station.example"),
        ("X-Own", "kept station.example:8443"),
        ("Set-Cookie", "sessionid=abc; Domain=station.example; Path=/; HttpOnly"),
        ("set-cookie", 'messages="a b"; Max-Age=0'),
        ("Location", f"{BASE}a/?b=1#c"),
        ("Content-Type", "text/html"),
    )
    usual = recorded(path, Answer(200, headers)).interactions[0].headers
    more = recorded(path, Answer(200, headers), scrub=Scrub(headers=["X-Own", "location"])).interactions[0].headers

    assert {name for name, _ in usual} == {"Set-Cookie", "Location", "Content-Type", "Content-Length"}
    assert usual.get_all("set-cookie") == ("sessionid=xxx; Path=/; HttpOnly", "messages=xxxxx; Max-Age=0")
    assert usual.get("location") == "https://scc.example/a/?b=1"
    assert more == Headers([("Location", "https://scc.example/a/?b=1"), ("X-Own", "kept xxxxxxxxxxxxxxxxxxxx")])


def test_of_bodies_that_are_sent_only_names_of_fields_are_kept(path: Path) -> None:
    """Of a form in parts too, however it is cut into chunks; what is in a file is not taken for a field."""
    part = '--b0undary\r\nContent-Disposition: form-data; name="{}"{}\r\n\r\n{}\r\n'
    parts = [
        part.format("system", "", "437"),
        part.format("data", '; filename="a.nc"', 'Content-Disposition: form-data; name="hidden"' + "\0" * 10_000),
        part.format("delay", "", "0"),
    ]
    form = ("".join(parts) + "--b0undary--\r\n").encode()
    script = [Answer()] * 5
    with RecordingTransport(ScriptTransport(*script), path) as recording:
        for size in (1, 1000, 10**6):
            fetch(recording, method="POST", body=Sent(form, 'multipart/form-data; boundary="b0undary"', size))
        fetch(recording, method="POST", body=Sent(b"raw", "application/octet-stream"))
        fetch(recording, method="POST", body=Sent(b"raw", "multipart/form-data"))
    requests = [one["request"] for one in yaml.safe_load(path.read_text())["interactions"]]

    assert [one["body"] for one in requests] == ["(form: system, data, delay)"] * 3 + ["(body)"] * 2
    assert [one["headers"]["Content-Type"] for one in requests[2:4]] == [
        ["multipart/form-data"],
        ["application/octet-stream"],
    ]


def test_fields_are_named_once_however_often_the_form_is_read(path: Path) -> None:
    """A transport may read a body from the start again before it is sent."""

    class Inner(ScriptTransport):
        def open(self, request: Request, /) -> Exchange:
            b"".join(request.body.chunks())
            return super().open(request)

    with RecordingTransport(Inner(Answer()), path) as recording:
        fetch(recording, method="POST", body=Sent(b"a=1&b="))

    assert yaml.safe_load(path.read_text())["interactions"][0]["request"]["body"] == "(form: a, b)"


def test_a_length_is_no_secret(path: Path) -> None:
    """A secret of digits does not damage the length of a body, which every reader needs."""
    recorded(path, Answer(body=b"1000" * 25), scrub=Scrub(["100"]))
    answered = yaml.safe_load(path.read_text())["interactions"][0]["response"]

    assert answered["headers"] == {"Content-Length": ["100"]}
    assert answered["body"]["string"] == "xxx0" * 25


def test_what_replacing_makes_anew_is_replaced_too(path: Path) -> None:
    """Where the letters that replace one secret make up another with what follows, that goes as well."""
    read = recorded(path, Answer(body=b"<first-word>tail"), scrub=Scrub(["first-word>", "xxtail"])).interactions[0]

    assert read.body == b"<" + b"x" * 15


@pytest.mark.parametrize("secret", ["", "ab", "xxxx", "xX"])
def test_secrets_that_cannot_be_told_apart_are_refused(secret: str) -> None:
    """A secret of two letters would take half the page with it; the message does not show it."""
    with pytest.raises(InvalidInput, match=rf"found one of {len(secret)}"):
        Scrub([secret])


def test_nothing_shows_a_secret(path: Path) -> None:
    """Neither what is taken out nor what was recorded shows in representations."""
    scrub = Scrub("pa55-phrase")
    with RecordingTransport(ScriptTransport(Answer(body=b"b0dy")), path, scrub=scrub) as recording:
        fetch(recording, headers=[("Authorization", "Basic c2VjcmV0")])
        shown = f"{scrub!r} {recording!r} {Cassette.read(path) if path.exists() else ''}"

    assert scrub.secrets == ("pa55-phrase",)
    assert "pa55-phrase" not in shown
    assert "1 recorded" in shown


# -- vcrpy ------------------------------------------------------------------------------------------------------------


def test_vcrpy_plays_what_is_recorded(path: Path) -> None:
    """A cassette of ours is one of vcrpy's: the real transport under vcrpy gets the same heads and bodies."""
    vcr = pytest.importorskip("vcr")
    script = (
        Answer.page("<p>Ångström</p>", 200, ("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")),
        Answer(200, [("Content-Type", "application/zip")], bytes(range(256))),
        Answer.redirect("/b/"),
        Answer(404),
    )
    with RecordingTransport(ScriptTransport(*script), path) as recording:
        live = [fetch(recording, f"{number}/?b=2&a=1") for number in range(len(script))]
    tape = vcr.VCR(record_mode="none", match_on=["method", "scheme", "host", "path", "query"])
    transport = Urllib3Transport(TransportSettings("https://scc.example/"))
    with tape.use_cassette(str(path)) as playing, closing(transport):
        played = [fetch(transport, f"https://scc.example/{number}/?a=1&b=2") for number in range(len(script))]

        assert playing.all_played
    for (head, body), (again, body_again) in zip(live, played, strict=True):
        assert (again.status, body_again, again.content_length) == (head.status, body, len(body))
        assert again.headers.get("location") == head.headers.get("location")
    assert played[0][0].headers.get_all("set-cookie") == ("a=x", "b=x")


@pytest.mark.parametrize("serializer", ["yaml", "json"])
def test_what_vcrpy_records_is_played(tmp_path: Path, serializer: str) -> None:
    """What vcrpy keeps of a real server is played: unpacked bodies, repeated headers, and heads that hold."""
    vcr = pytest.importorskip("vcr")
    packed = gzip.compress(b"packed " * 50)
    script = (
        answer(200, [("Set-Cookie", "a=1"), ("Set-Cookie", "b=2"), ("Content-Type", "text/html")], "Ångström".encode()),
        answer(200, [("Content-Encoding", "gzip")], packed),
        answer(302, [("Location", "/elsewhere/")]),
    )
    path = tmp_path / f"cassette.{serializer}"
    with ScriptedServer(*script) as server:
        tape = vcr.VCR(record_mode="all", serializer=serializer, decode_compressed_response=False)
        transport = Urllib3Transport(TransportSettings(server.url()))
        with tape.use_cassette(str(path)), closing(transport):
            live = [fetch(transport, server.url(f"/{number}/")) for number in range(len(script))]
        at = server.url()
    with ReplayTransport(path, base_url=BASE) as replaying:
        played = [fetch(replaying, f"{number}/") for number in range(len(script))]
        replaying.require_all_played()

    assert at not in str(played)
    for (head, body), (again, body_again) in zip(live, played, strict=True):
        plain = gzip.decompress(body) if body.startswith(b"\x1f\x8b") else body
        assert (again.status, body_again) in {(head.status, body), (head.status, plain)}
        assert again.content_length == len(body_again)
        assert again.headers.get_all("set-cookie") == head.headers.get_all("set-cookie")


# -- a whole client ---------------------------------------------------------------------------------------------------


def test_a_client_is_told_that_a_recording_is_closed(path: Path) -> None:
    """After closing, the wrapped transport is closed, and a client is told so by it."""
    recording = RecordingTransport(Urllib3Transport(TransportSettings(BASE)), path)
    recording.close()
    credentials = scckit.Credentials("a", "b", "c", "d")
    with (
        scckit.connect(BASE, transport=recording, credentials=credentials, sleep=lambda _: None) as scc,
        pytest.raises(TransportError),
    ):
        scc.check()
