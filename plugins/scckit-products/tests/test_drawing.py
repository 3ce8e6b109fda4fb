"""Pictures of products: that they show what the files hold, no more and no less, and what is said where nothing can be drawn."""

from __future__ import annotations

import io
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection, QuadMesh
from matplotlib.colors import LogNorm, to_rgba
from matplotlib.dates import date2num
from matplotlib.figure import Figure
from matplotlib.image import PcolorImage
from matplotlib.text import Text

from scckit.errors import MissingLibrary, UnreadableProduct
from scckit.plugins import Draws
from scckit_emulator import synthetic
from scckit_products.cloudmask import CLOUDMASK
from scckit_products.drawing.curtain import _shape
from scckit_products.drawing.data import Grid, edges
from scckit_products.elda import ELDA
from scckit_products.eldec import ELDEC
from scckit_products.elic import ELIC
from scckit_products.elpp import ELPP
from scckit_products.elquick import ELQUICK
from scckit_products.hirelpp import HIRELPP
from scckit_products.kind import NetCDFKind
from scckit_products.plots import PLOTS
from scckit_products.raw import RAW

START = datetime(2021, 3, 7, 21, 30, tzinfo=UTC)
SCENE = synthetic.Scene(measurement_id="20210307aky2130", start=START, stop=START + timedelta(hours=2))
CHANNELS = (
    synthetic.SignalChannel(8740, "355tot", 355, 355),
    synthetic.SignalChannel(8741, "387", 355, 387),
    synthetic.SignalChannel(8745, "532cross", 532, 532, cross=True),
)

Write = Callable[[Path], Path]


def _raw(folder: Path, profiles: int = 6, **more: Any) -> Path:
    return synthetic.write_raw(
        folder / "raw.nc",
        measurement_id=SCENE.measurement_id,
        start=SCENE.start,
        stop=SCENE.stop,
        profiles=profiles,
        **more,
    )


def _elda(folder: Path, product_type: int = 0, scene: synthetic.Scene = SCENE) -> Path:
    return synthetic.write_elda(folder, scene, product_id=307, product_type=product_type, wavelength=532)


def _eldec(folder: Path, scene: synthetic.Scene = SCENE) -> Path:
    return synthetic.write_eldec(folder, scene, product_id=777, wavelength=532)


def _hirelpp(folder: Path) -> Path:
    return synthetic.write_hirelpp(folder, SCENE, product_id=985, channels=CHANNELS)


FILES: dict[str, tuple[NetCDFKind, Write]] = {
    "raw": (RAW, _raw),
    "raw, one profile": (RAW, lambda folder: _raw(folder, profiles=1)),
    "hirelpp": (HIRELPP, _hirelpp),
    "cloudmask": (CLOUDMASK, lambda folder: synthetic.write_cloudscreen(folder, SCENE)),
    "elpp": (
        ELPP,
        lambda folder: synthetic.write_elpp(folder, SCENE, product_id=378, product_type=0, channels=CHANNELS[:2]),
    ),
    "elic": (
        ELIC,
        lambda folder: synthetic.write_elic(folder, SCENE, product_id=975, product_type=9, channels=CHANNELS),
    ),
    "elda": (ELDA, lambda folder: _elda(folder, 7)),
    "eldec": (ELDEC, _eldec),
}
#: The variables whose values the picture of a kind is made of.
DRAWN = {
    "raw": ("Raw_Lidar_Data",),
    "hirelpp": ("range_corrected_signal",),
    "cloudmask": ("automatic_cloud_mask",),
    "elpp": ("range_corrected_signal",),
    "elic": ("attenuated_backscatter",),
    "elda": ("backscatter", "extinction", "volumedepolarization", "particledepolarization"),
    "eldec": ("polarization_calibration_ratio",),
}


@pytest.fixture(params=FILES)
def drawn(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[NetCDFKind, Path]:
    """Give each kind with a good file."""
    kind, write = FILES[request.param]
    return kind, write(tmp_path)


def _of(name: str, folder: Path) -> tuple[NetCDFKind, Path]:
    kind, write = FILES[name]
    return kind, write(folder)


def _loaded(kind: NetCDFKind, path: Path) -> xr.Dataset:
    """Return what a file holds, free to be changed, with the file's name still known."""
    with kind.open(path) as dataset:
        source = dataset.encoding["source"]
        loaded = dataset.load().copy(deep=True)
    loaded.encoding["source"] = source
    return loaded


def _png(figure: Figure) -> bytes:
    """Return a small picture of it; to find the best layout takes long, and is done once for each kind."""
    figure.set_layout_engine("none")
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=40, metadata={"Software": None})
    return buffer.getvalue()


def _panels(figure: Figure) -> list[Axes]:
    """Return the axes that are no colour scales."""
    return [axes for axes in figure.axes if axes.get_label() != "<colorbar>"]


def _texts(figure: Figure) -> list[str]:
    return [text.get_text() for text in figure.findobj(Text) if text.get_text()]


def _cells(axes: Axes) -> PcolorImage | QuadMesh:
    """Return the cells of a panel over time and altitude."""
    (cells,) = [one for one in (*axes.images, *axes.collections) if isinstance(one, PcolorImage | QuadMesh)]
    return cells


