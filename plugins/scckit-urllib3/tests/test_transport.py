"""What is urllib3's own in the transport: settings, translation of failures, life of the pool, cassettes."""

from __future__ import annotations

import logging
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import urllib3
from attrs import frozen
from hypothesis import given
from hypothesis import strategies as st

from scckit.errors import (
    BodyTruncated,
    ConfigurationError,
    ConnectionBroken,
    ConnectionFailed,
    InvalidInput,
    TransportError,
    TransportTimeout,
)
from scckit.plugins import Registry, Request, TransportSettings
from scckit.testing.server import Act, ScriptedServer, answer, refusing_port
from scckit_urllib3 import scckit_transports
from scckit_urllib3.transport import Urllib3Transport, _BodyFailed, _headers, _outgoing, _readable


def _transport(url: str, *, read_timeout: float = 5.0) -> Urllib3Transport:
    return Urllib3Transport(TransportSettings(url, connect_timeout=5.0, read_timeout=read_timeout, connections=1))


def _fetch(transport: Urllib3Transport, request: Request) -> bytes:
    with closing(transport.open(request)) as exchange:
        return b"".join(exchange.chunks())


class TestPlugin:
    """The plugin as scckit finds it."""

    def test_registry_finds_the_transport_by_its_entry_point(self) -> None:
        """An installed plugin is found without being asked for, as any stranger's would be."""
        assert Registry(strict=True).transport("urllib3") is Urllib3Transport

    def test_hook_offers_the_transport(self) -> None:
        """The hook gives the transport under its name."""
        assert scckit_transports() == {"urllib3": Urllib3Transport}

    def test_importing_the_plugin_does_not_import_urllib3(self) -> None:
        """Listing plugins is cheap: the library is imported where a transport is asked for."""
        code = "import scckit_urllib3, sys; sys.exit('urllib3' in sys.modules)"

        assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


class TestSettings:
    """Settings are judged before anything is sent."""

    @pytest.mark.parametrize("url", ["", "scc.example", "ftp://me:pw@scc.example/", "http:///path", "http://x:port/"])
    def test_base_url_must_be_an_http_address(self, url: str) -> None:
        """What is no absolute HTTP address is refused, without showing a password in it."""
        with pytest.raises(InvalidInput, match="no absolute HTTP address") as caught:
            _transport(url)

        assert "pw" not in str(caught.value)

    @pytest.mark.parametrize(
        "settings",
        [
            TransportSettings("http://scc.example/", connections=0),
            TransportSettings("http://scc.example/", connect_timeout=0),
            TransportSettings("http://scc.example/", read_timeout=-1),
        ],
        ids=["connections", "connect_timeout", "read_timeout"],
    )
    def test_numbers_must_be_positive(self, settings: TransportSettings) -> None:
        """No connection at all, or no time at all, would hang or fail later with a riddle."""
        with pytest.raises(InvalidInput):
            Urllib3Transport(settings)

    def test_missing_authority_file_is_told(self, tmp_path: Path) -> None:
        """A CA file that is not there is an error of the set-up and is named."""
        missing = tmp_path / "ca.pem"

        with pytest.raises(ConfigurationError, match=r"ca\.pem"):
            Urllib3Transport(TransportSettings("https://scc.example/", verify=missing))

    def test_authority_file_without_certificates_is_told(self, tmp_path: Path) -> None:
        """A CA file that holds no certificate is an error of the set-up, not of the server."""
        file = tmp_path / "ca.pem"
        file.write_text("no certificate")

        with pytest.raises(ConfigurationError, match=r"ca\.pem"):
            Urllib3Transport(TransportSettings("https://scc.example/", verify=file))

    def test_authority_folder_must_be_hashed(self, tmp_path: Path) -> None:
        """TLS finds certificates in a folder by hashed names only; a folder without them would trust nobody, silently."""
        (tmp_path / "ca.pem").write_text("unseen")
        with pytest.raises(ConfigurationError, match="openssl rehash"):
            Urllib3Transport(TransportSettings("https://scc.example/", verify=tmp_path))

        (tmp_path / "0a1b2c3d.0").write_text("seen when it is needed")
        Urllib3Transport(TransportSettings("https://scc.example/", verify=tmp_path)).close()

    def test_repr_shows_address_and_state_only(self) -> None:
        """A transport can be logged: neither the user and password of an address nor its query show."""
        transport = _transport("http://me:s3cret@scc.example:8080/scc/?token=s3cret")
        before = repr(transport)
        transport.close()

        assert before == "<Urllib3Transport http://scc.example:8080/scc/ open>"
        assert repr(transport) == "<Urllib3Transport http://scc.example:8080/scc/ closed>"


