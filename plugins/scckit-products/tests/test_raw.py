"""The look at raw files before they are uploaded: every fault has its code, and all are told at once."""

from __future__ import annotations

import gc
import inspect
import math
import re
import tracemalloc
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import h5netcdf
import h5py
import numpy as np
import pytest
from attrs import define, field, frozen
from scipy.io import netcdf_file

from scckit.errors import UnreadableProduct
from scckit.models import AncillaryKind, Problem
from scckit.plugins import ChecksInput
from scckit_emulator.synthetic import write_raw, write_sounding
from scckit_products import contents
from scckit_products.raw import RAW

if TYPE_CHECKING:
    import hypothesis
    import hypothesis.extra.numpy as st_numpy
    import hypothesis.strategies as st
else:
    hypothesis = pytest.importorskip("hypothesis")
    st = pytest.importorskip("hypothesis.strategies")
    st_numpy = pytest.importorskip("hypothesis.extra.numpy")

ID = "20210307aky0930"
FILL = 9.969209968386869e36
INT_FILL = -2147483647
START = datetime(2021, 3, 7, 9, 30, tzinfo=UTC)

#: A finding without its sentence.
Found = tuple[str, str, str]
Write = Callable[["Content", Path], Path]


@define
class Content:
    """What goes into a netCDF file; a test changes it before it is written."""

    dimensions: dict[str, int] = field(factory=dict)
    attributes: dict[str, Any] = field(factory=dict)
    variables: dict[str, tuple[tuple[str, ...], np.ndarray]] = field(factory=dict)

    def put(self, name: str, dimensions: str, values: Any, code: str) -> None:
        """Put a variable; a single value stands for all."""
        names = tuple(dimensions.split())
        shape = tuple(self.dimensions[one] for one in names)
        self.variables[name] = (names, np.array(np.broadcast_to(np.array(values, code), shape)))

    def set(self, name: str, values: Any) -> None:
        """Give a variable other values of the same type."""
        dimensions, old = self.variables[name]
        self.variables[name] = (dimensions, np.array(np.broadcast_to(np.array(values, old.dtype), old.shape)))

    def rename_dimension(self, old: str, new: str) -> None:
        """Call a dimension otherwise."""
        self.dimensions = {new if name == old else name: size for name, size in self.dimensions.items()}
        for name, (dimensions, values) in self.variables.items():
            self.variables[name] = (tuple(new if one == old else one for one in dimensions), values)


def write_netcdf4(content: Content, path: Path) -> Path:
    """Write it as netCDF-4."""
    with h5netcdf.File(path, "w") as file:
        file.dimensions = content.dimensions
        file.attrs.update(content.attributes)
        for name, (dimensions, values) in content.variables.items():
            dtype = h5py.string_dtype() if values.dtype.kind == "O" else values.dtype
            file.create_variable(name, dimensions, dtype, data=values)
    return path


def write_netcdf3(content: Content, path: Path) -> Path:
    """Write it as netCDF-3; texts are characters.

    Profiles are no records here, for scipy writes single values over them. For records see the blocks.
    """
    with netcdf_file(path, "w", version=2) as file:
        for name, size in content.dimensions.items():
            file.createDimension(name, size)
        for name, value in content.attributes.items():
            setattr(file, name, value)
        for name, (dimensions, values) in content.variables.items():
            if values.dtype.kind == "O":
                file.createDimension("characters", 20)
                characters = np.frombuffer(values.astype("S20").tobytes(), "S1").reshape(-1, 20)
                file.createVariable(name, "c", (*dimensions, "characters"))[:] = characters
                continue
            variable = file.createVariable(name, values.dtype.newbyteorder(">"), dimensions)
            variable[slice(None) if dimensions else ...] = values
    return path


WRITERS: Mapping[str, Write] = {"netCDF-4": write_netcdf4, "netCDF-3": write_netcdf3}


@pytest.fixture(params=WRITERS)
def write(request: pytest.FixtureRequest) -> Write:
    """Give a way to write a file, of each form of netCDF."""
    return WRITERS[request.param]


def good() -> Content:
    """Make a raw file in which nothing is wrong: 4 profiles, 2 channels, 2 angles, a dark measurement (8.2 to 8.4)."""
    sizes = {"time": 4, "channels": 2, "points": 6, "nb_of_time_scales": 1, "scan_angles": 2, "time_bck": 2}
    content = Content(sizes)
    content.attributes = {
        "Measurement_ID": ID,
        "RawData_Start_Date": "20210307",
        "RawData_Start_Time_UT": "093000",
        "RawData_Stop_Time_UT": "093200",
        "RawBck_Start_Date": "20210307",
        "RawBck_Start_Time_UT": "092000",
        "RawBck_Stop_Time_UT": "092100",
    }
    content.put("Raw_Lidar_Data", "time channels points", np.arange(48.0).reshape(4, 2, 6), "f8")
    content.put("Raw_Data_Start_Time", "time nb_of_time_scales", [[0], [30], [60], [90]], "i4")
    content.put("Raw_Data_Stop_Time", "time nb_of_time_scales", [[30], [60], [90], [120]], "i4")
    content.put("channel_ID", "channels", [1001, 1002], "i4")
    content.put("id_timescale", "channels", 0, "i4")
    content.put("Laser_Shots", "time channels", 600, "i4")
    content.put("Laser_Pointing_Angle", "scan_angles", [0, 5], "f8")
    content.put("Laser_Pointing_Angle_of_Profiles", "time nb_of_time_scales", [[0], [1], [0], [1]], "i4")
    content.put("Background_Low", "channels", 60.0, "f8")
    content.put("Background_High", "channels", 90.0, "f8")
    content.put("Molecular_Calc", "", 0, "i4")
    content.put("LR_Input", "channels", 1, "i4")
    content.put("Pressure_at_Lidar_Station", "", 1010.0, "f8")
    content.put("Temperature_at_Lidar_Station", "", 15.0, "f8")
    content.put("Background_Profile", "time_bck channels points", 0.5, "f8")
    content.put("Raw_Bck_Start_Time", "time_bck nb_of_time_scales", [[0], [30]], "i4")
    content.put("Raw_Bck_Stop_Time", "time_bck nb_of_time_scales", [[30], [60]], "i4")
    return content


def sounding() -> Content:
    """Make a sounding file in which nothing is wrong (8.5)."""
    content = Content({"points": 3})
    content.attributes = {
        "Latitude_degrees_north": 35.86,
        "Longitude_degrees_east": 23.31,
        "Altitude_meter_asl": 193.0,
        "Sounding_Start_Date": "20210307",
        "Sounding_Start_Time_UT": "090000",
    }
    content.put("Altitude", "points", [100.0, 200.0, 350.0], "f8")
    content.put("Temperature", "points", [15.0, 14.0, 13.0], "f8")
    content.put("Pressure", "points", [1000.0, 990.0, 970.0], "f8")
    content.put("RelativeHumidity", "points", 50.0, "f8")
    return content


