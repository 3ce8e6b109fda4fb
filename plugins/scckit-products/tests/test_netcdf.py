"""Files of the netCDF kinds: headers, datasets, findings, summaries, and what is said about files that are none."""

from __future__ import annotations

import sys
import tracemalloc
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import h5netcdf
import h5py
import numpy as np
import pytest
import xarray as xr
from attrs import define, field

from scckit.errors import MissingLibrary, UnreadableProduct
from scckit_products.cloudmask import CLOUDMASK
from scckit_products.elda import ELDA
from scckit_products.eldec import ELDEC
from scckit_products.elic import ELIC
from scckit_products.elpp import ELPP
from scckit_products.flags import ELDA_FLAGS, ELPP_FLAGS
from scckit_products.hirelpp import HIRELPP
from scckit_products.kind import NetCDFKind
from scckit_products.raw import RAW

FILL = 9.969209968386869e36
BYTE_FILL = -127

ELPP_NAME = "hpb_000_0000324_201810172100_201810172300_20181017oh00_elpp_v5.3.0.nc"
ELDA_NAME = "hpb_000_0355_0000378_201810172100_201810172200_20181017oh00_elda_v5.3.0.nc"
HTML = b"<!DOCTYPE html><html><body>sign in</body></html>"

Variable = tuple[tuple[str, ...], Any, Mapping[str, Any]]


@define
class Content:
    """What goes into a netCDF file; a test changes it before it is written."""

    dimensions: dict[str, int] = field(factory=dict)
    variables: dict[str, Variable] = field(factory=dict)
    attributes: dict[str, Any] = field(factory=dict)

    def add(self, name: str, dimensions: str = "", values: Any = None, **attributes: Any) -> None:
        """Add a variable; without values it holds ones."""
        names = tuple(dimensions.split())
        shape = tuple(self.dimensions[one] for one in names)
        self.variables[name] = (
            names,
            np.ones(shape) if values is None else np.asarray(values).reshape(shape),
            attributes,
        )

    def write(self, path: Path) -> Path:
        """Write it as netCDF-4."""
        with h5netcdf.File(path, "w") as file:
            file.dimensions = self.dimensions
            file.attrs.update(self.attributes)
            for name, (dimensions, values, attributes) in self.variables.items():
                fill = attributes.get("_FillValue")
                variable = file.create_variable(name, dimensions, values.dtype, data=values, fillvalue=fill)
                variable.attrs.update({one: value for one, value in attributes.items() if one != "_FillValue"})
        return path


ATTRIBUTES = {"measurement_ID": "20181017oh00", "station_ID": "hpb", "scc_version": "5.3.0"}
HOURS = [[1539810000.0, 1539813600.0], [1539813600.0, 1539817200.0]]


def _common(dimensions: dict[str, int], hours: list[list[float]]) -> Content:
    content = Content(dimensions, {}, dict(ATTRIBUTES))
    for name in ("latitude", "longitude", "station_altitude"):
        content.add(name)
    units = "seconds since 1970-01-01T00:00:00Z"
    content.add("time", "time", [start for start, _ in hours], units=units, bounds="time_bounds")
    content.add("time_bounds", "time nv", hours)
    return content


@pytest.fixture
def elpp() -> Content:
    """Give the content of a complete ELPP file of format 1.1."""
    content = _common({"time": 2, "nv": 2, "level": 4, "channel": 1, "angle": 1, "nc": 1}, HOURS)
    content.add("altitude", "time level", np.linspace(981.5, 1026.5, 4).tolist() * 2, units="m")
    content.add("range", "level", [7.5, 22.5, 37.5, 52.5], units="m")
    content.add("laser_pointing_angle", "angle")
    for name in ("laser_pointing_angle_of_profiles", "shots"):
        content.add(name, "time", np.array([7, -2147483647], "i4"), _FillValue=np.int32(-2147483647))
    content.add(
        "cloud_mask", "time level", np.array([0, 1, 2, 4, BYTE_FILL, 3, 0, 0], "i1"), _FillValue=np.int8(BYTE_FILL)
    )
    for name in ("temperature", "pressure"):
        content.add(name, "time level")
    signal = [1.0, FILL, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]
    content.add("range_corrected_signal", "channel time level", signal, units="1", _FillValue=FILL)
    content.add("range_corrected_signal_statistical_error", "channel time level", signal)
    for name in ("emission", "detection"):
        content.add(f"range_corrected_signal_{name}_wavelength", "channel", [354.7])
    content.add("molecular_extinction", "channel time level")
    content.add("molecular_lidar_ratio", "channel")
    content.add("molecular_calculation_source", "", np.int8(1))
    return content