def _lines(axes: Axes) -> list[Any]:
    return [line for line in axes.lines if len(line.get_ydata()) > 2 and line.get_linestyle() != "None"]


def _open_files(path: Path) -> list[str]:
    folder = Path("/proc/self/fd")
    if not folder.is_dir():
        pytest.skip("which files are open can be seen on Linux only")
    links = []
    for one in folder.iterdir():
        try:
            links.append(str(one.readlink()))
        except OSError:  # the descriptor that lists them is gone by now
            continue
    return [link for link in links if link == str(path)]


# -- every kind -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [RAW, HIRELPP, CLOUDMASK, ELPP, ELDA, ELDEC, ELIC, ELQUICK, PLOTS])
def test_kinds_say_whether_they_draw(kind: object) -> None:
    """The kinds of netCDF files draw; those whose files are pictures do not, and do not seem to."""
    assert isinstance(kind, Draws) == isinstance(kind, NetCDFKind)


def test_every_axis_has_its_unit_and_finite_limits(drawn: tuple[NetCDFKind, Path]) -> None:
    """What is measured along an axis is written at it with its unit, times are said to be UTC, and no limit is infinite."""
    kind, path = drawn
    figure = kind.plot(path)
    figure.savefig(io.BytesIO(), format="png", dpi=40)

    named = [figure.get_supxlabel(), figure.get_supylabel()]
    for axes in figure.axes:
        assert np.isfinite([*axes.get_xlim(), *axes.get_ylim()]).all()
        named += [axes.get_xlabel(), axes.get_ylabel()]
    named = [name for name in named if name]
    assert named
    assert all("(" in name and ")" in name for name in named), named
    assert any("km" in name for name in named)
    first = _panels(figure)[0]
    assert first.get_xlabel() or figure.get_supxlabel()
    assert first.get_ylabel() or figure.get_supylabel()


def test_the_title_is_one_line_about_the_product_and_no_person(tmp_path: Path) -> None:
    """The title tells station, kind, type, wavelength and times; nothing in a picture tells who measured."""
    for name in ("raw, one profile", "elpp", "cloudmask", "elda", "eldec"):
        kind, write = FILES[name]
        dataset = _loaded(kind, write(tmp_path))
        dataset.attrs |= {
            "PI": "Somebody",
            "Data_Originator": "Somebody",
            "PI_email": "Somebody",
            "comment": "Somebody",
        }
        figure = kind.plot(dataset)
        title = figure.get_suptitle()

        assert "\n" not in title
        assert title.startswith(f"raw {SCENE.measurement_id}" if kind is RAW else f"aky {kind.name}")
        assert "2021-03-07 21:30" in title
        assert title.endswith("UTC") or kind is RAW
        assert not any("Somebody" in text for text in _texts(figure))
    assert (
        "type 7 (Raman backscatter and linear depolarization ratio), 532 nm"
        in ELDA.plot(_elda(tmp_path, 7)).get_suptitle()
    )


def test_a_path_and_what_was_opened_look_alike_and_nothing_is_touched(drawn: tuple[NetCDFKind, Path]) -> None:
    """A path and a dataset give the same picture; the dataset stays open, and is what it was."""
    kind, path = drawn
    by_path = kind.plot(path)
    assert _open_files(path) == []
    with kind.open(path) as dataset:
        by_dataset = kind.plot(dataset)
        assert len(_open_files(path)) == 1
        with kind.open(path) as untouched:
            xr.testing.assert_identical(untouched, dataset)
    assert by_path is not by_dataset
    assert _open_files(path) == []
    path.unlink()

    assert _png(by_path) == _png(by_dataset)


def test_a_path_may_be_a_text(tmp_path: Path) -> None:
    """A path as text is a path."""
    path: Any = str(_elda(tmp_path))

    assert ELDA.plot(path).axes


def test_a_product_without_values_is_refused(drawn: tuple[NetCDFKind, Path]) -> None:
    """Where all values are missing there is no empty picture, but an error that names the file and what it has."""
    kind, path = drawn
    dataset = _loaded(kind, path)
    for name in DRAWN[kind.name]:
        if name in dataset and dataset[name].dtype.kind == "f":
            dataset[name][...] = np.nan
        elif name in dataset:
            dataset[name].attrs["_FillValue"] = np.int8(-127)
            dataset[name][...] = -127

    with pytest.raises(UnreadableProduct) as caught:
        kind.plot(dataset)
    assert str(path) in str(caught.value)
    assert "its variables: " in str(caught.value)


def test_a_product_without_what_is_drawn_is_refused(drawn: tuple[NetCDFKind, Path]) -> None:
    """Without the variable that is to be drawn the error names it, and what is there in its place."""
    kind, path = drawn
    names = DRAWN[kind.name]
    dataset = _loaded(kind, path).drop_vars(names, errors="ignore")

    with pytest.raises(UnreadableProduct, match=names[0]):
        kind.plot(dataset)