def brief(problems: object) -> set[Found]:
    """Return findings without their sentences, which all say something."""
    found = set()
    for problem in problems:  # type: ignore[attr-defined]
        assert isinstance(problem, Problem)
        assert len(problem.message) > 20
        found.add((problem.code, problem.where, problem.severity))
    return found


def check(path: Path, **ancillary: Path) -> set[Found]:
    """Return what is found in a file."""
    return brief(RAW.check_input(path, {AncillaryKind(name): one for name, one in ancillary.items()}))


# -- single faults --------------------------------------------------------------------------------------------------------


@frozen(eq=False)
class Fault:
    """Something wrong: what is done to a good file, what is to be found, and words of the message.

    Faults of different parts do not hide each other.
    """

    part: str
    name: str
    do: Callable[[Content], object]
    code: str
    where: str
    severity: str
    words: tuple[str, ...] = ()

    @property
    def found(self) -> Found:
        """What is to be found."""
        return (self.code, self.where, self.severity)

    def __str__(self) -> str:
        """Name it in the list of tests."""
        return f"{self.code}: {self.name}"


def without(name: str) -> Callable[[Content], object]:
    """Take a variable or an attribute away."""
    return lambda content: content.variables.pop(name, None) or content.attributes.pop(name)


def having(name: str, values: Any) -> Callable[[Content], object]:
    """Give a variable other values, or an attribute another one."""

    def do(content: Content) -> None:
        if name in content.variables:
            content.set(name, values)
        else:
            content.attributes[name] = values

    return do


def typed(name: str, code: str) -> Callable[[Content], object]:
    """Give a variable another type."""

    def do(content: Content) -> None:
        dimensions, values = content.variables[name]
        content.variables[name] = (dimensions, values.astype(code))

    return do


def turned(name: str) -> Callable[[Content], object]:
    """Turn the dimensions of a variable around; the first stays, for only it may be one of records."""

    def do(content: Content) -> None:
        (first, second, third), values = content.variables[name]
        content.variables[name] = ((first, third, second), values.transpose(0, 2, 1))

    return do


def data(place: Any, value: float) -> Callable[[Content], object]:
    """Put a value somewhere into the lidar data."""

    def do(content: Content) -> None:
        content.variables["Raw_Lidar_Data"][1][place] = value

    return do


def over(name: str, dimensions: str) -> Callable[[Content], object]:
    """Let a variable stand over other dimensions."""
    return lambda content: content.put(name, dimensions, 0, "i4")


E, W = "error", "warning"
STARTS, STOPS = "Raw_Data_Start_Time", "Raw_Data_Stop_Time"
FIRST, SECOND = f"{STARTS}[0, 0]", f"{STARTS}[1, 0]"