@pytest.fixture
def elda() -> Content:
    """Give the content of a complete ELDA file of type 0."""
    content = _common({"altitude": 3, "time": 1, "wavelength": 1, "nv": 2}, HOURS[:1])
    content.add("altitude", "altitude", [1000.0, 1060.0, 1120.0], units="m")
    content.add("wavelength", "wavelength", np.array([355], "f4"), units="nm")
    content.add("zenith_angle")
    content.add("shots", "", np.int32(1000))
    content.add("cloud_mask", "time altitude", np.zeros(3, "i1"))
    for name in ("vertical_resolution", "backscatter", "error_backscatter"):
        content.add(name, "wavelength time altitude", [1e-6, FILL, 3e-6], units="x", _FillValue=FILL)
    return content


@pytest.fixture
def closed() -> Callable[[Path], bool]:
    """Tell whether nothing holds a netCDF-4 file open any more: only then can it be opened for writing."""

    def tell(path: Path) -> bool:
        try:
            h5netcdf.File(path, "a").close()
        except OSError:
            return False
        return True

    return tell


def netcdf3(path: Path) -> Path:
    """Write a netCDF-3 file with an attribute, a time and a flag."""
    dataset = xr.Dataset(
        {
            "time": ("time", [0.0, 3600.0], {"units": "seconds since 1970-01-01"}),
            "shots": ("time", np.array([5, 6], "i4")),
        },
        attrs={"Measurement_ID": "20170227ino1123", "Location": "Pøtenza", "number": np.int32(7), "pair": [1.0, 2.0]},
    )
    dataset.to_netcdf(path, engine="scipy", format="NETCDF3_CLASSIC")
    return path


# -- headers --------------------------------------------------------------------------------------------------------------


def test_header_holds_plain_values(tmp_path: Path) -> None:
    """Attributes come as text, numbers and tuples, however they are stored, and with letters of all kinds."""
    with h5py.File(tmp_path / "x.nc", "w") as file:
        file.attrs["text"] = "Pøtenza"
        file.attrs["fixed"] = np.bytes_("m")
        file.attrs["number"] = np.int32(7)
        file.attrs["one"] = np.array([1.5])
        file.attrs["pair"] = np.array([1, 2], "i1")
        file.attrs["words"] = np.array([b"a", b"b"])

    header = RAW.header(tmp_path / "x.nc")

    expected = {"text": "Pøtenza", "fixed": "m", "number": 7, "one": 1.5, "pair": (1, 2), "words": ("a", "b")}
    assert expected == header
    assert [str, str, int, float, tuple, tuple] == [type(header[name]) for name in expected]


def test_header_of_netcdf_3(tmp_path: Path) -> None:
    """NetCDF-3 files have the same kind of header."""
    header = RAW.header(netcdf3(tmp_path / "x.nc"))

    assert header == {"Measurement_ID": "20170227ino1123", "Location": "Pøtenza", "number": 7, "pair": (1.0, 2.0)}


def test_header_reads_no_data(tmp_path: Path) -> None:
    """The header of a file with much data costs little memory, also where dimensions have no name."""
    with h5py.File(tmp_path / "x.nc", "w") as file:
        file.attrs["Measurement_ID"] = "20170227ino1123"
        file.create_dataset("Raw_Lidar_Data", data=np.zeros((100, 40_000)))
    RAW.header(tmp_path / "x.nc")

    tracemalloc.start()
    header = RAW.header(tmp_path / "x.nc")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert header == {"Measurement_ID": "20170227ino1123"}
    assert peak < 2_000_000