def test_a_product_without_times_or_heights_is_refused(drawn: tuple[NetCDFKind, Path]) -> None:
    """Nothing is drawn where nobody knows when or how high it was."""
    kind, path = drawn
    dataset = _loaded(kind, path)
    if kind is RAW:
        if dataset.sizes["time"] > 1:
            with pytest.raises(UnreadableProduct, match="Raw_Data_Start_Time"):
                kind.plot(dataset.drop_vars("Raw_Data_Start_Time"))
            dataset.attrs["RawData_Start_Date"] = "yesterday"
            with pytest.raises(UnreadableProduct, match="yesterday"):
                kind.plot(dataset)
        return
    for name in ("time_bounds", "altitude"):
        with pytest.raises(UnreadableProduct):
            kind.plot(dataset.drop_vars(name))
    dataset["time_bounds"][...] = np.datetime64("NaT", "ns")
    if kind is not ELDA and kind is not ELDEC:
        with pytest.raises(UnreadableProduct, match="begin before its end"):
            kind.plot(dataset)


def test_other_formats_are_refused(drawn: tuple[NetCDFKind, Path]) -> None:
    """A web page in the place of a product, and a product of another form, lead to our error, with the file closed."""
    kind, path = drawn
    odd = xr.Dataset({name: ("x", ["text", "more"]) for name in (*DRAWN[kind.name], "time_bounds", "altitude")})

    with pytest.raises(UnreadableProduct):
        kind.plot(odd)
    path.write_bytes(b"<!DOCTYPE html><html></html>")
    with pytest.raises(UnreadableProduct, match="web page"):
        kind.plot(path)
    assert _open_files(path) == []


