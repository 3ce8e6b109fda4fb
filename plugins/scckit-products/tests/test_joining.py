"""Several files of one product as one dataset: what it holds, in whatever order and parts, and what is refused."""

from __future__ import annotations

import random
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import h5netcdf
import h5py
import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from scckit.errors import InvalidInput, UnreadableProduct
from scckit_emulator.synthetic import (
    Scene,
    SignalChannel,
    write_cloudscreen,
    write_elda,
    write_eldec,
    write_elic,
    write_elpp,
    write_hirelpp,
)
from scckit_products import joining
from scckit_products.cloudmask import CLOUDMASK
from scckit_products.elda import ELDA
from scckit_products.eldec import ELDEC
from scckit_products.elic import ELIC
from scckit_products.elpp import ELPP
from scckit_products.hirelpp import HIRELPP
from scckit_products.joining import SeriesKind
from scckit_products.merging import Form, Look

FILL = 9.969209968386869e36
BEGIN = datetime(2021, 3, 7, tzinfo=UTC)
CHANNELS = (SignalChannel(1, "a", 355, 355), SignalChannel(2, "b", 355, 387))
WRITERS: dict[str, tuple[SeriesKind, Callable[[Path, Scene], Path]]] = {
    "elda": (ELDA, lambda folder, scene: write_elda(folder, scene, product_id=12, product_type=7, wavelength=355)),
    "elpp": (ELPP, lambda folder, scene: write_elpp(folder, scene, product_id=12, product_type=7, channels=CHANNELS)),
    "hirelpp": (HIRELPP, lambda folder, scene: write_hirelpp(folder, scene, product_id=12, channels=CHANNELS)),
    "cloudmask": (CLOUDMASK, write_cloudscreen),
    "elic": (ELIC, lambda folder, scene: write_elic(folder, scene, product_id=12, product_type=7, channels=CHANNELS)),
    "eldec": (ELDEC, lambda folder, scene: write_eldec(folder, scene, product_id=12, wavelength=355)),
}


