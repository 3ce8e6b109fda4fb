"""What ELDAmwl files are opened as, and what is found in them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

pytest.importorskip(
    "scckit_eldamwl", reason="strangers are tested in an environment of their own: tox run -e strangers"
)

import h5netcdf
import h5py
import numpy as np
import xarray as xr
from scckit_eldamwl import ELDAMWL, synthetic

from scckit.errors import UnreadableProduct


def test_groups_are_a_tree(tmp_path: Path) -> None:
    """The tree has the groups of the file; times are decoded, missing values are NaN, and nothing else is changed."""
    path = synthetic.write(tmp_path)
    with ELDAMWL.open(path) as tree, h5netcdf.File(path) as file:
        assert isinstance(tree, xr.DataTree)
        assert {"lowres_products", "highres_products", "meta_data"} == set(tree.children)
        low = tree["lowres_products"]
        assert low["backscatter"].dims == ("wavelength", "time", "level")
        assert np.datetime64("2018-10-17T21:00") == low["time"].values[0]
        assert np.isnan(low["extinction"].values[:, :, :2]).all()
        np.testing.assert_array_equal(file["lowres_products/lidarratio"][...], low["lidarratio"].values)
        assert tree["meta_data/backscatter_355"].attrs == {"method": "synthetic"}


def test_header_and_summary_tell_the_measurement(tmp_path: Path) -> None:
    """The header has the global attributes, the summary says in one line what is there."""
    path = synthetic.write(tmp_path)

    assert ELDAMWL.header(path)["measurement_ID"] == "20181017oh00"
    assert ELDAMWL.summary(path) == (
        "hpb eldamwl, 355, 532, 1064 nm, 2018-10-17 21:00 to 2018-10-17 23:00 UTC, backscatter extinction lidarratio,"
        " ELDAmwl 0.0.1"
    )


def delete(*names: str) -> Callable[[h5py.File], None]:
    """Make a change: these are gone."""

    def change(file: h5py.File) -> None:
        for name in names:
            del file[name]

    return change


def swap_dimensions(file: h5py.File) -> None:
    """Let the errors depend on less."""
    group = file["lowres_products"]
    values = group["error_backscatter"][0]
    del group["error_backscatter"]
    group.create_dataset("error_backscatter", data=values)
    for number, name in enumerate(("time", "level")):
        group["error_backscatter"].dims[number].attach_scale(group[name])


@pytest.mark.parametrize(
    ("change", "code", "where"),
    [
        (delete("lowres_products", "highres_products"), "missing-group", "/"),
        (delete("meta_data"), "missing-group", "meta_data"),
        (delete("lowres_products/altitude"), "missing-variable", "lowres_products/altitude"),
        (
            delete(*(f"highres_products/{one}" for one in ("backscatter", "extinction", "lidarratio"))),
            "missing-variable",
            "highres_products",
        ),
        (delete("lowres_products/error_extinction"), "missing-error", "lowres_products/extinction"),
        (swap_dimensions, "dimensions", "lowres_products/error_backscatter"),
        (delete("meta_data/lidarratio_1064"), "metadata", "lowres_products/lidarratio"),
    ],
)
def test_findings_tell_code_and_place(
    tmp_path: Path, change: Callable[[h5py.File], None], code: str, where: str
) -> None:
    """What is wrong is found where it is, under its own code."""
    path = synthetic.write(tmp_path)
    with h5py.File(path, "r+") as file:
        change(file)

    assert (code, where) in {(problem.code, problem.where) for problem in ELDAMWL.verify(path)}


def test_only_a_lack_of_values_is_a_warning(tmp_path: Path) -> None:
    """A product without values is no damage: the algorithm may have found none."""
    path = synthetic.write(tmp_path)
    with h5py.File(path, "r+") as file:
        file["lowres_products/backscatter"][...] = np.nan

    assert [(one.code, one.severity) for one in ELDAMWL.verify(path)] == [("no-data", "warning")]


@pytest.mark.parametrize(
    ("name", "is_owned"),
    [
        (synthetic.NAME, True),
        (synthetic.NAME.replace("ELDAmwl", "eldamwl"), True),
        (synthetic.NAME.replace("ELDAmwl", "elda"), False),
        (synthetic.NAME.replace(".nc", ".png"), False),
        ("ELDAmwl.nc", False),
    ],
)
def test_files_are_owned_by_their_module(name: str, is_owned: bool) -> None:
    """A file belongs here if its name says so, and not because it says ELDA."""
    assert ELDAMWL.owns(name) is is_owned


def test_pictures_show_the_values(tmp_path: Path) -> None:
    """Each quantity has a panel with a line for each wavelength, in units that the axis tells."""
    pytest.importorskip("matplotlib", reason="pictures need matplotlib")
    path = synthetic.write(tmp_path)
    figure = ELDAMWL.plot(path)
    with ELDAMWL.open(path) as tree:
        expected = tree["lowres_products/backscatter"].values[:, 0] * 1e6

    panels = figure.axes
    labels = [one.get_xlabel() for one in panels]
    assert labels == ["backscatter / Mm⁻¹ sr⁻¹", "extinction / Mm⁻¹", "lidar ratio / sr"]
    for line, values in zip(panels[0].lines, expected, strict=True):
        np.testing.assert_array_equal(values, line.get_xdata())


def test_nothing_to_draw_is_told(tmp_path: Path) -> None:
    """A file without products has no picture."""
    pytest.importorskip("matplotlib", reason="pictures need matplotlib")
    path = synthetic.write(tmp_path)
    with h5py.File(path, "r+") as file:
        delete("lowres_products", "highres_products")(file)

    with pytest.raises(UnreadableProduct, match="nothing to draw"):
        ELDAMWL.plot(path)
