"""The contract of transports for asyncio has teeth: a correct one keeps it, and each broken one fails where it is broken."""

from __future__ import annotations

import asyncio
import gc
import inspect
import itertools
import time
import warnings
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

import pytest
from attrs import evolve

from scckit.errors import BodyTruncated, ConnectionBroken, TransportError
from scckit.plugins import Head, Headers, Request, TransportSettings
from scckit.testing.contracts import AsyncTransportContract, TransportContract, async_transport

#: Promises of all transports that are looked at here beside those of asyncio: those that some broken one is about.
COMMON = {
    "a_closed_exchange_gives_no_false_end",
    "a_closed_transport_sends_nothing",
    "an_exchange_can_be_closed_twice",
    "an_unread_body_can_be_given_up",
    "every_status_is_an_answer",
    "large_downloads_need_little_memory",
    "large_uploads_are_streamed",
    "repeated_headers_are_kept",
    "threads_get_their_own_answers",
}


class Plain:
    """A correct transport on the streams of asyncio, for answers with a length; no time-outs, no TLS."""

    def __init__(self, settings: TransportSettings) -> None:
        self.base = urlsplit(settings.base_url)
        self.places = asyncio.Semaphore(settings.connections)
        self.idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []
        self.busy: set[asyncio.StreamWriter] = set()
        self.closed = False
        self.loop: asyncio.AbstractEventLoop | None = None

    async def open(self, request: Request, /) -> PlainExchange:
        self.check_open()
        await self.places.acquire()
        writer = None
        try:
            self.check_open()
            reader, writer = self.idle.pop() if self.idle else await self.connect()
            self.busy.add(writer)
            await self.send(request, writer)
            return PlainExchange(self, await self.head(request, reader), reader, writer)
        except BaseException as error:
            self.give_up(writer, error)
            if isinstance(error, OSError | EOFError):
                raise ConnectionBroken("broken") from error
            raise

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection(self.base.hostname, self.base.port)

    def give_up(self, writer: asyncio.StreamWriter | None, _: BaseException | None = None) -> None:
        """End a connection and give its place back."""
        if writer is not None:
            self.busy.discard(writer)
            writer.transport.abort()
        self.places.release()

    def check_open(self) -> None:
        loop = asyncio.get_running_loop()
        self.loop = self.loop or loop
        if self.closed or self.loop is not loop:
            raise TransportError("closed, or of another loop")

    async def send(self, request: Request, writer: asyncio.StreamWriter) -> None:
        parts = urlsplit(request.url)
        lines = [f"{request.method} {parts.path} HTTP/1.1", f"Host: {parts.netloc}"]
        lines += [f"Content-Length: {request.body.length if request.body is not None else 0}", "", ""]
        writer.write("\r\n".join(lines).encode())
        if request.body is not None:
            async for chunk in self.pieces(request.body.chunks()):
                writer.write(chunk)
                await writer.drain()

    async def pieces(self, chunks: Iterator[bytes]) -> AsyncIterator[bytes]:
        while chunk := await asyncio.to_thread(next, chunks, b""):
            yield chunk

    async def head(self, request: Request, reader: asyncio.StreamReader) -> Head:
        lines = (await reader.readuntil(b"\r\n\r\n")).decode().splitlines()
        pairs = [line.split(": ", 1) for line in lines[1:] if line]
        return Head(int(lines[0].split()[1]), Headers((name, value) for name, value in pairs), request.url)

    async def aclose(self) -> None:
        self.closed = True
        if self.loop is asyncio.get_running_loop():
            for writer in (*self.busy, *(writer for _, writer in self.idle)):
                writer.transport.abort()
            self.idle.clear()
            await asyncio.sleep(0)