@pytest.mark.parametrize("call", ["header", "open", "summary"])
@pytest.mark.parametrize("kind", [ELDA, RAW], ids=lambda kind: kind.name)
@pytest.mark.parametrize(
    ("content", "found"),
    [
        (HTML, r"web page \(HTML\), as the server sends"),
        (b"PK\x03\x04xx", "zip archive"),
        (b"", "it is empty"),
        (b"Not found", "a text"),
        (b"\x89PNG\r\n\x1a\n", "PNG"),
        (b"CDF\x05", "CDF-5"),
        (b"\x1f\x8b\x08", "gzip"),
        (b"\x00\x01", "unknown"),
        (b"CDF\x01", "cannot be read as netCDF"),
        (b"\x89HDF\r\n\x1a\n" + bytes(90), "cannot be read as netCDF"),
    ],
)
def test_what_is_no_netcdf_is_called_by_its_name(
    tmp_path: Path, kind: NetCDFKind, call: str, content: bytes, found: str
) -> None:
    """Whatever a file is instead, the error names the file and says what was found; verify returns it as a finding."""
    path = tmp_path / "x.nc"
    path.write_bytes(content)

    with pytest.raises(UnreadableProduct, match=rf"x\.nc .*{found}"):
        getattr(kind, call)(path)
    assert [problem.code for problem in kind.verify(path)] == ["unreadable"]


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """A file that is not there, and a folder, give their path and the reason."""
    for path in (tmp_path / "x.nc", tmp_path):
        with pytest.raises(UnreadableProduct, match=f"cannot read {path}: "):
            ELDA.open(path)