class TestRequests:
    """Requests that cannot be sent as they are."""

    @pytest.mark.parametrize(
        "url", ["http://other.example/", "https://scc.example/", "http://scc.example:81/", "/relative/"]
    )
    def test_other_origins_are_refused(self, url: str) -> None:
        """Nothing goes to another origin than the one the transport was made for."""
        with closing(_transport("http://scc.example/")) as transport, pytest.raises(InvalidInput):
            transport.open(Request("GET", url))

    @pytest.mark.parametrize(
        "request_",
        [
            Request("GET\r\nX: 1", "http://scc.example/"),
            Request("", "http://scc.example/"),
            Request("GET", "http://scc.example/", [("X Y", "1")]),
            Request("GET", "http://scc.example/", [("", "1")]),
            Request("GET", "http://scc.example/", [("X", "\ud800")]),
        ],
        ids=["method", "no method", "name", "no name", "half a character"],
    )
    def test_what_http_cannot_carry_is_refused(self, request_: Request) -> None:
        """A method or header that breaks the protocol is an error of the input, seen before anything is sent."""
        with closing(_transport("http://scc.example/")) as transport, pytest.raises(InvalidInput):
            transport.open(request_)

    def test_a_given_content_type_counts_more_than_the_bodys(self) -> None:
        """Who names the type of a body in the headers has a reason; the length is always the body's own."""
        given_ = [("content-type", "application/json"), ("Content-Length", "9")]
        headers = _headers(Request("POST", "http://scc.example/", given_, _Chunks((b"{}",))), 2)

        assert headers.getlist("Content-Type") == ["application/json"]
        assert headers.getlist("Content-Length") == ["2"]

    @given(st.text())
    def test_header_values_are_refused_or_survive(self, value: str) -> None:
        """Any text is refused, or leaves as its UTF-8 bytes and would be read back as the same text."""
        try:
            headers = _headers(Request("GET", "http://scc.example/", [("X-Any", value)]), None)
        except InvalidInput:
            return

        wire = headers.getlist("X-Any")[0].encode("latin-1")
        assert wire == value.encode()
        assert not set(wire) & set(b"\r\n\0")
        assert _readable(wire.decode("latin-1")) == value

    @given(st.lists(st.binary(max_size=200_000), max_size=4), st.integers(-3, 3))
    def test_bodies_leave_whole_or_not_at_all(self, chunks: list[bytes], lie: int) -> None:
        """However a body is cut, its bytes leave in order, in small pieces, and only if they are as many as announced."""
        announced = max(sum(map(len, chunks)) + lie, 0)
        body = _Chunks(tuple(chunks))
        given_: list[bytes] = []
        refused: Exception | None = None
        try:
            out = _outgoing(body, announced)
            given_.extend([out] if isinstance(out, bytes) else out)
        except _BodyFailed as failed:
            refused = failed.error

        assert isinstance(refused, InvalidInput) == (announced != body.length)
        assert refused is not None or b"".join(given_) == b"".join(chunks)
        assert sum(map(len, given_)) <= announced
        assert all(len(piece) <= 64 * 1024 for piece in given_)


@frozen
class _Chunks:
    pieces: tuple[bytes, ...]
    content_type: str = "application/octet-stream"

    @property
    def length(self) -> int:
        return sum(map(len, self.pieces))

    def chunks(self) -> Iterator[bytes]:
        return iter(self.pieces)