FAULTS = (
    Fault("angles", "none", lambda one: one.rename_dimension("scan_angles", "angles"), "missing-dimension", "scan_angles", E),
    Fault("angles", "out of range", having("Laser_Pointing_Angle_of_Profiles", [[0], [1], [2], [7]]), "index-range",
          "Laser_Pointing_Angle_of_Profiles", E, ("2 of 4", "the first: 2", "0 to 1")),
    Fault("angles", "missing", having("Laser_Pointing_Angle", [0, FILL]), "missing-value", "Laser_Pointing_Angle", W,
          ("1 of 2",)),
    Fault("molecular", "none", without("Molecular_Calc"), "missing-variable", "Molecular_Calc", E),
    Fault("molecular", "profile", over("Molecular_Calc", "channels"), "variable-dimensions", "Molecular_Calc", E,
          ("(channels)", "single value")),
    Fault("molecular", "unknown", having("Molecular_Calc", 9), "molecular-calc", "Molecular_Calc", W,
          ("is 9", "0 to 4")),
    Fault("molecular", "missing", having("Molecular_Calc", INT_FILL), "molecular-calc", "Molecular_Calc", W,
          ("is missing",)),
    Fault("molecular", "no sounding", having("Molecular_Calc", 1), "sounding-not-named", "Molecular_Calc", W,
          ("Sounding_File_Name",)),
    Fault("shots", "none", without("Laser_Shots"), "missing-variable", "Laser_Shots", E),
    Fault("shots", "zero", having("Laser_Shots", [600, 0]), "laser-shots", "Laser_Shots", W,
          ("4 of 8", "is 0", "profile 0, channel 1")),
    Fault("shots", "text", typed("Laser_Shots", "S1"), "variable-type", "Laser_Shots", E, ("bytes8", "whole numbers")),
    Fault("shots", "real", typed("Laser_Shots", "f4"), "variable-type", "Laser_Shots", W, ("float32", "whole numbers")),
    Fault("channels", "none", without("channel_ID"), "missing-variable", "channel_ID or channel_string_ID", E),
    Fault("channels", "negative", having("channel_ID", [1001, -1]), "channel-id", "channel_ID", E,
          ("1 of 2", "-1", "channel_string_ID")),
    Fault("channels", "missing", having("channel_ID", [INT_FILL, 1]), "channel-id", "channel_ID", E, ("missing",)),
    Fault("channels", "repeated", having("channel_ID", 1001), "channel-repeated", "channel_ID", W, ("1001",)),
    Fault("identity", "none", without("Measurement_ID"), "missing-attribute", "Measurement_ID", E,
          ("found: RawBck_Start_Date",)),
    Fault("identity", "wrong", having("Measurement_ID", "210307aky0930"), "measurement-id", "Measurement_ID", E,
          ("210307aky0930", "YYYYMMDD")),
    Fault("identity", "other day", having("Measurement_ID", "20210309aky0930"), "measurement-id-date", "Measurement_ID", W,
          ("20210309aky0930", "20210307")),
    Fault("identity", "no day", having("RawData_Start_Date", "20210230"), "attribute-form", "RawData_Start_Date", E,
          ("20210230", "YYYYMMDD")),
    Fault("identity", "number", having("RawData_Start_Date", np.int32(20210307)), "attribute-form", "RawData_Start_Date", W,
          ("text",)),
    Fault("stop", "none", without("RawData_Stop_Time_UT"), "missing-attribute", "RawData_Stop_Time_UT", E),
    Fault("stop", "blank", having("RawData_Stop_Time_UT", " "), "missing-attribute", "RawData_Stop_Time_UT", E),
    Fault("stop", "minutes", having("RawData_Stop_Time_UT", "0932"), "attribute-form", "RawData_Stop_Time_UT", E,
          ("0932", "HHMMSS")),
    Fault("stop", "no time", having("RawData_Stop_Time_UT", "093260"), "attribute-form", "RawData_Stop_Time_UT", E),
    Fault("stop", "early", having("RawData_Stop_Time_UT", "093020"), "time-span", STOPS, W, ("70 s after", "093020")),
    Fault("times", "no start", having(STARTS, [[0], [INT_FILL], [60], [90]]), "missing-time", SECOND, E,
          ("1 of 4", "first is 1")),
    Fault("times", "backward", having(STOPS, [[30], [10], [90], [120]]), "time-interval", SECOND, E,
          ("30 s", "10 s", "86400")),
    Fault("times", "no length", having(STOPS, [[0], [60], [90], [120]]), "time-interval", FIRST, W, ("1 of 4",)),
    Fault("times", "overlap", having(STOPS, [[40], [60], [90], [120]]), "time-overlap", SECOND, W,
          ("30 s", "40 s", "1 of 4")),
    Fault("times", "descent", having(STARTS, [[29], [28], [60], [90]]), "time-order", SECOND, W, ("28 s", "29 s")),
    Fault("times", "early", having(STARTS, [[-5], [30], [60], [90]]), "time-span", STARTS, W, ("5 s before",)),
    Fault("scales", "none", without("id_timescale"), "missing-variable", "id_timescale", E),
    Fault("scales", "from 1", having("id_timescale", 1), "index-range", "id_timescale", E, ("2 of 2", "0 to 0")),
    Fault("background", "turned", having("Background_Low", [60.0, 90.0]), "background-range", "Background_Low", W,
          ("1 of 2", "channel 1", "90")),
    Fault("background", "missing", having("Background_High", [90.0, FILL]), "missing-value", "Background_High", W,
          ("1 of 2",)),
    Fault("background", "none", without("Background_High"), "missing-variable", "Background_High", E),
    Fault("ratio", "no file", having("LR_Input", [1, 0]), "lidar-ratio-not-named", "LR_Input", W, ("LR_File_Name",)),
    Fault("ratio", "unknown", having("LR_Input", [1, 7]), "lr-input", "LR_Input", W, ("7",)),
    Fault("ratio", "profile", over("LR_Input", "time channels"), "variable-dimensions", "LR_Input", W,
          ("(time, channels)", "(channels)")),
    Fault("temperature", "kelvin", having("Temperature_at_Lidar_Station", 288.15), "implausible",
          "Temperature_at_Lidar_Station", W, ("288.15", "°C")),
    Fault("pressure", "pascal", having("Pressure_at_Lidar_Station", 1e5), "implausible", "Pressure_at_Lidar_Station", W,
          ("hPa",)),
    Fault("dark", "no stop", without("Raw_Bck_Stop_Time"), "dark-incomplete", "Background_Profile", W,
          ("Raw_Bck_Stop_Time",)),
    Fault("dark", "no date", without("RawBck_Start_Date"), "dark-incomplete", "Background_Profile", W,
          ("RawBck_Start_Date",)),
    Fault("dark", "form", having("RawBck_Start_Date", "7 March"), "attribute-form", "RawBck_Start_Date", W,
          ("7 March",)),
    Fault("dark", "backward", having("Raw_Bck_Stop_Time", [[30], [20]]), "time-interval", "Raw_Bck_Start_Time[1, 0]", W,
          ("20 s",)),
    Fault("data", "none", without("Raw_Lidar_Data"), "missing-variable", "Raw_Lidar_Data", E),
    Fault("data", "turned", turned("Raw_Lidar_Data"), "variable-dimensions", "Raw_Lidar_Data", E,
          ("(time, points, channels)", "(time, channels, points)")),
    Fault("data", "missing", data(np.s_[:, 1], FILL), "data-missing", "Raw_Lidar_Data", W, ("1 of 2", "channel 1")),
    Fault("data", "NaN", data(np.s_[2, 0, 3], math.nan), "data-not-finite", "Raw_Lidar_Data", W,
          ("1 values", "channel 0")),
    Fault("data", "infinite", data(np.s_[2, 1, 3:5], -math.inf), "data-not-finite", "Raw_Lidar_Data", W,
          ("2 values", "channel 1")),
    Fault("data", "negative", data(np.s_[3, 1, :], -2.0), "data-negative", "Raw_Lidar_Data", W,
          ("6 counts", "channel 1")),
    Fault("overlap", "absent", having("Overlap_File_Name", "ov_20210307.nc"), "ancillary-absent", "Overlap_File_Name", W,
          ("ov_20210307.nc", "overlap=")),
)  # fmt: skip


def test_raw_checks_input() -> None:
    """The kind offers the capability."""
    assert isinstance(RAW, ChecksInput)


def test_a_good_file_has_no_finding(tmp_path: Path, write: Write) -> None:
    """Nothing is found in a good file, before an upload and after it."""
    path = write(good(), tmp_path / f"{ID}.nc")

    assert [] == RAW.check_input(path, {}) == RAW.verify(path)