def test_without_matplotlib_the_line_that_installs_it_is_told(
    drawn: tuple[NetCDFKind, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where matplotlib is not installed, the error says how to install it; files are closed."""
    kind, path = drawn
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)

    with pytest.raises(MissingLibrary, match=r"pip install 'scckit-products\[netcdf,plot\]'"):
        kind.plot(path)
    assert _open_files(path) == []


def test_pyplot_and_its_state_are_left_alone(tmp_path: Path) -> None:
    """Listing kinds imports no matplotlib; drawing imports no pyplot, and changes no setting of matplotlib."""
    code = """
import sys, pathlib
from scckit_products.elda import ELDA
assert not {"matplotlib", "numpy"} & set(sys.modules)
import matplotlib
# Not through its own items: to ask for the backend is to choose one, with pyplot.
before = list(dict.items(matplotlib.rcParams))
ELDA.plot(pathlib.Path(sys.argv[1])).savefig(sys.argv[2])
assert "matplotlib.pyplot" not in sys.modules
assert list(dict.items(matplotlib.rcParams)) == before
"""
    subprocess.run(
        [sys.executable, "-W", "error", "-c", code, str(_elda(tmp_path)), str(tmp_path / "x.png")],
        check=True,
    )
    assert (tmp_path / "x.png").stat().st_size


def test_many_threads_draw_at_once(tmp_path: Path) -> None:
    """Pictures that are drawn and saved by several threads at once are those that one thread makes."""
    names = ("raw, one profile", "cloudmask", "elda", "eldec")
    made = [_of(name, _made(tmp_path / name)) for name in names] * 2

    def picture(which: tuple[NetCDFKind, Path]) -> bytes:
        return _png(which[0].plot(which[1]))

    expected = [picture(one) for one in made]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(picture, made)) == expected


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def _spoilt(dataset: xr.Dataset, name: str, what: str) -> None:
    values = dataset[name]
    if values.dtype.kind != "f":
        return
    if what == "huge":
        values[...] = values * 1e80
    elif what == "beyond all":
        values[...] = np.where(np.arange(values.size).reshape(values.shape) % 2, 1e308, -1e308)
    elif what == "negative":
        values[...] = -np.abs(values)
    elif what == "zero":
        values[...] = 0.0
    elif what == "infinite":
        values[..., ::2] = np.inf


@pytest.mark.parametrize("what", ["huge", "beyond all", "negative", "zero", "infinite", "one level"])
@pytest.mark.parametrize("name", ["raw", "raw, one profile", "elic", "elda", "eldec"])
def test_strange_values_are_drawn_or_refused(tmp_path: Path, name: str, what: str) -> None:
    """Values that make no sense end in a picture with finite limits, or in our error, and in no warning."""
    kind, path = _of(name, tmp_path)
    dataset = _loaded(kind, path)
    if what == "one level":
        dimension = next(one for one in ("level", "altitude", "points") if one in dataset.sizes)
        dataset = dataset.isel({dimension: slice(3, 4)})
    for variable in DRAWN[kind.name]:
        if variable in dataset:
            _spoilt(dataset, variable, what)
    try:
        figure = kind.plot(dataset)
    except UnreadableProduct:
        assert what == "beyond all"
        return
    assert _png(figure)
    for axes in figure.axes:
        assert np.isfinite([*axes.get_xlim(), *axes.get_ylim()]).all()


def test_texts_of_files_are_not_taken_for_formulas(tmp_path: Path) -> None:
    """Signs that matplotlib takes for mathematics, and control characters, do no harm in names."""
    dataset = _loaded(HIRELPP, _hirelpp(tmp_path))
    names = np.array([r"$\broken{", "a$b$c_d^", "x\ny\x00"], dtype=object)
    dataset["range_corrected_signal_channel_name"] = ("channel", names)
    dataset["range_corrected_signal"].attrs["units"] = r"$\oops$"
    dataset.encoding.clear()
    dataset.attrs["station_ID"] = "$x$"
    figure = HIRELPP.plot(dataset)

    assert _png(figure)
    assert [axes.get_title(loc="left").partition("nm, ")[2] for axes in _panels(figure)][2] == "x?y?"


# -- over time and altitude -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "variable", "factor"),
    [
        ("hirelpp", "range_corrected_signal", 1.0),
        ("elpp", "range_corrected_signal", 1.0),
        ("elic", "attenuated_backscatter", 1e6),
    ],
)
def test_signals_are_drawn_as_they_are(tmp_path: Path, name: str, variable: str, factor: float) -> None:
    """Each channel has its panel; its cells are the values of the file in the unit of the scale, at their times and altitudes."""
    kind, write = FILES[name]
    dataset = _loaded(kind, write(tmp_path))
    dataset[variable][0, 1, 20:30] = np.nan
    figure = kind.plot(dataset)
    panels = _panels(figure)

    assert len(panels) == dataset.sizes["channel"]
    assert panels[1].get_title(loc="left") == "355 → 387 nm, 387"
    for number, axes in enumerate(panels):
        shown = _cells(axes).get_array()
        expected = dataset[variable].values[number].T * factor
        np.testing.assert_array_equal(np.ma.getmaskarray(shown), np.isnan(expected))
        np.testing.assert_allclose(np.ma.filled(shown, np.nan), expected)
    bounds = date2num(dataset["time_bounds"].values)
    assert panels[0].get_xlim() == (bounds.min(), bounds.max())
    low, high = panels[0].get_ylim()
    altitude = dataset["altitude"].values / 1000
    step = altitude[0, 1] - altitude[0, 0]
    assert (low, high) == pytest.approx((altitude.min() - step / 2, altitude.max() + step / 2))
    assert "no data" in _texts(figure)
    scales = [axes.get_ylabel() for axes in figure.axes if axes not in panels]
    assert all(("Mm⁻¹ sr⁻¹" if factor > 1 else "arb. units") in scale for scale in scales)


def test_gaps_in_time_stay_gaps(tmp_path: Path) -> None:
    """Between two intervals that do not touch there is nothing, as wide as the gap, and the picture says what grey is."""
    whole = _loaded(HIRELPP, _hirelpp(tmp_path))
    assert "no data" not in _texts(HIRELPP.plot(whole))

    dataset = whole.isel(time=[0, 1, 5, 6])
    figure = HIRELPP.plot(dataset)
    cells = _cells(_panels(figure)[0])
    missing = np.ma.getmaskarray(cells.get_array())

    assert missing.all(axis=0).tolist() == [False, False, True, False, False]
    bounds = date2num(dataset["time_bounds"].values)
    np.testing.assert_allclose(cells._Ax, [*bounds[0], bounds[1, 1], bounds[2, 0], *bounds[3]])
    assert "no data" in _texts(figure)


def test_times_in_any_order_are_drawn_in_theirs(tmp_path: Path) -> None:
    """The picture does not depend on the order in which the times are."""
    dataset = _loaded(HIRELPP, _hirelpp(tmp_path))

    assert _png(HIRELPP.plot(dataset)) == _png(HIRELPP.plot(dataset.isel(time=slice(None, None, -1))))


def test_altitudes_that_change_are_not_drawn_aslant(tmp_path: Path) -> None:
    """Where the laser is tilted in the middle each time has its own altitudes, and no cell joins the two."""
    dataset = _loaded(HIRELPP, _hirelpp(tmp_path))
    altitude = dataset["altitude"].values.copy()
    altitude[6:] *= 0.5
    dataset = dataset.assign_coords(altitude=(("time", "level"), altitude, dataset["altitude"].attrs))
    cells = _cells(_panels(HIRELPP.plot(dataset))[0])

    assert isinstance(cells, QuadMesh)
    corners = cells.get_coordinates()
    shown = ~np.ma.getmaskarray(cells.get_array()).all(axis=1)
    assert shown.sum() == dataset.sizes["time"]
    np.testing.assert_array_equal(corners[:-1][shown][..., 1], corners[1:][shown][..., 1])


def test_old_heights_by_angle_are_understood(tmp_path: Path) -> None:
    """Old HiRELPP files have heights by angle, of which it is not said that they are above the sea."""
    dataset = _loaded(HIRELPP, _hirelpp(tmp_path))
    height = dataset["altitude"].values[:1]
    dataset["height"] = (("angle", "level"), height, {"units": "m"})
    figure = HIRELPP.plot(dataset.drop_vars("altitude"))

    assert figure.get_supylabel() == "Height (km)"
    assert _png(figure)


def test_scales_suit_the_values(tmp_path: Path) -> None:
    """Signals over powers of ten have a logarithmic scale, all channels; outliers have arrows, and noise is not missing."""
    dataset = _loaded(HIRELPP, _hirelpp(tmp_path))
    signal = dataset["range_corrected_signal"]
    signal[...] = np.geomspace(1e4, 1e7, signal.sizes["level"])
    signal[1] = 5.0 + np.linspace(0, 1, signal.sizes["level"])
    signal[0, 0, :3] = 1e30
    signal[0, 0, 3:5] = -5.0
    cells = [_cells(axes) for axes in _panels(HIRELPP.plot(dataset))]

    assert all(isinstance(one.norm, LogNorm) for one in cells)
    assert cells[0].norm.vmax < 1e8
    assert cells[0].norm.vmin > 1e3
    colorbar = cells[0].colorbar
    assert colorbar is not None
    assert colorbar.extend == "both"
    below = cells[0].to_rgba(np.ma.array([-5.0, 0.0]))
    np.testing.assert_allclose(below, [cells[0].cmap(-1)] * 2)


def test_times_of_seconds_hours_apart_are_lines(tmp_path: Path) -> None:
    """Where intervals are so few and short that they would not be seen over time, each is a line with its error."""
    dataset = _loaded(HIRELPP, _hirelpp(tmp_path)).isel(time=[0, 11])
    dataset["time_bounds"][:, 1] = dataset["time_bounds"][:, 0] + np.timedelta64(30, "s")
    figure = HIRELPP.plot(dataset)
    panels = _panels(figure)

    assert len(panels) == dataset.sizes["channel"]
    for number, axes in enumerate(panels):
        lines = _lines(axes)
        assert [line.get_label() for line in lines] == ["21:30:00–21:30:30", "23:20:00–23:20:30"]
        for time, line in enumerate(lines):
            np.testing.assert_array_equal(line.get_xdata(), dataset["range_corrected_signal"].values[number, time])


@given(
    st.lists(st.tuples(st.floats(0, 100), st.floats(0.1, 100)), min_size=1, max_size=8),
    st.integers(1, 4),
    st.data(),
)
def test_cells_cover_the_intervals_and_nothing_else(
    parts: list[tuple[float, float]], levels: int, data: st.DataObject
) -> None:
    """Whatever the intervals, cells with values cover exactly them, but for gaps too small to be seen."""
    starts, stops, now = [], [], 0.0
    for gap, length in parts:
        starts.append(now + gap)
        now += gap + length
        stops.append(now)
    order = data.draw(st.permutations(range(len(parts))))
    times = np.array([starts, stops]).T[list(order)]
    shape = _shape(Grid(times, np.tile(np.arange(levels) + 1.0, (len(parts), 1)), "m"))

    widths = np.diff(shape.x[:, 0])
    assert (widths >= 0).all()
    shown = widths[shape.columns >= 0].sum()
    length = sum(length for _, length in parts)
    assert length - 1e-6 <= shown <= length + (max(stops) - min(starts)) * len(parts) / 5000 + 1e-6
    assert sorted(shape.columns[shape.columns >= 0]) == list(range(len(parts)))
    filled = shape.fill(np.ma.MaskedArray(np.repeat(np.arange(len(parts)), levels).reshape(-1, levels).astype(float)))
    assert np.ma.getmaskarray(filled).sum() == levels * (shape.columns < 0).sum()


@given(st.lists(st.one_of(st.none(), st.floats(0.5, 50)), min_size=1, max_size=12))
def test_levels_lie_between_their_edges(steps: list[float | None]) -> None:
    """Each level that is known has its middle within its cell; those that are not known have no height."""
    middles, now = [], 0.0
    for step in steps:
        now += step or 0.0
        middles.append(np.nan if step is None else now)
    found = edges(np.array(middles))

    assert np.isfinite(found).all()
    assert (np.diff(found) >= 0).all()
    for number, middle in enumerate(middles):
        if np.isnan(middle):
            assert found[number] == found[number + 1]
        else:
            assert found[number] < middle < found[number + 1]


# -- clouds -----------------------------------------------------------------------------------------------------------


def _cloudy(path: Path) -> xr.Dataset:
    dataset = _loaded(CLOUDMASK, path)
    mask = np.zeros(dataset["automatic_cloud_mask"].shape, "i1")
    mask[0, :10], mask[1, :10], mask[2, :10], mask[3, :10], mask[4] = 1, 2, 4, 6, -127
    dataset["automatic_cloud_mask"][...] = mask
    return dataset


def test_cloud_masks_have_the_words_of_the_file(tmp_path: Path) -> None:
    """Values are colours, several bits at once one of their own, and the legend has the words; what is missing has none."""
    dataset = _cloudy(synthetic.write_cloudscreen(tmp_path, SCENE))
    (axes,) = _panels(CLOUDMASK.plot(dataset))
    legend = axes.get_legend()
    assert legend is not None
    words = [text.get_text() for text in legend.get_texts()]
    cells = _cells(axes)

    assert words == ["no cloud", "unknown cloud", "cirrus cloud", "water cloud", "cirrus cloud + water cloud"]
    shown = cells.get_array()
    np.testing.assert_array_equal(np.ma.filled(shown, -127).T, dataset["automatic_cloud_mask"].values)
    colours = [patch.get_facecolor() for patch in legend.get_patches()]
    assert len(set(colours)) == len(colours)
    for value, colour in zip((0, 1, 2, 4, 6), colours, strict=True):
        assert tuple(cells.to_rgba(value)) == pytest.approx(colour)
    assert to_rgba(axes.get_facecolor()) not in colours


def test_cloud_masks_without_words_have_their_numbers(tmp_path: Path) -> None:
    """Where the file does not say what its values mean, neither does the picture."""
    dataset = _cloudy(synthetic.write_cloudscreen(tmp_path, SCENE))
    dataset["automatic_cloud_mask"].attrs = {"_FillValue": np.int8(-127)}
    dataset["manual_cloud_mask"] = dataset["automatic_cloud_mask"].copy()
    panels = _panels(CLOUDMASK.plot(dataset))

    assert [axes.get_title(loc="left") for axes in panels] == ["Automatic cloud mask", "Manual cloud mask"]
    for axes in panels:
        legend = axes.get_legend()
        assert legend is not None
        assert [text.get_text() for text in legend.get_texts()] == [f"value {value}" for value in (0, 1, 2, 4, 6)]


def test_clouds_of_signals_have_a_panel_if_there_are_any(tmp_path: Path) -> None:
    """ELPP files have a cloud mask beside their signals: it is shown where it says something."""
    dataset = _loaded(*_of("elpp", tmp_path))
    assert len(_panels(ELPP.plot(dataset))) == 2

    dataset["cloud_mask"][0, 100:150] = 2
    panels = _panels(ELPP.plot(dataset))
    assert [axes.get_title(loc="left") for axes in panels][2:] == ["Cloud mask"]


# -- profiles ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("product_type", "panels"),
    [
        (0, {"Particle backscatter coefficient (Mm⁻¹ sr⁻¹)": (("backscatter", 1e6),)}),
        (3, {"Particle backscatter coefficient (Mm⁻¹ sr⁻¹)": (("backscatter", 1e6),)}),
        (
            2,
            {
                "Particle backscatter coefficient (Mm⁻¹ sr⁻¹)": (("backscatter", 1e6),),
                "Particle extinction coefficient (Mm⁻¹)": (("extinction", 1e6),),
            },
        ),
        (
            7,
            {
                "Particle backscatter coefficient (Mm⁻¹ sr⁻¹)": (("backscatter", 1e6),),
                "Linear depolarization ratio (1)": (("volumedepolarization", 1.0), ("particledepolarization", 1.0)),
            },
        ),
    ],
)
def test_profiles_are_the_values_and_their_errors(
    tmp_path: Path, product_type: int, panels: dict[str, tuple[tuple[str, float], ...]]
) -> None:
    """Lines are the values of the file in the unit of the axis, over altitudes in km; bands are value plus and minus error."""
    dataset = _loaded(ELDA, _elda(tmp_path, product_type))
    figure = ELDA.plot(dataset)

    assert [axes.get_xlabel() for axes in figure.axes] == list(panels)
    assert figure.axes[0].get_ylabel() == "Altitude (km a.s.l.)"
    altitude = dataset["altitude"].values / 1000
    for axes, drawn in zip(figure.axes, panels.values(), strict=True):
        bands = [one for one in axes.collections if isinstance(one, PolyCollection)]
        for line, band, (name, factor) in zip(_lines(axes), bands, drawn, strict=True):
            values, errors = (dataset[one].values[0, 0] * factor for one in (name, f"error_{name}"))
            np.testing.assert_allclose(line.get_xdata(), values)
            np.testing.assert_allclose(line.get_ydata(), altitude)
            corners = {(float(x), float(y)) for path in band.get_paths() for x, y in path.vertices}
            known = np.isfinite(values)
            for sign in (-1, 1):
                wanted = np.stack([(values + sign * errors)[known], altitude[known]], axis=1)
                found = np.array(sorted(corners))
                distance = np.abs(wanted[:, None] - found[None]).max(axis=2).min(axis=1)
                assert (distance < 1e-9).all()


def test_missing_values_break_the_line(tmp_path: Path) -> None:
    """A line does not go over what is missing, a value alone is a point, and the band has the same gaps."""
    dataset = _loaded(ELDA, _elda(tmp_path))
    dataset["backscatter"][0, 0, 20:30] = np.nan
    dataset["backscatter"][0, 0, 31:40] = np.nan
    (axes,) = ELDA.plot(dataset).axes
    (line,) = _lines(axes)
    (points,) = [one for one in axes.lines if one.get_marker() == "."]
    (band,) = [one for one in axes.collections if isinstance(one, PolyCollection)]

    np.testing.assert_array_equal(np.isnan(line.get_xdata()), np.isnan(dataset["backscatter"].values[0, 0]))
    assert points.get_ydata().tolist() == pytest.approx([dataset["altitude"].values[30] / 1000])
    gap = dataset["altitude"].values[[20, 39]] / 1000
    heights = np.concatenate([path.vertices[:, 1] for path in band.get_paths()])
    within = heights[(gap[0] <= heights) & (heights <= gap[1])]
    np.testing.assert_allclose(within, points.get_ydata()[0])


def test_cloudy_altitudes_are_marked(tmp_path: Path) -> None:
    """Where the mask saw clouds the profile is shaded, and the picture says what was seen; else it says nothing."""
    dataset = _loaded(ELDA, _elda(tmp_path))
    assert not any("cloud" in text for text in _texts(ELDA.plot(dataset)))

    dataset["cloud_mask"][0, 60:70] = 2
    figure = ELDA.plot(dataset)
    (band,) = figure.axes[0].patches
    altitude = dataset["altitude"].values / 1000
    low = band.get_y()

    assert (low, low + band.get_height()) == pytest.approx(
        ((altitude[59] + altitude[60]) / 2, (altitude[69] + altitude[70]) / 2)
    )
    assert "cloud mask: cirrus cloud" in _texts(figure)


@pytest.fixture
def series(tmp_path: Path) -> Callable[[int], list[Path]]:
    """Make ELDA files of one product, of an hour each, the fourth after a gap."""

    def make(count: int) -> list[Path]:
        paths = []
        for number in range(count):
            start = START - timedelta(hours=12) + timedelta(hours=number + (number > 2))
            scene = synthetic.Scene(
                measurement_id=f"{start:%Y%m%d}aky{start:%H%M}", start=start, stop=start + timedelta(hours=1)
            )
            paths.append(_elda(tmp_path, scene=scene))
        return paths

    return make


def test_few_profiles_are_lines(series: Callable[[int], list[Path]]) -> None:
    """Up to six times have a line each, with their times in the legend."""
    with ELDA.open_many(series(3)) as dataset:
        figure = ELDA.plot(dataset)
    (axes,) = figure.axes
    lines = _lines(axes)

    assert [line.get_label() for line in lines] == ["09:30–10:30", "10:30–11:30", "11:30–12:30"]
    assert len({line.get_color() for line in lines}) == 3
    assert (
        figure.get_suptitle()
        == "aky elda, type 0 (Raman backscatter), 532 nm, 2021-03-07 09:30 to 2021-03-07 12:30 UTC"
    )


def test_many_profiles_are_drawn_over_time(series: Callable[[int], list[Path]]) -> None:
    """More than six times are drawn over time and altitude, with the gap between them."""
    with ELDA.open_many(series(8)) as dataset:
        (axes,) = _panels(ELDA.plot(dataset))
        expected = dataset["backscatter"].values[0] * 1e6
    shown = _cells(axes).get_array()

    assert np.ma.getmaskarray(shown).all(axis=0).tolist() == [number == 3 for number in range(9)]
    np.testing.assert_allclose(np.ma.filled(np.delete(np.ma.filled(shown, np.nan), 3, axis=1), np.nan).T, expected)


@pytest.mark.parametrize("count", [3, 8])
def test_levels_of_other_files_are_no_gaps(series: Callable[[int], list[Path]], count: int) -> None:
    """Where files have other altitudes, each profile is drawn over its own, and does not fall to pieces."""
    paths = series(count)
    parts = []
    for number, path in enumerate(paths):
        one = _loaded(ELDA, path)
        parts.append(
            one.assign_coords(
                altitude=("altitude", one["altitude"].values + 20.0 * (number % 2), one["altitude"].attrs)
            )
        )
    fill = {"cloud_mask": np.int8(-127)}
    joined = xr.concat(
        parts,
        dim="time",
        join="outer",
        data_vars="minimal",
        coords="minimal",
        compat="override",
        fill_value=fill
        | {
            name: np.nan
            for name in ("backscatter", "error_backscatter", "vertical_resolution", "assumed_particle_lidar_ratio")
            if name in parts[0]
        },
    )
    joined["cloud_mask"] = joined["cloud_mask"].where(np.isfinite(joined["vertical_resolution"][0]), -127).astype("i1")
    joined["cloud_mask"].attrs["_FillValue"] = np.int8(-127)
    panels = _panels(ELDA.plot(joined))

    if count == 3:
        for line, part in zip(_lines(panels[0]), parts, strict=True):
            np.testing.assert_allclose(line.get_xdata(), part["backscatter"].values[0, 0] * 1e6)
            np.testing.assert_allclose(line.get_ydata(), part["altitude"].values / 1000)
    else:
        cells = _cells(panels[0])
        corners = cells.get_coordinates()
        shown = ~np.ma.getmaskarray(cells.get_array())
        heights = np.diff(corners[:-1, :, 1], axis=1)
        assert shown.sum() == sum(part["backscatter"].size for part in parts)
        np.testing.assert_allclose(heights[shown], 0.06)


# -- calibrations -----------------------------------------------------------------------------------------------------


def test_a_calibration_shows_its_range_and_its_result(tmp_path: Path) -> None:
    """Each ratio is a line with its error; the range of the calibration and the gain factor are marked and written."""
    dataset = _loaded(ELDEC, _eldec(tmp_path))
    (axes,) = ELDEC.plot(dataset).axes
    lines = _lines(axes)

    assert [line.get_label() for line in lines] == ["ratio 1", "ratio 2"]
    for number, line in enumerate(lines):
        np.testing.assert_array_equal(line.get_xdata(), dataset["polarization_calibration_ratio"].values[number, 0])
    legend = axes.get_legend()
    assert legend is not None
    words = [text.get_text() for text in legend.get_texts()]
    station = SCENE.altitude / 1000
    assert f"calibration range, {station + 1.2:.2f} to {station + 2.5:.2f} km" in words
    assert "gain factor 0.052 ± 0.0005" in words
    assert any(line.get_xdata()[0] == pytest.approx(0.052) for line in axes.lines if len(line.get_xdata()) == 2)


def test_an_old_calibration_has_averages(tmp_path: Path) -> None:
    """Up to format 1.0 there is an average of each ratio in the place of the gain factor."""
    dataset = _loaded(ELDEC, _eldec(tmp_path))
    dataset = dataset.drop_vars(["polarization_gain_factor", "polarization_gain_factor_statistical_error"])
    dataset["polarization_calibration_ratio_average"] = (("ratio", "time"), [[0.056], [0.048]])
    dataset["polarization_calibration_ratio_average_statistical_error"] = (("ratio", "time"), [[0.001], [0.002]])
    (axes,) = ELDEC.plot(dataset).axes
    legend = axes.get_legend()
    assert legend is not None

    words = [text.get_text() for text in legend.get_texts()]
    assert words[-2:] == ["average ratio 0.056 ± 0.001", "average ratio 0.048 ± 0.002"]


def test_several_calibrations_are_results_over_time(tmp_path: Path) -> None:
    """Of several calibrations the results are drawn with their errors, and no line joins them."""
    paths = []
    for number in range(3):
        start = START + timedelta(days=number)
        scene = synthetic.Scene(
            measurement_id=f"{start:%Y%m%d}aky{start:%H%M}", start=start, stop=start + timedelta(minutes=20)
        )
        paths.append(_eldec(tmp_path, scene))
    with ELDEC.open_many(paths) as dataset:
        (axes,) = ELDEC.plot(dataset).axes
        bounds = date2num(dataset["time_bounds"].values)
    (container,) = axes.containers
    (points, _, _) = container.lines

    assert points.get_linestyle() == "None"
    np.testing.assert_allclose(points.get_xdata(), bounds.mean(axis=1))
    np.testing.assert_allclose(points.get_ydata(), 0.052)
    assert axes.get_xlabel() == "Time (UTC), 2021-03-07 to 2021-03-09"


# -- raw files --------------------------------------------------------------------------------------------------------


def test_raw_signals_are_range_corrected_without_background(tmp_path: Path) -> None:
    """A panel for each channel shows signal times range squared, less the background, at the times of the profiles."""
    dataset = _loaded(RAW, _raw(tmp_path))
    bins = np.arange(dataset.sizes["points"]) + 0.5
    shape = np.exp(-bins / 80) * 5e4
    dataset["Raw_Lidar_Data"][...] = shape + 12.0
    figure = RAW.plot(dataset)
    panels = _panels(figure)

    assert len(panels) == dataset.sizes["channels"]
    assert panels[1].get_title(loc="left") == "channel 8741, 355 → 387 nm"
    assert figure.get_supylabel() == "Range (km)"
    first, last = panels[0].get_xlim()
    assert (first, last) == pytest.approx((date2num(SCENE.start), date2num(SCENE.stop)))
    cells = _cells(panels[0])
    shown = cells.get_array()
    # There are more bins than rows: each row is the mean of two.
    np.testing.assert_allclose(cells._Ay[:2], [0.0, 0.030], atol=1e-12)
    expected = (shape * bins**2).reshape(-1, 2).mean(axis=1)
    np.testing.assert_allclose(shown[:150, 0], expected[:150], rtol=0.01)


def test_a_raw_profile_without_range_is_drawn_over_bins(tmp_path: Path) -> None:
    """A single profile is a line for each channel; if the length of a bin is unknown, over numbers of bins."""
    path = _raw(tmp_path, profiles=1, leave_out=("Raw_Data_Range_Resolution", "Emitted_Wavelength"))
    figure = RAW.plot(path)
    panels = _panels(figure)

    assert figure.get_supylabel() == "Bin"
    assert [axes.get_title(loc="left") for axes in panels][:2] == ["channel 8740, 355 nm", "channel 8741, 387 nm"]
    assert all(len(_lines(axes)) == 1 for axes in panels)


def test_large_raw_files_are_read_in_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In however many parts a raw file is read, its picture is the same."""
    path = _raw(tmp_path)
    whole = _png(RAW.plot(path))
    monkeypatch.setattr("scckit_products.drawing.raw._AT_ONCE", 1)

    assert _png(RAW.plot(path)) == whole


def test_a_dead_channel_does_not_hide_the_others(tmp_path: Path) -> None:
    """A channel without values says so; one that is always zero is drawn as such."""
    dataset = _loaded(RAW, _raw(tmp_path))
    dataset["Raw_Lidar_Data"][:, 1] = np.nan
    dataset["Raw_Lidar_Data"][:, 2] = 0.0
    figure = RAW.plot(dataset)

    assert [text.get_text() for text in _panels(figure)[1].texts] == ["no data"]
    assert (_cells(_panels(figure)[2]).get_array() == 0).all()
    assert _png(figure)