class TestFailures:
    """Failures are told with what urllib3 knew."""

    @pytest.mark.parametrize(
        ("steps", "expected"),
        [
            ((Act.RESET,), ConnectionBroken),
            ((Act.SILENCE,), TransportTimeout),
            ((answer(200, body=b"1", length=2), Act.CLOSE), BodyTruncated),
        ],
        ids=["reset", "silence", "short"],
    )
    def test_cause_is_kept(self, steps: tuple[bytes | Act, ...], expected: type[TransportError]) -> None:
        """The library's own error stays at hand as the cause, for those who look deeper."""
        with (
            ScriptedServer(steps) as server,
            closing(_transport(server.url(), read_timeout=0.2)) as transport,
            pytest.raises(expected) as caught,
        ):
            _fetch(transport, Request("GET", server.url()))

        assert isinstance(caught.value.__cause__, urllib3.exceptions.HTTPError)

    def test_a_message_is_of_one_line(self) -> None:
        """Whatever a server sends in place of HTTP, the message stays short and in one line."""
        with (
            ScriptedServer((b"junk " * 5000 + b"\r\n", Act.CLOSE)) as server,
            closing(_transport(server.url())) as transport,
            pytest.raises(TransportError) as caught,
        ):
            _fetch(transport, Request("GET", server.url()))

        assert len(str(caught.value)) < 500
        assert "\n" not in str(caught.value)

    def test_a_host_name_that_cannot_be_is_a_failed_connection(self) -> None:
        """A name that DNS could never know was sent nothing."""
        url = f"http://{'a' * 70}.invalid/"
        with closing(_transport(url)) as transport, pytest.raises(ConnectionFailed):
            transport.open(Request("GET", url))

    def test_plain_http_at_an_https_address_is_told(self) -> None:
        """A server that speaks no TLS leads to an error of ours that names the trouble."""
        with socket.create_server(("127.0.0.1", 0)) as listener:

            def say_no() -> None:
                with listener.accept()[0] as connection:
                    connection.recv(1)
                    connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
                    connection.recv(100_000)

            plain = threading.Thread(target=say_no)
            plain.start()
            url = f"https://127.0.0.1:{listener.getsockname()[1]}/"
            with closing(_transport(url)) as transport, pytest.raises(TransportError, match=r"SSL"):
                transport.open(Request("GET", url))
            plain.join(5)

        assert not plain.is_alive()

    def test_other_interim_answers_end_the_connection(self) -> None:
        """After an interim answer that nobody asked for the real one is still on its way: it may reach nobody else."""
        early_hints = b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n\r\n"
        script = ((early_hints, answer(200, body=b"late"), Act.SILENCE), answer(200, body=b"mine"))
        with ScriptedServer(*script) as server, closing(_transport(server.url())) as transport:
            with pytest.raises(ConnectionBroken, match="103"):
                transport.open(Request("GET", server.url()))
            body = _fetch(transport, Request("GET", server.url()))

        assert body == b"mine"
        assert [one.connection for one in server.received] == [0, 1]

    def test_an_early_refusal_is_read_after_a_broken_upload(self) -> None:
        """A server that answers and goes while an upload is under way is heard all the same (plain HTTP)."""
        refusal = (answer(413, [("Connection", "close")], b"too large"), Act.CLOSE)
        body = _Chunks((b"x" * 100_000,) * 50)
        with (
            ScriptedServer(refusal, take_bodies=False) as server,
            closing(_transport(server.url())) as transport,
            closing(transport.open(Request("POST", server.url(), body=body))) as exchange,
        ):
            said = b"".join(exchange.chunks())

        assert (exchange.head.status, said) == (413, b"too large")