@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_each_fault_has_its_code(tmp_path: Path, write: Write, fault: Fault) -> None:
    """A single fault gives one finding, with its code, its place and its severity; the message tells found and expected."""
    content = good()
    fault.do(content)
    path = write(content, tmp_path / "x.nc")

    (problem,) = RAW.check_input(path, {})
    assert fault.found == (problem.code, problem.where, problem.severity)
    for word in fault.words:
        assert word in problem.message.replace("|S1", "bytes8")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file to write to."""
    return tmp_path_factory.mktemp("raw") / "x.nc"


@hypothesis.settings(deadline=None, max_examples=80)
@hypothesis.given(
    faults=st.lists(st.sampled_from(FAULTS), unique_by=lambda fault: fault.part), form=st.sampled_from(sorted(WRITERS))
)
def test_all_faults_are_told_at_once(place: Path, faults: list[Fault], form: str) -> None:
    """Several faults give all their findings, errors first, whatever the others are: none hides another."""
    content = good()
    for fault in faults:
        fault.do(content)

    problems = RAW.check_input(WRITERS[form](content, place), {})

    assert {fault.found for fault in faults} == brief(problems)
    assert len(problems) == len(faults)
    severities = [problem.severity for problem in problems]
    assert severities == sorted(severities)
    assert {one for one in problems if one.code != "ancillary-absent"} == set(RAW.verify(place))


def test_every_code_is_documented() -> None:
    """The documentation of the capability lists the codes that the faults here have, and no others."""
    listed = set(re.findall(r"``([a-z-]+)``", (inspect.getdoc(type(RAW).check_input) or "").replace("``inputs``", "")))
    elsewhere = {
        "unreadable",
        "empty-dimension",
        "not-looked-at",
        "single-profile",
        "sounding-altitude",
        "ancillary-name",
        "ancillary-unused",
    }

    assert listed == {fault.code for fault in FAULTS} | elsewhere


# -- form -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["time", "channels", "points", "nb_of_time_scales", "scan_angles"])
def test_dimensions_are_not_zero(tmp_path: Path, name: str) -> None:
    """A dimension of size 0 is found, and what depends on it is looked at no further."""
    content = good()
    content.dimensions[name] = 0
    for variable, (dimensions, values) in content.variables.items():
        shape = tuple(content.dimensions[one] for one in dimensions)
        content.variables[variable] = (dimensions, np.resize(values, shape))

    assert ("empty-dimension", name, E) in check(write_netcdf4(content, tmp_path / "x.nc"))


def test_whole_numbers_may_have_any_width(tmp_path: Path) -> None:
    """Where the SCC wants integers, integers of 8, 16 or 64 bits are taken, and integers where it wants real numbers."""
    content = good()
    for name, code in (("id_timescale", "i1"), ("Laser_Shots", "u2"), (STARTS, "i8"), ("Raw_Lidar_Data", "i4")):
        typed(name, code)(content)

    assert set() == check(write_netcdf4(content, tmp_path / "x.nc"))


def test_a_single_value_may_stand_in_a_dimension(tmp_path: Path, write: Write) -> None:
    """A single value in a dimension of size 1 is read as one, with a warning."""
    content = good()
    content.put("Molecular_Calc", "nb_of_time_scales", 9, "i4")

    found = check(write(content, tmp_path / "x.nc"))
    assert {("variable-dimensions", "Molecular_Calc", W), ("molecular-calc", "Molecular_Calc", W)} == found


def test_variables_of_others_are_ignored(tmp_path: Path, write: Write) -> None:
    """Clients may add attributes and variables of their own (8.1)."""
    content = good()
    content.attributes["X_PollyXTPipelines_Is_Daytime"] = "no"
    content.put("Own_Notes", "points", 1, "f4")

    assert set() == check(write(content, tmp_path / "x.nc"))


def test_text_names_channels_in_place_of_numbers(tmp_path: Path, write: Write) -> None:
    """Where texts name the channels, the numbers may be -1, repeated, or not there."""
    content = good()
    content.variables["channel_string_ID"] = (("channels",), np.array(["no000", "no007"], dtype=object))
    content.set("channel_ID", -1)
    assert set() == check(write(content, tmp_path / "x.nc"))

    del content.variables["channel_ID"]
    assert set() == check(write(content, tmp_path / "y.nc"))


@pytest.mark.parametrize(
    ("names", "found"),
    [
        (["", "no007"], ("channel-id", "channel_string_ID", E)),
        (["no007", "no007"], ("channel-repeated", "channel_string_ID", W)),
    ],
)
def test_texts_of_channels_are_looked_at(tmp_path: Path, write: Write, names: list[str], found: Found) -> None:
    """An empty text names no channel, and one text names one channel."""
    content = good()
    content.variables["channel_string_ID"] = (("channels",), np.array(names, dtype=object))

    assert {found} == check(write(content, tmp_path / "x.nc"))


def test_texts_of_channels_are_short_texts(tmp_path: Path) -> None:
    """A text that is longer than the SCC's is a warning; numbers under that name are no texts."""
    content = good()
    content.variables["channel_string_ID"] = (("channels",), np.array(["n" * 21, "no007"], dtype=object))
    assert {("channel-id", "channel_string_ID", W)} == check(write_netcdf4(content, tmp_path / "x.nc"))

    content.put("channel_string_ID", "channels", 5, "i4")
    assert {("variable-type", "channel_string_ID", W)} == check(write_netcdf4(content, tmp_path / "x.nc"))

    del content.variables["channel_ID"]
    assert {("variable-type", "channel_string_ID", E)} == check(write_netcdf4(content, tmp_path / "x.nc"))


def test_the_name_of_a_file_matters_once_it_was_uploaded(tmp_path: Path) -> None:
    """Before an upload the name is free (2.2); a downloaded file should not be named after another measurement."""
    path = write_netcdf4(good(), tmp_path / "20210307aky1030.nc")

    assert set() == check(path)
    assert {("disagreement", "Measurement_ID", E)} == brief(RAW.verify(path))


# -- times ----------------------------------------------------------------------------------------------------------------


def test_a_measurement_may_cross_midnight(tmp_path: Path, write: Write) -> None:
    """A stop that is smaller than the start is on the next day (8.3)."""
    content = good()
    content.attributes |= {"RawData_Start_Time_UT": "235900", "RawData_Stop_Time_UT": "000100"}

    assert set() == check(write(content, tmp_path / "x.nc"))


def test_times_that_fall_back_at_midnight_are_found(tmp_path: Path, write: Write) -> None:
    """Seconds that begin anew at midnight give a stop before its start and a start before the one before it."""
    content = good()
    content.attributes |= {"RawData_Start_Time_UT": "235900", "RawData_Stop_Time_UT": "000100"}
    content.set(STARTS, [[86280], [86310], [86340], [0]])
    content.set(STOPS, [[86310], [86340], [0], [30]])

    expected = {
        ("time-interval", f"{STARTS}[2, 0]", E),
        ("time-order", f"{STARTS}[3, 0]", W),
        ("time-span", STOPS, W),
    }
    assert expected == check(write(content, tmp_path / "x.nc"))


def test_a_single_profile_is_a_warning(tmp_path: Path, write: Write) -> None:
    """A single analogue profile is taken for depolarization calibration only (8.1)."""
    content = good()
    content.dimensions["time"] = 1
    for name, (dimensions, values) in content.variables.items():
        content.variables[name] = (dimensions, values[:1] if dimensions[:1] == ("time",) else values)

    assert {("single-profile", "time", W)} == check(write(content, tmp_path / "x.nc"))


def scales() -> Content:
    """Make what atmospheric-lidar writes where channels have times of their own: the shorter scale is filled up."""
    content = good()
    content.dimensions |= {"nb_of_time_scales": 2}
    fill = INT_FILL
    content.put(STARTS, "time nb_of_time_scales", [[0, 0], [30, 60], [60, fill], [90, fill]], "i4")
    content.put(STOPS, "time nb_of_time_scales", [[30, 60], [60, 120], [90, fill], [120, fill]], "i4")
    content.put("Raw_Bck_Start_Time", "time_bck nb_of_time_scales", [[0, 0], [30, fill]], "i4")
    content.put("Raw_Bck_Stop_Time", "time_bck nb_of_time_scales", [[30, 60], [60, fill]], "i4")
    content.put("id_timescale", "channels", [0, 1], "i4")
    content.put(
        "Laser_Pointing_Angle_of_Profiles", "time nb_of_time_scales", [[0, 0], [0, 0], [0, fill], [0, fill]], "i4"
    )
    content.put("Laser_Shots", "time channels", [[600, 1200], [600, 1200], [600, fill], [600, fill]], "i4")
    content.put("DAQ_Range", "channels", [100.0, FILL], "f8")
    content.put("Background_Mode", "channels", [fill, 1], "i4")
    content.variables["Raw_Lidar_Data"][1][2:, 1] = FILL
    content.variables["Raw_Lidar_Data"][1][:2, 0] = -0.25  # mV of an analogue channel may be below 0
    return content


