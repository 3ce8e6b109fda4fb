"""A search of 100 000 measurements: the memory it needs as it goes on, and how soon its first row is there."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from .figures import MB, Limit, Line, Section, Spread
from .processes import figures_of
from .searches_client import EARLY, PAGES, ROWS

__all__ = ["measure"]

_FLAT: Final = Limit("at most", 1.2, "×")
_ONE: Final = Limit("at most", 1)


def measure() -> Section:
    """Measure it."""
    # Side by side to save time: neither is timed, and what one holds does not change what the other does.
    with ThreadPoolExecutor() as pool:
        traced, held = pool.map(figures_of, ["searches_client"] * 2, ["traced", "held"])
    return Section(
        (
            _memory("peak memory of a search, traced in Python", traced),
            _memory("peak memory of its process, the parser's own too", held),
            Line(
                f"pages asked for when the first of {PAGES * ROWS} rows is there",
                _count(held["pages at first row"][0]),
                "pages of the whole search",
                _count(held["pages"][0]),
                held["pages at first row"][0],
                " page",
                _ONE,
            ),
        )
    )


def _memory(what: str, figures: Mapping[str, list[float]]) -> Line:
    late, early = figures["late"][0], figures["early"][0]
    return Line(
        f"{what}, after page {PAGES} of {ROWS} rows",
        Spread.of([late]).show("MB", 1 / MB),
        f"the same after page {EARLY}",
        Spread.of([early]).show("MB", 1 / MB),
        late / early,
        "×",
        _FLAT,
    )


def _count(pages: float) -> str:
    return f"{pages:.0f}"
