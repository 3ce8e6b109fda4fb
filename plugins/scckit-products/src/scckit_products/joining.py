"""Several files of one product as one dataset, joined along time. What each file holds is decoded as by itself.

First every file is looked at, and all that stands against joining is said before anything is joined. Then each is brought
to one form, so that xarray has nothing left to guess.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from attrs import frozen

from scckit.errors import InvalidInput
from scckit.models import ProductName
from scckit_products.dataset import decode
from scckit_products.kind import NetCDFKind
from scckit_products.merging import Form, Look, common_form, shaped
from scckit_products.netcdf import is_classic, plain, reading

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["SeriesKind"]

_PARTS: Final = frozenset({"hirelpp", "cloudscreen", "elpp", "elda", "eldec", "elic"})
_AXES: Final = frozenset({"time", "level", "altitude"})


@frozen(eq=False)
class SeriesKind(NetCDFKind):
    """A product kind whose files have times, so that several of one product can be opened as one."""

    def open_many(self, paths: Sequence[Path], /) -> xr.Dataset:
        """Open files of one product as one dataset, joined along ``time``. Close it when done.

        With dask, nothing of the profiles is read before it is used; without it, and for files in the classic netCDF-3
        form, all is read at once. Either way:

        - Each file is decoded as by ``open``; times ascend, in whatever order the files are given.
        - What is the same in all files stays as it is. What differs, such as ``shots`` of ELDA, has the dimension
          ``time``. If something by ``angle`` differs, all that is by ``angle`` is given by ``time``, each profile with the
          values of its angle, and ``laser_pointing_angle_of_profiles``, which then points nowhere, is left out. So
          files of ELPP's format 1.0 get the form of later ones.
        - ``altitude`` has the altitudes of all files (they are the same if they differ by less than 1 mm), ``level`` the
          length of the longest; what a file has not is NaN, for integers their ``_FillValue``, for texts empty.
        - Flags that older versions numbered otherwise have one table.
        - Attributes are those that are equal in all files. ``measurement_id`` and ``file_name`` are coordinates along
          ``time``.

        Raises:
            InvalidInput: There are no files, one is there twice or is of another kind, they are of different products,
                their times overlap or are missing, or they are of forms that cannot be brought together.
            UnreadableProduct: A file is no netCDF file, or damaged.
            MissingLibrary: A library to open them is not installed.
        """
        if not paths:
            msg = f"there are no {self.name} files to join: give at least one"
            raise InvalidInput(msg)
        _refuse_repeated(paths)
        for path in paths:
            self._require_kind(path.name, ProductName.parse(path.name).module)
        looks = sorted(map(self._look, paths), key=lambda look: (look.times.min(), look.path.name))
        _require_one_product(looks)
        _require_one_row(looks)
        form = common_form(looks)
        is_lazy = _has_dask() and not any(is_classic(path) for path in paths)
        return self._join_lazily(form) if is_lazy else self._join_read(form)

    def _look(self, path: Path) -> Look:
        with self.open(path) as dataset, reading(path):
            if ProductName.parse(path.name).module is None:
                self._require_kind(path.name, plain(dataset.attrs.get("processor_name")), is_free=True)
            missing = next((one for one in self.dimensions if one in _AXES and one not in dataset.sizes), None)
            if missing is not None:
                msg = f"{path.name} has no dimension {missing}, so it is no file of {self.name} that could be joined"
                raise InvalidInput(msg)
            return Look.at(path, dataset)

    def _require_kind(self, file: str, module: object, *, is_free: bool = False) -> None:
        """Refuse a file of another module; where the word is free, it must be a known one to count."""
        part = str(module).casefold()
        if module is not None and part != self.part and (part in _PARTS or not is_free):
            msg = f"{file} is a file of {module}, and not of {self.name}; join the files of each kind by themselves"
            raise InvalidInput(msg)

    def _join_lazily(self, form: Form) -> xr.Dataset:
        import xarray as xr  # noqa: PLC0415 - an optional library

        # xarray opens all, then prepares them one by one, in the order of their paths.
        remaining = iter(form.looks)
        opened: list[xr.Dataset] = []
        failures: list[Exception] = []

        def prepare(dataset: xr.Dataset) -> xr.Dataset:
            opened.append(dataset)
            look = next(remaining)
            try:
                with reading(look.path):
                    return shaped(decode(dataset, names=self.names, flags=self.flags), look, form)
            except Exception as error:  # noqa: BLE001 - raised below: here, xarray would leave open those that come after
                failures.append(error)
                return dataset

        try:
            joined = xr.open_mfdataset(
                [look.path.absolute() for look in form.looks],
                engine="h5netcdf",
                decode_cf=False,
                preprocess=prepare,
                combine="nested",
                concat_dim="time",
                **_AS_THEY_ARE,
            )
            if not failures:
                return _ordered(joined)
        except BaseException as error:
            _close(opened)
            if not (failures and isinstance(error, Exception)):
                raise
        _close(opened)
        raise failures[0]

    def _join_read(self, form: Form) -> xr.Dataset:
        import xarray as xr  # noqa: PLC0415 - an optional library

        parts = []
        for look in form.looks:
            with self.open(look.path) as dataset, reading(look.path):
                parts.append(shaped(dataset, look, form).load())
        return _ordered(xr.concat(parts, dim="time", **_AS_THEY_ARE))


def _close(datasets: Sequence[xr.Dataset]) -> None:
    for dataset in datasets:
        dataset.close()


#: The parts are of one form already: nothing is compared, nothing is filled in.
_AS_THEY_ARE: Final[dict[str, Any]] = {
    "data_vars": "minimal",
    "coords": "minimal",
    "compat": "override",
    "join": "override",
    "combine_attrs": "override",
}


def _ordered(joined: xr.Dataset) -> xr.Dataset:
    """Let times ascend also where the times of one file lie between those of another."""
    times = joined.variables["time"].values
    if (times[1:] > times[:-1]).all():
        return joined
    ordered = joined.isel(time=times.argsort(kind="stable"))
    # What xarray derives from a dataset does not close its files.
    ordered.set_close(joined.close)
    return ordered


def _has_dask() -> bool:
    try:
        import_module("dask.array")
    except ImportError:
        return False
    return True


def _refuse_repeated(paths: Sequence[Path]) -> None:
    seen: dict[Path, Path] = {}
    for path in paths:
        if path.resolve() in seen:
            msg = f"the file {path} is there twice ({seen[path.resolve()]}); give each file once"
            raise InvalidInput(msg)
        seen[path.resolve()] = path


def _require_one_product(looks: Sequence[Look]) -> None:
    """Refuse files whose names, or where those tell nothing, whose content, tell of different products."""
    identities = [_identity(look) for look in looks]
    for part in identities[0]:
        files: dict[object, list[str]] = {}
        for look, identity in zip(looks, identities, strict=True):
            if identity[part] is not None:
                files.setdefault(identity[part], []).append(look.path.name)
        if len(files) > 1:
            listed = "; ".join(f"{part} {value}: {', '.join(names)}" for value, names in files.items())
            msg = f"these files are of different products and cannot be joined, join those of each by themselves: {listed}"
            raise InvalidInput(msg)


def _identity(look: Look) -> dict[str, object]:
    name = ProductName.parse(look.path.name)
    station = name.station or look.attributes.get("station_ID")
    product_id = name.product_id if name.product_id is not None else look.attributes.get("scc_product_ID")
    return {
        "station": str(station).casefold() if station is not None else None,
        "product type": name.product_type if name.product_type is not None else look.product_type,
        "wavelength": name.wavelength,
        "product ID": str(product_id) if product_id is not None else None,
    }


def _require_one_row(looks: Sequence[Look]) -> None:
    """Refuse times that are there twice, and intervals of different files that overlap."""
    rows = sorted(
        ((time, *edges, look.path.name) for look in looks for time, edges in zip(look.times, look.bounds, strict=True)),
    )
    for before, row in pairwise(rows):
        if before[0] == row[0]:
            files = " and ".join(dict.fromkeys((before[3], row[3])))
            msg = f"the time {row[0]} is there twice, in {files}, so that they cannot be joined; leave one out"
            raise InvalidInput(msg)
    if not rows:
        return
    last = rows[0]
    for row in rows[1:]:
        if row[1] < last[2] and row[3] != last[3]:
            msg = (
                f"{last[3]} has an interval until {last[2]} and {row[3]} one from {row[1]}: they overlap, and cannot be"
                " joined; leave one out"
            )
            raise InvalidInput(msg)
        last = max(last, row, key=lambda one: one[2])
