"""Lines over altitude with their errors; no product is known here."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import numpy as np
from attrs import frozen
from matplotlib.colors import LogNorm

from scckit_products.drawing.data import Floats, Masked, joined, moment
from scckit_products.drawing.style import colour_scale, is_wide, limits, new_figure, plain_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["Profile", "draw_profile", "draw_profile_panels", "limit_values", "time_span"]

_COLUMNS: Final = 4
#: Of so many values most are noise.
_MANY: Final = 700
_THICK, _THIN = 1.2, 0.7


@frozen(eq=False)
class Profile:
    """One line.

    Attributes:
        values: Its values.
        errors: Their errors, or None if there are none.
        altitudes: Where they stand; only those that belong to it, upwards or downwards.
        label: What tells it from others; empty if it is the only one.
        colour: Its colour.
        line: Its style.
    """

    values: Masked
    errors: Masked | None
    altitudes: Floats
    label: str
    colour: str
    line: str = "-"


def draw_profile(axes: Axes, profile: Profile) -> None:
    """Draw a line that breaks where a value is missing, points where a value has no neighbours, and a band of its error."""
    values = np.ma.masked_where(~np.isfinite(profile.altitudes), profile.values)
    width = _THICK if values.count() < _MANY else _THIN
    (line,) = axes.plot(
        values.filled(np.nan), profile.altitudes, linestyle=profile.line, color=profile.colour, linewidth=width
    )
    if profile.label:
        line.set_label(plain_text(profile.label))
    alone = _alone(values)
    axes.plot(
        values.filled(np.nan)[alone], profile.altitudes[alone], linestyle="none", marker=".", color=profile.colour
    )
    if profile.errors is None:
        return
    low, high = values - np.abs(profile.errors), values + np.abs(profile.errors)
    missing = np.ma.getmaskarray(low)
    axes.fill_betweenx(
        profile.altitudes,
        low.filled(np.nan),
        high.filled(np.nan),
        where=~missing,
        color=profile.colour,
        alpha=0.25,
        linewidth=0,
    )
    bars = alone & ~missing
    axes.hlines(profile.altitudes[bars], low[bars], high[bars], color=profile.colour, alpha=0.5, linewidth=width)


def limit_values(axes: Axes, profiles: list[Profile]) -> None:
    """Let an axis show all values but for outliers, and errors as far as there is room."""
    known = [one.values for one in profiles if one.values.count()]
    if known:
        axes.set_xlim(*limits(joined(known), margin=0.15))


def time_span(times: Floats, all_times: Floats) -> str:
    """Return the times of one profile, with their date where there are several."""
    if not np.isfinite(times).all():
        return "time unknown"
    start, stop = (moment(day) for day in times)
    days = np.floor(all_times[np.isfinite(all_times)])
    date = f"{start:%Y-%m-%d} " if days.min() != days.max() else ""
    # Seconds only where they say something.
    clock = "%H:%M" if start.second == stop.second == 0 else "%H:%M:%S"
    return f"{date}{start:{clock}}–{stop:{clock}}"


def draw_profile_panels(
    title: str, panels: Sequence[tuple[str, Sequence[Profile]]], across: str, upwards: str
) -> Figure:
    """Draw signals as lines, a panel for each channel.

    Args:
        title: What stands above.
        panels: The lines of each channel, under its name.
        across: What to write at the axes of values.
        upwards: What to write at the axes of altitudes.
    """
    columns = min(_COLUMNS, len(panels))
    rows = math.ceil(len(panels) / columns)
    figure = new_figure(title, width=max(7.0, 2.4 * columns + 0.6), height=5.4 if rows == 1 else 0.8 + 3.2 * rows)
    places = figure.subplots(rows, columns, sharey=True, squeeze=False)
    known = [joined([one.values for one in profiles]) for _, profiles in panels]
    wide = any(is_wide(values) for values in known)
    for axes, (name, profiles), values in zip(places.flat, panels, known, strict=False):
        axes.set_title(plain_text(name), loc="left", fontsize="small", pad=3)
        axes.grid(visible=True, color="0.9", linewidth=0.6)
        axes.set_axisbelow(True)
        if not values.count():
            axes.text(0.5, 0.5, "no data", transform=axes.transAxes, ha="center", va="center", color="0.3")
            continue
        for profile in profiles:
            draw_profile(axes, profile)
        scale, _ = colour_scale(values, wide=wide)
        if isinstance(scale, LogNorm):
            axes.set_xscale("log", nonpositive="mask")
        axes.set_xlim(float(scale.vmin or 0.0), float(scale.vmax or 1.0))
        if len(profiles) > 1:
            axes.legend(fontsize="x-small", loc="upper right")
    for axes in places.flat[len(panels) :]:
        axes.remove()
    altitudes = np.concatenate([one.altitudes for _, profiles in panels for one in profiles])
    low, high = float(np.nanmin(altitudes)), float(np.nanmax(altitudes))
    room = 0.02 * (high - low) or 0.1
    places[0, 0].set_ylim(low - room, high + room)
    figure.supylabel(upwards, fontsize="medium")
    figure.supxlabel(across, fontsize="medium")
    return figure


def _alone(values: Masked) -> np.ndarray:
    """Tell of which values both neighbours are missing, so that no line shows them."""
    known = np.concatenate([[False], ~np.ma.getmaskarray(values), [False]])
    return np.asarray(known[1:-1] & ~known[:-2] & ~known[2:])
