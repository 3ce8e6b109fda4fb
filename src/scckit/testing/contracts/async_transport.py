"""What every transport for asyncio must do: all that any transport must, and what an event loop adds to that.

The common cases are those of ``TransportContract``, written once: the transport runs on an event loop in a thread of its
own, and the cases talk to it from outside.
"""

from __future__ import annotations

import asyncio
import itertools
import threading
import warnings
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from concurrent.futures import Future
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from typing import Any, ClassVar, Final, TypeVar

import pytest
from attrs import define, field

from scckit.errors import TransportError
from scckit.plugins import AsyncExchange, AsyncTransport, Exchange, Head, Request, Transport, TransportSettings
from scckit.testing.contracts._garbage import new_garbage_collected
from scckit.testing.contracts.transport import FLAT, GeneratedBody, TransportCases, watched_memory
from scckit.testing.server import Act, Received, ScriptedServer, Steps, answer

__all__ = ["AsyncTransportContract"]

T = TypeVar("T")

_PATIENCE: Final = 5.0
#: A case that takes longer hangs.
_LIMIT: Final = 60.0
#: Seconds that "at once" may take on a busy machine.
_AT_ONCE: Final = 2.0
#: A read time-out that no case waits for: what ends sooner was ended by us.
_NEVER: Final = 60.0
#: A read time-out for transports whose waiting cannot be interrupted; longer than "at once".
_LATER: Final = 3.0
#: Far more than buffers hold, and quick enough to be read several times.
_LARGE: Final = 20_000_000
#: Seconds for which the event loop may be kept from its other tasks.
_BLOCKED: Final = 0.05
_PIECE: Final = 100_000
#: A server that has sent nothing more for so many looks, 10 ms apart, waits for its client.
_STILL: Final = 30