@pytest.fixture(params=["with dask", "without dask"])
def dask(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Run a test with dask and as if it were not installed."""
    if request.param == "without dask":
        monkeypatch.setitem(sys.modules, "dask.array", None)
    else:
        pytest.importorskip("dask.array", reason="dask is not installed")
    return request.param == "with dask"


def night(folder: Path, name: str, day: int, hours: int = 2) -> Path:
    """Write a synthetic file of a night."""
    start = BEGIN + timedelta(days=day, hours=19)
    scene = Scene(measurement_id=f"{start:%Y%m%d}aky1900", start=start, stop=start + timedelta(hours=hours))
    return WRITERS[name][1](folder, scene)


def profile(hour: int, altitudes: Sequence[float]) -> np.ndarray:
    """Return values that tell where they come from; some are missing."""
    values = np.array([hour + altitude / 1e5 for altitude in altitudes])
    values[hour % 5 :: 5] = FILL
    return values


def elda_file(  # noqa: PLR0913 - a file is described by many values
    folder: Path,
    hours: Sequence[int],
    altitudes: Sequence[float] = (1000.0, 1060.0, 1120.0),
    *,
    name: str = "",
    identity: str = "hpb_000_0355_0000378",
    change: Callable[[h5netcdf.File], None] = lambda _file: None,
    **scalars: Any,
) -> Path:
    """Write a small file of ELDA for some hours."""
    starts = [(BEGIN + timedelta(hours=hour)).timestamp() for hour in hours]
    first, last = BEGIN + timedelta(hours=hours[0]), BEGIN + timedelta(hours=hours[-1] + 1)
    times = f"{first:%Y%m%d%H%M}_{last:%Y%m%d%H%M}_{first:%Y%m%d}hpb{first:%H%M}"
    path = folder / (name or f"{identity}_{times}_elda_v5.1.2.nc")
    grid = ("wavelength", "time", "altitude")
    with h5netcdf.File(path, "w") as file:
        file.dimensions = {"altitude": len(altitudes), "time": len(hours), "wavelength": 1, "nv": 2}
        file.attrs.update({"measurement_ID": f"{first:%Y%m%d}hpb{first:%H%M}", "scc_version": "5.1.2", "title": "same"})
        units = {"units": "seconds since 1970-01-01T00:00:00Z", "bounds": "time_bounds"}
        for variable, dims, values, attributes in (
            ("altitude", ("altitude",), np.array(altitudes), {"units": "m"}),
            ("time", ("time",), np.array(starts), units),
            ("time_bounds", ("time", "nv"), np.array([[start, start + 3600] for start in starts]), {}),
            ("wavelength", ("wavelength",), np.array([355], "f4"), {"units": "nm"}),
            ("backscatter", grid, np.array([[profile(hour, altitudes) for hour in hours]]), {"units": "1/(m*sr)"}),
            ("cloud_mask", ("time", "altitude"), np.array([[hour % 3] * len(altitudes) for hour in hours], "i1"), {}),
            *((one, (), np.asarray(value), {}) for one, value in scalars.items()),
        ):
            fill = None if variable in {"altitude", "time", "time_bounds", "wavelength"} else fill_of(values)
            written = file.create_variable(variable, dims, values.dtype, data=values, fillvalue=fill)
            written.attrs.update(attributes)
        change(file)
    return path


def fill_of(values: np.ndarray) -> Any:
    """Return what the SCC writes where a value of this type is missing."""
    return {"f8": FILL, "f4": np.float32(FILL), "i1": np.int8(-127), "i4": np.int32(-2147483647)}[values.dtype.str[1:]]


def open_in(folder: Path) -> list[str]:
    """Return the files of a folder that this process has open."""
    descriptors = Path("/proc/self/fd")
    if not descriptors.is_dir():
        pytest.skip("which files are open is only told on Linux")
    names = []
    for descriptor in descriptors.iterdir():
        try:
            target = descriptor.readlink()
        except OSError:
            continue
        if target.is_relative_to(folder):
            names.append(target.name)
    return names


def assert_holds(part: xr.Dataset, single: xr.Dataset) -> None:
    """Make sure that a part of the whole has what the file by itself has, if need be once for each time."""
    for name in single.variables:
        expected, found = single[name].variable, part[name].variable
        if "time" in set(found.dims) - set(expected.dims):
            expected = expected.set_dims({"time": part.sizes["time"], **expected.sizes})
        xr.testing.assert_equal(expected.transpose(*found.dims), found)


def without_names(dataset: xr.Dataset) -> xr.Dataset:
    """Leave out what tells the files."""
    return dataset.drop_vars(["file_name", "measurement_id"])


# -- what the whole holds --------------------------------------------------------------------------------------------------

PARTS = st.lists(
    st.tuples(st.integers(1, 3), st.integers(0, 4), st.integers(1, 5), st.integers(1, 2)), min_size=1, max_size=5
)


@settings(max_examples=8, deadline=None)
@given(PARTS, st.randoms(use_true_random=False), st.booleans())
def test_any_files_in_any_order_are_one_dataset(
    parts: list[tuple[int, int, int, int]], chance: random.Random, is_lazy: bool
) -> None:
    """Times ascend and are unique, all values are those of the files by themselves, and the order does not matter."""
    with tempfile.TemporaryDirectory() as name, pytest.MonkeyPatch.context() as patch:
        if not is_lazy:
            patch.setitem(sys.modules, "dask.array", None)
        paths, hour = [], 0
        for count, lowest, length, shots in parts:
            altitudes = [1000.0 + 60 * number for number in range(lowest, lowest + length)]
            hours = range(hour, hour + count)
            paths.append(elda_file(Path(name), hours, altitudes, shots=np.int32(shots), zenith_angle=np.float32(4)))
            hour += count + shots
        shuffled = chance.sample(paths, len(paths))
        with ELDA.open_many(paths) as whole, ELDA.open_many(shuffled) as again:
            xr.testing.assert_identical(whole.load(), again.load())
        assert (np.diff(whole.time.values) > np.timedelta64(0, "ns")).all()
        assert whole.indexes["altitude"].is_monotonic_increasing
        assert np.int8 == whole.cloud_mask.dtype
        assert whole.zenith_angle.dims == ()
        assert ("time",) * (len({part[3] for part in parts}) > 1) == whole.shots.dims
        for path in paths:
            with ELDA.open(path) as single:
                part = whole.sel(time=single.time)
                assert set(part.file_name.values) == {path.name}
                own = part.sel(altitude=single.altitude)
                assert_holds(own, single)
                others = part.drop_sel(altitude=single.altitude)
                assert np.isnan(others.backscatter.values).all()
                assert (others.cloud_mask.values == whole.cloud_mask.attrs["_FillValue"]).all()


@settings(max_examples=6, deadline=None)
@given(st.lists(st.integers(1, 3), min_size=1, max_size=4), st.booleans())
def test_a_split_file_joins_to_what_it_was(counts: list[int], is_lazy: bool) -> None:
    """However a file is split along time, its parts are the whole again."""
    with tempfile.TemporaryDirectory() as name, pytest.MonkeyPatch.context() as patch:
        if not is_lazy:
            patch.setitem(sys.modules, "dask.array", None)
        folder, hour, paths = Path(name), 0, []
        for count in counts:
            paths.append(elda_file(folder, range(hour, hour + count), shots=np.int32(7)))
            hour += count
        whole = elda_file(folder, range(hour), name="whole.nc", shots=np.int32(7))
        with ELDA.open_many(paths[::-1]) as joined, ELDA.open(whole) as single:
            xr.testing.assert_equal(without_names(joined).load(), single.load())
            assert joined.attrs["title"] == "same"
            assert joined.time.attrs == single.time.attrs
            assert joined.cloud_mask.flag_meanings == single.cloud_mask.flag_meanings


def test_files_may_lie_between_each_other(tmp_path: Path, dask: bool) -> None:
    """Times ascend also where those of one file lie between those of another; and all is closed."""
    paths = [elda_file(tmp_path, [0, 3, 4], name="a.nc"), elda_file(tmp_path, [1, 5], name="b.nc")]
    with ELDA.open_many(paths) as joined:
        assert joined.file_name.values.tolist() == ["a.nc", "b.nc", "a.nc", "a.nc", "b.nc"]
        assert joined.cloud_mask.values[:, 0].tolist() == [0, 1, 0, 1, 2]
        assert bool(open_in(tmp_path)) == dask

    assert open_in(tmp_path) == []


@pytest.mark.parametrize("name", WRITERS)
def test_every_kind_joins(tmp_path: Path, name: str, dask: bool) -> None:
    """Nights of different length of each kind are joined; nothing is read before it is used, if dask is there."""
    paths = [night(tmp_path, name, 2, hours=3), night(tmp_path, name, 0), night(tmp_path, name, 1)]
    kind = WRITERS[name][0]
    with kind.open_many(paths) as joined:
        assert list(dict.fromkeys(joined.measurement_id.values)) == [
            "20210307aky1900",
            "20210308aky1900",
            "20210309aky1900",
        ]
        profiles = [
            one for one in joined.data_vars.values() if "time" in one.dims and {"level", "altitude"} & set(one.dims)
        ]
        assert profiles
        assert all((one.chunks is not None) == dask for one in profiles)
        assert joined.attrs["station_ID"] == "aky"
        assert "measurement_ID" not in joined.attrs
        for path in paths:
            with kind.open(path) as single:
                part = without_names(joined).sel(time=single.time.values)
                assert_holds(part, single)
        joined.to_netcdf(tmp_path / "whole.nc", engine="h5netcdf")
        joined.load()
        with xr.open_dataset(tmp_path / "whole.nc", engine="h5netcdf") as copy:
            assert np.array_equal(copy.time.values, joined.time.values)
            assert np.array_equal(copy.time_bounds.values, joined.time_bounds.values)

    assert open_in(tmp_path) == []


def test_without_dask_nothing_stays_open(tmp_path: Path) -> None:
    """Where dask cannot be imported at all, files are joined all the same, read at once and closed."""
    night(tmp_path, "elda", 0)
    night(tmp_path, "elda", 1)
    code = """
import sys
from importlib.machinery import PathFinder
found = PathFinder.find_spec
PathFinder.find_spec = lambda name, *more: None if name.split(".")[0] in {"dask", "distributed"} else found(name, *more)
from pathlib import Path
from scckit_products.elda import ELDA
paths = sorted(Path(sys.argv[1]).glob("*_elda_*.nc"))
joined = ELDA.open_many(paths)
for path in paths:
    path.unlink()
assert joined.backscatter.shape == (1, 2, 180) and joined.backscatter.notnull().all()
assert "dask" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=True, timeout=120)


