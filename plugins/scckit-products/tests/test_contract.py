"""Each of the nine kinds keeps the contract of product kinds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import ClassVar

import h5netcdf
import h5py
import numpy as np

from scckit.plugins import ProductKind
from scckit.testing.contracts import ProductKindContract
from scckit_emulator import synthetic
from scckit_emulator.synthetic import HIGH_RESOLUTION, Scene, SignalChannel
from scckit_products.cloudmask import CLOUDMASK
from scckit_products.elda import ELDA
from scckit_products.eldec import ELDEC
from scckit_products.elic import ELIC
from scckit_products.elpp import ELPP
from scckit_products.elquick import ELQUICK
from scckit_products.hirelpp import HIRELPP
from scckit_products.plots import PLOTS
from scckit_products.raw import RAW

ID = "20210307aky0930"
START = datetime(2021, 3, 7, 9, 30, tzinfo=UTC)
CHANNELS = (
    SignalChannel(1, "aky001", 355, 355),
    SignalChannel(2, "aky002", 532, 532),
    SignalChannel(3, "aky003", 532, 532, cross=True),
)
#: Attributes as real files have them (scc-interface.md 6.4), and persons as nobody is called.
PERSONS = {
    "PI": "Seeded Principal Ω",
    "PI_email": "principal@seeded.example",
    "Data_Originator": "Seeded Originator",
    "Data_Originator_phone": "+00 000 5eeded",
}

Write = Callable[[Path, Scene], Path]
Damage = Callable[[Path], None]


def write_hirelpp(folder: Path, scene: Scene) -> Path:
    """Write a HiRELPP file."""
    return synthetic.write_hirelpp(folder, scene, product_id=12, channels=CHANNELS)


def write_elpp(folder: Path, scene: Scene) -> Path:
    """Write an ELPP file."""
    return synthetic.write_elpp(folder, scene, product_id=13, product_type=7, channels=CHANNELS)


def write_elda(folder: Path, scene: Scene) -> Path:
    """Write an ELDA file."""
    return synthetic.write_elda(folder, scene, product_id=13, product_type=7, wavelength=532)


def write_eldec(folder: Path, scene: Scene) -> Path:
    """Write an ELDEC file."""
    return synthetic.write_eldec(folder, scene, product_id=14, wavelength=532)


def write_elic(folder: Path, scene: Scene) -> Path:
    """Write an ELIC file."""
    return synthetic.write_elic(folder, scene, product_id=15, product_type=HIGH_RESOLUTION, channels=CHANNELS)


def write_raw(folder: Path, scene: Scene) -> Path:
    """Write a raw file with a profile every two minutes."""
    count = (scene.stop - scene.start) // timedelta(minutes=2)
    path = folder / f"{ID}.nc"
    return synthetic.write_raw(path, measurement_id=ID, start=scene.start, stop=scene.stop, profiles=count)


def write_quicklook(folder: Path, scene: Scene) -> Path:
    """Write a quicklook."""
    return synthetic.write_quicklook(folder, scene, wavelength=532)


def write_plot(folder: Path, scene: Scene) -> Path:
    """Write a plot of ELDA."""
    return synthetic.write_plot(folder, scene, product_id=13, product_type=7, wavelength=532)


@cache
def written(write: Write, hours: int) -> tuple[str, bytes]:
    """Write a file once, with persons if it is netCDF, and return its name and its content."""
    with TemporaryDirectory() as folder:
        path = write(Path(folder), Scene(measurement_id=ID, start=START, stop=START + timedelta(hours=hours)))
        if path.suffix == ".nc":
            with h5py.File(path, "r+") as file:
                file.attrs.update(PERSONS)
        return path.name, path.read_bytes()


def put(folder: Path, write: Write, hours: int) -> Path:
    """Put a written file into a folder."""
    name, content = written(write, hours)
    path = folder / name
    path.write_bytes(content)
    return path


# -- what damages a file -----------------------------------------------------------------------------------------------------


def without(variable: str) -> Damage:
    """Make a fault: there is no such variable."""

    def damage(path: Path) -> None:
        with h5py.File(path, "r+") as file:
            del file[variable]

    return damage


def without_attribute(name: str) -> Damage:
    """Make a fault: there is no such global attribute."""

    def damage(path: Path) -> None:
        with h5py.File(path, "r+") as file:
            del file.attrs[name]

    return damage


def saying(name: str, text: str) -> Damage:
    """Make a fault: a global attribute says something else."""

    def damage(path: Path) -> None:
        with h5py.File(path, "r+") as file:
            file.attrs[name] = text

    return damage


def holding(variable: str, change: Callable[[np.ndarray], object]) -> Damage:
    """Make a fault: a variable holds something else."""

    def damage(path: Path) -> None:
        with h5py.File(path, "r+") as file:
            file[variable][...] = change(file[variable][...])

    return damage


def truncated(path: Path) -> None:
    """Cut the end."""
    path.write_bytes(path.read_bytes()[:-30])


def other_picture(path: Path) -> None:
    """Put a picture of another format under the name."""
    path.write_bytes(
        b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;"
    )


# -- the kinds ---------------------------------------------------------------------------------------------------------------


class NetCDFContract(ProductKindContract):
    """The contract for kinds of netCDF files."""

    kind: ClassVar[ProductKind]
    write: ClassVar[Write]
    #: How long a measurement must be for its file to be large; 0 if it does not depend on that.
    large_hours: ClassVar[int] = 0
    more_faults: ClassVar[Mapping[str, Damage]] = {}

    def make_kind(self) -> ProductKind:
        """Return the kind, of which there is one."""
        return self.kind

    def write_product(self, folder: Path) -> Path:
        """Write a file of an hour."""
        return put(folder, type(self).write, 1)

    def write_large(self, folder: Path) -> Path | None:
        """Write a file of many hours, or with a large variable that was not heard of."""
        path = put(folder, type(self).write, self.large_hours or 1)
        if not self.large_hours:
            with h5netcdf.File(path, "a") as file:
                file.dimensions["ballast"] = 100_000
                data = np.random.default_rng(1).standard_normal((10, 100_000))
                file.dimensions["piece"] = len(data)
                file.create_variable("ballast_of_pieces", ("piece", "ballast"), data=data)
        return path

    def faults(self) -> Mapping[str, Damage]:
        """Damage what all products of modules have."""
        return {
            "no time bounds": without("time_bounds"),
            "no altitude": without("altitude"),
            "no ID": without_attribute("measurement_ID"),
            "another ID": saying("measurement_ID", "20210307aky0931"),
            "another version": saying("scc_version", "4.0.0"),
            "intervals that end before they begin": holding("time_bounds", lambda bounds: bounds[:, ::-1]),
            "intervals without a begin": holding("time_bounds", lambda bounds: bounds * np.nan),
            **self.more_faults,
        }


class TestHirelpp(NetCDFContract):
    """``ProductKindContract`` holds for HiRELPP."""

    kind = HIRELPP
    write = write_hirelpp
    large_hours = 80


class TestCloudmask(NetCDFContract):
    """``ProductKindContract`` holds for CloudMask."""

    kind = CLOUDMASK
    write = synthetic.write_cloudscreen
    more_faults: ClassVar = {"no mask": without("automatic_cloud_mask")}


class TestElpp(NetCDFContract):
    """``ProductKindContract`` holds for ELPP."""

    kind = ELPP
    write = write_elpp
    large_hours = 240
    more_faults: ClassVar = {"no signal": without("range_corrected_signal")}


class TestElda(NetCDFContract):
    """``ProductKindContract`` holds for ELDA."""

    kind = ELDA
    write = write_elda
    more_faults: ClassVar = {"no profile of its type": without("particledepolarization")}


class TestEldec(NetCDFContract):
    """``ProductKindContract`` holds for ELDEC."""

    kind = ELDEC
    write = write_eldec
    more_faults: ClassVar = {"no calibration": without("polarization_calibration_ratio")}


class TestElic(NetCDFContract):
    """``ProductKindContract`` holds for ELIC."""

    kind = ELIC
    write = write_elic
    large_hours = 72
    more_faults: ClassVar = {"no signal": without("attenuated_backscatter")}


class TestRaw(NetCDFContract):
    """``ProductKindContract`` holds for raw files, which may have any name."""

    owns_any_name = True
    kind = RAW
    write = write_raw
    large_hours = 40

    def faults(self) -> Mapping[str, Damage]:
        """Damage what raw files have (scc-interface.md 8)."""
        return {
            "no signal": without("Raw_Lidar_Data"),
            "no shots": without("Laser_Shots"),
            "no channels": without("channel_ID"),
            "no ID": without_attribute("Measurement_ID"),
            "another ID": saying("Measurement_ID", "20210307aky0931"),
            "no date": without_attribute("RawData_Start_Date"),
        }


class PictureContract(ProductKindContract):
    """The contract for kinds of pictures, which are read whole."""

    kind: ClassVar[ProductKind]
    write: ClassVar[Write]

    def make_kind(self) -> ProductKind:
        """Return the kind, of which there is one."""
        return self.kind

    def write_product(self, folder: Path) -> Path:
        """Write a picture."""
        return put(folder, type(self).write, 1)

    def faults(self) -> Mapping[str, Damage]:
        """Damage the picture."""
        return {"truncated": truncated, "another format": other_picture}


class TestElquick(PictureContract):
    """``ProductKindContract`` holds for ELQuick."""

    kind = ELQUICK
    write = write_quicklook


class TestPlots(PictureContract):
    """``ProductKindContract`` holds for plots."""

    kind = PLOTS
    write = write_plot
