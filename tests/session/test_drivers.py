"""Both drivers keep the same promises: replies and errors reach the flow, nothing stays open, the length is checked."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator

import pytest

from scckit.errors import BodyTruncated, ConnectionBroken, UnexpectedContent
from scckit.events import Event, Transferred
from scckit.session.drivers import run, run_async
from scckit.session.effects import Discard, Drain, Flow, Open, Sleep
from scckit.session.messages import FormBody, Head, Headers, Request, get
from scckit.session.session import BytesSink
from scckit.session.threads import ThreadTransport
from scckit.testing import Answer, ScriptTransport

Driver = Callable[..., object]
URL = "https://scc.example/a"


def run_in_thread(flow: Flow[object], transport: ScriptTransport, pauses: list[float], events: list[Event]) -> object:
    """Drive with the thread driver."""
    return run(flow, transport, sleep=pauses.append, observe=events.append)


def run_in_loop(flow: Flow[object], transport: ScriptTransport, pauses: list[float], events: list[Event]) -> object:
    """Drive with the asyncio driver, over the same transport in worker threads."""

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)

    return asyncio.run(run_async(flow, ThreadTransport(transport), sleep=sleep, observe=events.append))


@pytest.fixture(params=[run_in_thread, run_in_loop], ids=["threads", "asyncio"])
def drive(request: pytest.FixtureRequest) -> Driver:
    """One of the drivers."""
    driver: Driver = request.param
    return driver


def test_every_effect_gets_its_reply(drive: Driver) -> None:
    """Open gives the head, Drain what the sink made, Discard and Sleep nothing; the return value comes out."""
    replies: list[object] = []

    def flow() -> Flow[str]:
        head: Head = yield Open(get(URL))
        replies.append(head.status)
        replies.append((yield Drain(BytesSink())))
        replies.append((yield Sleep(3.5)))
        yield Open(get(URL))
        replies.append((yield Discard()))
        return "end"

    transport, pauses = ScriptTransport(Answer(200, body=b"abc"), Answer(404)), []

    result = drive(flow(), transport, pauses, [])

    assert result == "end"
    assert replies == [200, b"abc", None, None]
    assert pauses == [3.5]
    assert transport.open_exchanges == 0


@pytest.mark.parametrize("place", ["open", "body", "sink", "length"])
def test_what_goes_wrong_is_raised_at_the_yield(drive: Driver, place: str) -> None:
    """An error of the transport, the body, the sink or the length reaches the flow, which may go on after it."""
    scripts = {
        "open": ConnectionBroken("gone"),
        "body": Answer(200, (("Content-Length", "9"),), b"abc", error=ConnectionBroken("cut")),
        "sink": Answer(200, body=b"abcdef"),
        "length": Answer(200, (("Content-Length", "9"),), b"abc"),
    }
    sink = BytesSink(limit=5)

    def flow() -> Flow[str]:
        try:
            yield Open(get(URL))
            yield Drain(sink)
        except Exception as error:  # noqa: BLE001 - the test looks at its type
            caught = type(error).__name__
        yield Open(get(URL))
        return caught

    transport = ScriptTransport(scripts[place], Answer())
    result = drive(flow(), transport, [], [])

    expected = {
        "open": "ConnectionBroken",
        "body": "ConnectionBroken",
        "sink": "AnswerTooLarge",
        "length": "BodyTruncated",
    }
    assert result == expected[place]
    assert sink.commit() == b""
    assert transport.open_exchanges == 0


def test_an_error_of_the_flow_closes_what_is_open(drive: Driver) -> None:
    """A flow that raises, or returns early, leaves no exchange open."""

    def raising() -> Flow[None]:
        yield Open(get(URL))
        raise UnexpectedContent("no")

    def returning() -> Flow[None]:
        yield Open(get(URL))

    transport = ScriptTransport(Answer(body=b"x"), Answer(body=b"x"))
    with pytest.raises(UnexpectedContent):
        drive(raising(), transport, [], [])
    drive(returning(), transport, [], [])

    assert transport.open_exchanges == 0


def test_a_second_open_ends_the_first_exchange(drive: Driver) -> None:
    """A flow has one exchange at a time."""

    def flow() -> Flow[None]:
        yield Open(get(URL))
        yield Open(get(URL))
        assert transport.open_exchanges == 1

    transport = ScriptTransport(Answer(body=b"x"), Answer(body=b"x"))

    drive(flow(), transport, [], [])

    assert transport.open_exchanges == 0


def test_an_unread_compressed_body_is_refused(drive: Driver) -> None:
    """Bytes in an encoding that nobody asked for are not taken for the thing itself."""

    def flow() -> Flow[None]:
        yield Open(get(URL))
        yield Drain(BytesSink())

    with pytest.raises(UnexpectedContent, match="gzip"):
        drive(flow(), ScriptTransport(Answer(200, (("Content-Encoding", "gzip"),), b"xx")), [], [])


def test_transfers_are_observed_in_both_directions(drive: Driver) -> None:
    """Observers see bytes go up and come down, the last event of each being complete."""

    def flow() -> Flow[None]:
        yield Open(Request("POST", URL, body=FormBody((("a", "b"),))))
        yield Drain(BytesSink())

    events: list[Event] = []
    drive(flow(), ScriptTransport(Answer(body=b"abc")), [], events)

    assert events == [Transferred("a", "up", 3, 3), Transferred("a", "down", 3, 3)]


def test_cancelling_closes_the_open_exchange() -> None:
    """A cancelled task leaves no exchange open, and its flow is closed."""
    closed: list[str] = []

    class Stuck:
        head = Head(200, Headers(), URL)

        async def chunks(self) -> AsyncIterator[bytes]:
            reading.set()
            await asyncio.Event().wait()
            yield b""

        async def aclose(self) -> None:
            closed.append("exchange")

    class Transport:
        async def open(self, _: Request, /) -> Stuck:
            return Stuck()

        async def aclose(self) -> None:
            """Nothing to close."""

    def flow() -> Flow[None]:
        try:
            yield Open(get(URL))
            yield Drain(BytesSink())
        finally:
            closed.append("flow")

    async def main() -> None:
        nonlocal reading
        reading = asyncio.Event()
        task = asyncio.create_task(run_async(flow(), Transport(), sleep=asyncio.sleep, observe=lambda _: None))
        await reading.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    reading: asyncio.Event
    asyncio.run(main())

    assert sorted(closed) == ["exchange", "flow"]


def test_cancelling_while_a_thread_opens_closes_what_it_opens() -> None:
    """An exchange that a worker thread opens after the cancellation is closed as soon as it is there."""
    opening, go_on, closed = threading.Event(), threading.Event(), threading.Event()

    class Late:
        head = Head(200, Headers(), URL)

        def chunks(self) -> Iterator[bytes]:
            return iter(())

        def close(self) -> None:
            closed.set()

    class Slow:
        def open(self, _: Request, /) -> Late:
            opening.set()
            go_on.wait(10)
            return Late()

        def close(self) -> None:
            """Nothing to close."""

    def flow() -> Flow[None]:
        yield Open(get(URL))

    async def main() -> None:
        task = asyncio.create_task(
            run_async(flow(), ThreadTransport(Slow()), sleep=asyncio.sleep, observe=lambda _: None)
        )
        await asyncio.to_thread(opening.wait, 10)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        go_on.set()
        await asyncio.to_thread(closed.wait, 10)

    asyncio.run(main())

    assert closed.is_set()


def test_truncation_is_named_with_both_numbers(drive: Driver) -> None:
    """The error of a short body tells how much was announced and how much came."""

    def flow() -> Flow[None]:
        yield Open(get(URL))
        yield Drain(BytesSink())

    with pytest.raises(BodyTruncated, match="9 bytes were announced, 3 came"):
        drive(flow(), ScriptTransport(Answer(200, (("Content-Length", "9"),), b"abc")), [], [])
