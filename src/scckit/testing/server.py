"""A misbehaving local server on bare sockets: answers by a script, byte for byte, and remembers what it received.

For tests of transports only. It listens on the loopback interface, serves a bounded number of connections for a bounded
time, and stops by itself when its ``with`` block ends. Nothing in it knows HTTP beyond "a head, a blank line, then as
many bytes as Content-Length says": what goes back is the business of the script.
"""

from __future__ import annotations

import hashlib
import socket
import ssl
import struct
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from enum import Enum
from threading import Condition, Thread
from types import TracebackType
from typing import BinaryIO, Final, Self, TypeAlias

from attrs import frozen

from scckit.session.messages import Headers

__all__ = ["Act", "Received", "ScriptedServer", "Step", "Steps", "answer", "chunked", "refusing_port"]

#: A server ends every connection after so many seconds without progress; no test may hang longer.
_PATIENCE: Final = 10.0
_MAX_CONNECTIONS: Final = 64
_MAX_LINE: Final = 64 * 1024
_KEPT: Final = 64 * 1024
_PIECE: Final = 64 * 1024


class Act(Enum):
    """What a server can do other than to send bytes."""

    #: End the connection in order.
    CLOSE = "close"
    #: Tear the connection down, so that the other side sees a reset.
    RESET = "reset"
    #: Say nothing more until the other side goes; what it still sends is thrown away.
    SILENCE = "silence"


#: One step of an answer: bytes to send, or an act.
Step: TypeAlias = bytes | Act

#: An answer: steps in order, made as they are needed, so that a large body is never in memory as a whole.
Steps: TypeAlias = Iterable[Step]


@frozen
class Received:
    """One request as it came in.

    Attributes:
        method: Its method.
        target: Its target, as written in the request line.
        headers: Its headers in order; bytes are read as UTF-8 where they are, else as Latin-1.
        connection: Number of the connection it came on, from 0.
        body: The first 64 KiB of its body.
        length: Length of its body.
        sha256: Checksum of its whole body.
    """

    method: str
    target: str
    headers: Headers
    connection: int
    body: bytes = b""
    length: int = 0
    sha256: str = hashlib.sha256().hexdigest()


def answer(
    status: int = 200, headers: Iterable[tuple[str, str]] = (), body: bytes = b"", *, length: int | None = None
) -> bytes:
    """Write a whole answer with ``Content-Length``.

    Args:
        status: Its status.
        headers: Further headers, sent as UTF-8.
        body: Its body.
        length: The length to announce, if another than the body's.
    """
    lines = [f"HTTP/1.1 {status} Scripted", *(f"{name}: {value}" for name, value in headers)]
    lines.append(f"Content-Length: {len(body) if length is None else length}")
    return "\r\n".join([*lines, "", ""]).encode() + body


def chunked(*pieces: bytes, headers: Iterable[tuple[str, str]] = (), complete: bool = True) -> bytes:
    """Write an answer in chunks; without its end if it is not to be complete."""
    lines = ["HTTP/1.1 200 Scripted", *(f"{name}: {value}" for name, value in headers), "Transfer-Encoding: chunked"]
    head = "\r\n".join([*lines, "", ""]).encode()
    body = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces)
    return head + body + (b"0\r\n\r\n" if complete else b"")