class PlainExchange:
    """An exchange of it."""

    def __init__(
        self, transport: Plain, head: Head, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.transport = transport
        self.head = head
        self.reader = reader
        self.writer = writer
        self.left = head.content_length or 0
        self.closed = False

    async def chunks(self) -> AsyncIterator[bytes]:
        self.check_open()
        while self.left:
            chunk = await self.reader.read(min(self.left, 64 * 1024))
            self.check_open()
            if not chunk:
                raise BodyTruncated("short")
            self.left -= len(chunk)
            yield chunk

    def check_open(self) -> None:
        if self.closed:
            raise TransportError("closed")

    async def aclose(self) -> None:
        if self.closed:
            return
        self.closed = True
        if self.left or self.transport.closed:
            self.transport.give_up(self.writer)
        else:
            self.transport.busy.discard(self.writer)
            self.transport.idle.append((self.reader, self.writer))
            self.transport.places.release()


# -- broken ones ------------------------------------------------------------------------------------------------------


class LeaksWhenCancelled(Plain):
    """Keeps the connection of a request that was cancelled."""

    def give_up(self, writer: asyncio.StreamWriter | None, error: BaseException | None = None) -> None:
        if not isinstance(error, asyncio.CancelledError):
            super().give_up(writer, error)


class LeaksUnreadBodies(Plain):
    """Keeps the connection of a body that was not read to its end."""

    async def open(self, request: Request, /) -> PlainExchange:
        exchange = await super().open(request)
        end = exchange.aclose

        async def aclose() -> None:
            exchange.closed = exchange.closed or bool(exchange.left)
            await end()

        exchange.aclose = aclose  # type: ignore[method-assign]
        return exchange


class CannotBeCancelled(Plain):
    """Goes on with a request that was cancelled, and closes it when it is done: the way of threads."""

    async def open(self, request: Request, /) -> PlainExchange:
        opening = asyncio.ensure_future(super().open(request))
        try:
            return await asyncio.shield(opening)
        except asyncio.CancelledError:
            opening.add_done_callback(self.close_late)
            raise

    def close_late(self, opening: asyncio.Task[PlainExchange]) -> None:
        if not opening.cancelled() and opening.exception() is None:
            self.loop.create_task(opening.result().aclose())  # type: ignore[union-attr]


class TurnsCancellationIntoItsError(Plain):
    """Takes every failure for one of the connection."""

    async def open(self, request: Request, /) -> PlainExchange:
        try:
            return await super().open(request)
        except asyncio.CancelledError as error:
            raise ConnectionBroken("cancelled") from error


class ReadsAhead(Plain):
    """Reads a body into memory while nobody asks for it."""

    async def open(self, request: Request, /) -> PlainExchange:
        exchange = await super().open(request)
        pieces: asyncio.Queue[bytes | TransportError | None] = asyncio.Queue()
        source = exchange.chunks

        async def read() -> None:
            try:
                async for chunk in source():
                    pieces.put_nowait(chunk)
                    if not exchange.reader._buffer:  # type: ignore[attr-defined]
                        await asyncio.sleep(0)
                pieces.put_nowait(None)
            except TransportError as error:
                pieces.put_nowait(error)

        async def chunks() -> AsyncIterator[bytes]:
            exchange.check_open()
            while (piece := await pieces.get()) is not None:
                if isinstance(piece, TransportError):
                    raise piece
                yield piece

        exchange.chunks = chunks  # type: ignore[method-assign]
        exchange.reading = asyncio.create_task(read())  # type: ignore[attr-defined]
        return exchange


class BlocksTheLoop(Plain):
    """Does something long with large bodies, such as to get memory for the whole of them."""

    async def head(self, request: Request, reader: asyncio.StreamReader) -> Head:
        head = await super().head(request, reader)
        if (head.content_length or 0) > 1_000_000:
            time.sleep(0.08)  # noqa: ASYNC251 - that is what is broken here
        return head


class ReadsFilesOnTheLoop(Plain):
    """Takes the pieces of a request's body on the loop."""

    async def pieces(self, chunks: Iterator[bytes]) -> AsyncIterator[bytes]:
        for chunk in chunks:
            yield chunk


class JoinsCookies(Plain):
    """Joins headers of one name, as the headers of many libraries do."""

    async def head(self, request: Request, reader: asyncio.StreamReader) -> Head:
        head = await super().head(request, reader)
        names = dict.fromkeys(name for name, _ in head.headers)
        return evolve(head, headers=Headers((name, ", ".join(head.headers.get_all(name))) for name in names))


class FollowsRedirects(Plain):
    """Asks again where a redirect leads."""

    async def open(self, request: Request, /) -> PlainExchange:
        exchange = await super().open(request)
        if exchange.head.status != 302:
            return exchange
        await exchange.aclose()
        return await super().open(evolve(request, url=f"{self.base.geturl()}elsewhere/"))


class ServesAfterItsEnd(Plain):
    """Opens connections when it was closed."""

    async def aclose(self) -> None:
        await super().aclose()
        self.closed = False


class EndsBodiesFalsely(Plain):
    """Lets a closed body look like one that is at its end."""

    async def open(self, request: Request, /) -> PlainExchange:
        exchange = await super().open(request)
        source = exchange.chunks

        async def chunks() -> AsyncIterator[bytes]:
            try:
                async for chunk in source():
                    yield chunk
            except TransportError:
                pass

        exchange.chunks = chunks  # type: ignore[method-assign]
        return exchange


class GivesPlacesBackTwice(Plain):
    """Counts a connection as free as often as its exchange is closed."""

    async def open(self, request: Request, /) -> PlainExchange:
        exchange = await super().open(request)
        end = exchange.aclose

        async def aclose() -> None:
            if exchange.closed:
                self.places.release()
            await end()

        exchange.aclose = aclose  # type: ignore[method-assign]
        return exchange


class OpensAsManyAsItLikes(Plain):
    """Knows no limit of connections."""

    def __init__(self, settings: TransportSettings) -> None:
        super().__init__(evolve(settings, connections=1000))


class OpensOneAtATime(Plain):
    """Uses one connection, whatever the settings say."""

    def __init__(self, settings: TransportSettings) -> None:
        super().__init__(evolve(settings, connections=1))


class ForgetsWhoWaits(Plain):
    """Does not tell those who wait for a connection that it was closed."""

    async def aclose(self) -> None:
        await super().aclose()
        self.places = asyncio.Semaphore(0)


class IsClosedLate(Plain):
    """Waits for what is open when it is closed."""

    async def aclose(self) -> None:
        self.closed = True
        while self.busy:  # noqa: ASYNC110 - that is what is broken here
            await asyncio.sleep(0.01)
        await super().aclose()


class FallsOverOnAnotherLoop(Plain):
    """Uses what belongs to a loop that has ended."""

    def check_open(self) -> None:
        if self.closed:
            raise TransportError("closed")
        self.loop = asyncio.get_running_loop()


class LeavesATask(Plain):
    """Looks after its connections in a task that nobody ends."""

    async def open(self, request: Request, /) -> PlainExchange:
        if not hasattr(self, "looking"):
            self.looking = asyncio.create_task(asyncio.Event().wait())
        return await super().open(request)


class ForgetsToAwait(Plain):
    """Does not await what ends its connections."""

    async def aclose(self) -> None:
        super().aclose()  # type: ignore[unused-coroutine]
        await super().aclose()


class LeavesConnectionsOpen(Plain):
    """Forgets its idle connections when it is closed."""

    async def aclose(self) -> None:
        self.closed = True
        self.idle.clear()


class LeavesAnErrorInATask(Plain):
    """Lets a task of its own fail, and looks at it never."""

    async def aclose(self) -> None:
        asyncio.ensure_future(self.fail())  # noqa: RUF006 - that is what is broken here
        await super().aclose()

    async def fail(self) -> None:
        raise OSError("the other side was gone already")


#: Each broken transport, and the promises that it breaks: the one that it is about, and those that cannot hold without it.
BROKEN: dict[type[Plain], set[str]] = {
    LeaksWhenCancelled: {
        "cancelling_at_any_step_leaves_the_transport_usable",
        "cancelling_before_the_head_ends_the_request",
        "cancelling_an_upload_stops_it",
    },
    LeaksUnreadBodies: {
        "a_body_may_be_left_in_the_middle",
        "an_exchange_can_be_closed_twice",
        "an_exchange_may_be_closed_by_many",
        "an_unread_body_can_be_given_up",
        "another_task_may_close_an_exchange",
        "cancelling_at_any_step_leaves_the_transport_usable",
        "cancelling_in_the_body_ends_the_exchange",
        "closing_a_transport_leaves_nobody_waiting",
    },
    CannotBeCancelled: {
        "cancelling_while_waiting_for_a_connection_sends_nothing",
        "cancelling_before_the_head_ends_the_request",
        "cancelling_an_upload_stops_it",
    },
    TurnsCancellationIntoItsError: {
        "a_limit_of_time_is_no_error_of_the_transport",
        "cancelling_at_any_step_leaves_the_transport_usable",
        "cancelling_before_the_head_ends_the_request",
        "cancelling_an_upload_stops_it",
        "cancelling_while_waiting_for_a_connection_sends_nothing",
    },
    ReadsAhead: {"a_slow_reader_slows_the_server", "large_downloads_need_little_memory"},
    BlocksTheLoop: {"other_tasks_go_on_meanwhile"},
    ReadsFilesOnTheLoop: {"bodies_are_read_in_a_thread", "cancelling_an_upload_stops_it"},
    JoinsCookies: {"repeated_headers_are_kept"},
    FollowsRedirects: {"every_status_is_an_answer"},
    ServesAfterItsEnd: {"a_closed_transport_sends_nothing", "closing_a_transport_leaves_nobody_waiting"},
    EndsBodiesFalsely: {
        "a_body_may_be_left_in_the_middle",
        "a_closed_exchange_gives_no_false_end",
        "another_task_may_close_an_exchange",
    },
    GivesPlacesBackTwice: {"an_exchange_may_be_closed_by_many"},
    OpensAsManyAsItLikes: {
        "an_exchange_may_be_closed_by_many",
        "cancelling_while_waiting_for_a_connection_sends_nothing",
        "closing_a_transport_leaves_nobody_waiting",
        "tasks_get_their_own_answers",
        "threads_get_their_own_answers",
    },
    OpensOneAtATime: {"all_connections_can_be_open_at_a_time"},
    ForgetsWhoWaits: {"closing_a_transport_leaves_nobody_waiting"},
    IsClosedLate: {"closing_a_transport_leaves_nobody_waiting"},
    FallsOverOnAnotherLoop: {"another_loop_is_served_or_refused"},
}

#: What is left behind is found by every case; each of these, and what the message says of it.
UNTIDY: dict[type[Plain], str] = {
    LeavesATask: "a task is left on the loop",
    ForgetsToAwait: "was never awaited",
    LeavesConnectionsOpen: "unclosed",
    LeavesAnErrorInATask: "the other side was gone already",
}


def suite(kind: type[Plain]) -> AsyncTransportContract:
    """Make the suite for a transport."""

    class Suite(AsyncTransportContract):
        def make_transport(self, settings: TransportSettings) -> Any:
            return kind(settings)

    return Suite()


def cases(promise: Callable[..., None]) -> Iterator[Mapping[str, object]]:
    """Give the arguments of each case of a promise, as pytest would."""
    marks = [mark for mark in getattr(promise, "pytestmark", []) if mark.name == "parametrize"]
    for values in itertools.product(*(mark.args[1] for mark in marks)):
        yield {mark.args[0]: value for mark, value in zip(marks, values, strict=True)}


def holds(promise: Callable[..., None]) -> bool:
    """Tell whether all cases of a promise pass."""
    try:
        for arguments in cases(promise):
            promise(**arguments)
    except (Exception, pytest.fail.Exception):  # noqa: BLE001 - pytest fails a test for any error
        return False
    return True


def broken_promises(kind: type[Plain]) -> set[str]:
    """Return which promises a transport breaks."""
    broken = set()
    for name, promise in inspect.getmembers(suite(kind), inspect.ismethod):
        said = name.removeprefix("test_")
        if name == said or (hasattr(TransportContract, name) and said not in COMMON):
            continue
        if not holds(promise):
            broken.add(said)
            gc.collect()  # what the failure held is not the next one's
    return broken


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let the suite give up sooner than it does for others: on promises that are broken, it waits."""
    monkeypatch.setattr(async_transport, "_AT_ONCE", 1.0)
    monkeypatch.setattr(async_transport, "_PATIENCE", 2.0)
    monkeypatch.setattr(async_transport, "_LIMIT", 4.0)
    gc.collect()
    gc.freeze()  # the suite looks for what is left after every case: only at what is new, so that it is quick
    with warnings.catch_warnings():
        # What broken ones leave open; the suite has its own look at that.
        warnings.simplefilter("ignore", ResourceWarning)
        yield
    gc.unfreeze()


def test_a_correct_transport_breaks_nothing() -> None:
    """The transport that the broken ones are made of keeps every promise that is looked at here."""
    assert broken_promises(Plain) == set()


@pytest.mark.parametrize("kind", BROKEN, ids=lambda kind: kind.__name__)
def test_a_broken_transport_breaks_its_promise_and_no_other(kind: type[Plain]) -> None:
    """Whoever runs the suite over a broken transport is told which promise it breaks, and is not led astray by others."""
    assert broken_promises(kind) == BROKEN[kind]


@pytest.mark.parametrize("name", ["test_all_connections_can_be_open_at_a_time", "test_post_without_a_body_is_complete"])
@pytest.mark.parametrize("kind", UNTIDY, ids=lambda kind: kind.__name__)
def test_what_is_left_behind_is_found_by_any_case(kind: type[Plain], name: str) -> None:
    """Both the cases for asyncio and those for all transports look at what is left when they are done."""
    with pytest.raises(AssertionError, match=UNTIDY[kind]):
        getattr(suite(kind), name)()


def test_each_promise_of_asyncio_has_a_transport_that_breaks_it() -> None:
    """Every promise that the suite adds to those of all transports can be broken."""
    added = {name.removeprefix("test_") for name in vars(AsyncTransportContract) if name.startswith("test_")}

    assert added <= set().union(*BROKEN.values())