def test_files_of_the_classic_form_join(tmp_path: Path) -> None:
    """Files of netCDF-3 are read at once, also beside one of netCDF-4, for which that is not needed."""
    paths = [elda_file(tmp_path, [0]), tmp_path / "old.nc"]
    with xr.open_dataset(elda_file(tmp_path, [1], name="new.nc"), engine="h5netcdf", decode_cf=False) as dataset:
        dataset.load().to_netcdf(paths[1], engine="scipy", format="NETCDF3_CLASSIC")
    with ELDA.open_many(paths) as joined:
        assert joined.cloud_mask.values[:, 0].tolist() == [0, 1]
        assert joined.backscatter.chunks is None
        assert open_in(tmp_path) == []


def test_what_differs_goes_by_time(tmp_path: Path, dask: bool) -> None:
    """What depends on no time but differs between files, or is in some of them only, gets one value for each time."""
    paths = [
        elda_file(tmp_path, [0, 1], shots=np.int32(5), cirrus_contamination=np.int8(1), zenith_angle=np.float32(4)),
        elda_file(tmp_path, [2], shots=np.int32(6), zenith_angle=np.float32(5)),
    ]
    with ELDA.open_many(paths) as joined:
        assert joined.shots.values.tolist() == [5, 5, 6]
        assert joined.zenith_angle.values.tolist() == [4, 4, 5]
        assert joined.cirrus_contamination.values.tolist() == [1, 1, -127]
        assert joined.cirrus_contamination.attrs["_FillValue"] == -127
        assert (np.int32, np.int8) == (joined.shots.dtype, joined.cirrus_contamination.dtype)


