"""The two short drivers that perform the effects of a flow, one for threads, one for asyncio; no rule of the SCC is here.

What goes wrong while an effect is performed is raised inside the flow, at its ``yield``. Whatever happens, the open
exchange is closed and the flow's generator too, so a cancelled flow leaves no half-open body.
"""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import suppress
from typing import Any, Protocol, TypeVar, cast
from urllib.parse import urlsplit

from attrs import evolve, frozen

from scckit.errors import BodyTruncated, UnexpectedContent
from scckit.events import Observe, Transferred
from scckit.session.effects import Drain, Effect, Flow, Open, Sink, Sleep
from scckit.session.messages import Body, Exchange, Head, Request, Transport

__all__ = ["AsyncExchange", "AsyncTransport", "run", "run_async"]

T = TypeVar("T")


class AsyncExchange(Protocol):
    """An ``Exchange`` for asyncio."""

    @property
    def head(self) -> Head:
        """Status and headers of the answer."""

    def chunks(self) -> AsyncIterator[bytes]:
        """Give the body as it is asked for; raises ``TransportError`` and nothing else."""

    async def aclose(self) -> None:
        """End the exchange, read to its end or not; may be called twice, and while its body is being read."""


class AsyncTransport(Protocol):
    """A ``Transport`` for asyncio, with the same duties, of which the event loop adds some.

    It is made on an event loop or before there is one, and belongs to the first loop on which it is used. On another loop,
    after that one has ended, it works too or raises ``TransportError``. Any number of tasks may use it at a time.

    Cancelling ``open`` gives up what it has begun, at once and for good. An exchange may be closed while a task reads its
    body; that task then gets a ``TransportError``. The loop is never kept from its other tasks: bodies of requests read
    files, so their pieces are taken in a worker thread.
    """

    async def open(self, request: Request, /) -> AsyncExchange:
        """Send a request and return once the head of the answer is there; raises what ``Transport.open`` raises."""

    async def aclose(self) -> None:
        """Give up all connections; may be called twice. Afterwards ``open`` raises ``TransportError``, at once."""


def run(flow: Flow[T], transport: Transport, *, sleep: Callable[[float], None], observe: Observe) -> T:
    """Run a flow to its end in this thread.

    Args:
        flow: A fresh flow.
        transport: Carries its requests.
        sleep: Lets so many seconds pass.
        observe: Is told of bytes that go up and down.

    Returns:
        What the flow returns.
    """
    exchange: Exchange | None = None

    def perform(effect: Effect) -> object:
        nonlocal exchange
        if isinstance(effect, Sleep):
            sleep(effect.seconds)
            return None
        if isinstance(effect, Open):
            end()
            exchange = transport.open(_watched(effect.request, observe))
            return exchange.head
        try:
            return _pour(exchange, effect.sink, observe) if isinstance(effect, Drain) and exchange else None
        finally:
            end()

    def end() -> None:
        nonlocal exchange
        if exchange is not None:
            ending, exchange = exchange, None
            ending.close()

    step: Callable[[], Effect] = flow.__next__
    try:
        while True:
            try:
                effect = step()
            except StopIteration as stop:
                return cast("T", stop.value)
            try:
                reply = perform(effect)
            except BaseException as error:  # noqa: BLE001 - the flow gets it at its yield, and the caller from there
                step = _thrower(flow, error)
            else:
                step = _sender(flow, reply)
    finally:
        flow.close()
        end()


def _thrower(flow: Flow[Any], error: BaseException) -> Callable[[], Effect]:
    return lambda: flow.throw(error)


def _sender(flow: Flow[Any], reply: object) -> Callable[[], Effect]:
    return lambda: flow.send(reply)


def _pour(exchange: Exchange, sink: Sink[T], observe: Observe) -> T:
    pour = _Pour(exchange.head, sink, observe)
    with pour:
        for chunk in exchange.chunks():
            pour.take(chunk)
        return cast("T", pour.finish())


