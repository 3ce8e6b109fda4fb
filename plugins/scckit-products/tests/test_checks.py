"""What ``verify`` finds: nothing in good files of each kind, and each seeded fault under its own code."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import h5py
import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

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
from scckit_products import checks
from scckit_products.cloudmask import CLOUDMASK
from scckit_products.elda import ELDA
from scckit_products.eldec import ELDEC
from scckit_products.elic import ELIC
from scckit_products.elpp import ELPP
from scckit_products.hirelpp import HIRELPP
from scckit_products.kind import NetCDFKind

START = datetime(2021, 3, 7, 19, tzinfo=UTC)
SCENE = Scene(measurement_id="20210307aky1900", start=START, stop=START + timedelta(hours=2))
CHANNELS = (SignalChannel(1, "a", 355, 355), SignalChannel(2, "b", 355, 387))
GOOD: dict[str, tuple[NetCDFKind, Callable[[Path], Path]]] = {
    **{
        f"elda {number}": (
            ELDA,
            lambda folder, number=number: write_elda(folder, SCENE, product_id=12, product_type=number, wavelength=355),
        )
        for number in (0, 2, 3, 7)
    },
    **{
        f"elpp {number}": (
            ELPP,
            lambda folder, number=number: write_elpp(
                folder, SCENE, product_id=12, product_type=number, channels=CHANNELS
            ),
        )
        for number in (0, 3, 7)
    },
    "hirelpp": (HIRELPP, lambda folder: write_hirelpp(folder, SCENE, product_id=12, channels=CHANNELS)),
    "cloudmask": (CLOUDMASK, lambda folder: write_cloudscreen(folder, SCENE)),
    "elic": (ELIC, lambda folder: write_elic(folder, SCENE, product_id=12, product_type=0, channels=CHANNELS)),
    "eldec": (ELDEC, lambda folder: write_eldec(folder, SCENE, product_id=12, wavelength=355)),
}

Fault = Callable[[h5py.File], None]


def put(variable: str, where: object, value: object) -> Fault:
    """Write a value into a variable."""
    return lambda file: file[variable].__setitem__(where, value)


def tell(attribute: str, value: object, variable: str = "/") -> Fault:
    """Give a variable, or the file, another attribute."""
    return lambda file: file[variable].attrs.__setitem__(attribute, value)


def drop(variable: str) -> Fault:
    """Take a variable away."""
    return lambda file: file.__delitem__(variable)


#: By a name: which file, its damage, and the only findings that there must be.
FAULTS: dict[str, tuple[str, Fault, set[tuple[str, str, str]]]] = {
    "variable": ("elpp 0", drop("cloud_mask"), {("missing-variable", "cloud_mask", "error")}),
    "attribute": (
        "elic",
        lambda file: file.attrs.__delitem__("scc_version"),
        {("missing-attribute", "scc_version", "error")},
    ),
    "measurement": ("hirelpp", tell("measurement_ID", "x"), {("disagreement", "measurement_ID", "error")}),
    "station": ("cloudmask", tell("station_ID", "hpb"), {("disagreement", "station_ID", "error")}),
    "version": ("eldec", tell("scc_version", "4.0.0"), {("disagreement", "scc_version", "error")}),
    "product": ("eldec", tell("scc_product_ID", 13), {("disagreement", "scc_product_ID", "error")}),
    "type": ("elpp 0", put("product_type_id", (), 3), {("disagreement", "product_type_id", "error")}),
    "wavelength": ("elda 0", put("wavelength", 0, 532), {("disagreement", "wavelength", "error")}),
    "no wavelength": ("elda 0", put("wavelength", 0, np.nan), {("disagreement", "wavelength", "error")}),
    "wavelength of a calibration": (
        "eldec",
        put("polarization_calibration_ratio_emission_wavelength", 1, 532),
        {("disagreement", "polarization_calibration_ratio_emission_wavelength", "warning")},
    ),
    "interval": (
        "elda 0",
        lambda file: file["time_bounds"].__setitem__((0, 1), file["time_bounds"][0, 0]),
        {
            ("time-bounds", "time_bounds[0]", "error"),
            ("time-name", "stop", "warning"),
            ("time-attribute", "measurement_stop_datetime", "warning"),
        },
    ),
    "middle": (
        "elpp 0",
        lambda file: file["time"].__setitem__(1, file["time"][1] + 1800),
        {("time-start", "time", "warning")},
    ),
    "begin": (
        "hirelpp",
        lambda file: (
            file["time_bounds"].__setitem__((0, 0), file["time_bounds"][0, 0] - 120)
            or file["time"].__setitem__(0, file["time"][0] - 120)
        ),
        {("time-name", "start", "warning"), ("time-attribute", "measurement_start_datetime", "warning")},
    ),
    "time told": (
        "cloudmask",
        tell("measurement_stop_datetime", "2021-03-07T20:00:00Z"),
        {("time-attribute", "measurement_stop_datetime", "warning")},
    ),
    "time told otherwise": (
        "cloudmask",
        tell("measurement_stop_datetime", "soon"),
        {("time-attribute", "measurement_stop_datetime", "warning")},
    ),
    "altitudes": (
        "elda 3",
        lambda file: file["altitude"].__setitem__(slice(None), file["altitude"][:][::-1]),
        {("altitude-order", "altitude", "error")},
    ),
    "altitude missing": ("elda 3", put("altitude", 5, np.nan), {("altitude-order", "altitude", "error")}),
    "fill value": ("elda 2", tell("_FillValue", -999.0, "backscatter"), {("fill-value", "backscatter", "warning")}),
    "fill value of integers": (
        "elda 2",
        tell("_FillValue", np.int8(-1), "cloud_mask"),
        {("fill-value", "cloud_mask", "warning")},
    ),
    "no number as fill value": (
        "elda 2",
        tell("_FillValue", np.nan, "extinction"),
        {("fill-value", "extinction", "warning")},
    ),
    "type of the fill value": (
        "elda 2",
        tell("_FillValue", np.float32(9.969209968386869e36), "extinction"),
        {("fill-value", "extinction", "warning")},
    ),
    "nothing": ("elda 7", put("backscatter", ..., 9.969209968386869e36), {("no-data", "backscatter", "warning")}),
    "no number": (
        "hirelpp",
        put("range_corrected_signal", ..., np.nan),
        {("no-data", "range_corrected_signal", "warning")},
    ),
    "infinite": (
        "elic",
        put("attenuated_backscatter", (0, 0, 5), -np.inf),
        {("infinite", "attenuated_backscatter", "warning")},
    ),
    "bit": ("elpp 7", put("cloud_mask", (0, 3), 8), {("flag-value", "cloud_mask", "warning")}),
    "flag": ("elpp 7", put("cloud_mask_type", (), 3), {("flag-value", "cloud_mask_type", "warning")}),
    "negative flag": ("elpp 7", put("cloud_mask", (1, 3), -1), {("flag-value", "cloud_mask", "warning")}),
}


def found(kind: NetCDFKind, path: Path) -> set[tuple[str, str, str]]:
    """Return what is found in a file."""
    return {(problem.code, problem.where, problem.severity) for problem in kind.verify(path)}


@pytest.mark.parametrize("name", GOOD)
def test_good_files_have_no_problem(tmp_path: Path, name: str) -> None:
    """A good file of each kind and type gives no finding, and can be removed after the look."""
    kind, write = GOOD[name]
    path = write(tmp_path)

    assert kind.verify(path) == []
    h5py.File(path, "r+").close()


@pytest.mark.parametrize("name", FAULTS)
def test_each_fault_is_found_by_its_code(tmp_path: Path, name: str) -> None:
    """One fault in a good file gives just its findings, each with a sentence."""
    good, damage, expected = FAULTS[name]
    kind, write = GOOD[good]
    path = write(tmp_path)
    with h5py.File(path, "r+") as file:
        damage(file)

    assert expected == found(kind, path)
    assert all(problem.message for problem in kind.verify(path))


INDEPENDENT = (
    "altitudes",
    "fill value of integers",
    "no number as fill value",
    "nothing",
    "station",
    "wavelength",
    "flag",
)


@settings(max_examples=8, deadline=None)
@given(st.sets(st.sampled_from(INDEPENDENT), min_size=2))
def test_several_faults_are_all_found(tmp_path_factory: pytest.TempPathFactory, names: set[str]) -> None:
    """Faults hide nothing of each other."""
    kind, write = ELDA, lambda folder: write_elda(folder, SCENE, product_id=12, product_type=2, wavelength=355)
    path = write(tmp_path_factory.mktemp("faults"))
    with h5py.File(path, "r+") as file:
        for name in names:
            FAULTS[name][1](file)

    assert set().union(*(FAULTS[name][2] for name in names)) == found(kind, path)


def test_fill_values_and_bits_of_no_table_are_no_fault(tmp_path: Path) -> None:
    """A missing flag is no unknown one, and a flag whose file names more values than we know is as the file says."""
    path = GOOD["elda 0"][1](tmp_path)
    with h5py.File(path, "r+") as file:
        file["cloud_mask"][0, 0] = -127
        file["molecular_calculation_source"][()] = 77
        file["molecular_calculation_source"].attrs["flag_values"] = np.array([0, 77], "i1")

    assert ELDA.verify(path) == []


def test_flags_without_meanings_are_known_by_the_table(tmp_path: Path) -> None:
    """Where the file names no values, those of the interface count."""
    path = GOOD["elda 0"][1](tmp_path)
    with h5py.File(path, "r+") as file:
        for attribute in ("flag_values", "flag_meanings"):
            del file["cirrus_contamination"].attrs[attribute]
        file["cirrus_contamination"][()] = 3

    assert {("flag-value", "cirrus_contamination", "warning")} == found(ELDA, path)


def test_intervals_have_two_ends(tmp_path: Path) -> None:
    """Another size of ``nv`` is found as such, and the bounds that go by it too."""
    path = GOOD["cloudmask"][1](tmp_path)
    with xr.open_dataset(path, engine="h5netcdf", decode_cf=False) as dataset:
        wider = xr.concat([dataset.time_bounds, dataset.time_bounds.isel(nv=[1])], "nv")
        changed = dataset.drop_vars("time_bounds").assign(time_bounds=wider).load()
    for variable in changed.variables.values():
        if "_FillValue" not in variable.attrs:
            variable.encoding["_FillValue"] = None
    changed.to_netcdf(path, engine="h5netcdf")

    assert {("dimension-size", "nv", "error"), ("time-bounds", "time_bounds", "error")} == found(CLOUDMASK, path)


def test_a_minute_more_or_less_is_no_fault(tmp_path: Path) -> None:
    """Names tell minutes, rounded as it happens: a product until 20:59:37 may be named …2059 or …2100."""
    path = GOOD["elda 0"][1](tmp_path)
    with h5py.File(path, "r+") as file:
        file["time_bounds"][0, 1] -= 23
        file.attrs["measurement_stop_datetime"] = "2021-03-07T20:59:37"
    named = path.rename(path.with_name(path.name.replace("202103072100", "202103072059")))

    assert ELDA.verify(named) == []
    assert ELDA.verify(named.rename(path)) == []


def test_what_was_found_before_the_damage_is_told(tmp_path: Path) -> None:
    """A file whose data are damaged gives the findings about its form too."""
    path = GOOD["hirelpp"][1](tmp_path)
    with h5py.File(path, "r+") as file:
        file.attrs["station_ID"] = "hpb"
        packed = file["range_corrected_signal"].id
        place = packed.get_chunk_info(0)
    with path.open("r+b") as binary:
        binary.seek(place.byte_offset)
        binary.write(bytes(place.size))

    assert {("disagreement", "station_ID"), ("unreadable", path.name)} == {
        (code, where) for code, where, _ in found(HIRELPP, path)
    }


def test_data_are_looked_at_in_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file larger than what is read at once costs little memory, and its last value is looked at."""
    monkeypatch.setattr(checks, "_BLOCK", 50_000)
    path = tmp_path / "sir_009_0000985_202007081800_202007081900_20200708sir8018_hirelpp_v5.2.1.nc"
    values = np.ones((2, 100, 20_000))
    values[1, 99, 19_999] = np.inf
    signal = (("channel", "time", "level"), values)
    xr.Dataset({"range_corrected_signal": signal}).to_netcdf(path, engine="h5netcdf")
    del values, signal
    HIRELPP.verify(path)
    tracemalloc.start()
    problems = found(HIRELPP, path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert ("infinite", "range_corrected_signal", "warning") in problems
    assert peak < 8_000_000
