"""Pictures of optical products (scc-interface.md 6.6): profiles with their errors, or many of them over time."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

import numpy as np
from attrs import frozen
from matplotlib.patches import Patch

from scckit_products.drawing.curtain import Panel, cloud_panels, draw_panels, flag_words
from scckit_products.drawing.data import (
    Floats,
    Grid,
    Masked,
    Quantity,
    altitudes,
    edges,
    intervals,
    nothing_to_draw,
    quantity,
)
from scckit_products.drawing.profiles import Profile, draw_profile, limit_values, time_span
from scckit_products.drawing.style import COLOURS, LINES, MOST_PROFILES, new_figure, plain_text

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["draw_optical"]

_DEPOLARIZATION: Final = "Linear depolarization ratio"
#: What goes into one panel.
_PANELS: Final = (("backscatter",), ("extinction",), ("volumedepolarization", "particledepolarization"))
_GRID: Final = ("time", "altitude")
#: Variables that have a value at each level of a file, also where its products have none. Where files with different levels
#: were joined they tell which levels are whose.
_EVERYWHERE: Final = ("cloud_mask", "vertical_resolution")
_CLOUD: Final = "#56B4E9"


@frozen(eq=False)
class _Product:
    """A quantity and its errors; both by what has no other place (wavelength), time and altitude."""

    quantity: Quantity
    errors: Masked | None

    @property
    def label(self) -> str:
        """What it is, also where nothing beside it tells."""
        is_ratio = self.quantity.name.endswith("depolarization")
        return f"{_DEPOLARIZATION}, {self.quantity.label}" if is_ratio else self.quantity.label


@frozen(eq=False)
class _Scene:
    """Where and when the products of a dataset are.

    Attributes:
        dataset: The opened product.
        times: Begin and end of each, in days as matplotlib counts them.
        levels: The altitudes of all.
        label: What to write at the axis of altitudes.
        own: Tells for each time which levels its file has.
    """

    dataset: xr.Dataset
    times: Floats
    levels: Floats
    label: str
    own: np.ndarray


def draw_optical(dataset: xr.Dataset, title: str) -> Figure:
    """Draw up to six profiles as lines, and more over time."""
    found = [[_product(dataset, name) for name in names if name in dataset.variables] for names in _PANELS]
    panels = [products for products in found if products]
    if not any(product.quantity.values.count() for products in panels for product in products):
        wanted = ", ".join(itertools.chain(*_PANELS))
        raise nothing_to_draw(dataset, f"there is no value of any of {wanted}")
    times = intervals(dataset)
    levels, label = altitudes(dataset)
    scene = _Scene(dataset, times, levels, label, _own_levels(dataset, len(times), len(levels)))
    return _draw_lines(scene, title, panels) if len(times) <= MOST_PROFILES else _draw_curtain(scene, title, panels)


def _product(dataset: xr.Dataset, name: str) -> _Product:
    found = quantity(dataset, name, *_GRID)
    error = f"error_{name}"
    errors = quantity(dataset, error, *_GRID).values if error in dataset.variables else None
    return _Product(found, errors if errors is not None and errors.shape == found.values.shape else None)


def _own_levels(dataset: xr.Dataset, times: int, levels: int) -> np.ndarray:
    """Tell for each time which levels its file has; all where that cannot be told."""
    own = np.zeros((times, levels), bool)
    if times > 1:
        for name in _EVERYWHERE:
            if name in dataset.variables:
                own |= ~np.ma.getmaskarray(quantity(dataset, name, *_GRID).values).all(axis=0)
    own[~own.any(axis=1)] = True
    return own


def _wavelength(dataset: xr.Dataset, place: Mapping[str, int]) -> str:
    if "wavelength" in place and "wavelength" in dataset.variables:
        return f"{float(dataset.variables['wavelength'].values[place['wavelength']]):.0f} nm"
    return ", ".join(f"{dimension} {index}" for dimension, index in place.items())


# -- lines ------------------------------------------------------------------------------------------------------------


def _draw_lines(scene: _Scene, title: str, panels: Sequence[Sequence[_Product]]) -> Figure:
    figure = new_figure(title, width=max(7.0, 3.6 * len(panels) + 0.8), height=6.4)
    places = figure.subplots(1, len(panels), sharey=True, squeeze=False)[0]
    seen = _mark_clouds(scene, places)
    for axes, products in zip(places, panels, strict=True):
        profiles = _profiles(scene, products)
        for profile in profiles:
            draw_profile(axes, profile)
        limit_values(axes, profiles)
        axes.axvline(0, color="0.5", linewidth=0.7, zorder=0)
        axes.grid(visible=True, color="0.9", linewidth=0.6)
        axes.set_axisbelow(True)
        label = products[0].label if len(products) == 1 else _DEPOLARIZATION
        axes.set_xlabel(f"{label} ({plain_text(products[0].quantity.unit)})")
        if len(profiles) > 1:
            axes.legend(fontsize="small", loc="upper right")
    finite = scene.levels[np.isfinite(scene.levels)]
    room = 0.02 * (finite.max() - finite.min()) or 0.1
    places[0].set_ylim(finite.min() - room, finite.max() + room)
    places[0].set_ylabel(scene.label)
    if seen:
        patch = Patch(facecolor=_CLOUD, alpha=0.3, label=plain_text(f"cloud mask: {seen}"))
        figure.legend(handles=[patch], loc="outside lower right", fontsize="small", frameon=False)
    return figure


def _profiles(scene: _Scene, products: Sequence[_Product]) -> list[Profile]:
    """Make the lines of a panel: of several times each has its colour, of one each quantity has."""
    rows = [(one, number) for one in products for number in range(len(one.quantity.places))]
    order = [int(time) for time in np.argsort(scene.times[:, 0], kind="stable")]
    profiles = []
    for (style, (one, number)), (rank, time) in itertools.product(enumerate(rows), enumerate(order)):
        kept = scene.own[time]
        words = (
            one.quantity.label if len(products) > 1 else "",
            _wavelength(scene.dataset, one.quantity.places[number]) if len(one.quantity.places) > 1 else "",
            time_span(scene.times[time], scene.times) if len(order) > 1 else "",
        )
        profiles.append(
            Profile(
                values=one.quantity.values[number, time][kept],
                errors=None if one.errors is None else one.errors[number, time][kept],
                altitudes=scene.levels[kept],
                label=", ".join(word for word in words if word),
                colour=COLOURS[(rank if len(order) > 1 else style) % len(COLOURS)],
                line=LINES[style % len(LINES)] if len(order) > 1 else "-",
            )
        )
    return profiles


def _mark_clouds(scene: _Scene, places: Sequence[Axes]) -> str:
    """Mark the levels where a cloud was seen at any time; return the words for what was seen, empty if nothing."""
    if "cloud_mask" not in scene.dataset.variables:
        return ""
    mask = quantity(scene.dataset, "cloud_mask", *_GRID).values
    cloudy = (mask.filled(0) != 0).any(axis=(0, 1)) & np.isfinite(scene.levels)
    bounds = edges(scene.levels)
    changes = np.diff(np.concatenate([[0], cloudy.astype(int), [0]]))
    for axes in places:
        for first, last in zip(np.flatnonzero(changes > 0), np.flatnonzero(changes < 0), strict=True):
            axes.axhspan(bounds[first], bounds[last], color=_CLOUD, alpha=0.3, linewidth=0, zorder=0)
    words = flag_words(scene.dataset, "cloud_mask", mask)
    return ", ".join(words[int(value)] for value in np.unique(mask.compressed()) if value)


# -- many profiles ----------------------------------------------------------------------------------------------------


def _draw_curtain(scene: _Scene, title: str, panels: Sequence[Sequence[_Product]]) -> Figure:
    """Draw each quantity over time, with the levels that each time has of its own."""
    places = np.full((len(scene.times), int(scene.own.sum(axis=1).max())), -1)
    for time, kept in enumerate(scene.own):
        indexes = np.flatnonzero(kept)
        places[time, : len(indexes)] = indexes
    shown = [
        Panel(_caption(scene, one, number), one.label, one.quantity.unit, _taken(values, places), may_be_wide=False)
        for products in panels
        for one in products
        for number, values in enumerate(one.quantity.values)
    ]
    for panel in cloud_panels(scene.dataset, *_GRID):
        if panel.values.any():
            values = _taken(panel.values, places)
            shown.append(Panel(panel.title, panel.label, panel.unit, values, panel.meanings, may_be_wide=False))
    return draw_panels(title, Grid(scene.times, np.where(places < 0, np.nan, scene.levels[places]), scene.label), shown)


def _taken(values: Masked, places: np.ndarray) -> Masked:
    """Return for each time its values at its own levels; -1 is none."""
    missing = np.take_along_axis(np.ma.getmaskarray(values), places, axis=1) | (places < 0)
    taken: Masked = np.ma.MaskedArray(np.take_along_axis(np.ma.getdata(values), places, axis=1), missing)
    return taken


def _caption(scene: _Scene, one: _Product, number: int) -> str:
    place = one.quantity.places[number]
    return f"{one.label}, {_wavelength(scene.dataset, place)}" if place else one.label
