"""Synthetic files: layout of the SCC, sensible content, the same each time (scc-interface.md 6, 8)."""

from __future__ import annotations

import io
import itertools
import re
import struct
import zlib
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import h5netcdf
import numpy as np
import pytest
from emulator_browser import ID, START, STOP

from scckit_emulator import synthetic
from scckit_emulator.synthetic import Scene, SignalChannel, product_file_name
from scckit_emulator.synthetic.atmosphere import Aerosol, molecular_backscatter, pressure, temperature
from scckit_emulator.synthetic.netcdf import FILL

SCENE = Scene(measurement_id=ID, start=START, stop=STOP)
CHANNELS = [
    SignalChannel(8760, "aky008760", 532, 532),
    SignalChannel(8761, "aky008761", 532, 532, cross=True),
    SignalChannel(8762, "aky008762", 532, 607),
]
ELDA_GRID = ("wavelength", "time", "altitude")
#: In every ELDA file: type and dimensions (6.6).
ELDA_ALL = {
    "altitude": ("f8", ("altitude",)),
    "time": ("f8", ("time",)),
    "time_bounds": ("f8", ("time", "nv")),
    "vertical_resolution": ("f8", ELDA_GRID),
    "cloud_mask": ("i1", ("time", "altitude")),
    "cloud_mask_type": ("i1", ()),
    "cirrus_contamination": ("i1", ()),
    "cirrus_contamination_source": ("i1", ()),
    "error_retrieval_method": ("i1", ("wavelength",)),
    "scc_product_type": ("i1", ()),
    "user_defined_category": ("i4", ()),
    "molecular_calculation_source": ("i1", ()),
    "latitude": ("f4", ()),
    "longitude": ("f4", ()),
    "station_altitude": ("f4", ()),
    "zenith_angle": ("f4", ()),
    "shots": ("i4", ()),
    "wavelength": ("f4", ("wavelength",)),
    "earlinet_product_type": ("i4", ()),
    "backscatter": ("f8", ELDA_GRID),
    "error_backscatter": ("f8", ELDA_GRID),
    "backscatter_evaluation_method": ("i1", ("wavelength",)),
    "backscatter_calibration_value": ("f4", ("wavelength",)),
    "backscatter_calibration_search_range": ("f4", ("wavelength", "nv")),
    "backscatter_calibration_range": ("f4", ("wavelength", "nv")),
    "backscatter_calibration_range_search_algorithm": ("i1", ("wavelength",)),
}
#: By product type, beyond those.
ELDA_MORE = {
    0: {"raman_backscatter_algorithm"},
    2: {
        "raman_backscatter_algorithm",
        "extinction",
        "error_extinction",
        "extinction_evaluation_algorithm",
        "extinction_assumed_wavelength_dependence",
    },
    3: {"elastic_backscatter_algorithm", "assumed_particle_lidar_ratio"},
    7: {
        "raman_backscatter_algorithm",
        "volumedepolarization",
        "error_volumedepolarization",
        "particledepolarization",
        "error_particledepolarization",
    },
}
#: In every ELPP file of SCC 5.3.0 (6.5).
ELPP_ALL = {
    "latitude",
    "longitude",
    "station_altitude",
    "scc_product_type",
    "product_type_id",
    "altitude",
    "range",
    "laser_pointing_angle",
    "laser_pointing_angle_of_profiles",
    "shots",
    "time",
    "time_bounds",
    "cloud_mask_type",
    "cloud_mask",
    "cloud_fraction",
    "temperature",
    "pressure",
    "molecular_calculation_source",
    "range_corrected_signal",
    "range_corrected_signal_statistical_error",
    "range_corrected_signal_channel_id",
    "range_corrected_signal_channel_name",
    "range_corrected_signal_emission_wavelength",
    "range_corrected_signal_detection_wavelength",
    "range_corrected_signal_range",
    "range_corrected_signal_scatterers",
    "range_corrected_signal_detection_mode",
    "polarization_crosstalk_parameter_g",
    "polarization_crosstalk_parameter_g_statistical_error",
    "polarization_crosstalk_parameter_g_systematic_error",
    "polarization_crosstalk_parameter_h",
    "polarization_crosstalk_parameter_h_statistical_error",
    "polarization_crosstalk_parameter_h_systematic_error",
    "polarization_channel_geometry",
    "polarization_channel_configuration",
    "overlap_correction_function",
    "molecular_extinction",
    "molecular_transmissivity_at_emission_wavelength",
    "molecular_transmissivity_at_detection_wavelength",
    "molecular_lidar_ratio",
}
ELPP_DEPOLARIZATION = {
    "depolarization_calibration_index",
    "polarization_calibration_type",
    "molecular_depolarization_ratio",
    "polarization_gain_factor_measurementid",
    *(
        name + ending
        for name in ("polarization_gain_factor", "polarization_gain_factor_correction")
        for ending in ("", "_statistical_error", "_systematic_error", "_start_datetime", "_stop_datetime")
    ),
}
NO_FILL = {"altitude", "time", "time_bounds", "wavelength", "latitude", "longitude"}


