"""Cancelled verbs of ``AsyncClient``: whatever the step, nothing stays open, nothing stays on the disk, the next verb works."""

from __future__ import annotations

import asyncio
import gc
import io
import json
import tempfile
import threading
import warnings
import zipfile
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

from attrs import define, field
from hypothesis import event, example, given, settings
from hypothesis import strategies as st

import scckit
from scckit.plugins import AsyncExchange, Head, Headers, Registry, Request, hookimpl
from scckit.testing import Answer

from .conftest import FORM, LOGGED_IN, TinyReader
from .kinds import TextKind

ID = "20210307aky0930"
NAMES = [f"elda_{number}.nc" for number in range(3)]
CREDENTIALS = scckit.Credentials("http-user", "http-pass", "someone", "pass-word")
#: More steps than any of the verbs takes.
MANY = 60


@define
class Steps:
    """Counts the steps of a verb, those of its transport and those in threads, and cancels it at some of them."""

    cancels_at: frozenset[int] = frozenset()
    cancel: Callable[[], object] = lambda: None
    taken: int = 0

    async def take(self) -> None:
        """Take a step on the loop."""
        self._count(self.cancel)
        await asyncio.sleep(0)

    def take_in_thread(self) -> None:
        """Take a step in a thread, and let the loop turn a few times meanwhile, as it would."""
        turned = threading.Event()
        self._count(lambda: self.loop.call_soon_threadsafe(self.cancel))
        self.loop.call_soon_threadsafe(self._turn, 10, turned)
        assert turned.wait(10)

    def _turn(self, times: int, turned: threading.Event) -> None:
        if times:
            self.loop.call_soon(self._turn, times - 1, turned)
        else:
            turned.set()

    def _count(self, cancel: Callable[[], object]) -> None:
        self.taken += 1
        if self.taken in self.cancels_at:
            cancel()

    #: None where nothing is to happen in threads.
    loop: Any = field(factory=asyncio.get_running_loop)


@define
class SteppedExchange:
    """Gives an answer, and may be cancelled between any two pieces of it; closing takes steps too."""

    head: Head
    body: bytes
    transport: SteppedTransport
    closed: bool = False

    async def chunks(self) -> AsyncIterator[bytes]:
        for begin in range(0, len(self.body), 100):
            await self.transport.steps.take()
            yield self.body[begin : begin + 100]
        await self.transport.steps.take()

    async def aclose(self) -> None:
        for _ in range(2):
            await self.transport.steps.take()
        if not self.closed:
            self.closed = True
            self.transport.open_exchanges -= 1


@define
class SteppedTransport:
    """Answers by a function of the request, in steps, at any of which it may be cancelled."""

    steps: Steps
    answers: Callable[[Request], Answer]
    open_exchanges: int = 0

    async def open(self, request: Request, /) -> AsyncExchange:
        for chunk in request.body.chunks() if request.body is not None else ():
            assert chunk
            await self.steps.take()
        answer = self.answers(request)
        for _ in range(2):
            await self.steps.take()
        self.open_exchanges += 1
        headers = Headers(answer.headers).with_(("Content-Length", str(len(answer.body))))
        return SteppedExchange(Head(answer.status, headers, request.url), answer.body, self)

    async def aclose(self) -> None:
        """Do nothing."""


@define(eq=False)
class SteppedKind(TextKind):
    """A product kind that takes a step whenever it looks at a member of an archive, in the thread that unpacks it."""

    steps: Any = None

    def owns(self, member: str, /) -> bool:
        if self.steps.loop is not None and threading.current_thread() is not threading.main_thread():
            self.steps.take_in_thread()
        return super().owns(member)


def answers(request: Request) -> Answer:
    """Be a small SCC: one measurement and its archive."""
    route = request.url.removeprefix("https://scc.example/")
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as file:
        for name in NAMES:
            file.writestr(f"{ID}/{name}", name * 30)
    return {
        "GET accounts/login/": FORM,
        "POST accounts/login/": LOGGED_IN,
        "GET accounts/logout/": Answer.redirect("/"),
        f"GET api/v1/measurements/{ID}/": Answer.json(json.dumps({"id": ID, "elda": 127})),
        f"GET data_processing/measurements/{ID}/download-elda/": Answer(
            200, (("Content-Type", "application/zip"),), data.getvalue()
        ),
    }.get(f"{request.method} {route}", Answer(404))