def test_flags_keep_their_meanings(tmp_path: Path, dask: bool) -> None:
    """Where two versions give one value different meanings, the values follow the meanings."""

    def table(meanings: str, *, dims: tuple[str, ...] = (), value: int) -> Callable[[h5netcdf.File], None]:
        def change(file: h5netcdf.File) -> None:
            variable = file.create_variable(
                "molecular_calculation_source",
                dims,
                "i1",
                data=np.full(len(dims), value, "i1") if dims else np.int8(value),
            )
            variable.attrs["flag_values"] = np.arange(len(meanings.split()), dtype="i1")
            variable.attrs["flag_meanings"] = meanings

        return change

    old, new = "US radiosounding ecmwf icon gdas", "US radiosounding ecmwf icon icon_2 icon_3 gdas"
    same = [elda_file(tmp_path, [0], change=table(old, value=4)), elda_file(tmp_path, [1], change=table(new, value=6))]
    with ELDA.open_many(same) as joined:
        assert (6, new) == (
            joined.molecular_calculation_source.item(),
            joined.molecular_calculation_source.flag_meanings,
        )
    other = [same[0], elda_file(tmp_path, [2], change=table(new, value=4))]
    with ELDA.open_many(other) as joined:
        assert joined.molecular_calculation_source.values.tolist() == [6, 4]
    by_time = elda_file(tmp_path, [3], change=table(old, value=4, dims=("time",)))
    with ELDA.open_many([other[1], by_time]) as joined:
        assert joined.molecular_calculation_source.values.tolist() == [4, 6]
    with pytest.raises(InvalidInput, match="molecular_calculation_source 4, which means gdas there and icon_2"):
        ELDA.open_many([same[0], elda_file(tmp_path, [4], change=table("US radiosounding ecmwf icon icon_2", value=4))])


def test_bits_keep_their_meanings(tmp_path: Path, dask: bool) -> None:
    """Bits of older versions go to where they are today; an older word for the same bit is no other meaning."""

    def table(meanings: str, values: Sequence[int]) -> Callable[[h5netcdf.File], None]:
        def change(file: h5netcdf.File) -> None:
            variable = file.create_variable(
                "user_defined_category", ("time",), "i4", data=np.array(values, "i4"), fillvalue=np.int32(-2147483647)
            )
            variable.attrs["flag_masks"] = np.array([1 << bit for bit in range(len(meanings.split()))], "i4")
            variable.attrs["flag_meanings"] = meanings

        return change

    paths = [
        elda_file(tmp_path, [0, 1, 2], change=table("cirrus etna stratos", [0b111, -2147483647, 0b100])),
        elda_file(tmp_path, [3], change=table("cirrus stratos volcanic dust", [0b1010])),
    ]
    with ELDA.open_many(paths) as joined:
        assert joined.user_defined_category.values.tolist() == [0b111, -2147483647, 0b010, 0b1010]
        assert joined.user_defined_category.flag_meanings == "cirrus stratos volcanic dust"