def elda(kind: int, wavelength: int) -> Callable[[Path], Path]:
    """Writer of an ELDA product."""
    return lambda folder: synthetic.write_elda(
        folder, SCENE, product_id=4370 + kind, product_type=kind, wavelength=wavelength
    )


def elpp(kind: int) -> Callable[[Path], Path]:
    """Writer of an ELPP product."""
    return lambda folder: synthetic.write_elpp(
        folder, SCENE, product_id=4370 + kind, product_type=kind, channels=CHANNELS
    )


WRITERS: dict[str, Callable[[Path], Path]] = {
    **{f"elda {kind}": elda(kind, wavelength) for kind, wavelength in ((0, 355), (2, 355), (3, 1064), (7, 532))},
    **{f"elpp {kind}": elpp(kind) for kind in (0, 3, 7)},
    "hirelpp": lambda folder: synthetic.write_hirelpp(folder, SCENE, product_id=4379, channels=CHANNELS),
    "cloudscreen": lambda folder: synthetic.write_cloudscreen(folder, SCENE),
    "elic": lambda folder: synthetic.write_elic(folder, SCENE, product_id=1, product_type=9, channels=CHANNELS),
    "eldec": lambda folder: synthetic.write_eldec(folder, SCENE, product_id=4380, wavelength=532),
    "plot": lambda folder: synthetic.write_plot(folder, SCENE, product_id=1, product_type=0, wavelength=355),
    "quicklook": lambda folder: synthetic.write_quicklook(folder, SCENE, wavelength=1064),
}
NETCDF = [name for name in WRITERS if name not in {"plot", "quicklook"}]


@pytest.mark.parametrize("writer", WRITERS)
def test_same_bytes_each_time(tmp_path: Path, writer: str) -> None:
    """A product of the same measurement is the same file each time."""
    folders = [tmp_path / "one", tmp_path / "two"]
    for folder in folders:
        folder.mkdir()
    one, two = (WRITERS[writer](folder) for folder in folders)

    assert (one.name, one.read_bytes()) == (two.name, two.read_bytes())


@pytest.mark.parametrize("writer", NETCDF)
def test_header_says_what_it_is(tmp_path: Path, writer: str) -> None:
    """Every product says that it is synthetic, has the SCC's attributes, and names no person."""
    with h5netcdf.File(WRITERS[writer](tmp_path), "r") as file:
        header = dict(file.attrs)

    assert "synthetic, made by scckit-emulator" in header["comment"]
    assert "synthetic, made by scckit-emulator" in header["title"]
    assert {"measurement_ID", "station_ID", "hoi_system_ID", "hoi_configuration_ID", "scc_version"} <= set(header)
    assert {"processor_name", "processor_version", "history", "__file_format_version", "input_file"} <= set(header)
    assert (header["measurement_start_datetime"], header["Conventions"]) == ("2021-03-07T09:30:00Z", "CF-1.7")
    assert not [name for name in header if name.startswith(("PI", "Data_Originator"))]