def test_time_scales_may_differ_in_length(tmp_path: Path, write: Write) -> None:
    """A file as atmospheric-lidar writes it, filled up where a time scale is shorter, has no finding."""
    assert set() == check(write(scales(), tmp_path / "x.nc"))


def test_gaps_in_a_time_scale_are_no_filling(tmp_path: Path, write: Write) -> None:
    """A time that is missing before the last one of its scale is found, and so are shots and angles of real profiles."""
    content = scales()
    content.variables[STARTS][1][0, 1] = INT_FILL
    content.variables["Laser_Shots"][1][1, 0] = INT_FILL
    content.variables["Laser_Pointing_Angle_of_Profiles"][1][1, 1] = INT_FILL

    assert check(write(content, tmp_path / "x.nc")) == {
        ("missing-time", f"{STARTS}[0, 1]", E),
        ("laser-shots", "Laser_Shots", W),
        ("index-range", "Laser_Pointing_Angle_of_Profiles", E),
    }


def test_a_file_as_pollyxt_pipelines_writes_it(tmp_path: Path) -> None:
    """Attributes of dark profiles without such, a stop that is the begin of the last profile, and numbers filled up are fine."""
    content = good()
    content.rename_dimension("time_bck", "unused")
    for name in ("Background_Profile", "Raw_Bck_Start_Time", "Raw_Bck_Stop_Time"):
        del content.variables[name]
    content.attributes["RawData_Stop_Time_UT"] = "093130"
    content.variables["channel_string_ID"] = (("channels",), np.array(["no0024", "no0026"], dtype=object))
    content.set("channel_ID", 1)
    content.put("Pol_Calib_Range_Min", "channels", FILL, "f8")
    content.put("Background_Low", "channels", 0, "f8")
    content.put("Background_High", "channels", 249, "f8")
    del content.variables["LR_Input"]
    content.set("Molecular_Calc", 4)

    assert set() == check(write_netcdf4(content, tmp_path / "x.nc"))


@pytest.mark.parametrize("hour", [9, 23])
def test_files_of_the_emulator_have_no_finding(tmp_path: Path, hour: int) -> None:
    """Raw files and soundings that the emulator's writers make have none, by day and over midnight."""
    start = START.replace(hour=hour)
    soundings = write_sounding(tmp_path / "rs_20210307aky09.nc", start=start)
    path = tmp_path / f"{ID}.nc"
    write_raw(path, measurement_id=ID, start=start, stop=start + timedelta(hours=1), sounding=soundings.name)

    assert RAW.check_input(path, {AncillaryKind.SOUNDING: soundings}) == []


# -- data -----------------------------------------------------------------------------------------------------------------


def test_signals_below_zero_are_no_counts(tmp_path: Path, write: Write) -> None:
    """Fractions below 0 are an analogue signal, unless the file says that the channel has no range, unlike another one."""
    content = good()
    content.variables["Raw_Lidar_Data"][1][:, :, 2] = -0.25
    assert set() == check(write(content, tmp_path / "x.nc"))

    content.put("DAQ_Range", "channels", [100.0, FILL], "f8")
    assert {("data-negative", "Raw_Lidar_Data", W)} == check(write(content, tmp_path / "x.nc"))


@pytest.mark.parametrize("code", ["f4", "f8", "i4"])
def test_missing_data_are_known_by_the_files_own_fill_value(tmp_path: Path, code: str) -> None:
    """A fill value that a file gives, and the library's own, stand for missing data in each type."""
    for fill in (-999, None):
        content = good()
        typed("Raw_Lidar_Data", code)(content)
        path = write_netcdf4(content, tmp_path / "x.nc")
        with h5py.File(path, "r+") as file:
            variable = file["Raw_Lidar_Data"]
            if fill is not None:
                variable.attrs["_FillValue"] = np.array([fill], code)
            variable[:, 0] = fill if fill is not None else {"i4": INT_FILL}.get(code, FILL)

        assert {("data-missing", "Raw_Lidar_Data", W)} == check(path)


def test_data_that_were_never_written_are_missing(tmp_path: Path) -> None:
    """A variable that is shorter than its dimensions, or was never written, lacks data and costs nothing."""
    path = write_netcdf4(good(), tmp_path / "x.nc")
    with h5netcdf.File(path, "r+") as file:
        file.create_variable("Own", ("time",), "i4")
    with h5py.File(path, "r+") as file:
        scales = [next(iter(dimension.values())) for dimension in file["Raw_Lidar_Data"].dims]
        del file["Raw_Lidar_Data"]
        fill = {"fillvalue": FILL, "chunks": (1, 2, 6)}
        variable = file.create_dataset("Raw_Lidar_Data", (4, 2, 6), "f8", **fill)
        for dimension, scale in zip(variable.dims, scales, strict=True):
            dimension.attach_scale(scale)

    assert {("data-missing", "Raw_Lidar_Data", W)} == check(path)


def unlimited(path: Path) -> Path:
    """Write a good file whose profiles have no limit; where the dimension itself stands, their number does not."""
    content = good()
    with h5netcdf.File(path, "w") as file:
        file.dimensions = content.dimensions | {"time": None}
        file.attrs.update(content.attributes)
        file.resize_dimension("time", content.dimensions["time"])
        for name, (dimensions, values) in content.variables.items():
            fill = INT_FILL if values.dtype.kind == "i" else FILL
            file.create_variable(name, dimensions, values.dtype, fillvalue=fill)[...] = values
    with h5py.File(path, "r+") as file:
        file["time"].resize((0,))
    return path


def test_unlimited_profiles_are_as_many_as_were_written(tmp_path: Path) -> None:
    """There are as many profiles as the longest variable has; another one that is shorter lacks values."""
    path = unlimited(tmp_path / "x.nc")
    assert set() == check(path)

    with h5py.File(path, "r+") as file:
        file["Laser_Shots"].resize(3, axis=0)
        file["Raw_Lidar_Data"].resize(2, axis=0)
    assert {("laser-shots", "Laser_Shots", W)} == check(path)