def test_altitudes_that_are_the_same_are_one(tmp_path: Path, dask: bool) -> None:
    """Altitudes that differ by the rounding of a number are one level; others are levels of their own."""
    paths = [elda_file(tmp_path, [0], [1000.0, 1060.0]), elda_file(tmp_path, [1], [1000.0 + 1e-9, 1061.0])]
    with ELDA.open_many(paths) as joined:
        assert joined.altitude.values.tolist() == [1000.0, 1060.0, 1061.0]
        assert joined.cloud_mask.values.tolist() == [[0, 0, -127], [1, -127, 1]]


# -- ELPP and its formats --------------------------------------------------------------------------------------------------


def old_format(path: Path, day: int) -> Path:
    """Make a file of ELPP as SCC 5.1.0 wrote it of one of today."""
    path = path.rename(path.with_name(f"202103{7 + day:02d}aky1900_0000012.nc"))
    with h5py.File(path, "r+") as file:
        for old, new in {
            "atmospheric_temperature": "temperature",
            "atmospheric_pressure": "pressure",
            "atmospheric_molecular_extinction": "molecular_extinction",
            "atmospheric_molecular_trasmissivity_at_emission_wavelength": "molecular_transmissivity_at_emission_wavelength",
        }.items():
            data, attributes = file[new][...], dict(file[new].attrs)
            by_angle = data[0] if data.ndim == 2 else data[:, 0]
            del file[new]
            dataset = file.create_dataset(old, data=by_angle[..., None, :])
            for number, dimension in enumerate(["channel", "angle", "level"][-dataset.ndim :]):
                dataset.dims[number].attach_scale(file[dimension])
            dataset.attrs.update({"units": attributes["units"], "_FillValue": FILL})
        del file["product_type_id"], file["scc_product_type"]
        file.attrs["scc_version"] = "5.1.0"
    return path


def shorter(path: Path, levels: int) -> Path:
    """Cut the levels of a file."""
    with xr.open_dataset(path, engine="h5netcdf", decode_cf=False) as dataset:
        cut = dataset.isel(level=slice(levels)).load()
    cut.to_netcdf(path, engine="h5netcdf")
    return path


def test_an_old_file_joins_with_a_new_one(tmp_path: Path, dask: bool) -> None:
    """Files of SCC 5.1.0 and 5.3.0 are one dataset in the form of the newer one."""
    old = old_format(night(tmp_path, "elpp", 1), 1)
    new = night(tmp_path, "elpp", 0)
    with ELPP.open_many([old, new]) as joined, ELPP.open(old) as by_angle, ELPP.open(new) as by_time:
        assert {"temperature", "pressure", "molecular_extinction"} <= set(joined.variables)
        assert not any(str(name).startswith("atmospheric_") for name in joined.variables)
        for name in ("temperature", "molecular_extinction", "molecular_transmissivity_at_emission_wavelength"):
            assert by_time[name].dims == joined[name].dims
            assert np.array_equal(by_time[name].values, joined[name].values[..., :2, :])
            for number in (2, 3):
                assert np.array_equal(by_angle[name].values[..., 0, :], joined[name].values[..., number, :])
        assert joined.scc_product_type.values.tolist() == [2, 2, -127, -127]
        assert np.int8 == joined.product_type_id.dtype
        assert "angle" not in joined.sizes
        assert "laser_pointing_angle_of_profiles" not in joined.variables


def test_levels_are_those_of_the_longest(tmp_path: Path, dask: bool) -> None:
    """Files of different length have the range of the longest; what is not in a file is missing, integers stay integers."""
    long = night(tmp_path, "elpp", 0)
    short = shorter(night(tmp_path, "elpp", 1), 600)
    with ELPP.open_many([short, long]) as joined, ELPP.open(long) as whole:
        assert joined["range"].dims == ("level",)
        assert np.array_equal(whole["range"].values, joined["range"].values)
        assert np.isnan(joined.range_corrected_signal.values[:, 2:, 600:]).all()
        assert not np.isnan(joined.range_corrected_signal.values[:, 2:, :600]).any()
        assert np.int8 == joined.cloud_mask.dtype
        assert (joined.cloud_mask.values[2:, 600:] == -127).all()
        assert np.isnan(joined.altitude.values[2:, 600:]).all()


