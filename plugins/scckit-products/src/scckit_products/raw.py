"""Raw files, before and after they were uploaded; what they must be stands in ``inputs`` (scc-interface.md 8)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from attrs import frozen

from scckit.models import AncillaryKind, Problem, ProductName
from scckit.plugins import ProductKind, hookimpl
from scckit_products.drawing import raw_signals
from scckit_products.kind import NetCDFKind
from scckit_products.netcdf import require

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["RAW", "scckit_product_kinds"]


@frozen(eq=False)
class _RawKind(NetCDFKind):
    """The one kind whose files may have any name; its attributes are spelt differently too (8.3)."""

    def owns(self, member: str, /) -> bool:
        """Take every file: the archive holds what was uploaded, under the name that it was given."""
        return bool(member)

    def header(self, path: Path, /) -> Mapping[str, Any]:
        """Return the global attributes, with plain Python values; reads nothing else, however large the file.

        Raises:
            UnreadableProduct: It is no netCDF file, or damaged.
            MissingLibrary: A library to read it is not installed.
        """
        require("numpy")
        from scckit_products.contents import opened  # noqa: PLC0415 - needs an optional library

        with opened(path) as contents:
            return contents.attributes

    def verify(self, path: Path, /) -> Sequence[Problem]:
        """Return what is wrong with a file: all that ``check_input`` looks at in it, and whether its name is its own.

        Raises:
            MissingLibrary: A library to read it is not installed.
        """
        require("numpy")
        from scckit_products.inputs import check_raw  # noqa: PLC0415 - needs an optional library

        return check_raw(path)

    def check_input(self, path: Path, ancillary: Mapping[AncillaryKind, Path], /) -> Sequence[Problem]:
        """Return all that is wrong with a file that is to be uploaded and the files that go with it, errors first.

        The file may be larger than memory: it is read once, in parts. Its name is free (scc-interface.md 2.2), those of
        ancillary files are not.

        Codes that may be errors: ``attribute-form``, ``channel-id``, ``empty-dimension``, ``index-range``,
        ``measurement-id``, ``missing-attribute``, ``missing-dimension``, ``missing-time``, ``missing-variable``,
        ``sounding-altitude``, ``time-interval``, ``unreadable``, ``variable-dimensions``, ``variable-type``. Codes that are
        warnings: ``ancillary-absent``, ``ancillary-name``, ``ancillary-unused``, ``background-range``,
        ``channel-repeated``, ``dark-incomplete``, ``data-missing``, ``data-negative``, ``data-not-finite``,
        ``implausible``, ``laser-shots``, ``lidar-ratio-not-named``, ``lr-input``, ``measurement-id-date``,
        ``missing-value``, ``molecular-calc``, ``not-looked-at``, ``single-profile``, ``sounding-not-named``,
        ``time-order``, ``time-overlap``, ``time-span``.

        Args:
            path: The raw file.
            ancillary: The files that will be uploaded with it.

        Raises:
            MissingLibrary: A library to read them is not installed.
        """
        require("numpy")
        from scckit_products.inputs import check_input  # noqa: PLC0415 - needs an optional library

        return check_input(path, ancillary)

    def _titled(self, dataset: xr.Dataset, name: ProductName) -> Iterator[str]:
        told = {attribute: str(value).strip() for attribute, value in dataset.attrs.items()}
        yield f"raw {told.get('Measurement_ID') or name.measurement_id or '?'}"
        start, stop = (_clock(told.get(f"RawData_{edge}_Time_UT", "")) for edge in ("Start", "Stop"))
        yield f"{_day(told.get('RawData_Start_Date', ''))} {start} to {stop} UTC"
        sizes = dataset.sizes
        yield from (f"{sizes[one]} {word}{'s' * (sizes[one] != 1)}" for one, word in _COUNTED if one in sizes)


_COUNTED: Final = (("channels", "channel"), ("time", "profile"), ("points", "bin"))


def _day(text: str) -> str:
    """``20170227`` -> ``2017-02-27``; a text of another form stays as it is."""
    return f"{text[:4]}-{text[4:6]}-{text[6:]}" if len(text) == len("YYYYMMDD") else text or "?"


def _clock(text: str) -> str:
    """``112300`` -> ``11:23:00``; a text of another form stays as it is."""
    return f"{text[:2]}:{text[2:4]}:{text[4:]}" if len(text) == len("HHMMSS") else text or "?"


RAW: Final = _RawKind(
    name="raw",
    route="download-raw/",
    module=None,
    part="raw",
    draw=raw_signals,
)


@hookimpl
def scckit_product_kinds() -> Sequence[ProductKind]:
    """Offer this kind."""
    return (RAW,)
