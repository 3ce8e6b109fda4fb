"""Reading what stations upload (scc-interface.md 8)."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import h5netcdf
import numpy as np
import pytest
from emulator_browser import ID, START, STOP

from scckit_emulator.intake import Incomplete, Refused, check_ancillary, check_sounding, read_raw
from scckit_emulator.synthetic import write_raw, write_sounding

if TYPE_CHECKING:
    import hypothesis
    import hypothesis.strategies as st
else:
    hypothesis = pytest.importorskip("hypothesis")
    st = pytest.importorskip("hypothesis.strategies")

MAGICS = (b"", b"\x89HDF\r\n\x1a\n", b"CDF\x01", b"CDF\x02", b"CDF\x05")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file to write to."""
    return tmp_path_factory.mktemp("intake") / "any.nc"


@hypothesis.settings(deadline=None, max_examples=60)
@hypothesis.given(magic=st.sampled_from(MAGICS), rest=st.binary(max_size=300))
@pytest.mark.parametrize("check", [read_raw, check_sounding, lambda path: check_ancillary(path, "overlap file")])
def test_any_content_is_read_or_refused(
    place: Path, check: Callable[[Path], object], magic: bytes, rest: bytes
) -> None:
    """Whatever a file holds, it is refused with a reason and nothing else happens."""
    place.write_bytes(magic + rest)
    try:
        check(place)
    except Refused as reason:
        assert str(reason)


@hypothesis.settings(deadline=None, max_examples=40)
@hypothesis.given(cut=st.integers(0, 20_000), flip=st.integers(0, 20_000), data=st.binary(min_size=1, max_size=8))
def test_damaged_files_are_read_or_refused(place: Path, good: bytes, cut: int, flip: int, data: bytes) -> None:
    """A good file that was cut or overwritten somewhere is read or refused."""
    broken = bytearray(good[: max(1, len(good) - cut)])
    broken[flip : flip + len(data)] = data
    place.write_bytes(bytes(broken))
    try:
        read_raw(place)
    except Refused as reason:
        assert str(reason)


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Content of a good file."""
    path = tmp_path_factory.mktemp("good") / "raw.nc"
    return write_raw(path, measurement_id=ID, start=START, stop=STOP, points=60, profiles=1).read_bytes()


def test_header_is_read(make_raw: Callable[..., Path]) -> None:
    """ID, times, place and names of ancillary files come from the header."""
    found = read_raw(make_raw(sounding="rs_a.nc", overlap_file="ov_a.nc", lidar_ratio_file="lr_a.nc", latitude=1.5))

    assert (found.measurement_id, found.start, found.stop) == (ID, START, STOP)
    assert (found.sounding, found.overlap, found.lidar_ratio) == ("rs_a.nc", "ov_a.nc", "lr_a.nc")
    assert (found.latitude, found.longitude, found.altitude) == (1.5, 23.31, 193.0)


def test_impossible_place_is_as_good_as_none(make_raw: Callable[..., Path]) -> None:
    """A place that cannot be is not taken over."""
    found = read_raw(make_raw(attributes={"Latitude_degrees_north": 999.0, "Longitude_degrees_east": "east"}))

    assert (found.latitude, found.longitude) == (None, None)


def test_channels_may_have_text_ids_only(make_raw: Callable[..., Path]) -> None:
    """Either kind of channel ID will do, but one must be there."""
    with pytest.raises(Incomplete, match="channel_string_ID"):
        read_raw(make_raw(leave_out=["channel_ID"]))


@pytest.mark.parametrize(("name", "code", "dimensions"), [("Laser_Shots", "i4", 1), ("Laser_Shots", "S1", 2)])
def test_mandatory_variables_have_their_form(raw: Path, name: str, code: str, dimensions: int) -> None:
    """A mandatory variable of other dimensions or of text is refused, and named."""
    with h5netcdf.File(raw, "a") as file:
        axes = file.variables[name].dimensions[:dimensions]
        shape = [file.dimensions[each].size for each in axes]
        del file._h5file[name]
    with h5netcdf.File(raw, "a") as file:
        file.create_variable(name, axes, code, data=np.zeros(shape, dtype=code))
    with pytest.raises(Incomplete, match=f"{name}.*found {dimensions} dimensions"):
        read_raw(raw)


def test_equal_times_mean_a_day(make_raw: Callable[..., Path]) -> None:
    """A stop that is not later than the start is on the next day."""
    found = read_raw(make_raw(attributes={"RawData_Stop_Time_UT": "093000"}))

    assert found.stop - found.start == timedelta(days=1)


def test_sounding_must_ascend(tmp_path: Path) -> None:
    """Ascending altitudes are taken, descending ones are not."""
    check_sounding(write_sounding(tmp_path / "up.nc", start=START))
    with pytest.raises(Refused, match="ascending"):
        check_sounding(write_sounding(tmp_path / "down.nc", start=START, descending=True))


def test_sounding_needs_its_columns(make_raw: Callable[..., Path]) -> None:
    """Another netCDF file is no sounding."""
    with pytest.raises(Refused, match="Altitude, Temperature, Pressure"):
        check_sounding(make_raw())


def test_real_raw_file_is_taken() -> None:
    """A raw file that a station really made is read."""
    folder = os.environ.get("SCCKIT_REAL_DATA")
    if not folder:
        pytest.skip("SCCKIT_REAL_DATA does not name a folder of real files")
    for path in sorted((Path(folder) / "raw").glob("*.nc")):
        assert read_raw(path).measurement_id == path.stem