@contextmanager
def refusing_port() -> Iterator[int]:
    """Give a port of the loopback interface at which every connection is refused, for as long as the block runs."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, so that nobody else gets it; not listening, so that it refuses
        yield int(taken.getsockname()[1])


class ScriptedServer:
    """The server. Use it in a ``with`` block.

    Args:
        *script: One answer for each request, in the order in which they arrive; or one function from the request to
            its answer, for any number of requests in any order.
        tls: Speak TLS with this context.
        take_bodies: False to answer as soon as the head of a request is there, and to end the connection then.

    Attributes:
        port: The port it listens on.
        received: What it received so far; each entry is there before the first byte of its answer goes out.

    Raises:
        ExceptionGroup: At the end of the block, if the script failed or was too short.

    Example:
        >>> with ScriptedServer(answer(200, body=b"hello")) as server:
        ...     server.url("/greeting")  # doctest: +ELLIPSIS
        'http://127.0.0.1:.../greeting'
    """

    def __init__(
        self,
        *script: bytes | Steps | Callable[[Received], bytes | Steps],
        tls: ssl.SSLContext | None = None,
        take_bodies: bool = True,
    ) -> None:
        self._script = script
        self._tls = tls
        self._take_bodies = take_bodies
        self._changed = Condition()
        self._threads: list[Thread] = []
        self._sockets: list[socket.socket] = []
        self._ended: set[int] = set()
        self._faults: list[Exception] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: Final[int] = self._listener.getsockname()[1]
        self.received: Final[list[Received]] = []

    def url(self, target: str = "/") -> str:
        """Return an address on this server."""
        return f"{'http' if self._tls is None else 'https'}://127.0.0.1:{self.port}{target}"

    def has_ended(self, connection: int) -> bool:
        """Tell whether a connection has ended, on whichever side."""
        with self._changed:
            return connection in self._ended

    def wait_ended(self, connection: int) -> None:
        """Wait until a connection has ended, on whichever side.

        Raises:
            TimeoutError: It was not, in good time.
        """
        with self._changed:
            if not self._changed.wait_for(lambda: connection in self._ended, timeout=_PATIENCE):
                msg = f"the server did not end its connection {connection} within {_PATIENCE:g} s"
                raise TimeoutError(msg)

    def __enter__(self) -> Self:
        self._start(self._accept)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        _shut(self._listener)
        self._listener.close()
        self._threads[0].join(_PATIENCE)
        for one in self._sockets:
            _shut(one)
        for thread in self._threads:
            thread.join(_PATIENCE)
        if error is not None:
            for fault in self._faults:
                error.add_note(f"the script of the server failed: {fault!r}")
        elif self._faults:
            msg = "the script of the server failed"
            raise ExceptionGroup(msg, self._faults)

    def _start(self, work: Callable[..., None], *args: object) -> None:
        thread = Thread(target=work, args=args, name="scripted-server", daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        for number in range(_MAX_CONNECTIONS):
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            connection.settimeout(_PATIENCE)
            self._sockets.append(connection)
            self._start(self._serve, connection, number)

    def _serve(self, connection: socket.socket, number: int) -> None:
        try:
            if self._tls is not None:
                connection = self._tls.wrap_socket(connection, server_side=True)
                self._sockets.append(connection)
            with connection.makefile("rb") as reader:
                while self._exchange(connection, reader, number):
                    pass
        except OSError:
            pass  # the other side is gone, or sent nothing for too long: that is its right
        except Exception as error:  # noqa: BLE001 - a fault of the script is shown where the server ends
            self._faults.append(error)
        finally:
            connection.close()
            with self._changed:
                self._ended.add(number)
                self._changed.notify_all()

    def _exchange(self, connection: socket.socket, reader: BinaryIO, number: int) -> bool:
        """Take one request and answer it; return whether the connection may go on."""
        received = _received(reader, number, take_body=self._take_bodies)
        if received is None:
            return False
        for step in self._answer(received):
            if isinstance(step, bytes):
                connection.sendall(step)
            elif step is Act.SILENCE:
                while connection.recv(_PIECE):
                    pass
                return False
            else:
                if step is Act.RESET:
                    # Lingering for no time makes a reset of the close.
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                return False
        return self._take_bodies

    def _answer(self, received: Received) -> Steps:
        with self._changed:
            self.received.append(received)
            place = len(self.received) - 1
        if len(self._script) == 1 and callable(self._script[0]):
            place = 0
        elif place >= len(self._script):
            msg = f"request {place + 1} ({received.method} {received.target}) has no answer in the script"
            raise AssertionError(msg)
        chosen = self._script[place]
        steps = chosen(received) if callable(chosen) else chosen
        return (steps,) if isinstance(steps, bytes) else steps


def _shut(one: socket.socket) -> None:
    # Closing alone would not wake a thread that waits in it.
    with suppress(OSError):
        one.shutdown(socket.SHUT_RDWR)


def _received(reader: BinaryIO, number: int, *, take_body: bool) -> Received | None:
    """Read one request; None where the other side goes before it is complete."""
    first = reader.readline(_MAX_LINE).split()
    if not first:
        return None
    method, target = (_text(word) for word in first[:2])
    pairs: list[tuple[str, str]] = []
    while (line := reader.readline(_MAX_LINE)).strip():
        name, _, value = line.partition(b":")
        pairs.append((_text(name), _text(value.strip())))
    if not line:
        return None
    headers = Headers(pairs)
    left = int(headers.get("content-length", "0")) if take_body else 0
    checksum, kept, length = hashlib.sha256(), b"", 0
    while left and (piece := reader.read(min(_PIECE, left))):
        checksum.update(piece)
        kept += piece[: _KEPT - len(kept)]
        length += len(piece)
        left -= len(piece)
    if left:
        return None
    return Received(method, target, headers, number, kept, length, checksum.hexdigest())


def _text(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")
