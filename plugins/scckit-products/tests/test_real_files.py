"""The real files of the project, which are never committed: skipped, saying why, when they are not there."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from scckit.models import ProductName
from scckit.plugins import Registry
from scckit_products.elda import ELDA
from scckit_products.elpp import ELPP
from scckit_products.kind import NetCDFKind
from scckit_products.raw import RAW

ELDA_FILES = {
    "hpb_000_0355_0000378_202006302200_202006302359_20200630hpb2200_elda_v5.1.2.nc": {"backscatter"},
    "hpb_002_0355_0000379_202006302200_202006302359_20200630hpb2200_elda_v5.1.2.nc": {"backscatter", "extinction"},
    "hpb_003_1064_0000330_202006302200_202006302300_20200630hpb2200_elda_v5.1.2.nc": {"backscatter"},
    "hpb_007_0532_0000328_202006302200_202006302359_20200630hpb2200_elda_v5.1.2.nc": {
        "backscatter",
        "volumedepolarization",
        "particledepolarization",
    },
}
OLD_ELPP = "20181228oh00_0000379.nc"
ELPP_FILES = (
    "hpb_000_0000324_201810172100_201810172300_20181017oh00_elpp_v5.3.0.nc",
    "hpb_001_0000377_201810172100_201810172300_20181017oh00_elpp_v5.3.0.nc",
    "hpb_003_0000330_201810172100_201810172300_20181017oh00_elpp_v5.3.0.nc",
    OLD_ELPP,
)
#: What is found in real files, and true of them.
FINDINGS = {
    # Elastic backscatter: the lidar ratio is assumed to be 40 sr at all levels, and all of its errors are the fill value.
    "hpb_003_0000330_201810172100_201810172300_20181017oh00_elpp_v5.3.0.nc": [
        ("no-data", "assumed_particle_lidar_ratio_error")
    ],
}
RAW_FILE = "20170227ino1123.nc"
OWNERS: dict[str, NetCDFKind] = dict.fromkeys(ELDA_FILES, ELDA) | dict.fromkeys(ELPP_FILES, ELPP)


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Give the folder of real files, or skip."""
    root = Path(__file__).parents[3]
    folder = Path(os.environ.get("SCCKIT_REAL_DATA", root.parent / "shared" / "real-data"))
    if not folder.is_dir():
        pytest.skip(f"real files are not there: no folder {folder} (SCCKIT_REAL_DATA names another)")
    return folder


@pytest.mark.parametrize("name", OWNERS)
def test_real_products_are_owned_whole_and_summed_up(real_data: Path, name: str) -> None:
    """A real product belongs to its kind and no other, has no error, and its summary tells its station and version."""
    path = real_data / "products" / name
    kind = OWNERS[name]

    assert {kind.name, "raw"} == {one.name for one in Registry(strict=True).product_kinds() if one.owns(name)}
    assert [(problem.code, problem.where) for problem in kind.verify(path)] == FINDINGS.get(name, [])
    assert [problem for problem in kind.verify(path) if problem.severity == "error"] == []
    summary = kind.summary(path)
    assert summary.startswith(f"hpb {kind.name}, ")
    assert summary.endswith(f"SCC {kind.header(path)['scc_version']}")


@pytest.mark.parametrize("name", OWNERS)
def test_real_headers_agree_with_the_names(real_data: Path, name: str) -> None:
    """Name and attributes of a real product tell the same."""
    header = OWNERS[name].header(real_data / "products" / name)
    told = ProductName.parse(name)

    assert told.measurement_id == header["measurement_ID"]
    assert told.version in {header["scc_version"], None}
    assert isinstance(header["hoi_system_ID"], int)


@pytest.mark.parametrize("name", ELDA_FILES)
def test_real_optical_products_open(real_data: Path, name: str) -> None:
    """Profiles of a real optical product are there, with missing values as NaN, at the times of the name."""
    told = ProductName.parse(name)
    with ELDA.open(real_data / "products" / name) as dataset:
        for variable in ELDA_FILES[name]:
            profile = dataset[variable]
            assert profile.dims == ("wavelength", "time", "altitude")
            assert np.isfinite(profile.values).any()
            assert not np.nanmax(np.abs(profile.values)) > 1e3
        assert [told.wavelength] == dataset.wavelength.values.tolist()
        assert dataset.backscatter.units == "1/(m*sr)"
        bounds = dataset.time_bounds.values[0].astype("datetime64[m]").tolist()
        assert [told.start.replace(tzinfo=None), told.stop.replace(tzinfo=None)] == bounds  # type: ignore[union-attr]
        assert np.int8 == dataset.cloud_mask.dtype
        assert dataset.cloud_mask.flag_meanings == "unknown_cloud cirrus_cloud water_cloud"


@pytest.mark.parametrize("name", ELPP_FILES)
def test_real_preprocessed_products_open_by_the_same_names(real_data: Path, name: str) -> None:
    """Products of SCC 5.1.0 and 5.3.0 have the same names of variables."""
    names = {
        "temperature",
        "pressure",
        "molecular_calculation_source",
        "molecular_extinction",
        "molecular_transmissivity_at_emission_wavelength",
        "molecular_transmissivity_at_detection_wavelength",
        "molecular_lidar_ratio",
    }
    with ELPP.open(real_data / "products" / name) as dataset:
        assert names <= set(dataset.variables)
        assert not {one for one in dataset.variables if str(one).startswith("atmospheric_")}
        assert {one for one in names if "original_name" in dataset[one].attrs} == (names if name == OLD_ELPP else set())
        assert np.array_equal(dataset.time.values, dataset.time_bounds.values[:, 0])
        assert dataset.range_corrected_signal.dims == ("channel", "time", "level")
        # altitude = station altitude + range * cos(zenith angle)
        zenith = np.deg2rad(dataset.laser_pointing_angle.values[dataset.laser_pointing_angle_of_profiles.values])
        altitude = dataset.station_altitude.values + dataset.range.values * np.cos(zenith)[:, None]
        assert np.allclose(altitude, dataset.altitude.values, atol=0.01)


def test_the_real_raw_file_opens(real_data: Path) -> None:
    """A raw file that another program made names its measurement, has no error, and opens."""
    path = real_data / "raw" / RAW_FILE

    assert RAW.header(path)["Measurement_ID"] == "20170227ino1123"
    assert [(one.code, one.severity) for one in RAW.verify(path)] == [("single-profile", "warning")]
    assert RAW.verify(path) == RAW.check_input(path, {})
    with RAW.open(path) as dataset:
        assert dataset.Raw_Lidar_Data.shape == (1, 7, 16380)