class Plugin:
    """Offers the reader for tiny pages, and the kind."""

    def __init__(self, steps: Steps) -> None:
        self.steps = steps

    @hookimpl
    def scckit_page_readers(self) -> dict[str, Any]:
        return {"parsel": TinyReader}

    @hookimpl
    def scckit_product_kinds(self) -> list[Any]:
        return [SteppedKind("elda", steps=self.steps)]


VERBS: dict[str, Callable[[scckit.AsyncClient, Path], Awaitable[object]]] = {
    "get": lambda scc, _: scc.measurements.get(ID),
    "download": lambda scc, into: scc.products.download(ID, ["elda"], into=into),
    "download again": lambda scc, into: scc.products.download(ID, ["elda"], into=into, existing="replace"),
    "keep the archive": lambda scc, into: scc.products.download(ID, ["elda"], into=into, unpack=False),
}


async def cancelled(verb: Callable[[], Awaitable[object]], steps: Steps, *, by_time: bool) -> str:
    """Run a verb that is cancelled on its way, by a task or by a limit of time; return what came of it."""

    async def limited() -> object:
        async with asyncio.timeout(None) as limit:
            if by_time:
                steps.cancel = lambda: limit.expired() or limit.reschedule(0)
            return await verb()

    task = asyncio.ensure_future(limited())
    if not by_time:
        steps.cancel = task.cancel
    (result,) = await asyncio.gather(task, return_exceptions=True)
    if not isinstance(result, BaseException):
        return "ran to its end"
    assert type(result) is (TimeoutError if by_time else asyncio.CancelledError), repr(result)
    return "cancelled"


def downloaded(folder: Path) -> dict[str, str]:
    """Return the files under a folder that are no manifest, by their names; temporary ones too."""
    files = [path for path in folder.rglob("*") if path.is_file() and path.suffix != ".json"]
    return {path.name: path.read_text("latin-1") for path in files}


@given(
    name=st.sampled_from(sorted(VERBS)),
    cancels_at=st.sets(st.integers(1, MANY), min_size=1, max_size=3),
    by_time=st.booleans(),
)
@example(name="download", cancels_at=set(range(1, MANY)), by_time=False)
@settings(deadline=None)
def disturb(name: str, cancels_at: set[int], by_time: bool) -> None:
    """Cancel a verb at some steps, and look at what is left."""
    faults: list[object] = []

    async def main(folder: Path) -> None:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, context: faults.append(context))
        steps = Steps(frozenset(cancels_at))
        transport = SteppedTransport(steps, answers)
        plugins = Registry(discover=False, strict=True)
        plugins.register(Plugin(steps), "stepped")
        scc = scckit.connect_async(
            "https://scc.example/", credentials=CREDENTIALS, transport=transport, registry=plugins
        )
        if name == "download again":
            undisturbed, steps.cancels_at = steps.cancels_at, frozenset()
            await VERBS["download"](scc, folder)
            steps.cancels_at, steps.taken = undisturbed, 0

        event(f"{name}: {await cancelled(lambda: VERBS[name](scc, folder), steps, by_time=by_time)}")

        whole = {one: one * 30 for one in NAMES}
        assert transport.open_exchanges == 0
        if name == "keep the archive":
            assert [Path(one).suffix for one in downloaded(folder)] in ([], [".zip"])
        else:
            assert downloaded(folder) in ([whole] if name == "download again" else [{}, whole])
        steps.cancels_at = frozenset()
        files = await scc.products.download(ID, ["elda"], into=folder / "next")
        assert [file.path.name for file in files] == NAMES
        assert downloaded(folder / "next") == whole
        await scc.close()
        assert transport.open_exchanges == 0
        assert asyncio.all_tasks() == {asyncio.current_task()}

    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(main(Path(folder)))
    assert faults == []


def test_a_verb_may_be_cancelled_at_any_step() -> None:
    """No exchange is open, no part of a file is there, no task or warning is left, and the same client does the next verb."""
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        disturb()
        gc.collect()

    assert [str(one.message) for one in told] == []


def test_the_steps_are_enough() -> None:
    """The numbers above reach every step of the longest verb, sign-in included."""

    async def main(folder: Path) -> int:
        steps = Steps()
        plugins = Registry(discover=False, strict=True)
        plugins.register(Plugin(steps), "stepped")
        transport = SteppedTransport(steps, answers)
        scc = scckit.connect_async(
            "https://scc.example/", credentials=CREDENTIALS, transport=transport, registry=plugins
        )
        await VERBS["download"](scc, folder)
        return steps.taken

    with tempfile.TemporaryDirectory() as folder:
        assert MANY / 2 < asyncio.run(main(Path(folder))) < MANY
