"""What every transport must do, proved against a misbehaving local server. Pytest runs the class; a plugin subclasses it.

Every case says which promise it holds a transport to, and why the rest of scckit counts on it.
"""

from __future__ import annotations

import gzip
import hashlib
import itertools
import ssl
import tracemalloc
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from typing import ClassVar, Final

import pytest
from attrs import frozen

from scckit.errors import (
    BodyTruncated,
    CertificateRejected,
    ConnectionBroken,
    ConnectionFailed,
    InvalidInput,
    LocalFileError,
    SCCError,
    TransportError,
    TransportTimeout,
)
from scckit.plugins import Head, Request, Transport, TransportSettings
from scckit.session.messages import FormBody
from scckit.testing.server import Act, Received, ScriptedServer, Steps, answer, chunked, refusing_port

__all__ = ["FLAT", "GeneratedBody", "TransportCases", "TransportContract", "watched_memory"]

_PATIENCE: Final = 5.0
#: Far below the size of a large body, far above what a transport may need for buffers.
FLAT: Final = 6_000_000
_CHUNK: Final = 100_000


class TransportCases:
    """The cases for transports of both kinds; a contract says how a transport of its kind is carried through them.

    Attributes:
        large: Bytes of the bodies that prove that nothing is held whole; less for a transport with a limit of its own.
    """

    large: ClassVar[int] = 200_000_000

    def carrying(self, settings: TransportSettings) -> AbstractContextManager[Transport]:
        """Give the transport under test as one for threads, and close it afterwards."""
        raise NotImplementedError

    @contextmanager
    def connected(
        self, url: str, *, verify: bool | Path = True, connections: int = 1, read_timeout: float = _PATIENCE
    ) -> Iterator[Transport]:
        """Give a transport for a base URL, and close it afterwards."""
        settings = TransportSettings(url, _PATIENCE, read_timeout, verify, connections)
        with self.carrying(settings) as transport:
            yield transport

    @contextmanager
    def meeting(
        self,
        *script: bytes | Steps | Callable[[Received], bytes | Steps],
        tls: ssl.SSLContext | None = None,
        take_bodies: bool = True,
        verify: bool | Path = True,
        connections: int = 1,
        read_timeout: float = _PATIENCE,
    ) -> Iterator[tuple[ScriptedServer, Transport]]:
        """Give a server with a script, and a transport for it."""
        with (
            ScriptedServer(*script, tls=tls, take_bodies=take_bodies) as server,
            self.connected(
                server.url(), verify=verify, connections=connections, read_timeout=read_timeout
            ) as transport,
        ):
            yield server, transport

    # -- what comes back ----------------------------------------------------------------------------------------------

    def test_head_has_status_headers_and_url(self) -> None:
        """The head tells status, headers and the address asked for: the session decides by them what to do."""
        with self.meeting(answer(418, [("X-One", "1"), ("Content-Type", "text/html; charset=utf-8")])) as (
            server,
            transport,
        ):
            url = server.url("/accounts/login/?next=/")
            head, _ = _fetch(transport, Request("GET", url))

        assert (head.status, head.url) == (418, url), "status and address must be those of the answer"
        assert head.headers.get("x-one") == "1", "a header of the answer is missing from the head"
        assert head.content_type == "text/html", "the type of the content decides whether a body may be saved"

    def test_repeated_headers_are_kept(self) -> None:
        """Set-Cookie comes once for each cookie; joined or dropped values lose the session."""
        cookies = ("csrftoken=a; Path=/", "sessionid=b; expires=Thu, 01 Jan 2099 00:00:00 GMT", "csrftoken=c")
        with self.meeting(answer(200, [("Set-Cookie", one) for one in cookies])) as (server, transport):
            head, _ = _fetch(transport, Request("GET", server.url()))

        assert head.headers.get_all("Set-Cookie") == cookies, "each Set-Cookie must stay a value of its own, in order"

    def test_headers_that_are_not_ascii_are_read(self) -> None:
        """Servers name files in UTF-8 or Latin-1; UTF-8 is read as such, and neither may break the answer."""
        raw = b"HTTP/1.1 200 OK\r\nX-File: \xc3\x85ngstr\xc3\xb6m-\xce\xa9.nc\r\nX-Old: caf\xe9\r\nContent-Length: 2\r\n\r\nok"
        with self.meeting(raw) as (server, transport):
            head, body = _fetch(transport, Request("GET", server.url()))

        assert head.headers.get("X-File") == "Ångström-Ω.nc", "UTF-8 in a header must be read as UTF-8"
        assert "X-Old" in head.headers, "a header that is not UTF-8 must not be lost"
        assert body == b"ok", "odd headers must not harm the body"

    @pytest.mark.parametrize(
        "raw",
        [
            pytest.param(answer(200, body=b"hello world"), id="with a length"),
            pytest.param(chunked(b"hello", b" ", b"world"), id="in chunks"),
            pytest.param(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhello world", id="until the end"),
        ],
    )
    def test_bodies_of_all_framings_arrive(self, raw: bytes) -> None:
        """However a body is framed, exactly its bytes arrive: archives are checked to the last one."""
        with self.meeting((raw, Act.CLOSE)) as (server, transport):
            _, body = _fetch(transport, Request("GET", server.url()))

        assert body == b"hello world", "the body must arrive whole and without its framing"

    def test_compressed_bodies_are_not_unpacked(self) -> None:
        """The session counts bytes against Content-Length; unpacked ones would look like a broken download."""
        packed = gzip.compress(b"x" * 10_000)
        with self.meeting(answer(200, [("Content-Encoding", "gzip")], packed)) as (server, transport):
            head, body = _fetch(transport, Request("GET", server.url()))

        assert body == packed, "a transport must give the bytes as they came"
        assert head.headers.get("Content-Encoding") == "gzip", "the head must say how the body is packed"

    @pytest.mark.parametrize("status", [302, 401, 403, 404, 413, 429, 500, 503])
    def test_every_status_is_an_answer(self, status: int) -> None:
        """No status is an error of the transport, and none makes it ask again: the session decides about both."""
        told = answer(status, [("Location", "/elsewhere/"), ("Retry-After", "0")], b"told why")
        with self.meeting(told) as (server, transport):
            head, body = _fetch(transport, Request("GET", server.url("/asked/")))

        assert (head.status, body) == (status, b"told why"), "the answer must be handed on as it is"
        targets = [one.target for one in server.received]
        assert targets == ["/asked/"], "no redirect may be followed and nothing repeated by a transport"

    @pytest.mark.parametrize(
        ("method", "raw"),
        [
            ("HEAD", answer(200, length=10)),
            ("GET", b"HTTP/1.1 204 No Content\r\n\r\n"),
            ("GET", answer(304, length=10)),
            ("GET", answer(302, [("Location", "/")])),
        ],
    )
    def test_answers_without_a_body_end_at_their_head(self, method: str, raw: bytes) -> None:
        """Some answers have no body, whatever length they announce; waiting for one would hang until the time-out."""
        with self.meeting(raw, answer(200, body=b"next")) as (server, transport):
            _, body = _fetch(transport, Request(method, server.url()))
            _, following = _fetch(transport, Request("GET", server.url()))

        assert body == b"", "this answer has no body"
        assert following == b"next", "the next answer must not be mixed up with this one"

    def test_interim_answer_is_passed_over(self) -> None:
        """A server may say 100 Continue before it answers; that is not the answer."""
        with self.meeting(b"HTTP/1.1 100 Continue\r\n\r\n" + answer(200, body=b"real")) as (server, transport):
            head, body = _fetch(transport, Request("GET", server.url()))

        assert (head.status, body) == (200, b"real"), "the interim answer must not be taken for the real one"

    def test_large_downloads_need_little_memory(self) -> None:
        """Archives can be larger than memory: a body is given as it comes, in pieces."""
        piece = b"d" * _CHUNK
        steps = itertools.chain([answer(200, length=self.large)], itertools.repeat(piece, self.large // _CHUNK))
        with (
            self.meeting(steps) as (server, transport),
            watched_memory() as peak,
            closing(transport.open(Request("GET", server.url()))) as exchange,
        ):
            sizes = [len(chunk) for chunk in exchange.chunks()]

        assert sum(sizes) == self.large, "every byte must arrive"
        assert peak() < FLAT, f"the download of {self.large} bytes held {peak()} bytes at a time"

    # -- what goes out ------------------------------------------------------------------------------------------------

    def test_headers_go_out_as_given(self) -> None:
        """The session writes all headers: none may be changed, dropped or doubled, and none that matters added."""
        given = (
            ("User-Agent", "scckit/0 (station test)"),
            ("Accept-Encoding", "identity"),
            ("Authorization", "Basic bWU6aXQ="),
            ("Cookie", "csrftoken=a; sessionid=b"),
            ("X-CSRFToken", "a"),
            ("Referer", "https://scc.example/accounts/login/?next=/"),
        )
        with self.meeting(answer()) as (server, transport):
            _fetch(transport, Request("GET", server.url("/a/%7B1%7D/?q=a%20b&r="), given))
            port = server.port

        received = server.received[0]
        assert received.target == "/a/%7B1%7D/?q=a%20b&r=", "the target must go out as it was written"
        for name, value in given:
            assert received.headers.get_all(name) == (value,), f"{name} must go out once, as given"
        assert received.headers.get_all("Host") == (f"127.0.0.1:{port}",), "the server needs its name, once"
        added = {name.lower() for name, _ in received.headers} - {name.lower() for name, _ in given}
        assert added <= {"host", "connection", "accept"}, "a transport may not speak for the session"

    def test_nothing_compressed_is_asked_for(self) -> None:
        """A transport may not ask for compression by itself: nobody would unpack the answer."""
        with self.meeting(answer()) as (server, transport):
            _fetch(transport, Request("GET", server.url()))

        assert server.received[0].headers.get("Accept-Encoding", "identity") == "identity", "nobody asked for that"

    def test_headers_that_are_not_ascii_are_sent(self) -> None:
        """File and station names are not all ASCII; they go out as UTF-8."""
        with self.meeting(answer()) as (server, transport):
            _fetch(transport, Request("GET", server.url(), [("X-Station", "Évora Ω")]))

        assert server.received[0].headers.get("X-Station") == "Évora Ω", "header values must be sent as UTF-8"

    @pytest.mark.parametrize("value", ["a\r\nX-Evil: 1", "a\nb", "a\rb", "a\r\n b", "a\0b"])
    def test_line_breaks_in_headers_are_refused(self, value: str) -> None:
        """A line break in a value would smuggle in headers of its own; such a request must not leave."""
        with self.meeting(answer(200, body=b"fine")) as (server, transport):
            with pytest.raises(InvalidInput):
                transport.open(Request("GET", server.url("/evil/"), [("Referer", value)]))
            _, body = _fetch(transport, Request("GET", server.url("/good/")))

        assert body == b"fine", "the transport must stay usable"
        assert [one.target for one in server.received] == ["/good/"], "nothing of the refused request may be sent"

    def test_no_cookie_is_kept(self) -> None:
        """Cookies are the session's: one that a transport sent on its own would survive a sign-out."""
        script = (answer(200, [("Set-Cookie", "sessionid=old; Path=/")]), answer())
        with self.meeting(*script) as (server, transport):
            for _ in script:
                _fetch(transport, Request("GET", server.url()))

        assert "Cookie" not in server.received[1].headers, "the transport sent a cookie that nobody gave it"

    def test_forms_are_sent_with_type_and_length(self) -> None:
        """A form goes out with its own type and exact length; Django reads no body without a length."""
        form = FormBody([("username", "me"), ("text", "a b&c")])
        with self.meeting(answer()) as (server, transport):
            _fetch(transport, Request("POST", server.url(), body=form))

        received = server.received[0]
        assert received.body == b"username=me&text=a+b%26c", "the body must arrive as it was given"
        assert received.headers.get_all("Content-Length") == (str(form.length),), "one exact Content-Length"
        assert received.headers.get_all("Content-Type") == (form.content_type,), "one Content-Type, the body's"

    def test_post_without_a_body_is_complete(self) -> None:
        """A POST without a body must not leave the server waiting for one."""
        with self.meeting(answer(200, body=b"done")) as (server, transport):
            _, body = _fetch(transport, Request("POST", server.url()))

        assert body == b"done", "the server must see a complete request"
        assert "Transfer-Encoding" not in server.received[0].headers, "nothing in chunks was asked for"

    def test_large_uploads_are_streamed(self) -> None:
        """Raw files are uploaded from disk as they are read: exact length, no chunks, little memory."""
        body = GeneratedBody(self.large)
        with self.meeting(answer(200, body=b"stored")) as (server, transport), watched_memory() as peak:
            _, said = _fetch(transport, Request("POST", server.url(), body=body))

        received = server.received[0]
        assert said == b"stored"
        assert (received.length, received.sha256) == (self.large, body.sha256()), "every byte must arrive, in order"
        assert received.headers.get_all("Content-Length") == (str(self.large),), (
            "servers refuse uploads without a length"
        )
        assert "Transfer-Encoding" not in received.headers, "Django's usual servers do not take uploads in chunks"
        assert peak() < FLAT, f"the upload of {self.large} bytes held {peak()} bytes at a time"

    def test_a_request_can_be_sent_again(self) -> None:
        """A request is a value: after a renewed sign-in the same one is sent again, its body from the start."""
        body = GeneratedBody(3 * _CHUNK)
        with self.meeting(answer(403), answer(200)) as (server, transport):
            request = Request("POST", server.url(), body=body)
            for _ in range(2):
                _fetch(transport, request)

        assert [one.sha256 for one in server.received] == [body.sha256()] * 2, "both times the whole body must arrive"

    @pytest.mark.parametrize(
        "error",
        [
            OSError("the file is gone"),
            BrokenPipeError("a pipe of ours"),
            TimeoutError("a slow disk"),
            ssl.SSLError("not of this connection"),
            LocalFileError("the file changed"),
            TransportError("not of this transport"),
            ValueError("a fault"),
            KeyboardInterrupt(),
        ],
        ids=lambda error: type(error).__name__,
    )
    @pytest.mark.parametrize("given", [0, 3 * _CHUNK])
    def test_errors_of_a_body_pass_unchanged(self, error: BaseException, given: int) -> None:
        """What goes wrong while a file is read here is no fault of the connection; the caller must see what it was."""
        body = GeneratedBody(10 * _CHUNK, fails_after=given, error=error)
        with self.meeting(answer(200, body=b"fine")) as (server, transport):
            with pytest.raises(type(error)) as caught:
                transport.open(Request("POST", server.url("/broken/"), body=body))
            _, said = _fetch(transport, Request("GET", server.url("/next/")))

        assert caught.value is error, "the error must be the very one that the body raised"
        assert said == b"fine", "the transport must stay usable"
        assert [one.target for one in server.received] == ["/next/"], "the broken request must not look complete"

    @pytest.mark.parametrize("surplus", [-1, 1, 3 * _CHUNK])
    def test_a_body_of_another_length_is_no_request(self, surplus: int) -> None:
        """Surplus bytes would be taken for the next request, missing ones waited for: neither may come to pass."""
        body = GeneratedBody(2 * _CHUNK, announced=2 * _CHUNK - surplus)
        with self.meeting(answer(200, body=b"fine")) as (server, transport):
            with pytest.raises(SCCError):
                _fetch(transport, Request("POST", server.url("/lie/"), body=body))
            _, said = _fetch(transport, Request("GET", server.url("/next/")))

        assert said == b"fine", "the transport must stay usable"
        assert [one.target for one in server.received] == ["/next/"], "the lie must not reach the server as a request"

    def test_an_answer_before_the_end_of_the_upload_counts(self) -> None:
        """A server may refuse an upload by its head; what it says is worth more than 'connection broken'."""
        early = (answer(413, [("Connection", "close")], b"too large"), Act.SILENCE)
        with self.meeting(early, take_bodies=False) as (server, transport):
            head, body = _fetch(transport, Request("POST", server.url(), body=GeneratedBody(self.large // 4)))

        assert (head.status, body) == (413, b"too large"), "the early answer must be delivered"

    # -- what goes wrong ----------------------------------------------------------------------------------------------

    def test_refused_connection_is_a_failed_one(self) -> None:
        """Where nothing was sent the session may try again; only ConnectionFailed says so."""
        with (
            refusing_port() as port,
            self.connected(f"http://127.0.0.1:{port}/") as transport,
            pytest.raises(ConnectionFailed),
        ):
            transport.open(Request("GET", f"http://127.0.0.1:{port}/"))

    def test_unknown_host_is_a_failed_connection(self) -> None:
        """A host that does not exist was sent nothing."""
        with self.connected("http://host.invalid/") as transport, pytest.raises(ConnectionFailed):
            transport.open(Request("GET", "http://host.invalid/"))

    @pytest.mark.parametrize("end", [Act.CLOSE, Act.RESET])
    def test_no_answer_is_a_broken_connection(self, end: Act) -> None:
        """A server that goes without a word may have acted: that is not 'nothing was sent', and is not tried again."""
        with self.meeting((end,)) as (server, transport), pytest.raises(ConnectionBroken):
            transport.open(Request("GET", server.url()))

        assert len(server.received) == 1, "a transport may repeat nothing: only the session knows what is safe"

    def test_what_is_not_http_is_an_error_of_ours(self) -> None:
        """Whatever listens there, only transport errors come out."""
        with self.meeting((b"220 mail ready\r\n", Act.CLOSE)) as (server, transport), pytest.raises(TransportError):
            transport.open(Request("GET", server.url()))

    def test_a_short_body_is_truncated(self) -> None:
        """A body shorter than announced must not pass for a whole one: it would become a damaged archive."""
        with (
            self.meeting((answer(200, body=b"short", length=100), Act.CLOSE)) as (server, transport),
            closing(transport.open(Request("GET", server.url()))) as exchange,
            pytest.raises(BodyTruncated),
        ):
            _drain(exchange.chunks())

    def test_chunks_without_their_end_are_broken(self) -> None:
        """A body in chunks ends with its last chunk; a connection that ends before breaks it."""
        with (
            self.meeting((chunked(b"some", complete=False), Act.CLOSE)) as (server, transport),
            closing(transport.open(Request("GET", server.url()))) as exchange,
            pytest.raises(ConnectionBroken),
        ):
            _drain(exchange.chunks())

    def test_a_reset_in_the_body_is_a_broken_connection(self) -> None:
        """A connection that is torn down in the middle must not look like the end of the body."""
        with (
            self.meeting((answer(200, length=self.large), b"x" * _CHUNK, Act.RESET)) as (server, transport),
            pytest.raises(ConnectionBroken),  # where a reset overtakes what came before it, there is not even a head
            closing(transport.open(Request("GET", server.url()))) as exchange,
        ):
            _drain(exchange.chunks())

    def test_silence_before_the_head_is_a_time_out(self) -> None:
        """No call may wait for ever: silence ends after the read time-out."""
        with self.meeting((Act.SILENCE,), read_timeout=0.2) as (server, transport), pytest.raises(TransportTimeout):
            transport.open(Request("GET", server.url()))

    @pytest.mark.parametrize("head", [answer(200, length=100), chunked(complete=False)], ids=["length", "chunks"])
    def test_silence_in_the_body_is_a_time_out(self, head: bytes) -> None:
        """A server that stops in the middle of a body is noticed as well."""
        with (
            self.meeting((head, Act.SILENCE), read_timeout=0.2) as (server, transport),
            closing(transport.open(Request("GET", server.url()))) as exchange,
            pytest.raises(TransportTimeout),
        ):
            _drain(exchange.chunks())

    @pytest.mark.parametrize("trouble", [Act.RESET, Act.SILENCE])
    def test_trouble_does_not_use_a_connection_up(self, trouble: Act) -> None:
        """After any failure its place is free again: with one connection the next request must go through."""
        script = ((trouble,), (answer(200, length=100), trouble), answer(200, body=b"well"))
        with self.meeting(*script, read_timeout=0.2) as (server, transport):
            for _ in range(2):
                with pytest.raises(TransportError):
                    _fetch(transport, Request("GET", server.url()))
            _, body = _fetch(transport, Request("GET", server.url()))

        assert body == b"well", "a failed exchange must give its connection back"

    def test_errors_name_the_request_and_no_secret(self) -> None:
        """A message says what was asked of whom; queries and headers can hold secrets and stay out of it."""
        with refusing_port() as port:
            base = f"http://127.0.0.1:{port}/"
            request = Request("GET", f"{base}accounts/login/?token=s3cret", [("Authorization", "Basic czNjcmV0")])
            with self.connected(base) as transport, pytest.raises(TransportError) as caught:
                transport.open(request)
            shown = f"{caught.value} {caught.value!r} {transport!r}"

        for part in ("GET", f"127.0.0.1:{port}", "/accounts/login/"):
            assert part in str(caught.value), f"the message must name {part}"
        for secret in ("s3cret", "czNjcmV0"):
            assert secret not in shown, "a secret must not show in messages or representations"

    # -- connections and their life -----------------------------------------------------------------------------------

    def test_a_connection_is_used_again(self) -> None:
        """A search takes many requests; with a handshake for each it would be slow, and unkind to the server."""
        script = (answer(200, body=b"1"), chunked(b"2"), answer(200, body=b"3"))
        with self.meeting(*script) as (server, transport):
            bodies = [_fetch(transport, Request("GET", server.url()))[1] for _ in script]

        assert bodies == [b"1", b"2", b"3"]
        assert {one.connection for one in server.received} == {0}, "a connection read to its end must be used again"

    def test_a_connection_that_the_server_ended_is_replaced(self) -> None:
        """Servers end idle connections; the next request must not fail because of that."""
        script = ((answer(200, body=b"1"), Act.CLOSE), answer(200, body=b"2"))
        with self.meeting(*script) as (server, transport):
            _fetch(transport, Request("GET", server.url()))
            server.wait_ended(0)
            _, body = _fetch(transport, Request("GET", server.url()))

        assert body == b"2", "a stale connection must be noticed before it is used"

    @pytest.mark.parametrize("read", [0, 1])
    def test_an_unread_body_can_be_given_up(self, read: int) -> None:
        """The session gives up bodies by their heads (HTML in place of a zip); closing must be quick and final."""
        endless = itertools.chain([answer(200, length=10**15)], itertools.repeat(b"x" * _CHUNK))
        with self.meeting(endless, answer(200, body=b"next")) as (server, transport):
            exchange = transport.open(Request("GET", server.url()))
            begun = _drain(itertools.islice(exchange.chunks(), read))
            exchange.close()
            _, body = _fetch(transport, Request("GET", server.url()))

        assert bool(begun) == bool(read)
        assert body == b"next", "the rest of a given-up body must not be taken for the next answer"

    def test_an_exchange_can_be_closed_twice(self) -> None:
        """Closing is what cleaning up does, sometimes twice: no error, and no connection given back twice."""
        script = (answer(200, body=b"1"), answer(200, body=b"2"), answer(200, body=b"3"))
        with self.meeting(*script) as (server, transport):
            read, unread = True, False
            for is_read in (read, unread):
                exchange = transport.open(Request("GET", server.url()))
                if is_read:
                    _drain(exchange.chunks())
                exchange.close()
                exchange.close()
            _, body = _fetch(transport, Request("GET", server.url()))

        assert body == b"3", "the transport must stay usable"

    def test_a_closed_exchange_gives_no_false_end(self) -> None:
        """After closing, a body that was not read must not look like an empty one."""
        with self.meeting(answer(200, body=b"unread")) as (server, transport):
            exchange = transport.open(Request("GET", server.url()))
            exchange.close()
            with pytest.raises(TransportError):
                _drain(exchange.chunks())

    def test_a_closed_transport_sends_nothing(self) -> None:
        """Closing is final, may be done twice, and what comes after is told so."""
        with self.meeting() as (server, transport):
            transport.close()
            transport.close()
            with pytest.raises(TransportError):
                transport.open(Request("GET", server.url()))

        assert server.received == [], "a closed transport must send nothing"

    @pytest.mark.parametrize("connections", [2, 8])
    def test_threads_get_their_own_answers(self, connections: int) -> None:
        """Downloads run in threads: each gets its own answer, and no more connections are used than allowed."""

        def told(received: Received) -> bytes:
            return answer(200, [("X-Target", received.target)], received.target.encode() * 1000)

        def ask(number: int) -> bool:
            target = f"/{number}/"
            head, body = _fetch(transport, Request("GET", server.url(target)))
            return head.headers.get("X-Target") == target and body == target.encode() * 1000

        with self.meeting(told, connections=connections) as (server, transport), ThreadPoolExecutor(8) as pool:
            right = list(pool.map(ask, range(64)))

        assert all(right), "a thread got another thread's answer"
        used = {one.connection for one in server.received}
        assert len(used) <= connections, "more connections were opened than the settings allow"

    # -- TLS ----------------------------------------------------------------------------------------------------------

    def test_an_unknown_authority_is_rejected(self) -> None:
        """By default a certificate that nobody vouches for ends the matter before anything is sent."""
        _, tls = _certified("127.0.0.1")
        with self.meeting(tls=tls) as (server, transport), pytest.raises(CertificateRejected):
            transport.open(Request("GET", server.url()))

        assert server.received == [], "nothing may be sent to a server that is not trusted"

    def test_a_given_authority_is_trusted(self, tmp_path: Path) -> None:
        """Institutes with an authority of their own point ``verify`` to its file."""
        authority, tls = _certified("127.0.0.1")
        authority(tmp_path / "ca.pem")
        with self.meeting(answer(200, body=b"safe"), tls=tls, verify=tmp_path / "ca.pem") as (server, transport):
            _, body = _fetch(transport, Request("GET", server.url()))

        assert body == b"safe", "a certificate of the given authority must do"

    def test_a_certificate_for_another_host_is_rejected(self, tmp_path: Path) -> None:
        """A trusted authority is not enough: the certificate must be for the host that was asked."""
        authority, tls = _certified("scc.example")
        authority(tmp_path / "ca.pem")
        with (
            self.meeting(tls=tls, verify=tmp_path / "ca.pem") as (server, transport),
            pytest.raises(CertificateRejected),
        ):
            transport.open(Request("GET", server.url()))

    def test_verification_can_be_left_out(self) -> None:
        """For a test server ``verify=False`` does, and as it was asked for, no warning comes with each request."""
        _, tls = _certified("scc.example")
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            script = (answer(200, body=b"odd"), answer(200, body=b"even"))
            with self.meeting(*script, tls=tls, verify=False) as (server, transport):
                bodies = [_fetch(transport, Request("GET", server.url()))[1] for _ in script]

        assert bodies == [b"odd", b"even"], "without verification any certificate must do"
        assert [str(one.message) for one in told] == [], "what was asked for needs no warning"


class TransportContract(TransportCases):
    """Contract suite for transports.

    Subclass it in a test module, give the subclass a name that pytest collects, and override ``make_transport``.
    """

    def make_transport(self, settings: TransportSettings) -> Transport:
        """Make the transport under test; it is closed by the suite."""
        raise NotImplementedError

    @contextmanager
    def carrying(self, settings: TransportSettings) -> Iterator[Transport]:
        """Give the transport under test, and close it afterwards."""
        with closing(self.make_transport(settings)) as transport:
            yield transport


# -- tools ------------------------------------------------------------------------------------------------------------


def _fetch(transport: Transport, request: Request) -> tuple[Head, bytes]:
    with closing(transport.open(request)) as exchange:
        return exchange.head, _drain(exchange.chunks())


def _drain(chunks: Iterator[bytes]) -> bytes:
    return b"".join(chunks)


@contextmanager
def watched_memory() -> Iterator[Callable[[], int]]:
    """Watch how many bytes are allocated at a time while the block runs; give a function that tells the peak."""
    peaks: list[int] = []
    tracemalloc.start()
    try:
        yield lambda: peaks[0]
        peaks.append(tracemalloc.get_traced_memory()[1])
    finally:
        tracemalloc.stop()


@frozen
class GeneratedBody:
    """A body made as it is asked for; it can fail after some bytes, and lie about its length."""

    size: int
    fails_after: int = 0
    error: BaseException | None = None
    announced: int | None = None

    @property
    def content_type(self) -> str:
        """Bytes of no known kind."""
        return "application/octet-stream"

    @property
    def length(self) -> int:
        """What it says of its length."""
        return self.size if self.announced is None else self.announced

    def chunks(self) -> Iterator[bytes]:
        """Give it from the start."""
        for begin in range(0, self.size, _CHUNK):
            if self.error is not None and begin >= self.fails_after:
                raise self.error
            yield f"{begin:020d}".encode() * (min(_CHUNK, self.size - begin) // 20)

    def sha256(self) -> str:
        """Return the checksum of what it gives."""
        checksum = hashlib.sha256()
        for chunk in self.chunks():
            checksum.update(chunk)
        return checksum.hexdigest()


def _certified(host: str) -> tuple[Callable[[Path], None], ssl.SSLContext]:
    """Make an authority and a server context for a host; the function writes the authority's certificate to a file."""
    trustme = pytest.importorskip("trustme", reason="trustme makes the certificates of the TLS cases; install it")
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(host).configure_cert(context)
    return lambda path: authority.cert_pem.write_to_path(str(path)), context
