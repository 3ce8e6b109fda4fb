"""Pictures of ELDAmwl products, with matplotlib and without ``pyplot``: no window and no state that threads would share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import xarray as xr

from scckit.errors import MissingLibrary, UnreadableProduct
from scckit_eldamwl.files import groups, profiles

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["draw"]

_LABELS: Final = {
    "backscatter": "backscatter / Mm⁻¹ sr⁻¹",
    "extinction": "extinction / Mm⁻¹",
    "lidarratio": "lidar ratio / sr",
}
_SCALES: Final = {"backscatter": 1e6, "extinction": 1e6, "lidarratio": 1.0}
#: From the palette of Okabe and Ito, which colour-blind readers can tell apart: blue, green, vermilion and what is left.
_COLOURS: Final = ("#0072B2", "#009E73", "#D55E00", "#CC79A7", "#E69F00")


def draw(tree: xr.DataTree) -> Figure:
    """Draw the first time of each quantity, from the smoother profiles where there are both.

    Raises:
        UnreadableProduct: There is no profile with values.
        MissingLibrary: matplotlib is not installed.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise MissingLibrary("drawing needs matplotlib: pip install 'scckit-eldamwl[plot]'") from error
    chosen: dict[str, xr.Dataset] = {}
    for level, quantity in profiles(tree):
        group = groups(tree)[level]
        if "altitude" in group.variables and np.isfinite(group[quantity].values[:, 0]).any():
            chosen.setdefault(quantity, group)
    if not chosen:
        raise UnreadableProduct("there is nothing to draw: no product of this file has a value at its first time")
    figure = Figure(figsize=(3.2 * len(chosen) + 1, 5), layout="constrained")
    panels = figure.subplots(1, len(chosen), sharey=True, squeeze=False)[0]
    for panel, (quantity, group) in zip(panels, chosen.items(), strict=True):
        altitude = group["altitude"].values[0] / 1000
        # A product without errors is drawn all the same, as lines; that they are missing is for `verify` to tell.
        spreads = group[f"error_{quantity}"] if f"error_{quantity}" in group else xr.zeros_like(group[quantity])
        for colour, wavelength, values, spread in zip(
            _COLOURS,
            group["wavelength"].values,
            group[quantity].values[:, 0] * _SCALES[quantity],
            spreads.values[:, 0] * _SCALES[quantity],
            strict=False,
        ):
            panel.plot(values, altitude, color=colour, label=f"{wavelength:.0f} nm")
            panel.fill_betweenx(altitude, values - spread, values + spread, color=colour, alpha=0.25, linewidth=0)
        panel.set_xlabel(_LABELS[quantity])
        panel.legend()
    panels[0].set_ylabel("altitude above sea level / km")
    first = next(iter(chosen.values()))["time"].values[0]
    figure.suptitle(f"ELDAmwl, {np.datetime_as_string(first, 'm').replace('T', ' ')} UTC")
    return figure