def test_each_profile_has_its_angle(tmp_path: Path, dask: bool) -> None:
    """Where files have other angles, or more of them, all by angle is by time, each with the values of its own."""
    paths = [night(tmp_path, "elpp", day) for day in (0, 1)]
    with h5py.File(paths[1], "r+") as file:
        file["laser_pointing_angle"][...] = 10.0
        file["overlap_correction_function"][...] = 0.5
    with ELPP.open_many(paths) as joined:
        assert joined.laser_pointing_angle.values.tolist() == [5, 5, 10, 10]
        assert joined.overlap_correction_function.transpose("channel", "time", "level").dims == (
            "channel",
            "time",
            "level",
        )
        assert np.unique(joined.overlap_correction_function.sel(time="2021-03-08").values).tolist() == [0.5]
        assert np.unique(joined.overlap_correction_function.sel(time="2021-03-07").values).tolist() == [1.0]
    with h5py.File(paths[1], "r+") as file:
        file["laser_pointing_angle_of_profiles"][...] = [0, 1]
    with pytest.raises(InvalidInput, match="does not tell the angle of each profile"):
        ELPP.open_many(paths)


# -- what is refused -------------------------------------------------------------------------------------------------------


def rename(old: str, new: str) -> Callable[[h5netcdf.File], None]:
    """Change the units of a variable."""

    def change(file: h5netcdf.File) -> None:
        file[old].attrs["units"] = new

    return change


def no_times(file: h5netcdf.File) -> None:
    """Take the times away."""
    file["time"][...] = np.nan


def leading_dimension(file: h5netcdf.File) -> None:
    """Add something that goes by wavelength."""
    file.create_variable("zenith_angle", ("wavelength",), "f4", data=np.array([4], "f4"))


def other_wavelength(file: h5netcdf.File) -> None:
    """Let the data be of another wavelength than the name says."""
    file["wavelength"][...] = 532


def classic(path: Path) -> Path:
    """Write a file with times that tells nothing of itself."""
    times = ("time", [1e9], {"units": "seconds since 1970-01-01"})
    xr.Dataset({"time": times}).to_netcdf(path, engine="scipy")
    return path


