"""Lets the asyncio driver use a transport made for threads; no rule of the SCC is here.

Each blocking step runs in a worker thread, and a thread that waits cannot be interrupted. Who awaits it can be: cancelling
and closing return at once, and the thread closes what it has when it comes back, at the latest by its own time-out.
"""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from threading import Lock
from typing import Any, Final, Generic, TypeVar, cast
from urllib.parse import urlsplit

from attrs import evolve, frozen

from scckit.errors import TransportError
from scckit.session.drivers import AsyncExchange
from scckit.session.messages import Body, Exchange, Head, Request, Transport

__all__ = ["ThreadTransport"]

T = TypeVar("T")


class ThreadTransport:
    """Makes an ``AsyncTransport`` of a ``Transport``; closing it closes that.

    A request that is cancelled before it has a connection is not sent; one that is on its way ends there with the next
    piece of its body. What was cancelled or closed while a thread waited for the server keeps its connection until the
    server says something or the time-out of the wrapped transport has passed.

    It works on any event loop, one at a time.

    Args:
        transport: Does the work.
        connections: Requests that may be under way at a time; further ones wait on the loop, not in threads.
    """

    def __init__(self, transport: Transport, *, connections: int = 4) -> None:
        """Wrap a transport; threads start when they are needed."""
        self._transport: Final = transport
        self._connections: Final = connections
        # Threads of its own: in those of the loop, steps that wait for the server could keep out the very steps that
        # would end the waiting.
        self._threads: Final = ThreadPoolExecutor(connections, thread_name_prefix="scckit-transport")
        self._closed = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._places = asyncio.Semaphore(connections)

    def __repr__(self) -> str:
        return f"ThreadTransport({self._transport!r})"

    async def open(self, request: Request, /) -> AsyncExchange:
        """Send a request in a worker thread.

        Raises:
            TransportError: It was closed, or what the wrapped transport raises.
        """
        loop = asyncio.get_running_loop()
        if self._loop is not loop:
            self._loop, self._places = loop, asyncio.Semaphore(self._connections)
        self._check_open(request)
        places = self._places
        await places.acquire()
        try:
            self._check_open(request)  # it may have been closed meanwhile
        except TransportError:
            places.release()
            raise
        exchange = _ThreadExchange(self._threads, partial(loop.call_soon_threadsafe, places.release))
        try:
            await exchange.open(self._transport, request)
        except BaseException:
            exchange.give_up()
            raise
        return exchange

    async def aclose(self) -> None:
        """Close the wrapped transport."""
        self._closed = True
        self._threads.shutdown(wait=False)
        await asyncio.to_thread(self._transport.close)

    def _check_open(self, request: Request) -> None:
        if self._closed:
            msg = f"{_shown(request)}: not sent, because the client was closed; make a new one"
            raise TransportError(msg)


class _ThreadExchange:
    """One exchange, one step at a time: whoever comes last, a step or the closing, closes it and says so."""

    def __init__(self, threads: ThreadPoolExecutor, ended: Callable[[], object]) -> None:
        self._threads = threads
        self._ended: Callable[[], object] | None = ended
        self._exchange: Exchange | None = None
        self._lock = Lock()
        self._busy = False
        self._given_up = False
        self._answer: asyncio.Future[Any] | None = None
        self._what = ""

    @property
    def head(self) -> Head:
        return self._opened().head

    async def open(self, transport: Transport, request: Request) -> None:
        self._what = _shown(request)
        if request.body is not None:
            request = evolve(request, body=_Stoppable(request.body, self._go_on))

        def step() -> None:
            self._exchange = transport.open(request)

        await self._take(step)

    async def chunks(self) -> AsyncIterator[bytes]:
        chunks: Iterator[bytes] | None = None

        def step() -> bytes | None:
            nonlocal chunks
            chunks = self._opened().chunks() if chunks is None else chunks
            return next(chunks, None)

        while (chunk := await self._take(step)) is not None:
            yield chunk

    async def aclose(self) -> None:
        closing = self.give_up()
        if closing is not None:
            await closing

    def give_up(self) -> asyncio.Future[None] | None:
        """Let it be closed: now, in a thread of the loop, or by the step that is under way when that comes back."""
        with self._lock:
            if self._given_up:
                return None
            self._given_up = True
            busy = self._busy
        if not busy:
            return asyncio.get_running_loop().run_in_executor(None, self._close)
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(TransportError(self._closed_message()))
        return None

    async def _take(self, step: Callable[[], T]) -> T:
        """Run a step in a thread; who awaits this can be sent away, the step cannot."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[_Outcome[T]] = loop.create_future()
        with self._lock:
            if self._given_up:
                raise TransportError(self._closed_message())
            try:
                running = loop.run_in_executor(self._threads, contextvars.copy_context().run, self._step, step)
            except RuntimeError as error:  # the threads were sent home
                msg = f"{self._what}: the client was closed; make a new one"
                raise TransportError(msg) from error
            self._busy = True
        self._answer = answer
        running.add_done_callback(partial(_hand_on, answer))
        return (await answer).get()

    def _step(self, step: Callable[[], T]) -> _Outcome[T]:
        outcome = _Outcome.of(step)
        with self._lock:
            self._busy = False
            closing = self._given_up
        if closing:
            self._close()
        return outcome

    def _close(self) -> None:
        try:
            if self._exchange is not None:
                self._exchange.close()
        finally:
            ended, self._ended = self._ended, None
            if ended is not None:
                with suppress(RuntimeError):  # the loop has ended, and with it all who waited for the place
                    ended()

    def _go_on(self) -> None:
        if self._given_up:
            raise TransportError(self._closed_message())

    def _opened(self) -> Exchange:
        if self._exchange is None:
            raise TransportError(self._closed_message())
        return self._exchange

    def _closed_message(self) -> str:
        return f"{self._what}: the exchange was closed; ask again"


@frozen
class _Outcome(Generic[T]):
    """What came of a step. As the exception of a future some errors, such as a TimeoutError, would turn into others."""

    value: T | None = None
    error: BaseException | None = None

    @classmethod
    def of(cls, step: Callable[[], T]) -> _Outcome[T]:
        try:
            return cls(value=step())
        except BaseException as error:  # noqa: BLE001 - for whoever awaits the step
            return cls(error=error)

    def get(self) -> T:
        if self.error is not None:
            raise self.error
        return cast("T", self.value)


def _hand_on(answer: asyncio.Future[_Outcome[T]], running: asyncio.Future[_Outcome[T]]) -> None:
    """Give the outcome of a step to who awaits it, if anybody still does."""
    if not answer.done():
        answer.set_result(running.result())


@frozen
class _Stoppable:
    """A body that ends in an error when its request was given up; the request then never looks complete."""

    body: Body
    go_on: Callable[[], None]

    @property
    def content_type(self) -> str:
        return self.body.content_type

    @property
    def length(self) -> int:
        return self.body.length

    def chunks(self) -> Iterator[bytes]:
        for chunk in self.body.chunks():
            self.go_on()
            yield chunk


def _shown(request: Request) -> str:
    """Name a request without its query, which may hold secrets."""
    parts = urlsplit(request.url)
    return f"{request.method} {parts.netloc.rpartition('@')[2]}{parts.path}"
