"""Pictures of products: one function for each look that a product can have. Nothing is drawn in this file.

numpy and matplotlib are imported when a picture is drawn. The figures are made without ``pyplot``: no window, no global
state, and a thread of its own for each if need be. Colours can be told apart by colour-blind readers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, TypeAlias

from scckit.errors import SCCError, UnreadableProduct
from scckit_products.netcdf import require

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.figure import Figure

# None of these may have the name of a module of this package: once it is imported, that takes the name's place, and a kind
# that holds the function cannot be pickled any more.
__all__ = ["Draw", "calibrations", "clouds", "optical_products", "raw_signals", "signals"]

#: Draws an opened product, which stays open, under a title.
Draw: TypeAlias = "Callable[[xr.Dataset, str], Figure]"

_LIBRARIES: Final = ("numpy", "matplotlib.figure")
_INSTALL: Final = "pip install 'scckit-products[netcdf,plot]'"


def signals(dataset: xr.Dataset, title: str) -> Figure:
    """Draw signals over time and altitude, a panel for each channel (ELPP, HiRELPP, ELIC).

    Args:
        dataset: The opened product.
        title: What stands above.

    Raises:
        UnreadableProduct: It holds nothing that can be drawn.
        MissingLibrary: A library to draw it is not installed.
    """
    with _drawing(dataset):
        from scckit_products.drawing.curtain import draw_signals  # noqa: PLC0415 - needs optional libraries

        return draw_signals(dataset, title)


def clouds(dataset: xr.Dataset, title: str) -> Figure:
    """Draw cloud masks over time and altitude (CloudScreen); arguments and errors as of `signals`."""
    with _drawing(dataset):
        from scckit_products.drawing.curtain import draw_clouds  # noqa: PLC0415 - needs optional libraries

        return draw_clouds(dataset, title)


def optical_products(dataset: xr.Dataset, title: str) -> Figure:
    """Draw profiles with their errors, or many profiles over time and altitude (ELDA); otherwise as `signals`."""
    with _drawing(dataset):
        from scckit_products.drawing.optical import draw_optical  # noqa: PLC0415 - needs optional libraries

        return draw_optical(dataset, title)


def calibrations(dataset: xr.Dataset, title: str) -> Figure:
    """Draw the profiles of a depolarization calibration, or many calibrations over time (ELDEC); as `signals`."""
    with _drawing(dataset):
        from scckit_products.drawing.calibration import draw_calibration  # noqa: PLC0415 - needs optional libraries

        return draw_calibration(dataset, title)


def raw_signals(dataset: xr.Dataset, title: str) -> Figure:
    """Draw what a station uploads, a panel for each channel; arguments and errors as of `signals`."""
    with _drawing(dataset):
        from scckit_products.drawing.raw import draw_raw  # noqa: PLC0415 - needs optional libraries

        return draw_raw(dataset, title)


@contextmanager
def _drawing(dataset: xr.Dataset) -> Iterator[None]:
    """Make sure of the libraries, and turn what they raise at data of an unknown form into our error."""
    require(*_LIBRARIES, doing="drawing products", install=_INSTALL)
    try:
        yield
    except SCCError:
        raise
    except Exception as error:  # whatever damage in a file, or a form of it that nobody has seen, leads to
        where = dataset.encoding.get("source", "the dataset")
        msg = f"{where} cannot be drawn ({type(error).__name__}: {error}); look at it with open"
        raise UnreadableProduct(msg) from error
