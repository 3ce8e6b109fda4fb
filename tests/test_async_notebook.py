"""``AsyncClient`` where its users are: in the cells of a notebook, whose loop runs already, and in scripts."""

from __future__ import annotations

import ast
import asyncio
import inspect
from pathlib import Path
from typing import Any

import pytest

import scckit
from scckit.plugins import Exchange, Registry, Request, ThreadTransport
from scckit.testing import ScriptTransport

from .test_async_cancel import CREDENTIALS, ID, NAMES, Plugin, SteppedTransport, Steps, answers

CELLS = [
    "scc = connect()",
    f"measurement = await scc.measurements.get('{ID}')",
    f"files = await scc.products.download('{ID}', ['elda'], into=folder)",
    f"both = await asyncio.gather(scc.measurements.get('{ID}'), scc.measurements.get('{ID}'))",
    """
try:
    async with asyncio.timeout(0):
        await scc.measurements.get('20210307aky1000')
except TimeoutError:
    late = True
""",
    f"again = await scc.measurements.get('{ID}')",
    "await scc.close()",
]


class AnyOrder:
    """A transport for threads that answers by the request alone, from several threads at a time."""

    def __init__(self) -> None:
        self.asked: list[ScriptTransport] = []

    def open(self, request: Request, /) -> Exchange:
        transport = ScriptTransport(answers(request))
        self.asked.append(transport)
        return transport.open(request)

    def close(self) -> None:
        """Do nothing."""


def client(transport: Any) -> scckit.AsyncClient:
    """Make a client on a transport."""
    plugins = Registry(discover=False, strict=True)
    plugins.register(Plugin(Steps(loop=None)), "stepped")
    return scckit.connect_async("https://scc.example/", credentials=CREDENTIALS, transport=transport, registry=plugins)


async def run_cells(names: dict[str, Any]) -> None:
    """Run the cells as a notebook does: one after another, each on the loop that runs, ``await`` at its top level."""
    for cell in CELLS:
        code = compile(cell, "<cell>", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
        result = eval(code, names)  # noqa: S307 - the cells above
        if inspect.iscoroutine(result):
            await result


@pytest.mark.parametrize("kind", ["threads", "native"])
def test_verbs_are_awaited_at_the_top_level_of_cells(kind: str, tmp_path: Path) -> None:
    """Every verb works on the loop that runs already; a cell that is interrupted by its limit leaves the client usable."""

    def connect() -> scckit.AsyncClient:
        made = ThreadTransport(AnyOrder()) if kind == "threads" else SteppedTransport(Steps(), answers)
        return client(made)

    names: dict[str, Any] = {"asyncio": asyncio, "connect": connect, "folder": tmp_path}
    asyncio.run(run_cells(names))

    assert names["measurement"].id == names["again"].id == ID
    assert [file.path.name for file in names["files"]] == NAMES
    assert [one.id for one in names["both"]] == [ID, ID]
    assert names["late"] is True


def test_a_client_made_before_any_loop_serves_one_after_another() -> None:
    """Scripts make a client once and call ``asyncio.run`` as often as they like: in threads, that works."""
    transport = AnyOrder()
    scc = client(ThreadTransport(transport))

    ids = [asyncio.run(scc.measurements.get(ID)).id for _ in range(3)]
    asyncio.run(scc.close())

    assert ids == [ID] * 3
    assert {one.open_exchanges for one in transport.asked} == {0}