def test_cut_files_are_unreadable_and_nothing_else(tmp_path: Path, elda: Content) -> None:
    """Wherever a file is cut, our error comes and no other; a cut file never passes for whole."""
    for whole in (elda.write(tmp_path / "whole.nc").read_bytes(), netcdf3(tmp_path / "3.nc").read_bytes()):
        path = tmp_path / "cut.nc"
        for length in range(0, len(whole) - 8, max(1, len(whole) // 40)):
            path.write_bytes(whole[:length])
            for call in (ELDA.header, ELDA.open, ELDA.summary):
                try:
                    result = call(path)
                except UnreadableProduct:
                    continue
                if isinstance(result, xr.Dataset):
                    result.close()
            assert ELDA.verify(path) != []


@pytest.mark.parametrize("library", ["xarray", "h5netcdf", "h5py"])
def test_a_missing_library_is_named(
    tmp_path: Path, elda: Content, monkeypatch: pytest.MonkeyPatch, library: str
) -> None:
    """Without a library the error names it and holds the line that installs it; it is no finding about the file."""
    path = elda.write(tmp_path / ELDA_NAME)
    monkeypatch.setitem(sys.modules, library, None)

    for call in (ELDA.open, ELDA.verify, ELDA.summary, *([ELDA.header] if library != "xarray" else [])):
        with pytest.raises(MissingLibrary, match=rf"needs {library}.*pip install 'scckit-products\[netcdf\]'"):
            call(path)


def test_netcdf_3_needs_scipy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """For netCDF-3 the missing library is scipy, and only there."""
    path = netcdf3(tmp_path / "x.nc")
    monkeypatch.setitem(sys.modules, "scipy", None)

    with pytest.raises(MissingLibrary, match="needs scipy"):
        ELDA.header(path)


# -- datasets -------------------------------------------------------------------------------------------------------------


def test_times_are_times(tmp_path: Path, elpp: Content) -> None:
    """Times and their bounds are moments in UTC; the time is the begin of its interval."""
    with ELPP.open(elpp.write(tmp_path / ELPP_NAME)) as dataset:
        bounds = dataset.time_bounds.values

    assert bounds.dtype.kind == "M"
    assert np.array_equal(bounds[:, 0], dataset.time.values)
    assert np.datetime64("2018-10-17T21:00") == bounds[0, 0]
    assert np.datetime64("2018-10-17T23:00") == bounds[1, 1]


def test_times_without_units_are_seconds_of_the_epoch(tmp_path: Path, elpp: Content) -> None:
    """Where the file does not say so, time is still seconds since 1970 and knows its bounds."""
    elpp.variables["time"] = (*elpp.variables["time"][:2], {})
    with ELPP.open(elpp.write(tmp_path / ELPP_NAME)) as dataset:
        assert np.datetime64("2018-10-17T21:00") == dataset.time.values[0] == dataset.time_bounds.values[0, 0]


def test_times_are_rounded_to_what_they_mean(tmp_path: Path, elpp: Content) -> None:
    """An hour that is a rounding error too early in the file is the hour; half seconds and gaps stay."""
    hours = [[np.nextafter(1539810000.0, 0), 1539813600.5], [1539813600.0, np.nan]]
    elpp.add("time_bounds", "time nv", hours)
    with ELPP.open(elpp.write(tmp_path / ELPP_NAME)) as dataset:
        bounds = dataset.time_bounds.values

    assert np.datetime64("2018-10-17T21:00") == bounds[0, 0]
    assert np.datetime64("2018-10-17T22:00:00.5") == bounds[0, 1]
    assert np.isnat(bounds[1, 1])


def test_coordinates_are_set(tmp_path: Path, elpp: Content, elda: Content) -> None:
    """Where and when are coordinates, in both forms of altitude."""
    where = {"altitude", "latitude", "longitude", "station_altitude", "time"}
    with ELPP.open(elpp.write(tmp_path / ELPP_NAME)) as dataset:
        assert where | {"range"} == set(dataset.coords)
    with ELDA.open(elda.write(tmp_path / ELDA_NAME)) as dataset:
        assert where | {"wavelength"} == set(dataset.coords)
        assert dataset.backscatter.sel(altitude=slice(1050, 1070)).altitude.size == 1


def test_missing_real_numbers_are_nan(tmp_path: Path, elpp: Content) -> None:
    """Fill values are NaN, also where the file has netCDF's default and does not say so."""
    with ELPP.open(elpp.write(tmp_path / ELPP_NAME)) as dataset:
        for name in ("range_corrected_signal", "range_corrected_signal_statistical_error"):
            assert np.isnan(dataset[name].values[0, 0]).tolist() == [False, True, False, False]
        assert dataset.range_corrected_signal.units == "1"


def test_integers_stay_integers(tmp_path: Path, elpp: Content) -> None:
    """Flags and counts keep their type and values; what stands for a missing one is told."""
    with ELPP.open(elpp.write(tmp_path / ELPP_NAME)) as dataset:
        assert (np.int8, np.int32) == (dataset.cloud_mask.dtype, dataset.shots.dtype)
        assert dataset.cloud_mask.values[1, :2].tolist() == [BYTE_FILL, 3]
        assert (dataset.cloud_mask.attrs["_FillValue"], dataset.shots.attrs["_FillValue"]) == (BYTE_FILL, -2147483647)


def test_flags_have_meanings(tmp_path: Path, elpp: Content) -> None:
    """Missing meanings are added, of the variable's own type; those of the file stay."""
    own = {"flag_values": np.array([1], "i1"), "flag_meanings": "mine"}
    elpp.variables["molecular_calculation_source"] = ((), np.int8(1), own)
    with ELPP.open(elpp.write(tmp_path / ELPP_NAME)) as dataset:
        assert dataset.cloud_mask.flag_meanings == "unknown_cloud cirrus_cloud water_cloud"
        assert ([1, 2, 4], np.int8) == (dataset.cloud_mask.flag_masks.tolist(), dataset.cloud_mask.flag_masks.dtype)
        assert dataset.molecular_calculation_source.flag_meanings == "mine"


def test_flags_fit_their_variable(tmp_path: Path, elda: Content) -> None:
    """Values without meanings are left alone, and so are flags that the variable's type cannot hold, and no integers."""
    elda.add("cloud_mask_type", "", np.int8(1), flag_values=np.array([7], "i1"))
    elda.add("user_defined_category", "", np.int8(1))
    elda.add("cirrus_contamination", "", 1.0)
    with ELDA.open(elda.write(tmp_path / ELDA_NAME)) as dataset:
        for name in ("cloud_mask_type", "user_defined_category", "cirrus_contamination"):
            assert "flag_meanings" not in dataset[name].attrs


@pytest.mark.parametrize("flags", [*ELPP_FLAGS.values(), *ELDA_FLAGS.values()])
def test_flag_tables_are_whole(flags: object) -> None:
    """Each value has one meaning of one word, and bits are powers of two."""
    values, meanings, masks = flags.values, flags.meanings, flags.masks  # type: ignore[attr-defined]

    assert len(values) == len(set(values)) == len(meanings) == len(" ".join(meanings).split())
    assert not masks or all(value & (value - 1) == 0 for value in values)


def test_old_names_become_those_of_today(tmp_path: Path, elpp: Content) -> None:
    """Variables of format 1.0 have today's names, keep their own in an attribute, and the old table of flags."""
    elpp.variables["atmospheric_temperature"] = elpp.variables.pop("temperature")
    elpp.variables["atmospheric_molecular_calculation_source"] = elpp.variables.pop("molecular_calculation_source")
    path = elpp.write(tmp_path / ELPP_NAME)
    with ELPP.open(path) as dataset:
        assert dataset.temperature.original_name == "atmospheric_temperature"
        assert "original_name" not in dataset.pressure.attrs
        source = dataset.molecular_calculation_source
        assert source.flag_meanings.split()[3:] == ["icon_iglo_12_23", "gdas"]
        assert source.flag_values.tolist()[3:] == [3, 4]

    assert ELPP.verify(path) == []


def test_a_name_that_is_taken_is_not_given(tmp_path: Path, elpp: Content) -> None:
    """If a file has a variable by both names, both stay."""
    elpp.variables["atmospheric_temperature"] = elpp.variables["temperature"]
    with ELPP.open(elpp.write(tmp_path / ELPP_NAME)) as dataset:
        assert {"temperature", "atmospheric_temperature"} <= set(dataset.variables)
        assert "original_name" not in dataset.atmospheric_temperature.attrs


def test_data_are_read_when_they_are_used(tmp_path: Path, elpp: Content) -> None:
    """Opening reads no data; using some reads them."""
    elpp.dimensions["channel"] = 2_000_000
    for name in ("range_corrected_signal", "range_corrected_signal_statistical_error", "molecular_extinction"):
        del elpp.variables[name]
    for name in list(elpp.variables):
        if "channel" in elpp.variables[name][0]:
            elpp.add(name, "channel")
    path = elpp.write(tmp_path / ELPP_NAME)
    ELPP.open(path).close()
    tracemalloc.start()
    with ELPP.open(path) as dataset:
        _, before = tracemalloc.get_traced_memory()
        assert dataset.molecular_lidar_ratio.sum().item() == 2e6
        _, after = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert before < 4_000_000
    assert after > 16_000_000


def test_closing_lets_go_of_the_file(tmp_path: Path, elpp: Content, closed: Callable[[Path], bool]) -> None:
    """An open dataset holds its file and a closed one does not; header, verify and summary leave nothing open."""
    path = elpp.write(tmp_path / ELPP_NAME)
    dataset = ELPP.open(path)
    assert not closed(path)
    dataset.close()
    assert closed(path)

    ELPP.header(path)
    ELPP.verify(path)
    ELPP.summary(path)
    assert closed(path)


def test_a_failed_opening_lets_go_too(tmp_path: Path, elpp: Content, closed: Callable[[Path], bool]) -> None:
    """Times that make no sense are our error, and the file is not held after it."""
    elpp.variables["time"] = (*elpp.variables["time"][:2], {"units": "fortnights since yesterday"})
    path = elpp.write(tmp_path / ELPP_NAME)
    with pytest.raises(UnreadableProduct, match="fortnights") as caught:
        ELPP.open(path)

    # The error is still held, and with it what it came from: nothing was closed by being forgotten.
    assert caught.value
    assert closed(path)


def test_a_dataset_can_be_written_again(tmp_path: Path, elpp: Content) -> None:
    """What was opened can be written by xarray and opened again, with equal data."""
    with ELPP.open(elpp.write(tmp_path / ELPP_NAME)) as dataset:
        dataset.to_netcdf(tmp_path / "copy.nc", engine="h5netcdf")
        with ELPP.open(tmp_path / "copy.nc") as copy:
            xr.testing.assert_equal(dataset, copy)


def test_netcdf_3_is_opened_too(tmp_path: Path) -> None:
    """A netCDF-3 file gives the same kind of dataset."""
    with RAW.open(netcdf3(tmp_path / "x.nc")) as dataset:
        assert np.datetime64("1970-01-01T01:00") == dataset.time.values[1]
        assert (dataset.shots.dtype.kind, dataset.shots.values.tolist()) == ("i", [5, 6])


# -- findings and summaries ------------------------------------------------------------------------------------------------


def found(kind: NetCDFKind, path: Path) -> set[tuple[str, str]]:
    """Return code and place of each finding."""
    return {(problem.code, problem.where) for problem in kind.verify(path)}


def test_whole_files_have_no_problem(tmp_path: Path, elpp: Content, elda: Content) -> None:
    """A file with all that it must have gives no finding."""
    assert ELPP.verify(elpp.write(tmp_path / ELPP_NAME)) == []
    assert ELDA.verify(elda.write(tmp_path / ELDA_NAME)) == []


@pytest.mark.parametrize("variable", [one for one in ELPP.variables if isinstance(one, str)])
def test_each_missing_variable_is_found(tmp_path: Path, elpp: Content, variable: str) -> None:
    """Without one mandatory variable there is one finding, and it names the variable."""
    del elpp.variables[variable]

    assert {("missing-variable", variable)} == found(ELPP, elpp.write(tmp_path / ELPP_NAME))


def test_missing_dimensions_are_found(tmp_path: Path) -> None:
    """A file without anything lacks every dimension, variable and attribute."""
    path = Content().write(tmp_path / ELDA_NAME)

    codes = [problem.code for problem in ELDA.verify(path)]
    assert (4, len(ELDA.variables) + 2, 3) == tuple(
        codes.count(f"missing-{what}") for what in ("dimension", "variable", "attribute")
    )


@pytest.mark.parametrize(
    ("number", "missing"),
    [
        ("000", set()),
        ("003", set()),
        ("001", {"extinction", "error_extinction"}),
        ("002", {"extinction", "error_extinction"}),
        ("007", {f"{error}{what}depolarization" for error in ("", "error_") for what in ("volume", "particle")}),
        ("016", set()),
    ],
)
def test_elda_files_hold_what_their_type_says(tmp_path: Path, elda: Content, number: str, missing: set[str]) -> None:
    """The type in the name decides which profiles must be there."""
    path = elda.write(tmp_path / ELDA_NAME.replace("_000_", f"_{number}_"))

    assert {("missing-variable", variable) for variable in missing} == found(ELDA, path)


@pytest.mark.parametrize(
    ("hours", "where"),
    [
        ([[2.0, 1.0], [3.0, 4.0]], {"time_bounds[0]"}),
        ([[1.0, 1.0], [3.0, 4.0]], {"time_bounds[0]"}),
        ([[3.0, 4.0], [1.0, 2.0]], {"time_bounds[1]"}),
        ([[1.0, 2.0], [np.nan, 2.0]], {"time_bounds[1]"}),
        ([[1.0, 2.0], [1.5, 2.5]], set()),
    ],
)
def test_disorder_in_time_is_found(tmp_path: Path, elpp: Content, hours: list[list[float]], where: set[str]) -> None:
    """An interval that does not go forward, is missing, or begins before the one before it, is found."""
    elpp.add("time_bounds", "time nv", hours)

    problems = found(ELPP, elpp.write(tmp_path / ELPP_NAME))
    assert {("time-bounds", one) for one in where} == {problem for problem in problems if problem[0] == "time-bounds"}


def test_bounds_of_another_form_are_found(tmp_path: Path, elpp: Content) -> None:
    """Bounds that are not pairs are one finding."""
    elpp.add("time_bounds", "time")

    assert {("time-bounds", "time_bounds")} == found(ELPP, elpp.write(tmp_path / ELPP_NAME))


@pytest.mark.parametrize(
    ("attribute", "value", "code"),
    [
        ("measurement_ID", "20181017oh01", "disagreement"),
        ("scc_version", "5.2.7", "disagreement"),
        ("station_ID", "gra", "disagreement"),
        ("scc_version", None, "missing-attribute"),
    ],
)
def test_name_and_attributes_must_agree(
    tmp_path: Path, elpp: Content, attribute: str, value: str | None, code: str
) -> None:
    """An attribute that says something else than the name, or nothing, is found."""
    del elpp.attributes[attribute]
    if value is not None:
        elpp.attributes[attribute] = value

    assert {(code, attribute)} == found(ELPP, elpp.write(tmp_path / ELPP_NAME))


def test_a_name_that_tells_nothing_disagrees_with_nothing(tmp_path: Path, elpp: Content) -> None:
    """A renamed file is judged by its content alone, and the letters of a station by no case."""
    elpp.attributes["station_ID"] = "HPB"

    assert set() == found(ELPP, elpp.write(tmp_path / "my.nc")) | found(ELPP, elpp.write(tmp_path / ELPP_NAME))


@pytest.mark.parametrize(
    ("kind", "choice"),
    [
        (HIRELPP, {"altitude or height", "range_corrected_signal or attenuated_backscatter"}),
        (ELDEC, {"polarization_gain_factor or polarization_calibration_ratio_average"}),
        (CLOUDMASK, set()),
        (ELIC, set()),
        (RAW, {"channel_ID or channel_string_ID"}),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_of_a_choice_one_variable_is_enough(tmp_path: Path, kind: NetCDFKind, choice: set[str]) -> None:
    """A variable that has two names over time is missing only if there is none of both."""
    content = Content()
    where = {place for code, place in found(kind, content.write(tmp_path / "x.nc")) if code == "missing-variable"}
    assert choice == {place for place in where if " or " in place}

    for one in choice:
        content.add(one.split(" or ")[1])
    where = {place for code, place in found(kind, content.write(tmp_path / "x.nc")) if code == "missing-variable"}
    assert set() == choice & where


def test_summary_is_one_line(tmp_path: Path, elpp: Content, elda: Content) -> None:
    """A summary tells station, kind, type, wavelengths, times, altitudes and version."""
    kind = "type 0 (Raman backscatter), 355 nm"
    assert (
        ELPP.summary(elpp.write(tmp_path / ELPP_NAME))
        == f"hpb elpp, {kind}, 2018-10-17 21:00 to 2018-10-17 23:00 UTC, 982 to 1026 m a.s.l., SCC 5.3.0"
    )
    assert (
        ELDA.summary(elda.write(tmp_path / ELDA_NAME))
        == f"hpb elda, {kind}, 2018-10-17 21:00 to 2018-10-17 22:00 UTC, 1000 to 1120 m a.s.l., SCC 5.3.0"
    )


def test_missing_altitudes_are_not_summed_up(tmp_path: Path, elpp: Content) -> None:
    """Altitudes that are missing do not hide those that are there."""
    elpp.add("altitude", "time level", [FILL, *([2000.0] * 7)])

    assert "2000 to 2000 m a.s.l." in ELPP.summary(elpp.write(tmp_path / ELPP_NAME))


def test_summary_tells_what_there_is(tmp_path: Path, elpp: Content) -> None:
    """A file whose name tells nothing tells its type itself since SCC 5.3; an empty one tells nothing, without error."""
    elpp.add("product_type_id", "", np.int8(3))
    assert "type 3 (elastic backscatter)" in ELPP.summary(elpp.write(tmp_path / "my.nc"))

    assert ELPP.summary(Content().write(tmp_path / "empty.nc")) == "? elpp"


def test_summary_of_a_raw_file(tmp_path: Path) -> None:
    """A raw file tells its ID, its times and how much it holds; times of another form stay as they are."""
    content = Content({"time": 1, "channels": 3, "points": 5})
    content.attributes = {
        "Measurement_ID": "20170227ino1123",
        "RawData_Start_Date": "20170227",
        "RawData_Start_Time_UT": "112346",
        "RawData_Stop_Time_UT": "11:24",
    }
    content.add("Raw_Lidar_Data", "time channels points")
    path = content.write(tmp_path / "x.nc")

    assert RAW.summary(path) == "raw 20170227ino1123, 2017-02-27 11:23:46 to 11:24 UTC, 3 channels, 1 profile, 5 bins"


def test_raw_files_must_name_their_measurement(tmp_path: Path) -> None:
    """A raw file without its mandatory attributes, or under the name of another measurement, is found."""
    content = Content({}, {}, {"Measurement_ID": "20170227ino1123", "RawData_Start_Date": "20170227"})
    path = content.write(tmp_path / "20170227ino1124.nc")

    problems = {one for one in found(RAW, path) if one[0] in {"disagreement", "missing-attribute"}}
    assert {
        ("disagreement", "Measurement_ID"),
        ("missing-attribute", "RawData_Start_Time_UT"),
        ("missing-attribute", "RawData_Stop_Time_UT"),
    } == problems
