"""Reading netCDF files: attributes cheaply, data lazily, and our own errors. No product is known here.

The libraries are imported when a file is read, so that listing the plugins costs nothing and needs none of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from scckit.errors import MissingLibrary, SCCError, UnreadableProduct
from scckit_products.formats import Format, format_of

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["is_classic", "open_undecoded", "plain", "read_attributes", "read_dimensions", "reading", "require"]

_INSTALL: Final = "pip install 'scckit-products[netcdf]'"


def read_attributes(path: Path) -> Mapping[str, Any]:
    """Return the global attributes of a netCDF file, with plain Python values; reads nothing else.

    Raises:
        UnreadableProduct: It is no netCDF file, or damaged.
        MissingLibrary: A library to read it is not installed.
    """
    if _require_netcdf(path) is Format.NETCDF4:
        require("h5netcdf", "h5py")
        import h5netcdf  # noqa: PLC0415 - an optional library

        with reading(path), h5netcdf.File(path, "r") as file:
            return {name: plain(value) for name, value in file.attrs.items()}
    with open_undecoded(path) as dataset:
        return {str(name): plain(value) for name, value in dataset.attrs.items()}


def read_dimensions(path: Path) -> Mapping[str, int]:
    """Return the sizes of the dimensions of a netCDF file, also of those that no variable has; reads nothing else.

    Raises:
        UnreadableProduct: It is no netCDF file, or damaged.
        MissingLibrary: A library to read it is not installed.
    """
    if _require_netcdf(path) is Format.NETCDF4:
        require("h5netcdf", "h5py")
        import h5netcdf  # noqa: PLC0415 - an optional library

        with reading(path), h5netcdf.File(path, "r") as file:
            return {name: int(dimension.size) for name, dimension in file.dimensions.items()}
    require("scipy")
    from scipy.io import netcdf_file  # noqa: PLC0415 - an optional library

    with reading(path), netcdf_file(path, "r", mmap=False) as file:
        # The size of a dimension that can grow is kept elsewhere.
        return {name: int(file._recs if size is None else size) for name, size in file.dimensions.items()}  # noqa: SLF001


def is_classic(path: Path) -> bool:
    """Tell whether a netCDF file is in the classic form (netCDF-3), which is read whole.

    Raises:
        UnreadableProduct: It is no netCDF file.
    """
    return _require_netcdf(path) is Format.NETCDF3


def open_undecoded(path: Path) -> xr.Dataset:
    """Open a netCDF file as it is: no data read, no fill value, time or flag interpreted. Close it when done.

    Raises:
        UnreadableProduct: It is no netCDF file, or damaged.
        MissingLibrary: A library to read it is not installed.
    """
    classic = is_classic(path)
    require("xarray", *(("scipy",) if classic else ("h5netcdf", "h5py")))
    import xarray as xr  # noqa: PLC0415 - an optional library

    with reading(path):
        if classic:
            # Classic files are read whole: where scipy maps one that is damaged, it leaves the file open.
            return xr.open_dataset(path, engine="scipy", decode_cf=False, mmap=False)
        store = xr.backends.H5NetCDFStore.open(str(path))
        try:
            dataset = xr.open_dataset(store, decode_cf=False)
        except BaseException:
            # Left to itself, xarray holds a file open whose variables turn out to be damaged.
            store.close()
            raise
        dataset.encoding["source"] = str(path)
        return dataset


@contextmanager
def reading(path: Path, *, then: str = "; download it again") -> Iterator[None]:
    """Turn whatever the libraries raise while reading a file into our error, which ends with what to do then."""
    try:
        yield
    except SCCError:
        raise
    except Exception as error:  # the libraries let out whatever the damage in a file leads to
        msg = f"{path} cannot be read as netCDF ({type(error).__name__}: {error}){then}"
        raise UnreadableProduct(msg) from error


def require(*libraries: str, doing: str = "reading netCDF files", install: str = _INSTALL) -> None:
    """Make sure that libraries can be imported.

    Args:
        libraries: Their modules.
        doing: What they are needed for.
        install: The line that installs them.

    Raises:
        MissingLibrary: One cannot.
    """
    for library in libraries:
        try:
            import_module(library)
        except ImportError as error:
            msg = f"{doing} needs {library.partition('.')[0]}, which cannot be imported ({error}): {install}"
            raise MissingLibrary(msg) from error


def _require_netcdf(path: Path) -> Format:
    found = format_of(path)
    if found in {Format.NETCDF4, Format.NETCDF3}:
        return found
    msg = f"{path} is no netCDF file that can be read here: it is {found.value}"
    if found is Format.HTML:
        msg += ", as the server sends when it wants a sign-in or has no such product; download it again"
    raise UnreadableProduct(msg)


def plain(value: object) -> object:
    """Turn a value of an attribute into text, numbers, or a tuple of them."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    listed = value.tolist() if hasattr(value, "tolist") else value
    if isinstance(listed, list):
        return plain(listed[0]) if len(listed) == 1 else tuple(plain(one) for one in listed)
    return plain(listed) if isinstance(listed, bytes) else listed
