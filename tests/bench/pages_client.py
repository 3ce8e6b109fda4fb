"""The process that reads a page again and again. Arguments: ``peer`` or ``parse``, whom to take turns with; the page."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Final, Protocol, cast

import lxml.html

import scckit
from scckit.site import Site
from scckit_parsel.reader import ParselReader

from .figures import alternate
from .processes import give

__all__ = ["ROWS"]

ROWS: Final = 100
_ROUNDS: Final = 31


class _Theirs(Protocol):
    """What is looked at of a measurement of pollyxt-pipelines."""

    id: str
    date_start: datetime


def _ours(body: bytes) -> Callable[[], list[scckit.Measurement]]:
    site = Site(ParselReader())

    def ours() -> list[scckit.Measurement]:
        table = site.page(body).table("result_list")
        return site.measurements(() if table is None else table.rows)

    return ours


def _peer(body: bytes) -> Callable[[], list[_Theirs]]:
    """Return how pollyxt-pipelines reads the page, as its ``SCC.query_measurements`` does it with an answer."""
    from bs4 import BeautifulSoup  # here, since who takes turns with lxml should not have it loaded
    from bs4.element import Tag

    # By its name, because the package ships no types.
    types = importlib.import_module("pollyxt_pipelines.scc_access.types")
    from_row = cast("Callable[[Tag], _Theirs]", types.Measurement.from_table_row)

    def theirs() -> list[_Theirs]:
        page = BeautifulSoup(body.decode(), "html.parser")
        return [from_row(row) for row in page.find_all("tr", {"class": "grp-row"})]

    return theirs


def _check(ours: list[scckit.Measurement], theirs: list[_Theirs]) -> None:
    """Make sure that both do the same work.

    Raises:
        RuntimeError: They do not read the same from the page, so that their times say nothing.
    """
    read = [(str(one.id), one.start and one.start.replace(tzinfo=None)) for one in ours]
    if len(read) != ROWS or read != [(one.id, one.date_start) for one in theirs]:
        msg = f"of a page of {ROWS} measurements scckit read {len(read)}, and not the same as pollyxt-pipelines"
        raise RuntimeError(msg)


def _main(beside: str, body: bytes) -> None:
    ours = _ours(body)
    if beside == "peer":
        theirs = _peer(body)
        _check(ours(), theirs())
        give(alternate(_ROUNDS, {"ours": ours, "theirs": theirs}))
    else:
        give(alternate(_ROUNDS, {"ours": ours, "theirs": lambda: lxml.html.fromstring(body)}))


if __name__ == "__main__":
    _main(sys.argv[1], Path(sys.argv[2]).read_bytes())
