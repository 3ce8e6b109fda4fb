"""Pictures of depolarization calibrations (scc-interface.md 6.10): the profile of one, or the results of many over time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from scckit_products.drawing.data import Floats, Masked, altitudes, intervals, joined, nothing_to_draw, quantity
from scckit_products.drawing.profiles import Profile, draw_profile
from scckit_products.drawing.style import COLOURS, LINES, label_times, limits, new_figure

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["draw_calibration"]

_PROFILE: Final = "polarization_calibration_ratio"
#: The result, its error, and what it is: after format 1.0, and up to it.
_RESULTS: Final = (
    ("polarization_gain_factor", "polarization_gain_factor_statistical_error", "gain factor"),
    (f"{_PROFILE}_average", f"{_PROFILE}_average_statistical_error", "average ratio"),
)
_EDGES: Final = ("polarization_calibration_minimum_range", "polarization_calibration_maximum_range")
_RANGE_COLOUR: Final = "#56B4E9"


def draw_calibration(dataset: xr.Dataset, title: str) -> Figure:
    """Draw the ratios over altitude with the range of the calibration and its result; of several, the results over time."""
    times = intervals(dataset)
    if len(times) > 1:
        return _draw_results(dataset, title, times)
    ratios = quantity(dataset, _PROFILE, "time", "altitude")
    if not ratios.values.count():
        raise nothing_to_draw(dataset, f"all values of {_PROFILE} are missing")
    name = f"{_PROFILE}_statistical_error"
    errors = quantity(dataset, name, "time", "altitude").values if name in dataset.variables else None
    levels, label = altitudes(dataset)
    figure = new_figure(title, width=7.0, height=6.4)
    axes = figure.subplots()
    spans = _calibration_ranges(dataset)
    for number, values in enumerate(ratios.values):
        draw_profile(
            axes,
            Profile(
                values=values[0],
                errors=None if errors is None else errors[number, 0],
                altitudes=levels,
                label=f"ratio {number + 1}",
                colour=COLOURS[number % len(COLOURS)],
            ),
        )
    for number, (low, high) in enumerate(spans):
        text = f"calibration range, {low:.2f} to {high:.2f} km" if number == 0 else None
        axes.axhspan(low, high, color=_RANGE_COLOUR, alpha=0.2, linewidth=0, zorder=0, label=text)
    shown = [ratios.values.ravel()]
    for result, colour in zip(_results(dataset), ("black", "0.4"), strict=False):
        shown.append(_draw_lines(axes, *result, colour))
    axes.set_xlim(*limits(joined(shown), margin=0.15))
    axes.set_xlabel(ratios.axis)
    axes.set_ylabel(label)
    axes.grid(visible=True, color="0.9", linewidth=0.6)
    axes.set_axisbelow(True)
    axes.legend(fontsize="small", loc="best")
    return figure


def _calibration_ranges(dataset: xr.Dataset) -> list[tuple[float, float]]:
    """Return the altitudes between which was calibrated, in km; each once.

    The file gives ranges, and no angle: they are taken as upright.
    """
    if not {*_EDGES, "station_altitude"} <= set(dataset.variables):
        return []
    low, high = (quantity(dataset, name).values.ravel() for name in _EDGES)
    station = quantity(dataset, "station_altitude").values.ravel()
    if not low.count() or not high.count() or not station.count():
        return []
    ground = float(station.compressed()[0])
    pairs = zip(low.filled(np.nan).tolist(), high.filled(np.nan).tolist(), strict=False)
    return list(dict.fromkeys((ground + one, ground + other) for one, other in pairs if one < other))


def _results(dataset: xr.Dataset) -> list[tuple[Masked, Masked | None, str]]:
    """Return the results that the file has, by number and time, with their errors and their names."""
    found = []
    for name, error, label in _RESULTS:
        if name in dataset.variables:
            values = quantity(dataset, name, "time").values
            errors = quantity(dataset, error, "time").values if error in dataset.variables else None
            found.append((values, errors if errors is not None and errors.shape == values.shape else None, label))
    return found


def _draw_lines(axes: Axes, values: Masked, errors: Masked | None, label: str, colour: str) -> Masked:
    """Draw results as upright lines with a band of their errors."""
    for number, value in enumerate(values[:, 0]):
        if value is np.ma.masked:
            continue
        text = f"{label} {value:.4g}"
        if errors is not None and errors[number, 0] is not np.ma.masked:
            error = abs(float(errors[number, 0]))
            text += f" ± {error:.2g}"
            axes.axvspan(value - error, value + error, color=colour, alpha=0.2, linewidth=0)
        axes.axvline(value, color=colour, linestyle=LINES[(number + 1) % len(LINES)], linewidth=1.2, label=text)
    return values.ravel()


def _draw_results(dataset: xr.Dataset, title: str, times: Floats) -> Figure:
    """Draw the result of each calibration at its middle, with its error, and nothing between."""
    results = _results(dataset)
    known = np.isfinite(times).all(axis=1)
    if not any(values[:, known].count() for values, _, _ in results):
        raise nothing_to_draw(dataset, "there is no result of a calibration at a known time")
    figure = new_figure(title, width=8.0, height=4.2)
    axes = figure.subplots()
    middles = times.mean(axis=1)
    lines = [(one, row, number) for one in results for number, row in enumerate(one[0])]
    for rank, ((_, errors, label), row, number) in enumerate(lines):
        bars = None if errors is None else np.abs(errors[number].filled(np.nan))
        text = label if sum(one[2] == label for one, _, _ in lines) == 1 else f"{label} {number + 1}"
        colour = COLOURS[rank % len(COLOURS)]
        axes.errorbar(
            middles, row.filled(np.nan), yerr=bars, fmt="o", markersize=4, capsize=2, color=colour, label=text
        )
    axes.set_ylim(*limits(joined([row for _, row, _ in lines]), margin=0.3))
    axes.set_ylabel("Calibration result (1)")
    first, last = float(times[known].min()), float(times[known].max())
    axes.set_xlabel(label_times(axes, first, last, margin=0.03))
    axes.grid(visible=True, color="0.9", linewidth=0.6)
    axes.set_axisbelow(True)
    axes.legend(fontsize="small", loc="best")
    return figure
