"""Small synthetic ELDAmwl files, for tests: made-up aerosol, no person named."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import h5netcdf
import h5py
import numpy as np

from scckit_eldamwl.files import LEVELS, QUANTITIES

__all__ = ["NAME", "write"]

#: Name of the file that is written.
NAME: Final = "hpb_012_0000598_201810172100_201810172300_20181017oh00_ELDAmwl_v0.0.1.nc"

_WAVELENGTHS: Final = (355.0, 532.0, 1064.0)
_START: Final = 1_539_810_000.0  # 2018-10-17 21:00 UTC, in seconds since 1970
_SIZES: Final = {"backscatter": 2e-6, "extinction": 1e-4, "lidarratio": 50.0}
_DIMENSIONS: Final = ("wavelength", "time", "level")


def write(folder: Path, *, levels: int = 100, times: int = 2) -> Path:
    """Write a file.

    Args:
        folder: Where to write.
        levels: Levels of a profile; 60 m apart in the smoother products, 15 m in the others.
        times: How many profiles, of an hour each.

    Returns:
        Its path.
    """
    path = folder / NAME
    with h5netcdf.File(path, "w") as file:
        file.attrs["measurement_ID"] = "20181017oh00"
        file.attrs["station_ID"] = "hpb"
        file.attrs["processor_name"] = "ELDAmwl"
        file.attrs["comment"] = "synthetic"
        for quantity in QUANTITIES:
            for wavelength in _WAVELENGTHS:
                file.create_group(f"meta_data/{quantity}_{wavelength:.0f}").attrs["method"] = "synthetic"
        for group, step in zip(LEVELS, (60.0, 15.0), strict=True):
            _write_products(file.create_group(group), levels, times, step)
    return path


def _write_products(group: Any, levels: int, times: int, step: float) -> None:
    random = np.random.default_rng(levels)
    group.dimensions = {"wavelength": len(_WAVELENGTHS), "time": times, "level": levels}
    group.create_variable("wavelength", ("wavelength",), data=np.array(_WAVELENGTHS)).attrs["units"] = "nm"
    time = group.create_variable("time", ("time",), data=_START + 3600 * np.arange(times))
    time.attrs["units"] = "seconds since 1970-01-01T00:00:00Z"
    altitude = 1000 + step * (1 + np.arange(levels, dtype=float))
    place = group.create_variable("altitude", ("time", "level"), data=np.tile(altitude, (times, 1)))
    place.attrs["units"] = "m"
    group.create_variable("cloud_mask", ("time", "level"), data=np.zeros((times, levels), "i1"))
    shape = (len(_WAVELENGTHS), times, levels)
    for quantity in QUANTITIES:
        values = _SIZES[quantity] * np.exp(-(altitude - 1000) / 2000) * (1 + 0.05 * random.standard_normal(shape))
        values[:, :, :2] = np.nan
        for name, data in ((quantity, values), (f"error_{quantity}", np.abs(values) * 0.1)):
            group.create_variable(name, _DIMENSIONS, data=data, fillvalue=np.nan)
        paths = np.array([f"/meta_data/{quantity}_{one:.0f}" for one in _WAVELENGTHS], object)
        group.create_variable(f"{quantity}_meta_data", ("wavelength",), h5py.string_dtype(), data=paths)