class _Pour:
    """One body on its way into a sink: counts, compares with the announced length, aborts the sink on any error."""

    def __init__(self, head: Head, sink: Sink[Any], observe: Observe) -> None:
        self._head = head
        self._sink = sink
        self._observe = observe
        self._done = 0
        self._committed = False

    def __enter__(self) -> None:
        encoding = self._head.headers.get("content-encoding", "identity").strip().lower()
        if encoding not in {"", "identity"}:
            msg = f"the answer is compressed as {encoding!r} although plain bytes were asked for; report it to the server's team"
            raise UnexpectedContent(msg, status=self._head.status, url=_route(self._head.url))
        self._sink.begin()

    def take(self, chunk: bytes) -> None:
        if chunk:  # some sources end with an empty chunk
            self._sink.write(chunk)
            self._done += len(chunk)
            self._observe(Transferred(_route(self._head.url), "down", self._done, self._head.content_length))

    def finish(self) -> Any:  # noqa: ANN401 - a sink's own result
        expected = self._head.content_length
        if expected is not None and self._done != expected:
            msg = f"{_route(self._head.url)}: {expected} bytes were announced, {self._done} came; try again"
            raise BodyTruncated(msg)
        result = self._sink.commit()
        self._committed = True
        return result

    def __exit__(self, *_: object) -> None:
        if not self._committed:
            self._sink.abort()


@frozen
class _WatchedBody:
    """A request body whose bytes are reported as they leave."""

    body: Body
    route: str
    observe: Observe

    @property
    def content_type(self) -> str:
        return self.body.content_type

    @property
    def length(self) -> int:
        return self.body.length

    def chunks(self) -> Iterator[bytes]:
        done, total = 0, self.body.length
        for chunk in self.body.chunks():
            yield chunk
            done += len(chunk)
            self.observe(Transferred(self.route, "up", done, total))


def _watched(request: Request, observe: Observe) -> Request:
    if request.body is None:
        return request
    return evolve(request, body=_WatchedBody(request.body, _route(request.url), observe))


def _route(url: str) -> str:
    return urlsplit(url).path.lstrip("/")


async def run_async(
    flow: Flow[T], transport: AsyncTransport, *, sleep: Callable[[float], Awaitable[None]], observe: Observe
) -> T:
    """Run a flow to its end on the running event loop; see ``run``.

    Cancelling closes the open exchange and the flow before the cancellation goes on.
    """
    exchange: AsyncExchange | None = None

    async def perform(effect: Effect) -> object:
        nonlocal exchange
        if isinstance(effect, Sleep):
            await sleep(effect.seconds)
            return None
        if isinstance(effect, Open):
            await end()
            exchange = await transport.open(_watched(effect.request, observe))
            return exchange.head
        try:
            return await _pour_async(exchange, effect.sink, observe) if isinstance(effect, Drain) and exchange else None
        finally:
            await end()

    async def end() -> None:
        nonlocal exchange
        if exchange is not None:
            ending, exchange = exchange, None
            await _surely(asyncio.ensure_future(ending.aclose()))

    step: Callable[[], Effect] = flow.__next__
    try:
        while True:
            try:
                effect = step()
            except StopIteration as stop:
                return cast("T", stop.value)
            try:
                reply = await perform(effect)
            except BaseException as error:  # noqa: BLE001 - the flow gets it at its yield, and the caller from there
                step = _thrower(flow, error)
            else:
                step = _sender(flow, reply)
    finally:
        flow.close()
        await end()


async def _pour_async(exchange: AsyncExchange, sink: Sink[T], observe: Observe) -> T:
    pour = _Pour(exchange.head, sink, observe)
    with pour:
        async for chunk in exchange.chunks():
            pour.take(chunk)
        # Committing may check and unpack an archive: work for a thread, not for the loop. It is waited for even if this is
        # cancelled, since nobody may clean up under it; not as a task, since the end of a loop would cancel that.
        finishing = asyncio.get_running_loop().run_in_executor(None, contextvars.copy_context().run, pour.finish)
        return cast("T", await _surely(finishing))


async def _surely(ending: asyncio.Future[T]) -> T:
    """Wait until something has ended, also if this task is cancelled meanwhile; the cancellation goes on afterwards."""
    cancelled: asyncio.CancelledError | None = None
    while not ending.done():
        try:
            await asyncio.wait([ending])
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is not None:
        with suppress(asyncio.CancelledError):
            ending.exception()  # has been looked at; what was cancelled has nobody to tell it to
        raise cancelled
    return ending.result()
