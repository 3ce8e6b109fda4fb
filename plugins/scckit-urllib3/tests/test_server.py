"""The misbehaving server of ``scckit.testing``, which the contract of transports stands on, misbehaves as it is told."""

from __future__ import annotations

import hashlib
import socket
from collections.abc import Iterator
from contextlib import closing

import pytest

from scckit.testing import server as module
from scckit.testing.server import Act, Received, ScriptedServer, Step, answer, chunked, refusing_port


def _say(server: ScriptedServer, *words: bytes) -> bytes:
    """Send words on a new connection, and return all that comes back until its end."""
    with closing(socket.create_connection(("127.0.0.1", server.port), timeout=5)) as connection:
        for word in words:
            connection.sendall(word)
        connection.shutdown(socket.SHUT_WR)
        with connection.makefile("rb") as reader:
            return reader.read()


def test_answers_come_in_the_order_of_the_script() -> None:
    """Each request gets the next answer, on one connection or several."""
    first, second, third = answer(200, body=b"1"), chunked(b"2"), answer(404, [("X-A", "é")], length=7)
    with ScriptedServer(first, (second,), iter((third[:10], third[10:]))) as server:
        said = _say(server, b"GET /a HTTP/1.1\r\n\r\nGET /b HTTP/1.1\r\n\r\n") + _say(
            server, b"GET /c HTTP/1.1\r\n\r\n"
        )

    assert said == first + second + third
    assert [(one.target, one.connection) for one in server.received] == [("/a", 0), ("/b", 0), ("/c", 1)]


def test_requests_are_remembered_with_their_bodies() -> None:
    """What came in can be compared: method, target, headers, length and checksum, and the beginning of the body."""
    body = b"x" * 100_000
    with ScriptedServer(answer()) as server:
        _say(server, b"POST /p?q=1 HTTP/1.1\r\nX-A: caf\xe9\r\nX-B: \xc3\xa9\r\nContent-Length: 100000\r\n\r\n", body)

    (received,) = server.received
    assert (received.method, received.target, received.length) == ("POST", "/p?q=1", 100_000)
    assert (received.headers.get("X-A"), received.headers.get("X-B")) == ("café", "é")
    assert received.body == body[: 64 * 1024]
    assert received.sha256 == hashlib.sha256(body).hexdigest()


@pytest.mark.parametrize(
    "words", [b"", b"GET / HTTP/1.1\r\nX: 1\r\n", b"POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\nshort"]
)
def test_requests_that_are_broken_off_are_none(words: bytes) -> None:
    """A request counts once it is complete."""
    with ScriptedServer() as server:
        assert _say(server, words) == b""

    assert server.received == []


def test_bodies_can_be_left_where_they_are() -> None:
    """A server can answer by the head of a request alone."""
    refusal = answer(413)
    with ScriptedServer((refusal, Act.SILENCE), take_bodies=False) as server:
        assert _say(server, b"POST / HTTP/1.1\r\nContent-Length: 10000000\r\n\r\n") == refusal

    assert server.received[0].length == 0


def test_the_end_of_a_connection_is_told() -> None:
    """Tests can look whether a connection has ended, without waiting for it."""
    with ScriptedServer((answer(), Act.SILENCE)) as server:
        with closing(socket.create_connection(("127.0.0.1", server.port), timeout=5)) as connection:
            connection.sendall(b"GET / HTTP/1.1\r\n\r\n")
            connection.recv(1)
            assert not server.has_ended(0)
        server.wait_ended(0)
        assert server.has_ended(0)


def test_a_function_answers_any_number_of_requests() -> None:
    """One function serves all requests, whatever their order."""

    def echo(received: Received) -> bytes:
        return answer(200, body=received.target.encode())

    with ScriptedServer(echo) as server:
        said = _say(server, b"GET /a HTTP/1.1\r\n\r\nGET /b HTTP/1.1\r\n\r\n")

    assert said == answer(200, body=b"/a") + answer(200, body=b"/b")


def test_reset_is_seen_as_one() -> None:
    """A torn connection is an error at the other side, not an end."""
    with ScriptedServer((Act.RESET,)) as server, pytest.raises(ConnectionResetError):
        _say(server, b"GET / HTTP/1.1\r\n\r\n")


def test_closing_ends_the_connection_and_can_be_waited_for() -> None:
    """After CLOSE the connection is at its end, and the test can know when."""
    with (
        ScriptedServer((answer(), Act.CLOSE)) as server,
        closing(socket.create_connection(("127.0.0.1", server.port), timeout=5)) as connection,
        connection.makefile("rb") as reader,
    ):
        connection.sendall(b"GET / HTTP/1.1\r\n\r\n")
        server.wait_ended(0)
        said = reader.read()

    assert said == answer()


def test_waiting_for_an_end_that_does_not_come_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test that waits in vain fails instead of hanging."""
    monkeypatch.setattr(module, "_PATIENCE", 0.01)
    with ScriptedServer() as server, pytest.raises(TimeoutError, match="connection 0"):
        server.wait_ended(0)


def test_a_script_that_is_too_short_is_told() -> None:
    """A request that nobody thought of fails the test, even if the client takes it lightly."""
    with pytest.raises(ExceptionGroup) as caught, ScriptedServer() as server:
        _say(server, b"GET /forgotten HTTP/1.1\r\n\r\n")

    assert "/forgotten" in str(caught.value.exceptions[0])


def test_a_script_that_fails_is_noted_at_the_failure_it_led_to() -> None:
    """Where a test fails because its script did, the failure says so."""

    def faulty(received: Received) -> Iterator[Step]:
        yield answer(200, length=5)
        raise ValueError(received.target)

    with pytest.raises(AssertionError) as caught, ScriptedServer(faulty) as server:
        assert _say(server, b"GET /fault HTTP/1.1\r\n\r\n").endswith(b"never")

    assert any("/fault" in note for note in caught.value.__notes__)


def test_a_refusing_port_refuses() -> None:
    """Nobody listens at the port, and nobody else gets it meanwhile."""
    with refusing_port() as port, pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=5)