@pytest.mark.parametrize("writer", NETCDF)
def test_layout_is_the_sccs(tmp_path: Path, writer: str) -> None:
    """No groups, no unlimited dimension, and the SCC's fill value for each type."""
    with h5netcdf.File(WRITERS[writer](tmp_path), "r") as file:
        assert not file.groups
        assert not any(dimension.isunlimited() for dimension in file.dimensions.values())
        for name, variable in file.variables.items():
            fill = variable.attrs.get("_FillValue")
            if fill is not None:
                assert np.isclose(fill, FILL[np.dtype(variable.dtype).str[1:]])
            elif variable.dtype != np.dtype(object) and writer.startswith("elda"):
                assert name in NO_FILL


@pytest.mark.parametrize("kind", ELDA_MORE)
def test_elda_has_its_variables(tmp_path: Path, kind: int) -> None:
    """An ELDA file has the variables of its type, with types, dimensions and units; no lidar ratio is stored."""
    path = WRITERS[f"elda {kind}"](tmp_path)
    with h5netcdf.File(path, "r") as file:
        found = {name: (np.dtype(each.dtype).str[1:], each.dimensions) for name, each in file.variables.items()}
        units = {name: each.attrs.get("units") for name, each in file.variables.items()}
        sizes = {name: each.size for name, each in file.dimensions.items()}

    assert set(ELDA_ALL) | ELDA_MORE[kind] == set(found)
    assert {name: found[name] for name in ELDA_ALL} == ELDA_ALL
    assert (
        units["altitude"],
        units["backscatter"],
        units["time"],
    ) == ("m", "1/(m*sr)", "seconds since 1970-01-01T00:00:00Z")
    assert {"altitude", "time", "wavelength", "nv"} == set(sizes)
    assert 150 <= sizes["altitude"] <= 500
    assert path.stat().st_size < 100_000


@pytest.mark.parametrize("kind", [0, 3, 7])
def test_elpp_has_its_variables(tmp_path: Path, kind: int) -> None:
    """An ELPP file has the variables of SCC 5.3.0, and those of its type."""
    with h5netcdf.File(WRITERS[f"elpp {kind}"](tmp_path), "r", decode_vlen_strings=True) as file:
        found = set(file.variables)
        dimensions = set(file.dimensions)
        signal = file.variables["range_corrected_signal"]
        assert signal.dimensions == ("channel", "time", "level")
        assert file.variables["range_corrected_signal_channel_id"].dimensions == ("channel", "nc")
        assert list(file.variables["range_corrected_signal_scatterers"][...]) == [15, 15, 2]
        assert list(file.variables["range_corrected_signal_channel_name"][...]) == [each.name for each in CHANNELS]
        assert file.variables["product_type_id"][()] == kind

    assumed = {"assumed_particle_lidar_ratio", "assumed_particle_lidar_ratio_error"}
    assert ELPP_ALL | (assumed if kind == 3 else set()) | (ELPP_DEPOLARIZATION if kind == 7 else set()) == found
    assert {"time", "level", "channel", "angle", "nv", "nc"} <= dimensions
    assert ("depolarization" in dimensions) == (kind == 7)


def test_eldec_can_be_read_as_its_reader_does(tmp_path: Path) -> None:
    """An ELDEC file has one calibration, and everything its one known reader takes from it."""
    with h5netcdf.File(WRITERS["eldec"](tmp_path), "r") as file:
        variables = file.variables
        assert file.dimensions["time"].size == file.dimensions["calibration"].size == 1
        assert file.attrs["__file_format_version"] > "1.0"
        assert file.attrs["scc_product_ID"] == 4380
        height = variables["altitude"][...] - variables["station_altitude"][0]
        upper = variables["polarization_calibration_maximum_range"][...].max()
        assert (height > upper).any()
        ratios = variables["polarization_calibration_ratio"][:, 0, :]
        gain = variables["polarization_gain_factor"][0, 0]
        assert np.sqrt(ratios.mean(axis=1).prod()) == pytest.approx(gain, rel=0.02)
        assert round(variables["polarization_calibration_ratio_emission_wavelength"][0]) == 532