class TestSurroundings:
    """What the transport takes from its surroundings: nothing."""

    def test_no_header_of_its_own_is_sent(self) -> None:
        """The libraries below would add headers of theirs; what is sent is the session's alone."""
        with ScriptedServer(answer()) as server, closing(_transport(server.url())) as transport:
            _fetch(transport, Request("GET", server.url()))

        assert [name for name, _ in server.received[0].headers] == ["Host"]

    def test_proxies_of_the_environment_are_not_used(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """The session's credentials go to the server that was named, not to whatever a variable says."""
        with refusing_port() as port, ScriptedServer(answer(200, body=b"direct")) as server:
            for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
                monkeypatch.setenv(name, f"http://127.0.0.1:{port}")
            monkeypatch.delenv("no_proxy", raising=False)
            monkeypatch.delenv("NO_PROXY", raising=False)
            with closing(_transport(server.url())) as transport:
                body = _fetch(transport, Request("GET", server.url()))

        assert body == b"direct"

    def test_logs_hold_no_header(self, caplog: pytest.LogCaptureFixture) -> None:
        """Even with everything logged, headers with secrets in them are not."""
        caplog.set_level(logging.DEBUG)
        with (
            ScriptedServer(answer(200, [("Set-Cookie", "sessionid=s3cret")])) as server,
            closing(_transport(server.url())) as transport,
        ):
            _fetch(transport, Request("GET", server.url(), [("Authorization", "Basic s3cret")]))

        assert "s3cret" not in caplog.text


class TestPool:
    """The life of the pool."""

    def test_closing_sends_waiting_threads_away(self) -> None:
        """A thread that waits for a free connection must not wait for ever once the transport is closed."""
        outcomes: list[BaseException] = []
        begun = threading.Event()

        class Body(_Chunks):
            """A body that tells when it was asked for its length: the next thing is to wait."""

            @property
            def length(self) -> int:
                begun.set()
                return 0

        def ask() -> None:
            try:
                transport.open(Request("POST", server.url("/waiting/"), body=Body(())))
            except TransportError as error:
                outcomes.append(error)

        with ScriptedServer(answer(200, body=b"held")) as server:
            transport = _transport(server.url())
            held = transport.open(Request("GET", server.url("/held/")))
            waiting = threading.Thread(target=ask)
            waiting.start()
            begun.wait(5)
            transport.close()
            waiting.join(5)
            held.close()

        assert not waiting.is_alive()
        assert len(outcomes) == 1
        assert "the client was closed" in str(outcomes[0])
        assert [one.target for one in server.received] == ["/held/"]

    def test_what_comes_after_closing_is_told_why(self) -> None:
        """A closed client is named as the reason: the connection is not to blame."""
        transport = _transport("http://scc.example/")
        transport.close()

        with pytest.raises(TransportError, match="the client was closed"):
            transport.open(Request("GET", "http://scc.example/"))

    def test_an_empty_answer_given_up_keeps_its_connection(self) -> None:
        """Django's redirects have no body and are never read: they must not cost a connection each."""
        redirect = answer(302, [("Location", "/next/")])
        with ScriptedServer(redirect, answer(200)) as server, closing(_transport(server.url())) as transport:
            for _ in range(2):
                transport.open(Request("GET", server.url())).close()

        assert {one.connection for one in server.received} == {0}

    def test_an_exchange_outlives_its_transport(self) -> None:
        """What is being read when the transport is closed can be read to its end, and leaves nothing open."""
        with ScriptedServer(answer(200, body=b"held")) as server:
            transport = _transport(server.url())
            held = transport.open(Request("GET", server.url()))
            transport.close()
            body = b"".join(held.chunks())
            held.close()

        assert body == b"held"


class TestCassettes:
    """The transport under vcrpy, where a response is not urllib3's own."""

    CASSETTE = """\
interactions:
- request:
    body: null
    headers: {}
    method: GET
    uri: http://scc.example/page/
  response:
    body:
      string: <h1>recorded</h1>
    headers:
      Content-Type:
      - text/html
      Set-Cookie:
      - csrftoken=a; Path=/
      - sessionid=b; Path=/
    status:
      code: 200
      message: OK
- request:
    body: null
    headers: {}
    method: GET
    uri: http://scc.example/empty/
  response:
    body:
      string: ''
    headers:
      Content-Length:
      - '0'
      Location:
      - /page/
    status:
      code: 302
      message: Found
version: 1
"""

    def test_replayed_answers_are_read_like_live_ones(self, tmp_path: Path) -> None:
        """Status, repeated headers and body come from a cassette, with the one connection free again each time."""
        vcr = pytest.importorskip("vcr", reason="vcrpy plays the cassette; install it")
        (tmp_path / "page.yaml").write_text(self.CASSETTE)
        with (
            vcr.use_cassette(str(tmp_path / "page.yaml"), record_mode="none") as cassette,
            closing(_transport("http://scc.example/")) as transport,
        ):
            with closing(transport.open(Request("GET", "http://scc.example/empty/"))) as exchange:
                redirect = exchange.head
            with closing(transport.open(Request("GET", "http://scc.example/page/"))) as exchange:
                head, chunks = exchange.head, list(exchange.chunks())

        assert (redirect.status, redirect.headers.get("Location")) == (302, "/page/")
        assert head.headers.get_all("set-cookie") == ("csrftoken=a; Path=/", "sessionid=b; Path=/")
        assert chunks == [b"<h1>recorded</h1>"]
        assert cassette.all_played

    def test_errors_of_the_cassette_pass_unchanged(self, tmp_path: Path) -> None:
        """A request that was not recorded must stop the test, not look like a broken connection and be tried again."""
        vcr = pytest.importorskip("vcr", reason="vcrpy plays the cassette; install it")
        (tmp_path / "page.yaml").write_text(self.CASSETTE)
        with (
            vcr.use_cassette(str(tmp_path / "page.yaml"), record_mode="none"),
            closing(_transport("http://scc.example/")) as transport,
            pytest.raises(vcr.errors.CannotOverwriteExistingCassetteException),
        ):
            transport.open(Request("GET", "http://scc.example/other/"))