def test_data_that_no_file_can_hold_are_not_read(tmp_path: Path) -> None:
    """A small file that claims terabytes is answered at once, with all else that is found in it."""
    content = good()
    content.variables = {
        name: one for name, one in content.variables.items() if not {"points", "time_bck"} & set(one[0])
    }
    del content.dimensions["time_bck"]
    content.dimensions["points"] = 10**12
    content.set("Molecular_Calc", 9)
    path = write_netcdf4(content, tmp_path / "x.nc")
    with h5netcdf.File(path, "r+") as file:
        file.create_variable("Raw_Lidar_Data", ("time", "channels", "points"), "f8", chunks=(1, 1, 1000))

    assert {("not-looked-at", "Raw_Lidar_Data", W), ("molecular-calc", "Molecular_Calc", W)} == check(path)


def test_large_tables_are_not_read(tmp_path: Path) -> None:
    """Tables of more than half a million numbers are left, with a warning."""
    content = good()
    content.variables = {name: one for name, one in content.variables.items() if not {"time", "time_bck"} & set(one[0])}
    content.dimensions["time"] = 600_000
    del content.dimensions["time_bck"]
    tables = (STARTS, STOPS, "Laser_Pointing_Angle_of_Profiles")
    path = write_netcdf4(content, tmp_path / "x.nc")
    with h5netcdf.File(path, "r+") as file:
        for name in tables:
            file.create_variable(name, ("time", "nb_of_time_scales"), "i4")
        file.create_variable("Laser_Shots", ("time", "channels"), "i4")
        file.create_variable(
            "Raw_Lidar_Data", ("time", "channels", "points"), "i1", data=np.ones((600_000, 2, 6), "i1")
        )

    assert {("not-looked-at", name, W) for name in (*tables, "Laser_Shots")} == check(path)


@pytest.mark.parametrize(("points", "found"), [(2**19, set()), (2**19 + 1, {("not-looked-at", "Raw_Lidar_Data", W)})])
def test_large_packed_chunks_are_not_read(tmp_path: Path, points: int, found: set[Found]) -> None:
    """A packed chunk can only be read whole; one of more than 16 MiB is left, with a warning."""
    content = good()
    content.variables = {
        name: one for name, one in content.variables.items() if not {"points", "time_bck"} & set(one[0])
    }
    content.dimensions["points"] = points
    del content.dimensions["time_bck"]
    path = write_netcdf4(content, tmp_path / "x.nc")
    with h5netcdf.File(path, "r+") as file:
        packed = {"compression": "gzip", "chunks": (4, 1, points)}
        file.create_variable("Raw_Lidar_Data", ("time", "channels", "points"), "f8", **packed)[...] = 5.0

    assert found == check(path)


def large(path: Path, form: str) -> Path:
    """Write a file with 96 MiB of lidar data."""
    content = good()
    content.dimensions |= {"time": 96, "points": 2**16}
    count = np.arange(96)[:, None]
    content.attributes["RawData_Stop_Time_UT"] = "112000"
    content.put(STARTS, "time nb_of_time_scales", count * 30, "i4")
    content.put(STOPS, "time nb_of_time_scales", count * 30 + 30, "i4")
    content.put("Laser_Shots", "time channels", 600, "i4")
    content.put("Laser_Pointing_Angle_of_Profiles", "time nb_of_time_scales", 0, "i4")
    content.put("Background_Profile", "time_bck channels points", 0, "f8")
    content.put("Raw_Lidar_Data", "time channels points", 5.0, "f8")
    content.variables["Raw_Lidar_Data"][1][95, 1, -1] = math.nan
    return WRITERS[form](content, path)