REFUSALS: dict[str, tuple[Callable[[Path], list[Path]], str]] = {
    "none": (lambda _: [], "there are no elda files"),
    "one twice": (lambda folder: [elda_file(folder, [0])] * 2, "is there twice"),
    "the same time twice": (
        lambda folder: [elda_file(folder, [0], name="a.nc"), elda_file(folder, [0], name="b.nc")],
        "2021-03-07T00:00.* is there twice, in a.nc and b.nc",
    ),
    "a time between": (
        lambda folder: [
            elda_file(folder, [0], name="a.nc", change=lambda file: file["time_bounds"].__setitem__((0, 1), 2e9)),
            elda_file(folder, [1], name="b.nc"),
        ],
        "a.nc has an interval until 2033.* and b.nc one from 2021-03-07T01.*overlap",
    ),
    "another product": (
        lambda folder: [elda_file(folder, [0]), elda_file(folder, [1], identity="hpb_000_0355_0000379")],
        "different products.* product ID 378: hpb.*; product ID 379: hpb",
    ),
    "another type": (
        lambda folder: [elda_file(folder, [0]), elda_file(folder, [1], identity="hpb_002_0355_0000378")],
        "product type 0: hpb.*; product type 2: hpb",
    ),
    "another wavelength": (
        lambda folder: [elda_file(folder, [0]), elda_file(folder, [1], identity="hpb_000_0532_0000378")],
        "wavelength 355: hpb.*; wavelength 532: hpb",
    ),
    "another station": (
        lambda folder: [elda_file(folder, [0]), elda_file(folder, [1], identity="gra_000_0355_0000378")],
        "station hpb: hpb.*; station gra: gra",
    ),
    "another kind": (
        lambda folder: [elda_file(folder, [0]), night(folder, "elpp", 0)],
        "elpp_v5.3.0.nc is a file of elpp",
    ),
    "another kind by another name": (
        lambda folder: [elda_file(folder, [0]), night(folder, "elpp", 0).rename(folder / "my.nc")],
        "my.nc is a file of elpp, and not of elda",
    ),
    "no such kind": (
        lambda folder: [elda_file(folder, [0]), classic(folder / "my.nc")],
        "my.nc has no dimension altitude",
    ),
    "no times": (lambda folder: [elda_file(folder, [0], change=no_times)], "has no times, or some are missing"),
    "other units": (
        lambda folder: [elda_file(folder, [0]), elda_file(folder, [1], change=rename("backscatter", "Mm"))],
        r"backscatter has different units \(1/\(m\*sr\) in .*, Mm in",
    ),
    "another form": (
        lambda folder: [elda_file(folder, [0], zenith_angle=1.0), elda_file(folder, [1], change=leading_dimension)],
        "zenith_angle depends on",
    ),
    "another type of numbers": (
        lambda folder: [elda_file(folder, [0], shots=1.0), elda_file(folder, [1], shots=np.int32(1))],
        "shots is of different types",
    ),
    "other data along an axis": (
        lambda folder: [elda_file(folder, [0]), elda_file(folder, [1], change=other_wavelength)],
        "different values of wavelength",
    ),
    "altitudes that descend": (
        lambda folder: [elda_file(folder, [0], [1000.0, 900.0])],
        "altitudes of .* do not ascend",
    ),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_what_cannot_be_joined_is_refused(tmp_path: Path, case: str, dask: bool) -> None:
    """Files that are no row of one product are refused before anything is joined; nothing stays open."""
    make, message = REFUSALS[case]
    paths = [Path(path) for path in make(tmp_path)]
    with pytest.raises(InvalidInput, match=message) as caught:
        ELDA.open_many(paths)

    assert caught.value
    assert open_in(tmp_path) == []


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [("range_corrected_signal_emission_wavelength", [355.0, 532.0], "different channels")],
)
def test_other_channels_are_refused(tmp_path: Path, name: str, value: list[float], message: str) -> None:
    """Channels of other wavelengths, or another number of them, are not put under each other."""
    paths = [night(tmp_path, "elpp", day) for day in (0, 1)]
    with h5py.File(paths[1], "r+") as file:
        file[name][...] = value
    with pytest.raises(InvalidInput, match=message):
        ELPP.open_many(paths)
    start = BEGIN + timedelta(days=4)
    scene = Scene(measurement_id="20210311aky0000", start=start, stop=start + timedelta(hours=1))
    fewer = write_elpp(tmp_path, scene, product_id=12, product_type=7, channels=CHANNELS[:1])
    with pytest.raises(InvalidInput, match=r"different sizes of channel \(1 in aky.*, 2 in aky"):
        ELPP.open_many([paths[0], fewer])


def test_a_link_is_the_same_file(tmp_path: Path) -> None:
    """A file and a link to it are one file twice."""
    path = elda_file(tmp_path, [0])
    (tmp_path / "link.nc").symlink_to(path)
    with pytest.raises(InvalidInput, match="is there twice"):
        ELDA.open_many([path, tmp_path / "link.nc"])


@pytest.fixture
def damage() -> Callable[[Path], None]:
    """Give what cuts a file."""

    def cut(path: Path) -> None:
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])

    return cut


def test_a_damaged_file_is_named_and_all_are_closed(tmp_path: Path, damage: Callable[[Path], None], dask: bool) -> None:
    """If the third of three is damaged, the error names it, and none stays open while it is held."""
    paths = [elda_file(tmp_path, [hour]) for hour in range(3)]
    damage(paths[2])
    with pytest.raises(UnreadableProduct, match=paths[2].name) as caught:
        ELDA.open_many(paths)

    assert caught.value
    assert open_in(tmp_path) == []


def test_a_failure_while_joining_closes_all(tmp_path: Path, dask: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """If a file turns out to be damaged only when it is joined, it is named, and those before and after it are closed."""
    paths = [elda_file(tmp_path, [hour]) for hour in range(3)]
    shaped = joining.shaped

    def failing(dataset: xr.Dataset, look: Look, form: Form) -> xr.Dataset:
        if look.path == paths[1]:
            msg = "bad block"
            raise OSError(msg)
        return shaped(dataset, look, form)

    monkeypatch.setattr(joining, "shaped", failing)
    with pytest.raises(UnreadableProduct, match=rf"{paths[1].name} cannot be read .*bad block") as caught:
        ELDA.open_many(paths)

    assert isinstance(caught.value.__cause__, OSError)
    assert open_in(tmp_path) == []