def test_altitude_is_above_sea_level(tmp_path: Path) -> None:
    """Bin centres: the first range is half a bin, altitude follows from station, range and zenith angle."""
    with h5netcdf.File(WRITERS["hirelpp"](tmp_path), "r") as file:
        distance = file.variables["range"][...]
        altitude = file.variables["altitude"][0]

    assert distance[0] * 2 == distance[1] - distance[0]
    assert altitude == pytest.approx(193.0 + distance * np.cos(np.radians(5.0)))


def test_time_is_the_start_of_each_interval(tmp_path: Path) -> None:
    """`time` is the first bound, intervals follow each other from start to stop."""
    with h5netcdf.File(WRITERS["elpp 0"](tmp_path), "r") as file:
        time, bounds = file.variables["time"][...], file.variables["time_bounds"][...]

    assert list(time) == list(bounds[:, 0])
    assert list(bounds[1:, 0]) == list(bounds[:-1, 1])
    assert (START.timestamp(), STOP.timestamp()) == (bounds[0, 0], bounds[-1, 1])


def test_products_agree_on_the_aerosol(tmp_path: Path) -> None:
    """ELPP's signal has its layer where ELDA's backscatter has it, and ELDA shows the aerosol within its error."""
    aerosol = Aerosol.of(ID)
    with h5netcdf.File(WRITERS["elda 7"](tmp_path), "r") as file:
        altitude = file.variables["altitude"][...]
        profile = file.variables["backscatter"][0, 0]
        error = file.variables["error_backscatter"][0, 0]
        particle = file.variables["particledepolarization"][0, 0]
    with h5netcdf.File(WRITERS["elpp 7"](tmp_path), "r") as file:
        grid = file.variables["altitude"][0]
        signal = file.variables["range_corrected_signal"][0, 0]
    truth = aerosol.backscatter(altitude - 193.0, 532)
    seen = signal / molecular_backscatter(grid, 532)
    above = (grid > 193 + aerosol.mixing_height + 400) & (grid < 8000)

    assert np.mean(np.abs(profile - truth) < 3 * error) > 0.98
    assert abs(grid[above][np.argmax(seen[above])] - 193 - aerosol.layer_height) < aerosol.layer_width
    valid = particle < 1e30
    assert valid.any()
    assert not valid.all()
    assert particle[valid].max() < 0.5


def test_raw_file_agrees_with_the_products(tmp_path: Path) -> None:
    """The raw counts, without background and corrected for range, are the signal of the same aerosol."""
    path = synthetic.write_raw(
        tmp_path / "raw.nc", measurement_id=ID, start=START, stop=STOP, profiles=20, altitude=193.0
    )
    with h5netcdf.File(path, "r") as file:
        counts = file.variables["Raw_Lidar_Data"][...].mean(axis=0)[2]
        assert file.variables["Raw_Data_Start_Time"][0, 0] == 0
        assert file.variables["Raw_Data_Stop_Time"][-1, 0] == (STOP - START).total_seconds()
    distance = (np.arange(len(counts)) + 0.5) * 15.0
    seen = (counts - counts[600:].mean()) * distance**2
    height = distance * np.cos(np.radians(5.0))
    expected = Aerosol.of(ID).signal(height, 193.0, 532, 532)
    # Where the telescope sees all of the beam and noise is small.
    where = (distance > 450) & (distance < 4000)
    ratio = seen[where] / expected[where]

    assert np.std(ratio) / np.mean(ratio) < 0.05


def test_measurements_differ(tmp_path: Path) -> None:
    """Another measurement has another aerosol, another seed other noise."""
    assert Aerosol.of(ID) != Aerosol.of("20210308aky0930")
    files = [
        synthetic.write_raw(tmp_path / f"{seed}.nc", measurement_id=ID, start=START, stop=STOP, points=50, seed=seed)
        for seed in (0, 1, 0)
    ]
    contents = [file.read_bytes() for file in files]

    assert contents[0] == contents[2] != contents[1]