@pytest.mark.parametrize("form", WRITERS)
def test_large_files_cost_little_memory(tmp_path: Path, form: str) -> None:
    """A file of 97 MiB is looked at, to its last value, in a fifth of that, whatever its form."""
    path = large(tmp_path / "x.nc", form)
    check(write_netcdf4(good(), tmp_path / "y.nc"))

    tracemalloc.start()
    found, header = check(path), RAW.header(path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert {("data-not-finite", "Raw_Lidar_Data", W)} == found
    assert header["Measurement_ID"] == ID
    assert peak < 20 * 2**20 < path.stat().st_size / 4


# -- reading by parts -----------------------------------------------------------------------------------------------------


@hypothesis.settings(deadline=None, max_examples=60)
@hypothesis.given(
    values=st_numpy.arrays(
        st.sampled_from(["i1", "i2", "i4", "f4", "f8"]), st_numpy.array_shapes(min_dims=3, max_dims=3, max_side=7)
    ),
    others=st.lists(st.sampled_from(["i1", "i2", "f8"]), max_size=2),
    block=st.sampled_from([1, 16, 64, 4096]),
    how=st.sampled_from(["records", "classic", "contiguous", "chunks", "packed"]),
    chunk=st.tuples(*[st.integers(1, 7)] * 3),
)
def test_blocks_are_each_value_once(  # noqa: PLR0913, PLR0917 - a file is described by many values
    place: Path, values: np.ndarray, others: list[str], block: int, how: str, chunk: tuple[int, int, int]
) -> None:
    """The blocks of a variable put together are the variable, each value once, in both forms of netCDF and any layout."""
    names = ("time", "channels", "points")
    if how in {"records", "classic"}:
        with netcdf_file(place, "w") as file:
            for name, size in zip(names, values.shape, strict=True):
                file.createDimension(name, None if (name, how) == ("time", "records") else size)
            for number, code in enumerate(others):
                # Records of odd lengths, so that there are gaps between them.
                file.createVariable(f"other{number}", code, ("time", "points"))[:] = np.zeros(
                    (len(values), values.shape[2])
                )
            file.createVariable("x", values.dtype.str[1:], names)[:] = values
    else:
        chunks = None if how == "contiguous" else tuple(min(pair) for pair in zip(chunk, values.shape, strict=True))
        with h5netcdf.File(place, "w") as file:
            file.dimensions = dict(zip(names, values.shape, strict=True))
            packing = {"compression": "gzip"} if how == "packed" else {}
            file.create_variable("x", names, values.dtype, data=values, chunks=chunks, **packing)

    with pytest.MonkeyPatch.context() as patch, contents.opened(place) as opened:
        patch.setattr(contents, "_BLOCK", block)
        variable = opened.variable("x")
        assert variable is not None
        whole, times = np.zeros_like(values), np.zeros(values.shape, dtype=int)
        for index, part in opened.blocks(variable):
            whole[index] = part
            times[index] += 1
        assert (names, values.shape) == (variable.dimensions, variable.shape)
        assert (times == 1).all()
        assert np.array_equal(values, whole, equal_nan=True)
        assert np.array_equal(values, opened.read(variable), equal_nan=True)


def test_a_classic_file_that_was_never_closed_has_the_records_that_are_there(tmp_path: Path) -> None:
    """A file in the classic form whose number of records was never written has as many as it holds."""
    path = write_netcdf3(good(), tmp_path / "x.nc")
    content = bytearray(path.read_bytes())
    content[4:8] = b"\xff\xff\xff\xff"
    path.write_bytes(bytes(content))

    assert set() == check(path)


# -- damage ---------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, bytes]:
    """Give good files, of each form of netCDF."""
    folder = tmp_path_factory.mktemp("whole")
    return {form: write(good(), folder / "x.nc").read_bytes() for form, write in WRITERS.items()}


@hypothesis.settings(deadline=None, max_examples=60)
@hypothesis.given(
    magic=st.sampled_from([b"", b"\x89HDF\r\n\x1a\n", b"CDF\x01", b"CDF\x02", b"CDF\x05", b"<html>"]),
    rest=st.binary(max_size=200),
)
def test_any_bytes_are_unreadable(place: Path, magic: bytes, rest: bytes) -> None:
    """Whatever a file holds that is no netCDF, that is the finding, and nothing is raised."""
    place.write_bytes(magic + rest)

    found = check(place)
    assert ("unreadable", place.name, E) in found or ("missing-variable", "Raw_Lidar_Data", E) in found
    assert found == brief(RAW.verify(place))


@hypothesis.settings(deadline=None, max_examples=60)
@hypothesis.given(form=st.sampled_from(sorted(WRITERS)), part=st.floats(0, 1, exclude_max=True))
def test_a_file_that_was_cut_is_unreadable(place: Path, whole: Mapping[str, bytes], form: str, part: float) -> None:
    """A good file that was cut anywhere is unreadable."""
    # The last bytes of a netCDF-3 file may fill up its last value.
    length = len(whole[form]) - 4
    place.write_bytes(whole[form][: int(length * part)])

    assert {("unreadable", place.name, E)} == check(place)


def with_heaps_of(good: bytes, broken: bytearray) -> bytes:
    """Put the global heaps of a good HDF5 file back: on a damaged one the library loops for ever, whoever reads with it."""
    for match in re.finditer(b"GCOL", good):
        size = int.from_bytes(good[match.start() + 8 : match.start() + 16], "little")
        broken[match.start() : match.start() + size] = good[match.start() : match.start() + size]
    return bytes(broken)


@hypothesis.settings(deadline=None, max_examples=120)
@hypothesis.given(form=st.sampled_from(sorted(WRITERS)), part=st.floats(0, 1), bytes_=st.binary(min_size=1, max_size=8))
def test_a_damaged_file_raises_nothing(
    place: Path, whole: Mapping[str, bytes], form: str, part: float, bytes_: bytes
) -> None:
    """A good file that was overwritten somewhere has findings or none, and nothing is raised."""
    broken = bytearray(whole[form])
    at = int(len(broken) * part)
    broken[at : at + len(bytes_)] = bytes_
    place.write_bytes(with_heaps_of(whole[form], broken))

    found = check(place)
    try:
        RAW.header(place)
    except UnreadableProduct:
        assert ("unreadable", place.name, E) in found


def test_damage_in_the_data_hides_nothing_else(tmp_path: Path) -> None:
    """Where the data cannot be unpacked, that is told beside what was found before and after."""
    content = good()
    content.set("Molecular_Calc", 9)
    values = content.variables.pop("Raw_Lidar_Data")[1]
    path = write_netcdf4(content, tmp_path / "x.nc")
    with h5netcdf.File(path, "r+") as file:
        names = ("time", "channels", "points")
        file.create_variable("Raw_Lidar_Data", names, "f8", data=values, chunks=(4, 2, 6), compression="gzip")
    with h5py.File(path) as file:
        chunk = file["Raw_Lidar_Data"].id.get_chunk_info(0)
        begin, size = chunk.byte_offset, chunk.size
    broken = bytearray(path.read_bytes())
    broken[begin : begin + size] = b"\xff" * size
    path.write_bytes(bytes(broken))

    assert {("unreadable", "x.nc", E), ("molecular-calc", "Molecular_Calc", W)} == check(path)


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="tells open files by /proc")
@pytest.mark.parametrize("form", WRITERS)
def test_nothing_is_kept_open(tmp_path: Path, form: str, whole: Mapping[str, bytes]) -> None:
    """Files are closed after the look, also those that are damaged."""
    for number, content in enumerate((whole[form], whole[form][:-600], whole[form][:40])):
        path = tmp_path / f"{number}.nc"
        path.write_bytes(content)
        gc.disable()
        try:
            check(path, sounding=path)
            assert path not in {one.readlink() for one in _descriptors()}
        finally:
            gc.enable()


def _descriptors() -> Iterator[Path]:
    for one in Path("/proc/self/fd").iterdir():
        if one.exists():
            yield one


# -- ancillary files ------------------------------------------------------------------------------------------------------


def naming(**names: str) -> Content:
    """Make a good raw file that names ancillary files."""
    content = good()
    content.attributes |= names
    return content


def test_an_ancillary_file_that_is_sent_and_named_is_fine(tmp_path: Path, write: Write) -> None:
    """Nothing is found where the names in the raw file are those of the files that go with it, of each kind."""
    content = naming(Sounding_File_Name="rs_a.nc", Overlap_File_Name="ov_a.nc", LR_File_Name="lr_a.nc")
    content.set("Molecular_Calc", 1)
    content.set("LR_Input", 0)
    ratio = Content({"points": 2})
    ratio.put("Lidar_Ratio", "points", 50.0, "f8")
    (tmp_path / "sent").mkdir()
    sent = {
        "sounding": write(sounding(), tmp_path / "sent" / "rs_a.nc"),
        "overlap": write(Content(), tmp_path / "sent" / "ov_a.nc"),
        "lidar_ratio": write(ratio, tmp_path / "sent" / "lr_a.nc"),
    }

    assert set() == check(write(content, tmp_path / "x.nc"), **sent)


def test_an_ancillary_file_beside_the_raw_file_is_enough(tmp_path: Path, write: Write) -> None:
    """A file that is named may lie beside the raw file; what is wrong in it is a warning, for it is not sent."""
    path = write(naming(Sounding_File_Name="rs_a.nc"), tmp_path / "x.nc")
    assert {("ancillary-absent", "Sounding_File_Name", W)} == check(path)

    content = sounding()
    write(content, tmp_path / "rs_a.nc")
    assert set() == check(path)

    content.set("Altitude", [100.0, 200.0, 200.0])
    write(content, tmp_path / "rs_a.nc")
    assert {("sounding-altitude", "Altitude[2]", W)} == check(path)
    assert {("sounding-altitude", "Altitude[2]", E)} == check(path, sounding=tmp_path / "rs_a.nc")