class AsyncTransportContract(TransportCases):
    """Contract suite for transports for asyncio.

    Subclass it in a test module, give the subclass a name that pytest collects, and override ``make_transport``.

    A transport belongs to one event loop, the first on which it is used; more is not asked of it (see
    ``test_another_loop_is_served_or_refused``).

    Attributes:
        interrupts: False for a transport that waits in threads, as ``ThreadTransport`` does: what is cancelled or closed
            while a thread waits for the server may then keep its connection until the read time-out. Whoever awaited it is
            free at once all the same, and every other promise stands.

    Example:
        >>> class TestMyTransport(AsyncTransportContract):
        ...     def make_transport(self, settings):
        ...         return MyTransport(settings)
    """

    interrupts: ClassVar[bool] = True

    def make_transport(self, settings: TransportSettings) -> AsyncTransport:
        """Make the transport under test; it is closed by the suite."""
        raise NotImplementedError

    @contextmanager
    def carrying(self, settings: TransportSettings) -> Iterator[Transport]:
        """Give the transport under test, on an event loop in a thread of its own."""
        with _tidy() as faults, _loop_in_a_thread(faults) as loop:
            transport = _FromOutside(self.make_transport(settings), loop)
            try:
                yield transport
            finally:
                transport.close()

    @asynccontextmanager
    async def serving(
        self,
        *script: bytes | Steps | Callable[[Received], bytes | Steps],
        connections: int = 1,
        read_timeout: float = _PATIENCE,
    ) -> AsyncIterator[tuple[ScriptedServer, AsyncTransport]]:
        """Give a server with a script, and a transport for it on the loop that runs."""
        with ScriptedServer(*script) as server:
            transport = self.make_transport(
                TransportSettings(server.url(), _PATIENCE, read_timeout, verify=True, connections=connections)
            )
            try:
                yield server, transport
            finally:
                await transport.aclose()

    @property
    def silence_ends(self) -> float:
        """A read time-out that tells ending at once from ending by time-out, as far as the transport can."""
        return _NEVER if self.interrupts else _LATER

    # -- cancelling ---------------------------------------------------------------------------------------------------

    @pytest.mark.parametrize("method", ["GET", "POST"])
    def test_cancelling_before_the_head_ends_the_request(self, method: str) -> None:
        """Time limits are put on verbs by cancelling: a request that nobody waits for may not hold a connection."""

        async def case() -> None:
            script = ((Act.SILENCE,), answer(200, body=b"next"))
            async with self.serving(*script, read_timeout=self.silence_ends) as (server, transport):
                opening = asyncio.create_task(transport.open(Request(method, server.url())))
                await _until(lambda: bool(server.received), "the request must reach the server")
                await _cancelled_at_once(opening)
                await self._ended(server, 0, "the connection of a cancelled request must be closed")
                assert await _fetch(transport, server.url()) == b"next", "its place among the connections must be free"

        _run(case)

    @pytest.mark.parametrize("how", ["reading", "between chunks"])
    def test_cancelling_in_the_body_ends_the_exchange(self, how: str) -> None:
        """A download that is cancelled, while it waits or while it works, is closed by its driver: that must be quick."""

        async def case() -> None:
            begun = asyncio.Event()

            async def read() -> None:
                exchange = await transport.open(Request("GET", server.url()))
                try:
                    async for _ in exchange.chunks():
                        begun.set()
                        if how == "between chunks":
                            await asyncio.Event().wait()
                finally:
                    await _at_once(exchange.aclose(), "closing an exchange")

            # Enough for a first chunk, however large a transport makes them.
            much: list[bytes | Act] = [answer(200, length=_LARGE), *[b"x" * _PIECE] * 20, Act.SILENCE]
            async with self.serving(much, answer(200, body=b"next"), read_timeout=self.silence_ends) as (
                server,
                transport,
            ):
                reading = asyncio.create_task(read())
                await _at_once(begun.wait(), "the first bytes must come as they are there, which")
                if how == "reading":
                    await asyncio.sleep(0.05)  # so that all that was sent is read, and the task waits for more
                await _cancelled_at_once(reading)
                await self._ended(server, 0, "the connection of a cancelled download must be closed")
                assert await _fetch(transport, server.url()) == b"next", "its place among the connections must be free"

        _run(case)

    def test_cancelling_an_upload_stops_it(self) -> None:
        """A cancelled upload must never look complete to the server: it would process what its user took back."""

        async def case() -> None:
            body = _SlowBody()
            async with self.serving(answer(200, body=b"next")) as (server, transport):
                opening = asyncio.create_task(transport.open(Request("POST", server.url("/upload/"), body=body)))
                try:
                    await _until(body.waits.is_set, "the body of the request must be read")
                    await _cancelled_at_once(opening)
                finally:
                    body.goes_on.set()
                await self._ended(server, 0, "the connection of a cancelled upload must be closed")
                assert await _fetch(transport, server.url("/next/")) == b"next", "its place must be free"
                assert [one.target for one in server.received] == ["/next/"], "the server must not see a whole upload"

        _run(case)

    def test_cancelling_at_any_step_leaves_the_transport_usable(self) -> None:
        """A cancellation comes when it comes: while connecting, sending, or when the head is just there."""

        async def case() -> None:
            async with self.serving(lambda received: answer(200, body=received.target.encode())) as (server, transport):
                for steps in range(25):
                    opening = asyncio.create_task(transport.open(Request("GET", server.url(f"/{steps}/"))))
                    for _ in range(steps):
                        await asyncio.sleep(0)
                    opening.cancel()
                    for result in await asyncio.gather(opening, return_exceptions=True):
                        if not isinstance(result, BaseException):
                            await result.aclose()
                        elif not isinstance(result, asyncio.CancelledError):
                            raise result
                    said = await _at_once(
                        _fetch(transport, server.url("/next/")), f"after a cancellation, step {steps},"
                    )
                    assert said == b"/next/", "a task got the answer of a cancelled one"

        _run(case)

    def test_cancelling_while_waiting_for_a_connection_sends_nothing(self) -> None:
        """Where all connections are in use tasks wait; one that is cancelled then has asked for nothing."""

        async def case() -> None:
            script = (answer(200, body=b"first"), answer(200, body=b"third"))
            async with self.serving(*script) as (server, transport):
                first = await transport.open(Request("GET", server.url("/1/")))
                waiting = asyncio.create_task(transport.open(Request("GET", server.url("/2/"))))
                await asyncio.sleep(0.05)  # so that it does wait
                await _cancelled_at_once(waiting)
                assert await _drain(first) == b"first", "the exchange that had the connection must be undisturbed"
                assert await _fetch(transport, server.url("/3/")) == b"third"
                assert [one.target for one in server.received] == ["/1/", "/3/"], "the cancelled request was sent"

        _run(case)

    def test_a_limit_of_time_is_no_error_of_the_transport(self) -> None:
        """``asyncio.timeout`` works by cancelling: a transport that turns it into an error of its own breaks it."""

        async def case() -> None:
            async with self.serving((Act.SILENCE,), read_timeout=self.silence_ends) as (server, transport):
                with pytest.raises(TimeoutError):
                    async with asyncio.timeout(0.1):
                        await transport.open(Request("GET", server.url()))

        _run(case)

    # -- several tasks ------------------------------------------------------------------------------------------------

    @pytest.mark.parametrize("connections", [1, 3, 8])
    def test_tasks_get_their_own_answers(self, connections: int) -> None:
        """Far more tasks than connections may ask at a time; none gets another's answer, none waits for ever."""

        def told(received: Received) -> bytes:
            return answer(200, body=received.target.encode() * 1000)

        async def case() -> None:
            async with self.serving(told, connections=connections) as (server, transport):
                targets = [f"/{number}/" for number in range(80)]
                bodies = await asyncio.gather(*(_fetch(transport, server.url(target)) for target in targets))
                assert bodies == [target.encode() * 1000 for target in targets], "a task got another task's answer"
                used = {one.connection for one in server.received}
                assert len(used) <= connections, "more connections were opened than the settings allow"

        _run(case)

    def test_all_connections_can_be_open_at_a_time(self) -> None:
        """The settings say how many exchanges may be open; one that is not read must not hold up the others."""

        async def case() -> None:
            async with self.serving(lambda one: answer(200, body=one.target.encode()), connections=5) as (server, made):
                requests = [Request("GET", server.url(f"/{number}/")) for number in range(5)]
                opened = [await _at_once(made.open(request), "opening an exchange") for request in requests]
                bodies = [await _drain(exchange) for exchange in reversed(opened)]
                assert bodies == [b"/4/", b"/3/", b"/2/", b"/1/", b"/0/"]

        _run(case)

    def test_another_task_may_close_an_exchange(self) -> None:
        """A task that gives up closes what others still read: they must be told, soon, and not by a false end."""

        async def case() -> None:
            script = ((answer(200, length=_LARGE), Act.SILENCE), answer(200, body=b"next"))
            async with self.serving(*script, read_timeout=self.silence_ends) as (server, transport):
                exchange = await transport.open(Request("GET", server.url()))
                reading = asyncio.create_task(_read(exchange))
                await asyncio.sleep(0.05)  # so that it waits for the server
                await _at_once(exchange.aclose(), "closing an exchange that is being read")
                with pytest.raises(TransportError):
                    await _at_once(reading, "reading from an exchange that is closed")
                await self._ended(server, 0, "the connection of a closed exchange must be closed")
                assert await _fetch(transport, server.url()) == b"next", "its place must be free"

        _run(case)

    def test_an_exchange_may_be_closed_by_many(self) -> None:
        """Cleaning up may come from several sides at a time; the place of a connection is given back once."""

        async def case() -> None:
            async with self.serving(lambda one: answer(200, body=one.target.encode())) as (server, transport):
                exchange = await transport.open(Request("GET", server.url("/1/")))
                await asyncio.gather(*(exchange.aclose() for _ in range(3)))
                await exchange.aclose()
                bodies = await asyncio.gather(*(_fetch(transport, server.url(f"/{number}/")) for number in range(9)))
                assert bodies == [f"/{number}/".encode() for number in range(9)]
                assert len({one.connection for one in server.received[1:]}) == 1, "a second connection was opened"

        _run(case)

    def test_closing_a_transport_leaves_nobody_waiting(self) -> None:
        """A client is closed while tasks still use it: what they do ends, well or with an error, and nothing hangs."""

        async def case() -> None:
            script = ((answer(200, length=_LARGE), Act.SILENCE),)
            async with self.serving(*script, read_timeout=self.silence_ends) as (server, transport):
                exchange = await transport.open(Request("GET", server.url()))
                waiting = asyncio.create_task(transport.open(Request("GET", server.url())))
                await asyncio.sleep(0.05)  # so that it waits for a connection
                await _at_once(transport.aclose(), "closing a transport that is in use")
                await _at_once(transport.aclose(), "closing a transport twice")
                with pytest.raises(TransportError):
                    await _at_once(transport.open(Request("GET", server.url())), "opening after the end")
                await _at_once(exchange.aclose(), "closing an exchange of a closed transport")
                with pytest.raises(TransportError):
                    await _at_once(waiting, "waiting for a connection of a closed transport")
                assert len(server.received) == 1, "a closed transport must send nothing"

        _run(case)

    # -- the loop and what it carries ---------------------------------------------------------------------------------

    def test_a_slow_reader_slows_the_server(self) -> None:
        """Who reads slowly must not find the whole body in memory: what is not asked for stays with the server."""
        sent = itertools.count()
        steps = (b"s" * _PIECE for _ in zip(range(_LARGE // _PIECE), sent, strict=False))

        async def case() -> None:
            script = itertools.chain([answer(200, length=_LARGE)], steps)
            async with self.serving(script) as (server, transport):
                exchange = await transport.open(Request("GET", server.url()))
                chunks = aiter(exchange.chunks())
                size = len(await anext(chunks))
                await _still(lambda: repr(sent))
                async for chunk in chunks:
                    size += len(chunk)
                await exchange.aclose()
                assert size == _LARGE, "every byte must arrive"

        with watched_memory() as peak:
            _run(case)
        assert peak() < FLAT, f"of a download of {_LARGE} bytes that nobody read, {peak()} bytes were held"

    @pytest.mark.parametrize("way", ["down", "up"])
    def test_other_tasks_go_on_meanwhile(self, way: str) -> None:
        """A transport shares its loop with whole applications: no piece of its work may keep them waiting."""

        def told(received: Received) -> Steps:
            if received.method == "POST":
                return [answer()]
            return itertools.chain([answer(200, length=_LARGE)], itertools.repeat(b"d" * _PIECE, _LARGE // _PIECE))

        async def case() -> None:
            request = {"down": partial(Request, "GET"), "up": partial(Request, "POST", body=GeneratedBody(_LARGE))}[way]
            gaps = []
            async with self.serving(told) as (server, transport):
                for _ in range(10):  # a busy machine makes gaps too, but not each time
                    async with _ticking() as ticks:
                        await _read(exchange := await transport.open(request(server.url())))
                        await exchange.aclose()
                    gaps.append(max(later - sooner for sooner, later in itertools.pairwise(ticks)))
                    if gaps[-1] < _BLOCKED:
                        break
            assert min(gaps) < _BLOCKED, f"other tasks had to wait for {min(gaps):.3f} s"

        _run(case)

    def test_bodies_are_read_in_a_thread(self) -> None:
        """The body of a request reads files, from network drives too: the loop must not wait for them."""

        async def case() -> None:
            body = _SlowBody()
            async with self.serving(answer(200, body=b"stored")) as (server, transport):
                opening = asyncio.create_task(transport.open(Request("POST", server.url(), body=body)))
                await _until(body.waits.is_set, "the body of the request must be read")
                body.goes_on.set()  # by the loop itself, which a body read on it would keep from getting here
                assert await _drain(await opening) == b"stored"
                assert not body.was_late, "the loop was blocked while the body of a request was read"

        _run(case)

    def test_a_body_may_be_left_in_the_middle(self) -> None:
        """A sink may refuse what comes, and the loop over the chunks is left; closing then ends everything."""

        async def case() -> None:
            endless = itertools.chain([answer(200, length=10**15)], itertools.repeat(b"x" * _PIECE))
            async with self.serving(endless, answer(200, body=b"next")) as (server, transport):
                exchange = await transport.open(Request("GET", server.url()))
                async for _ in exchange.chunks():
                    break
                await _at_once(exchange.aclose(), "closing an exchange")
                with pytest.raises(TransportError):
                    await _read(exchange)
                await self._ended(server, 0, "the connection of a given-up body must be closed")
                assert await _fetch(transport, server.url()) == b"next"

        _run(case)

    def test_another_loop_is_served_or_refused(self) -> None:
        """Whoever calls ``asyncio.run`` twice has two loops: a transport serves the second too, or says that it cannot."""

        async def again(transport: AsyncTransport, url: str) -> bytes | None:
            try:
                return await _at_once(_fetch(transport, url), "a request on a second loop")
            except TransportError:
                return None
            finally:
                await _at_once(transport.aclose(), "closing on a second loop")

        def both(server: ScriptedServer) -> tuple[bytes, bytes | None]:
            transport = self.make_transport(TransportSettings(server.url(), _PATIENCE, _PATIENCE, connections=1))
            first = asyncio.run(_fetch(transport, server.url("/1/")))
            return first, asyncio.run(again(transport, server.url("/2/")))

        told = ScriptedServer(lambda received: answer(200, body=received.target.encode()))
        with told as server, warnings.catch_warnings():
            # The end of a loop leaves open what is on it; that is nothing that a transport could change.
            warnings.simplefilter("ignore", ResourceWarning)
            with new_garbage_collected():
                said = both(server)

        assert said in {(b"/1/", b"/2/"), (b"/1/", None)}, "a second loop must be served, or refused"

    async def _ended(self, server: ScriptedServer, connection: int, promise: str) -> None:
        """Hold a transport to having ended a connection: at once, or when its thread comes back."""
        allowed = _AT_ONCE if self.interrupts else _AT_ONCE + _LATER
        await _until(lambda: server.has_ended(connection), f"{promise}, within {allowed:g} s", within=allowed)


# -- tools ------------------------------------------------------------------------------------------------------------


async def _fetch(transport: AsyncTransport, url: str) -> bytes:
    async def fetching() -> bytes:
        return await _drain(await transport.open(Request("GET", url)))

    return await _within(_PATIENCE, fetching(), "a small request")


async def _drain(exchange: AsyncExchange) -> bytes:
    try:
        return await _read(exchange)
    finally:
        await exchange.aclose()


async def _read(exchange: AsyncExchange) -> bytes:
    return b"".join([chunk async for chunk in exchange.chunks()])


async def _at_once(awaited: Awaitable[T], what: str) -> T:
    return await _within(_AT_ONCE, awaited, what)


async def _within(seconds: float, awaited: Awaitable[T], what: str) -> T:
    try:
        async with asyncio.timeout(seconds) as limit:
            return await awaited
    except TimeoutError as error:
        if limit.expired():
            msg = f"{what} must not take longer than {seconds:g} s"
            raise AssertionError(msg) from error
        raise


async def _cancelled_at_once(task: asyncio.Task[Any]) -> None:
    task.cancel()
    await asyncio.wait([task], timeout=_AT_ONCE)
    assert task.done(), "a cancelled task must end at once"
    assert task.cancelled(), f"a cancellation must come out as what it is, not as {task.exception()!r}"


async def _until(condition: Callable[[], bool], promise: str, *, within: float = _PATIENCE) -> None:
    begun = asyncio.get_running_loop().time()
    while not condition():
        assert asyncio.get_running_loop().time() - begun < within, promise
        await asyncio.sleep(0.005)


async def _still(state: Callable[[], object]) -> None:
    """Wait until something has not changed for a while."""
    seen, same = state(), 0
    while same < _STILL:
        await asyncio.sleep(0.01)
        now = state()
        seen, same = now, same + 1 if now == seen else 0


@asynccontextmanager
async def _ticking() -> AsyncIterator[list[float]]:
    """Note the time as often as the loop lets a task, while the block runs."""
    loop = asyncio.get_running_loop()
    ticks = [loop.time()]

    async def tick() -> None:
        while True:
            await asyncio.sleep(0.001)
            ticks.append(loop.time())

    task = asyncio.create_task(tick())
    try:
        yield ticks
    finally:
        ticks.append(loop.time())
        task.cancel()
        await asyncio.wait([task])


@define
class _SlowBody:
    """A body that waits in the middle until it is told to go on, as one from a file on a slow drive."""

    waits: threading.Event = field(factory=threading.Event)
    goes_on: threading.Event = field(factory=threading.Event)
    was_late: bool = False

    @property
    def content_type(self) -> str:
        return "application/octet-stream"

    @property
    def length(self) -> int:
        return 5 * _PIECE

    def chunks(self) -> Iterator[bytes]:
        yield from [b"1" * _PIECE] * 2
        self.waits.set()
        self.was_late = not self.goes_on.wait(_AT_ONCE)
        yield from [b"2" * _PIECE] * 3


def _run(case: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run a case on a loop of its own; whatever a transport leaves behind or warns of makes it fail."""

    async def main() -> None:
        asyncio.get_running_loop().set_exception_handler(partial(_noted, faults))
        async with asyncio.timeout(_LIMIT):
            await case()
        await _settled(faults)

    with _tidy() as faults:
        asyncio.run(main())


def _noted(faults: list[str], _loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    faults.append(f"{context.get('message')}: {context.get('exception')!r}")


async def _settled(faults: list[str]) -> None:
    """Give the loop time to finish what is on its way; a task that then still runs was left behind."""
    for _ in range(100):
        left = asyncio.all_tasks() - {asyncio.current_task()}
        if not left:
            return
        await asyncio.sleep(0.01)
    faults += [f"a task is left on the loop: {task!r}" for task in left]


@contextmanager
def _tidy() -> Iterator[list[str]]:
    """Fail where something was left open, or a coroutine was not awaited; give a list for further faults.

    Python tells of both by warnings, when the object goes. Other warnings are handed on.
    """
    faults: list[str] = []
    try:
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            with new_garbage_collected():
                yield faults
    finally:
        ours = [one for one in told if issubclass(one.category, ResourceWarning | RuntimeWarning)]
        for one in told:
            if one not in ours:
                warnings.warn_explicit(one.message, one.category, one.filename, one.lineno)
    faults += [str(one.message) for one in ours]
    assert faults == [], "a transport must leave nothing open, nothing running and nothing that nobody awaits"


# -- the common cases -------------------------------------------------------------------------------------------------


@contextmanager
def _loop_in_a_thread(faults: list[str]) -> Iterator[asyncio.AbstractEventLoop]:
    started: Future[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = Future()

    async def main() -> None:
        loop, ending = asyncio.get_running_loop(), asyncio.Event()
        loop.set_exception_handler(partial(_noted, faults))
        started.set_result((loop, ending))
        await ending.wait()
        await _settled(faults)

    thread = threading.Thread(target=asyncio.run, args=(main(),), name="event-loop", daemon=True)
    thread.start()
    loop, ending = started.result(_PATIENCE)
    try:
        yield loop
    finally:
        loop.call_soon_threadsafe(ending.set)
        thread.join(_PATIENCE)


class _FromOutside:
    """A transport on an event loop, as threads see it."""

    def __init__(self, transport: AsyncTransport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop

    def __repr__(self) -> str:
        return repr(self._transport)

    def open(self, request: Request, /) -> Exchange:
        return _ExchangeFromOutside(self.wait(self._transport.open(request)), self)

    def close(self) -> None:
        self.wait(self._transport.aclose())

    def wait(self, awaited: Awaitable[T]) -> T:
        """Wait for something on the loop."""
        failure: BaseException | None = None

        async def guarded() -> T | None:
            nonlocal failure
            try:
                return await awaited
            except BaseException as error:  # noqa: BLE001 - a KeyboardInterrupt, too, is for the case and not for the loop
                failure = error
                return None

        result = asyncio.run_coroutine_threadsafe(guarded(), self._loop).result(_LIMIT)
        if failure is not None:
            raise failure
        return result  # type: ignore[return-value]  # None only where there was a failure


class _ExchangeFromOutside:
    def __init__(self, exchange: AsyncExchange, transport: _FromOutside) -> None:
        self._exchange = exchange
        self._transport = transport

    @property
    def head(self) -> Head:
        return self._exchange.head

    def chunks(self) -> Iterator[bytes]:
        chunks: AsyncIterator[bytes] | None = None

        async def step() -> bytes | None:
            nonlocal chunks
            chunks = aiter(self._exchange.chunks()) if chunks is None else chunks
            return await anext(chunks, None)

        while (chunk := self._transport.wait(step())) is not None:
            yield chunk

    def close(self) -> None:
        self._transport.wait(self._exchange.aclose())
