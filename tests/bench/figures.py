"""Measured figures: how they are taken in turn, summed up and written as a table. Knows nothing of what is measured."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable, Mapping, Sequence
from statistics import median
from time import perf_counter
from typing import Final, Literal, Self

from attrs import frozen

__all__ = ["MB", "Chart", "Grid", "Limit", "Line", "Section", "Spread", "alternate", "table"]

#: Bytes of a megabyte.
MB: Final = 1_000_000

#: Letters of the longest bar of a chart.
_WIDTH: Final = 50

_HEAD: Final = (
    "| measured | scckit | compared with | that | result | wanted | kept |\n"
    "| --- | --- | --- | --- | --- | --- | --- |\n"
)


@frozen
class Spread:
    """Median and extremes of figures of one kind."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Self:
        """Sum up figures, one at least."""
        return cls(median(values), min(values), max(values))

    def times(self, factor: float) -> Self:
        """Return it in another unit."""
        return type(self)(factor * self.median, factor * self.low, factor * self.high)

    def show(self, unit: str, factor: float = 1.0) -> str:
        """Write it as "median (low to high) unit"; figures are multiplied by ``factor`` first."""
        middle, low, high = (_number(factor * value) for value in (self.median, self.low, self.high))
        return f"{middle} {unit}" if low == high else f"{middle} ({low} to {high}) {unit}"


@frozen
class Limit:
    """What a result should be."""

    sense: Literal["at least", "at most"]
    value: float
    unit: str = ""

    def __str__(self) -> str:
        return f"{self.sense} {self.value:g}{self.unit}"

    def keeps(self, result: float) -> bool:
        """Tell whether a result is within the limit."""
        return result >= self.value if self.sense == "at least" else result <= self.value


@frozen
class Line:
    """One line of the table.

    Attributes:
        what: What was measured.
        ours: scckit's figure, as text.
        against: What it is compared with.
        theirs: The figure of that, as text.
        result: The ratio, or what else ``unit`` says.
        unit: Written behind the result.
        limit: What the result should be; None for a line that only informs.
    """

    what: str
    ours: str
    against: str
    theirs: str
    result: float
    unit: str = ""
    limit: Limit | None = None

    def __str__(self) -> str:
        wanted, kept = ("–", "–")
        if self.limit is not None:
            wanted, kept = str(self.limit), "yes" if self.limit.keeps(self.result) else "**no**"
        result = f"{_number(self.result)}{self.unit}"
        return f"| {self.what} | {self.ours} | {self.against} | {self.theirs} | {result} | {wanted} | {kept} |"


@frozen
class Chart:
    """Figures of one kind beside each other, as bars that any text shows."""

    title: str
    unit: str
    bars: Mapping[str, Spread]

    def __str__(self) -> str:
        width = max(map(len, self.bars))
        longest = max(bar.median for bar in self.bars.values())
        lines = (
            f"{name:{width}}  {'█' * max(1, round(_WIDTH * bar.median / longest))} {_number(bar.median)} {self.unit}\n"
            for name, bar in self.bars.items()
        )
        return f"**{self.title}**\n\n```text\n{''.join(lines)}```\n"


@frozen
class Grid:
    """Figures of several contestants at several kinds of work; the first contestant is what the others are compared with.

    Attributes:
        title: What the figures are, with their unit.
        names: The contestants.
        rows: For each work the figures by contestant; one that cannot do it has none.
    """

    title: str
    names: tuple[str, ...]
    rows: Mapping[str, Mapping[str, Spread]]

    def __str__(self) -> str:
        head = f"| {' | '.join(('', *self.names))} |\n|{' --- |' * (len(self.names) + 1)}\n"
        lines = (
            f"| {work} | {' | '.join(self._cell(figures, name) for name in self.names)} |\n"
            for work, figures in self.rows.items()
        )
        return f"**{self.title}**\n\n{head}{''.join(lines)}"

    def _cell(self, figures: Mapping[str, Spread], name: str) -> str:
        if name not in figures:
            return "–"
        ours, shown = figures[self.names[0]], figures[name].show("").rstrip()
        return shown if name == self.names[0] else f"{shown}, {_number(figures[name].median / ours.median)}×"


@frozen
class Section:
    """What one subject gives: lines of the table, notes to be read below it, charts, and tables of their own."""

    lines: tuple[Line, ...]
    notes: tuple[str, ...] = ()
    charts: tuple[Chart, ...] = ()
    grids: tuple[Grid, ...] = ()


def alternate(
    rounds: int, contestants: Mapping[str, Callable[[], object]], prepare: Callable[[], object] = gc.collect
) -> dict[str, list[float]]:
    """Time several things in turn, so that what else the machine does falls on all of them alike.

    Args:
        rounds: How often each is timed; one more round before these is not counted.
        contestants: What to time, by name.
        prepare: Called before each, not timed.

    Returns:
        Seconds by name.
    """
    seconds: dict[str, list[float]] = {name: [] for name in contestants}
    turns = list(contestants.items())
    for number in range(rounds + 1):
        # Another one begins each round: what comes after a slow one may find the disk busy.
        turns.append(turns.pop(0))
        for name, run in turns:
            prepare()
            begin = perf_counter()
            run()
            taken = perf_counter() - begin
            if number:
                seconds[name].append(taken)
    return seconds


def table(sections: Iterable[Section]) -> str:
    """Write one table in Markdown, the charts above it, the tables of some subjects and the notes below."""
    sections = tuple(sections)
    lines = "".join(f"{line}\n" for section in sections for line in section.lines)
    notes = "".join(f"* {note}\n" for section in sections for note in section.notes)
    charts = "".join(f"{chart}\n" for section in sections for chart in section.charts)
    grids = "".join(f"{grid}\n" for section in sections for grid in section.grids)
    return f"{charts}{_HEAD}{lines}\n{grids}{notes}"


def _number(value: float) -> str:
    """Write a number with three digits that count, two behind the point at most."""
    if abs(value) < 1:
        return f"{value:.2f}"
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"