def test_an_ancillary_file_that_is_not_named_is_not_used(tmp_path: Path, write: Write) -> None:
    """A file that is sent without being named, or under another name, is a warning that says what is named (10, number 22)."""
    sent = write(sounding(), tmp_path / "rs_b.nc")
    path = write(good(), tmp_path / "x.nc")
    (problem,) = RAW.check_input(path, {AncillaryKind.SOUNDING: sent})
    assert (problem.code, problem.where, problem.severity) == ("ancillary-unused", "rs_b.nc", W)
    assert "names none in Sounding_File_Name" in problem.message

    path = write(naming(Sounding_File_Name="rs_a.nc"), tmp_path / "x.nc")
    problems = RAW.check_input(path, {AncillaryKind.SOUNDING: sent})
    assert {("ancillary-unused", "rs_b.nc", W), ("ancillary-absent", "Sounding_File_Name", W)} == brief(problems)
    assert "'rs_a.nc'" in problems[0].message


@pytest.mark.parametrize(
    "name", ["rs20210307.nc", "sounding.nc", "rs_a.txt", "folder/rs_a.nc", "..\\rs_a.nc", "rs_\u0001" + "a" * 300]
)
def test_names_of_ancillary_files_have_a_form(tmp_path: Path, name: str) -> None:
    """A name without the prefix or the ending, or that is a path, is a warning; it is looked for in no other folder (8.6)."""
    (tmp_path / "folder").mkdir()
    write_netcdf4(sounding(), tmp_path / "folder" / "rs_a.nc")
    path = write_netcdf4(naming(Sounding_File_Name=name), tmp_path / "x.nc")

    assert {("ancillary-name", "Sounding_File_Name", W), ("ancillary-absent", "Sounding_File_Name", W)} == check(path)


SOUNDING_FAULTS = (
    Fault("points", "none", lambda one: one.rename_dimension("points", "levels"), "missing-dimension", "points", E,
          ("levels",)),
    Fault("altitude", "none", without("Altitude"), "missing-variable", "Altitude", E, ("rs_a.nc",)),
    Fault("altitude", "repeated", having("Altitude", [1.0, 2.0, 2.0]), "sounding-altitude", "Altitude[2]", E,
          ("point 2", "at 2 m", "1 of 3")),
    Fault("altitude", "missing", having("Altitude", [1.0, 2.0, math.nan]), "sounding-altitude", "Altitude", E,
          ("1 of 3",)),
    Fault("temperature", "none", without("Temperature"), "missing-variable", "Temperature", E),
    Fault("temperature", "missing", having("Temperature", FILL), "missing-value", "Temperature", W, ("3 of 3",)),
    Fault("pressure", "text", typed("Pressure", "S1"), "variable-type", "Pressure", E),
    Fault("latitude", "none", without("Latitude_degrees_north"), "missing-attribute", "Latitude_degrees_north", W),
    Fault("longitude", "text", having("Longitude_degrees_east", "east"), "attribute-form", "Longitude_degrees_east", W,
          ("east",)),
    Fault("date", "form", having("Sounding_Start_Date", "7 March"), "attribute-form", "Sounding_Start_Date", W,
          ("YYYYMMDD",)),
    Fault("hour", "none", without("Sounding_Start_Time_UT"), "missing-attribute", "Sounding_Start_Time_UT", W),
)  # fmt: skip


@pytest.mark.parametrize("fault", SOUNDING_FAULTS, ids=str)
def test_each_fault_of_a_sounding_has_its_code(tmp_path: Path, write: Write, fault: Fault) -> None:
    """A single fault in a sounding gives its finding, and the message tells what was found."""
    path = write(naming(Sounding_File_Name="rs_a.nc"), tmp_path / "x.nc")
    content = sounding()
    fault.do(content)
    sent = write(content, tmp_path / "rs_a.nc")

    (problem,) = RAW.check_input(path, {AncillaryKind.SOUNDING: sent})
    assert fault.found == (problem.code, problem.where, problem.severity)
    for word in fault.words:
        assert word in problem.message


@hypothesis.settings(deadline=None, max_examples=30)
@hypothesis.given(
    faults=st.lists(
        st.sampled_from([one for one in SOUNDING_FAULTS if one.part != "points"]), unique_by=lambda fault: fault.part
    ),
    raw=st.lists(st.sampled_from(FAULTS), unique_by=lambda fault: fault.part, max_size=3),
)
def test_faults_of_all_files_are_told_at_once(place: Path, faults: list[Fault], raw: list[Fault]) -> None:
    """Findings of the raw file and of the files that go with it come together."""
    content, other = naming(Sounding_File_Name="rs_a.nc"), sounding()
    for fault in raw:
        fault.do(content)
    for fault in faults:
        fault.do(other)
    sent = write_netcdf4(other, place.with_name("rs_a.nc"))

    found = check(write_netcdf4(content, place), sounding=sent)
    assert {fault.found for fault in (*raw, *faults)} - {("sounding-not-named", "Molecular_Calc", W)} == found


def test_a_lidar_ratio_file_holds_lidar_ratios(tmp_path: Path, write: Write) -> None:
    """A lidar ratio file without its variable is an error, as ELDA cannot use it (8.7)."""
    path = write(naming(LR_File_Name="lr_a.nc"), tmp_path / "x.nc")

    assert {("missing-variable", "Lidar_Ratio", E)} == check(path, lidar_ratio=write(Content(), tmp_path / "lr_a.nc"))


@pytest.mark.parametrize("kind", list(AncillaryKind), ids=lambda kind: kind.value)
def test_ancillary_files_must_be_readable(tmp_path: Path, kind: AncillaryKind) -> None:
    """What is no netCDF file, or is not there, is an error of its own, beside what is found in the raw file."""
    content = good()
    content.set("Molecular_Calc", 9)
    path = write_netcdf4(content, tmp_path / "x.nc")
    (tmp_path / "rs_a.nc").write_text("altitude;temperature")

    for name in ("rs_a.nc", "rs_b.nc"):
        assert check(path, **{kind.value: tmp_path / name}) == {
            ("unreadable", name, E),
            ("ancillary-unused", name, W),
            ("molecular-calc", "Molecular_Calc", W),
        }


def test_an_ancillary_file_that_was_cut_is_unreadable(tmp_path: Path, write: Write) -> None:
    """A file of which nothing need be read is found to be cut all the same."""
    content = Content({"points": 600})
    content.put("Own", "points", 1.0, "f8")
    sent = write(content, tmp_path / "ov_a.nc")
    sent.write_bytes(sent.read_bytes()[:-100])

    path = write(naming(Overlap_File_Name="ov_a.nc"), tmp_path / "x.nc")
    assert {("unreadable", "ov_a.nc", E)} == check(path, overlap=sent)