def test_standard_atmosphere() -> None:
    """Temperature and pressure are those of the standard atmosphere at the ground, at 5 km and at 11 km."""
    altitude = np.array([0.0, 5000.0, 11000.0, 20000.0])

    assert temperature(altitude) == pytest.approx([288.15, 255.65, 216.65, 216.65])
    assert pressure(altitude) == pytest.approx([1013.25, 540.2, 226.3, 54.7], rel=2e-3)


@pytest.mark.parametrize("writer", ["plot", "quicklook"])
def test_images_are_png(tmp_path: Path, writer: str) -> None:
    """Pictures are PNG images: sound chunks, and pixels that fill the size."""
    stream = io.BytesIO(WRITERS[writer](tmp_path).read_bytes())
    assert stream.read(8) == b"\x89PNG\r\n\x1a\n"
    chunks = {}
    while head := stream.read(8):
        length, kind = struct.unpack(">I4s", head)
        chunks[kind] = stream.read(length)
        assert zlib.crc32(kind + chunks[kind]) == struct.unpack(">I", stream.read(4))[0]
    width, height = struct.unpack(">II", chunks[b"IHDR"][:8])

    assert len(zlib.decompress(chunks[b"IDAT"])) == height * (1 + 3 * width)
    assert b"synthetic" in chunks[b"tEXt"]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (
            {"module": "elda", "product_type": 7, "wavelength": 532, "product_id": 2371},
            "aky_007_0532_0002371_202103070930_202103071100_20210307aky0930_elda_v5.3.0.nc",
        ),
        (
            {"module": "elpp", "product_type": 0, "product_id": 324},
            "aky_000_0000324_202103070930_202103071100_20210307aky0930_elpp_v5.3.0.nc",
        ),
        ({"module": "cloudscreen"}, "aky_202103070930_202103071100_20210307aky0930_cloudscreen_v5.3.0.nc"),
    ],
)
def test_names_follow_the_grammar(arguments: dict[str, object], expected: str) -> None:
    """A file's name has the parts that its module's names have."""
    assert expected == product_file_name(SCENE, **arguments)  # type: ignore[arg-type]


@pytest.mark.parametrize("minutes", [1, 59, 60, 61, 120, 150])
def test_slices_cover_the_time(minutes: int) -> None:
    """Slices follow each other, none is longer than asked, together they are the whole time."""
    scene = Scene(measurement_id=ID, start=START, stop=START + timedelta(minutes=minutes))
    slices = scene.slices(timedelta(hours=1))

    assert (scene.start, scene.stop) == (slices[0][0], slices[-1][1])
    assert all(first[1] == second[0] for first, second in itertools.pairwise(slices))
    assert all(timedelta(0) < stop - start <= timedelta(hours=1) for start, stop in slices)


@pytest.mark.parametrize(
    ("call", "reason"),
    [
        (lambda path: Scene(measurement_id=ID, start=STOP, stop=START), "after it starts"),
        (lambda path: Scene(measurement_id=ID, start=START.replace(tzinfo=None), stop=STOP), "time zone"),
        (lambda path: synthetic.write_elda(path, SCENE, product_id=1, product_type=1, wavelength=355), "type 1"),
        (lambda path: synthetic.write_elda(path, SCENE, product_id=1, product_type=0, wavelength=800), "800 nm"),
        (lambda path: synthetic.write_elpp(path, SCENE, product_id=1, product_type=12, channels=CHANNELS), "found 12"),
        (lambda path: synthetic.write_raw(path / "x", measurement_id=ID, start=STOP, stop=START), "stop after"),
        (
            lambda path: synthetic.write_raw(path / "x", measurement_id=ID, start=START, stop=STOP, profiles=0),
            "0 profiles",
        ),
        (lambda path: synthetic.write_sounding(path / "x", start=START, levels=1), "found 1"),
    ],
)
def test_what_cannot_be_is_refused(tmp_path: Path, call: Callable[[Path], object], reason: str) -> None:
    """Times and types that make no sense are refused with what was found, and nothing is written."""
    with pytest.raises(ValueError, match=re.escape(reason)):
        call(tmp_path)
    assert list(tmp_path.iterdir()) == []
