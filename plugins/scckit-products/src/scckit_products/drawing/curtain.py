"""Pictures over time and altitude: signals, cloud masks, and many profiles side by side."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

import numpy as np
from attrs import frozen
from matplotlib.cm import ScalarMappable
from matplotlib.colors import BoundaryNorm, Colormap, ListedColormap, Normalize
from matplotlib.image import PcolorImage
from matplotlib.patches import Patch

from scckit_products.drawing.data import (
    Floats,
    Grid,
    Masked,
    Quantity,
    channel_label,
    edges,
    nothing_to_draw,
    quantity,
    time_levels,
)
from scckit_products.drawing.profiles import Profile, draw_profile_panels, time_span
from scckit_products.drawing.style import (
    COLOURS,
    LIGHT_COLOURS,
    MOST_PROFILES,
    NO_DATA,
    SIGNALS,
    add_no_data,
    colour_scale,
    columns_of,
    is_wide,
    label_times,
    new_figure,
    plain_text,
)

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["Panel", "cloud_panels", "draw_clouds", "draw_panels", "draw_signals"]

#: Of HiRELPP and ELPP, of ELIC and older HiRELPP, and what HiRELPP may have besides (scc-interface.md 6.5, 6.7, 6.9).
_SIGNALS: Final = ("range_corrected_signal", "attenuated_backscatter", "volume_linear_depolarization_ratio")
#: Those that reach over powers of ten.
_WIDE: Final = _SIGNALS[:2]
_MASKS: Final = ("automatic_cloud_mask", "manual_cloud_mask", "cloud_mask")
_GRID: Final = ("time", "level")

#: Times that are few and cover less than this share of the whole are drawn as lines.
_SPARSE: Final = 0.05
#: A gap in time that is shorter than this share of the whole is less than a pixel wide, and is not shown.
_INVISIBLE: Final = 1 / 5000
#: So many words of flags stand in a row.
_WORDS: Final = 5
_WIDTH: Final = 8.0
#: Height of a row, by their number, and of more.
_ROWS: Final = {1: 3.3, 2: 2.5, 3: 2.2}
_ROW: Final = 1.75


@frozen(eq=False)
class Panel:
    """One panel of a picture.

    Attributes:
        title: What tells it from the others.
        label: What its colours show.
        unit: And in which unit.
        values: By time and level.
        meanings: Words by value, if its values are flags, which have no scale.
        may_be_wide: Whether its scale may be logarithmic.
    """

    title: str
    label: str
    unit: str
    values: Masked
    meanings: Mapping[int, str] | None = None
    may_be_wide: bool = True


def draw_signals(dataset: xr.Dataset, title: str) -> Figure:
    """Draw a panel for each channel, and one for the clouds if the file has seen any."""
    panels = [panel for name in _SIGNALS if name in dataset.variables for panel in _channels(dataset, name)]
    if not panels:
        raise nothing_to_draw(dataset, f"there is none of {', '.join(_SIGNALS)}")
    if not any(panel.values.count() for panel in panels):
        raise nothing_to_draw(dataset, "all of its signals are missing")
    grid = time_levels(dataset)
    if _is_sparse(grid):
        return _draw_lines(dataset, title, grid)
    clouds = [panel for panel in cloud_panels(dataset, *_GRID) if panel.values.any()]
    return draw_panels(title, grid, [*panels, *clouds])


def _is_sparse(grid: Grid) -> bool:
    """Tell whether times are so few and so short that nobody would see them."""
    known = grid.times[np.isfinite(grid.times).all(axis=1)]
    if not 0 < len(known) <= MOST_PROFILES:
        return False
    return float((known[:, 1] - known[:, 0]).sum()) < _SPARSE * float(known.max() - known.min())


def _draw_lines(dataset: xr.Dataset, title: str, grid: Grid) -> Figure:
    """Draw each time as a line."""
    name = next(one for one in _SIGNALS if one in dataset.variables)
    found = quantity(dataset, name, *_GRID)
    error = f"{name}_statistical_error"
    errors = quantity(dataset, error, *_GRID).values if error in dataset.variables else None
    panels = []
    for number, place in enumerate(found.places):
        lines = [
            Profile(
                values=found.values[number, time],
                errors=None if errors is None else errors[number, time],
                altitudes=altitudes,
                label=time_span(grid.times[time], grid.times),
                colour=COLOURS[time % len(COLOURS)],
            )
            for time, altitudes in enumerate(grid.altitudes)
        ]
        panels.append((channel_label(dataset, name, place), lines))
    return draw_profile_panels(title, panels, found.axis, grid.label)


def draw_clouds(dataset: xr.Dataset, title: str) -> Figure:
    """Draw a panel for each cloud mask."""
    panels = cloud_panels(dataset, *_GRID)
    if not panels:
        raise nothing_to_draw(dataset, f"there is none of {', '.join(_MASKS)}")
    if not any(panel.values.count() for panel in panels):
        raise nothing_to_draw(dataset, "all of its cloud masks are missing")
    return draw_panels(title, time_levels(dataset), panels)


def cloud_panels(dataset: xr.Dataset, *dimensions: str) -> list[Panel]:
    """Make a panel of each cloud mask that there is.

    Its values are named by the file. Where it does not name them the numbers are shown, for the bits of CloudScreen are not
    known to be those of ELPP.
    """
    panels = []
    for name in _MASKS:
        if name in dataset.variables:
            found = quantity(dataset, name, *dimensions)
            meanings = flag_words(dataset, name, found.values)
            panels += [Panel(found.label, "", "1", values, meanings, may_be_wide=False) for values in found.values]
    return panels


def flag_words(dataset: xr.Dataset, name: str, values: Masked) -> Mapping[int, str]:
    """Return what the values of flags mean, by the words of the file; of what it has no word for that occurs, the number."""
    attributes = dataset.variables[name].attrs
    words = [word.replace("_", " ") for word in str(attributes.get("flag_meanings", "")).split()]
    occurring = [int(value) for value in np.unique(values.compressed())]
    if "flag_masks" in attributes and words:
        bits = dict(zip(np.ravel(attributes["flag_masks"]).astype(int).tolist(), words, strict=False))
        return {value: _bit_words(value, bits) for value in sorted({0, *bits, *occurring})}
    numbers = np.ravel(attributes.get("flag_values", ())).astype(int).tolist()
    known = dict(zip(numbers, words, strict=False))
    return {value: known.get(value, f"value {value}") for value in sorted({*known, *occurring})}


def _bit_words(value: int, bits: Mapping[int, str]) -> str:
    if value == 0:
        return "no cloud"
    parts = [word for bit, word in bits.items() if value & bit == bit]
    return " + ".join(parts) if sum(bit for bit in bits if value & bit == bit) == value else f"value {value}"


def draw_panels(title: str, grid: Grid, panels: Sequence[Panel]) -> Figure:
    """Draw panels over the same times and altitudes."""
    shape = _shape(grid)
    columns = columns_of(len(panels))
    rows = math.ceil(len(panels) / columns)
    figure = new_figure(title, width=_WIDTH + 3.5 * (columns - 1), height=max(4.2, 0.9 + _ROWS.get(rows, _ROW) * rows))
    places = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False)
    gaps = shape.has_gaps
    # Channels of one quantity have one kind of scale, to be compared.
    wide = {panel.label for panel in panels if panel.may_be_wide and is_wide(panel.values)}
    for axes, panel in zip(places.flat, panels, strict=False):
        gaps |= bool(np.ma.getmaskarray(panel.values)[shape.times].any())
        _draw_panel(figure, axes, shape, panel, wide=panel.label in wide)
    for axes in places.flat[len(panels) :]:
        axes.remove()
    for axes in _lowest(places, len(panels)):
        axes.xaxis.set_tick_params(labelbottom=True)
        figure.supxlabel(label_times(axes, float(shape.x.min()), float(shape.x.max())), fontsize="medium")
    places[0, 0].set_ylim(float(shape.y.min()), float(shape.y.max()))
    figure.supylabel(grid.label, fontsize="medium")
    if gaps:
        add_no_data(figure)
    return figure


def _lowest(places: np.ndarray, count: int) -> list[Axes]:
    """Return the lowest panel of each column."""
    columns = places.shape[1]
    return [places[(count - 1 - column) // columns, column] for column in range(min(columns, count))]


def _channels(dataset: xr.Dataset, name: str) -> list[Panel]:
    found: Quantity = quantity(dataset, name, *_GRID)
    return [
        Panel(channel_label(dataset, name, place), found.label, found.unit, values, may_be_wide=name in _WIDE)
        for place, values in zip(found.places, found.values, strict=True)
    ]


# -- cells ------------------------------------------------------------------------------------------------------------


@frozen(eq=False)
class _Shape:
    """The cells of a picture: corners, and for each column of cells the time whose values it has.

    Attributes:
        x: Time of each corner.
        y: Altitude of each corner.
        columns: Number of the time of each column, -1 of a gap.
        times: Numbers of the times that are drawn.
        has_gaps: Whether there are gaps in time that can be seen.
    """

    x: Floats
    y: Floats
    columns: np.ndarray
    times: np.ndarray
    has_gaps: bool

    @property
    def is_rectangular(self) -> bool:
        """Whether all columns have the same levels."""
        return bool((self.y == self.y[0]).all())

    def fill(self, values: Masked) -> Masked:
        """Give each cell its value; gaps have none."""
        missing = np.ma.getmaskarray(values)[self.columns] | (self.columns < 0)[:, None]
        filled: Masked = np.ma.MaskedArray(np.ma.getdata(values)[self.columns], missing)
        return filled


def _shape(grid: Grid) -> _Shape:
    """Make the cells. A time reaches from its begin to its end and no further, so that gaps stay gaps."""
    starts, stops = grid.times.T
    times = np.flatnonzero((stops > starts) & np.isfinite(grid.altitudes).any(axis=1))
    if not times.size:
        raise ValueError("no interval of time has a begin before its end, and altitudes")
    times = times[np.argsort(starts[times], kind="stable")]
    bridged = (np.max(stops[times]) - np.min(starts[times])) * _INVISIBLE
    levels = _edges_by_time(grid.altitudes)
    x, y = [starts[times[0]]], [levels[times[0]]]
    columns: list[int] = []
    has_gaps = False
    for time, following in zip(times, [*times[1:], None], strict=True):
        stop = stops[time]
        columns.append(int(time))
        y.append(levels[time])
        if following is None:
            x.append(stop)
            continue
        start = starts[following]
        is_gap = start - stop > bridged
        x.append(stop if is_gap else start)
        # Where levels change there is a gap without width, so that no cell is drawn aslant.
        if is_gap or not np.array_equal(levels[time], levels[following]):
            columns.append(-1)
            x.append(start)
            y.append(levels[following])
            has_gaps |= bool(is_gap)
    corners = np.array(y)
    across = np.broadcast_to(np.array(x)[:, None], corners.shape)
    return _Shape(across, corners, np.array(columns), times, has_gaps)


def _edges_by_time(middles: Floats) -> list[Floats]:
    """Return the edges of the levels for each time; most have the same as the one before."""
    found: list[Floats] = []
    for number, row in enumerate(middles):
        same = number > 0 and np.array_equal(row, middles[number - 1], equal_nan=True)
        found.append(found[-1] if same else edges(row))
    return found


# -- panels -----------------------------------------------------------------------------------------------------------


def _draw_panel(figure: Figure, axes: Axes, shape: _Shape, panel: Panel, *, wide: bool) -> None:
    axes.set_facecolor(NO_DATA)
    axes.set_title(plain_text(panel.title), loc="left", fontsize="small", pad=3)
    values = shape.fill(panel.values)
    if not values.count():
        axes.text(0.5, 0.5, "no data", transform=axes.transAxes, ha="center", va="center", color="0.3")
    elif panel.meanings is not None:
        _draw_flags(axes, shape, values, panel.meanings)
    else:
        norm, extend = colour_scale(values, wide=wide)
        cells = _draw_cells(axes, shape, values, norm, SIGNALS)
        bar = figure.colorbar(cells, ax=axes, extend=extend, pad=0.01, aspect=14)
        bar.set_label(f"{plain_text(panel.label)}\n({plain_text(panel.unit)})", fontsize="small")
        bar.ax.tick_params(which="both", labelsize="small")
        bar.ax.yaxis.get_offset_text().set_fontsize("small")


def _draw_cells(axes: Axes, shape: _Shape, values: Masked, norm: Normalize, palette: str | Colormap) -> ScalarMappable:
    """Draw cells: where all times have the same levels as an image, which is quick also for a whole night of them."""
    if shape.is_rectangular:
        image = PcolorImage(axes, shape.x[:, 0], shape.y[0], values.T, cmap=palette, norm=norm)
        image.set_clip_path(axes.patch)
        # It does not know its extent; the axes have theirs.
        image.set_in_layout(False)
        axes.add_image(image)
        return image
    return axes.pcolormesh(shape.x, shape.y, values, norm=norm, cmap=palette, shading="flat", rasterized=True)


def _flag_colour(number: int) -> str:
    """Return the colour of a value, the same in all pictures: nothing is white, bits of their own come before several."""
    order = (0, 1, 2, 4, 8, 3, 5, 6, 7)
    colours = ("white", *LIGHT_COLOURS)
    place = order.index(number) if number in order else number
    return colours[place] if place < len(colours) else LIGHT_COLOURS[place % len(LIGHT_COLOURS)]


def _draw_flags(axes: Axes, shape: _Shape, values: Masked, meanings: Mapping[int, str]) -> None:
    numbers = sorted(meanings)
    colours = {number: _flag_colour(number) for number in numbers}
    middles = [(low + high) / 2 for low, high in itertools.pairwise(numbers)]
    norm = BoundaryNorm([numbers[0] - 0.5, *middles, numbers[-1] + 0.5], len(numbers))
    palette = ListedColormap([colours[number] for number in numbers])
    _draw_cells(axes, shape, values, norm, palette)
    handles = [
        Patch(facecolor=colours[number], edgecolor="0.5", linewidth=0.5, label=plain_text(meanings[number]))
        for number in numbers
    ]
    # Beside the title, for to the right it would push all colour scales away.
    axes.legend(
        handles=handles,
        loc="lower right",
        bbox_to_anchor=(1.0, 1.0),
        ncols=min(len(handles), _WORDS),
        borderaxespad=0,
        fontsize="small",
        frameon=False,
        handlelength=1.2,
        columnspacing=1.0,
    )
