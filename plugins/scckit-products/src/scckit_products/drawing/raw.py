"""Pictures of raw files (scc-interface.md 8): what an operator looks at first, without what only the SCC knows.

A channel's background is the mean of its last tenth of bins, whatever the file says of it: writers do not agree whether
``Background_Low`` and ``Background_High`` are metres or bins (8.4). Bins in which no channel rises out of its noise are left out.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from scckit_products.drawing.curtain import Panel, draw_panels
from scckit_products.drawing.data import Floats, Grid, Masked, days, joined, nothing_to_draw, quantity
from scckit_products.drawing.profiles import Profile, draw_profile_panels
from scckit_products.drawing.style import COLOURS

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.figure import Figure

__all__ = ["draw_raw"]

_SIGNAL: Final = "Raw_Lidar_Data"
_LABEL: Final = "Range-corrected signal"
_UNIT: Final = "arb. units"
#: More rows than these are no longer seen one by one: means of several bins are drawn.
_ROWS: Final = 600
#: Bins over which is averaged to see whether a signal rises out of its noise, and by how often that.
_BLOCK: Final = 32
_RISES: Final = 4.0
_TOGETHER: Final = 5
#: At least this share of the bins is shown.
_LEAST: Final = 0.1
_FAR: Final = 0.1
#: Bytes that are read at once, about: a night can be larger than memory.
_AT_ONCE: Final = 2**25


def draw_raw(dataset: xr.Dataset, title: str) -> Figure:
    """Draw the range-corrected signal of each channel: over time, or of a single profile as a line."""
    if _SIGNAL not in dataset.variables:
        raise nothing_to_draw(dataset, f"there is no variable {_SIGNAL}")
    sizes = dataset.variables[_SIGNAL].sizes
    if {"time", "channels", "points"} != set(sizes) or not all(sizes.values()):
        raise nothing_to_draw(dataset, f"{_SIGNAL} has the dimensions {dict(sizes)}")
    mean = _mean(dataset)
    if not mean.count():
        raise nothing_to_draw(dataset, f"all values of {_SIGNAL} are missing")
    top = max(_top(one) for one in mean)
    step = math.ceil(top / _ROWS)
    length = _bin_length(dataset)
    height: Floats = np.asarray((np.arange(top // step) + 0.5) * step * (length or 1.0), np.float64)
    label = "Range (km)" if length else "Bin"
    names = [_name(dataset, channel) for channel in range(sizes["channels"])]
    if sizes["time"] == 1:
        lines = [[Profile(signal, None, height, "", COLOURS[0])] for signal in _averaged(mean, top, step)]
        return draw_profile_panels(title, list(zip(names, lines, strict=True)), f"{_LABEL} ({_UNIT})", label)
    parts = [_averaged(counts, top, step) for counts in _parts(dataset)]
    times = _times(dataset)
    if not (times[:, 1] > times[:, 0]).any():
        raise nothing_to_draw(dataset, "no profile has a begin before its end")
    grid = Grid(times, np.broadcast_to(height, (len(times), len(height))), label)
    panels = [
        Panel(name, _LABEL, _UNIT, joined([part[channel] for part in parts])) for channel, name in enumerate(names)
    ]
    return draw_panels(title, grid, panels)


def _parts(dataset: xr.Dataset) -> Iterator[Masked]:
    """Read the signals in parts along time, each by channel, profile and bin; the background is taken off."""
    signal = dataset[[_SIGNAL]]
    sizes = dataset.variables[_SIGNAL].sizes
    count = max(1, _AT_ONCE // (8 * sizes["channels"] * sizes["points"]))
    far = _far(sizes["points"])
    for first in range(0, sizes["time"], count):
        part = signal.isel(time=slice(first, first + count))
        counts = quantity(part, _SIGNAL, "channels", "time", "points").values[0]
        yield counts - counts[..., -far:].mean(axis=-1, keepdims=True)


def _mean(dataset: xr.Dataset) -> Masked:
    """Return the mean of all profiles, by channel and bin."""
    sizes = dataset.variables[_SIGNAL].sizes
    total = np.zeros((sizes["channels"], sizes["points"]))
    number = np.zeros(total.shape, int)
    for counts in _parts(dataset):
        total += counts.filled(0.0).sum(axis=1)
        number += counts.count(axis=1)
    mean: Masked = np.ma.MaskedArray(total / np.maximum(number, 1), number == 0)
    return mean


def _far(points: int) -> int:
    return max(1, round(points * _FAR))


def _top(mean: Masked) -> int:
    """Return up to which bin a mean profile rises out of its noise, and a little further."""
    points = int(mean.shape[0])
    least = math.ceil(points * _LEAST)
    blocks = points // _BLOCK
    if not blocks or not mean.count():
        return points if mean.count() else least
    noise = float(np.ma.filled(mean[-_far(points) :].std(), 0.0)) / math.sqrt(_BLOCK)
    means = mean[: blocks * _BLOCK].reshape(blocks, _BLOCK).mean(axis=1)
    risen = np.ma.filled(means > _RISES * noise, fill_value=False)
    # A block that rises alone is noise.
    together = np.flatnonzero(np.convolve(risen, np.ones(_TOGETHER), "same") >= _TOGETHER - 1)
    last = (int(together[-1]) + 1) * _BLOCK if together.size else 0
    return min(points, max(least, math.ceil(1.1 * last)))


def _averaged(above: Masked, top: int, step: int) -> Masked:
    """Correct for the range, and take the mean of each `step` bins up to the top."""
    rows = top // step
    bins = np.arange(rows * step) + 0.5
    corrected = (above[..., : rows * step] * bins**2).reshape(*above.shape[:-1], rows, step)
    averaged: Masked = corrected.mean(axis=-1)
    return averaged


def _bin_length(dataset: xr.Dataset) -> float | None:
    """Return the length of a bin in km, if the file has one for all channels."""
    if "Raw_Data_Range_Resolution" not in dataset.variables:
        return None
    values = np.unique(quantity(dataset, "Raw_Data_Range_Resolution").values.compressed())
    # Its unit is the metre, which few writers say.
    metres = float(values[0]) if values.size == 1 else 0.0
    return metres / 1000 if metres > 0 else None


def _name(dataset: xr.Dataset, channel: int) -> str:
    """Return what tells a channel: its ID, and its wavelengths if they are there."""
    parts = []
    for name in ("channel_ID", "channel_string_ID"):
        value = _of(dataset, name, channel)
        if value is not None and value != -1:
            parts.append(f"channel {value.decode('utf-8', 'replace') if isinstance(value, bytes) else value}")
    waves = [_of(dataset, f"{way}_Wavelength", channel) for way in ("Emitted", "Detected")]
    told = [f"{float(wave):.0f}" for wave in waves if wave is not None and np.isfinite(wave) and wave > 0]
    if told:
        parts.append(" → ".join(dict.fromkeys(told)) + " nm")
    return ", ".join(parts) or f"channel number {channel + 1}"


def _of(dataset: xr.Dataset, name: str, channel: int) -> Any:  # noqa: ANN401 - number or text
    if name not in dataset.variables or dataset.variables[name].dims != ("channels",):
        return None
    return dataset.variables[name].isel(channels=channel).values.item()


def _times(dataset: xr.Dataset) -> Floats:
    """Return begin and end of each profile by the first time scale, in days as matplotlib counts them (8.3, 8.4)."""
    first = f"{dataset.attrs.get('RawData_Start_Date')} {dataset.attrs.get('RawData_Start_Time_UT')}"
    try:
        begin = datetime.strptime(first, "%Y%m%d %H%M%S").replace(tzinfo=UTC)
    except ValueError as error:
        reason = f"RawData_Start_Date and RawData_Start_Time_UT are {first}, which is no YYYYMMDD HHMMSS"
        raise nothing_to_draw(dataset, reason) from error
    edges = [quantity(dataset, f"Raw_Data_{edge}_Time", "time").values[0] for edge in ("Start", "Stop")]
    seconds = np.stack([edge.filled(np.nan) for edge in edges], axis=1)
    return np.asarray(days(begin) + seconds / 86400.0)
