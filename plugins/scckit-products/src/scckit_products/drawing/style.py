"""How pictures look: colours, sizes, axes of time, colour scales. What is drawn with them is not known here."""

from __future__ import annotations

import math
from datetime import UTC
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np
from matplotlib import dates
from matplotlib.colors import LogNorm, Normalize
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from scckit_products.drawing.data import moment

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from scckit_products.drawing.data import Masked

__all__ = [
    "COLOURS",
    "LIGHT_COLOURS",
    "LINES",
    "MOST_PROFILES",
    "NO_DATA",
    "SIGNALS",
    "add_no_data",
    "colour_scale",
    "columns_of",
    "is_wide",
    "label_times",
    "limits",
    "new_figure",
    "plain_text",
]

#: Okabe and Ito's colours, neighbours differ in brightness as well: for lines, and for areas.
COLOURS: Final = ("#0072B2", "#E69F00", "#000000", "#CC79A7", "#D55E00", "#56B4E9", "#009E73")
LIGHT_COLOURS: Final = ("#E69F00", "#56B4E9", "#0072B2", "#CC79A7", "#009E73", "#D55E00", "#000000")
#: More lines than these are no longer told apart.
MOST_PROFILES: Final = 6
LINES: Final = ("-", "--", "-.", ":")

#: Behind everything, so that it shows where there is nothing; no colour scale that is used has a grey.
NO_DATA: Final = "0.86"
SIGNALS: Final = "viridis"

#: Shares of the values below and above which the colour scale ends.
_LOW, _HIGH = 2.0, 99.5
#: Positive values that reach over more than this factor get a logarithmic scale.
_WIDE: Final = 10.0
#: A logarithmic scale reaches over no more than this factor: what is below is noise.
_WIDEST: Final = 1e3
#: What to write at ticks of years, months, days, hours, minutes and seconds, and where the next larger one begins.
_FORMATS: Final = ["%Y", "%Y-%m", "%m-%d", "%H:%M", "%H:%M", "%H:%M:%S"]
_ZEROES: Final = ["", "%Y", "%m-%d", "%m-%d", "%H:%M", "%H:%M"]

#: Its functions have no types.
_DATES: Final[Any] = dates
_POINTS_PER_INCH: Final = 72.0
#: Width of a letter as a share of its size, about.
_LETTER: Final = 0.54
_TITLE_SIZE: Final = 10.0


class _SignalNorm(LogNorm):
    """A logarithmic scale on which what is not positive is below it, and not missing."""

    def __call__(self, value: Any, clip: bool | None = None) -> Any:  # noqa: ANN401, FBT001 - as matplotlib has it
        return super().__call__(np.ma.maximum(value, np.finfo(float).tiny), clip)


def new_figure(title: str, *, width: float, height: float) -> Figure:
    """Make a figure with a title of one line, in letters small enough for the width (inches)."""
    figure = Figure(figsize=(width, height), layout="constrained")
    fitting = (width - 0.3) * _POINTS_PER_INCH / (_LETTER * max(1, len(title)))
    figure.suptitle(plain_text(title), fontsize=min(_TITLE_SIZE, fitting))
    return figure


def plain_text(text: str) -> str:
    """Return a text of a file as it is to be read: no formulas, no control characters."""
    return "".join(letter if letter.isprintable() else "?" for letter in text).replace("$", r"\$")


def is_wide(values: Masked) -> bool:
    """Tell whether positive values reach so far that only a logarithmic scale shows them."""
    positive = values.compressed()
    positive = positive[positive > 0]
    low, high = _percentiles(positive)
    return bool(positive.size > values.count() / 2 and low * _WIDE < high)


def colour_scale(values: Masked, *, wide: bool) -> tuple[Normalize, Literal["neither", "both", "min", "max"]]:
    """Choose a colour scale without outliers.

    Args:
        values: What is drawn with it.
        wide: Whether it is to be logarithmic; if no value is positive it is not.

    Returns:
        The scale, and at which of its ends there are values beyond.
    """
    known = values.compressed()
    positive = known[known > 0]
    if wide and positive.size:
        low, high = _percentiles(positive)
        # Noise about zero would draw the scale out without end.
        low = max(low, high / _WIDEST)
        low, high = (low, high) if low < high else (low / 2, low * 2)
        return _SignalNorm(low, high), _beyond(known, low, high)
    low, high = _widened(*_percentiles(known))
    return Normalize(low, high), _beyond(known, low, high)


def limits(values: Masked, *, margin: float) -> tuple[float, float]:
    """Return where an axis begins and ends that shows values but for outliers, which lie further out than most are apart."""
    known = values.compressed()
    low, high = _widened(*_percentiles(known))
    room = high - low
    if known.size:
        low, high = max(low - room, min(low, float(known.min()))), min(high + room, max(high, float(known.max())))
    return low - room * margin, high + room * margin


def label_times(axes: Axes, first: float, last: float, *, margin: float = 0.0) -> str:
    """Make an axis one of times in UTC, from one to another (days as matplotlib counts them); return its label, with dates."""
    locator = _DATES.AutoDateLocator(tz=UTC, minticks=3, maxticks=8)
    room = (last - first) * margin
    axes.set_xlim(first - room, last + room)
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(
        _DATES.ConciseDateFormatter(locator, tz=UTC, formats=_FORMATS, zero_formats=_ZEROES, show_offset=False)
    )
    begin, end = (f"{moment(day):%Y-%m-%d}" for day in (first, last))
    return f"Time (UTC), {begin}" + (f" to {end}" if end != begin else "")


def add_no_data(figure: Figure) -> None:
    """Say what the grey is."""
    patch = Patch(facecolor=NO_DATA, edgecolor="0.5", linewidth=0.5, label="no data")
    figure.legend(handles=[patch], loc="outside lower right", fontsize="small", frameon=False)


def _percentiles(values: np.ndarray[Any, np.dtype[np.float64]]) -> tuple[float, float]:
    if not values.size:
        return 0.0, 0.0
    low, high = np.percentile(values, [_LOW, _HIGH])
    return float(low), float(high)


def _widened(low: float, high: float) -> tuple[float, float]:
    """Return limits that are not the same."""
    if high > low:
        return low, high
    room = abs(low) * 0.1 or 1.0
    return low - room, high + room


def _beyond(
    values: np.ndarray[Any, np.dtype[np.float64]], low: float, high: float
) -> Literal["neither", "both", "min", "max"]:
    below, above = bool((values < low).any()), bool((values > high).any())
    if below and above:
        return "both"
    return "min" if below else "max" if above else "neither"


def columns_of(panels: int) -> int:
    """Return into how many columns panels go, so that a picture is not much higher than wide."""
    return min(3, math.ceil(panels / 6))
