"""The products of a measurement as a tree: what is in it, that nothing is read, and that closing it closes everything."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from scckit.errors import InvalidInput, MissingLibrary
from scckit.plugins import Registry
from scckit_emulator.synthetic import Scene, write_cloudscreen, write_elda
from scckit_products.cloudmask import CLOUDMASK
from scckit_products.elda import ELDA
from scckit_products.tree import data_tree

START = datetime(2021, 3, 7, 19, tzinfo=UTC)


@pytest.fixture
def products(tmp_path: Path) -> dict[str, object]:
    """Open products of one measurement, with times of their own."""
    scene = Scene(measurement_id="20210307aky1900", start=START, stop=START + timedelta(hours=2))
    mask = write_cloudscreen(tmp_path, scene)
    optical = [write_elda(tmp_path, scene, product_id=12, product_type=0, wavelength=one) for one in (355, 532)]
    return {
        f"cloudmask/{mask.stem}": CLOUDMASK.open(mask),
        **{f"elda/{path.stem}": ELDA.open(path) for path in optical},
    }


def open_files(folder: Path) -> int:
    """Count the files of a folder that this process has open."""
    descriptors = Path("/proc/self/fd")
    if not descriptors.is_dir():
        pytest.skip("which files are open is only told on Linux")
    targets = [link.readlink() for link in descriptors.iterdir() if link.is_symlink()]
    return sum(target.is_relative_to(folder) for target in targets)


def test_a_tree_has_every_product_at_its_path(products: dict[str, object]) -> None:
    """Each product is a node with its own data and coordinates; nothing goes from one to another."""
    with Registry(strict=True).tree("xarray")(products) as tree:
        assert isinstance(tree, xr.DataTree)
        for path, product in products.items():
            assert isinstance(product, xr.Dataset)
            node = tree[path].to_dataset()
            xr.testing.assert_identical(node, product)
        assert not tree.coords
        assert not tree["elda"].coords
        times = {path: tree[path].sizes["time"] for path in products}
        assert {1, 12} == set(times.values())


def test_a_tree_reads_nothing(products: dict[str, object]) -> None:
    """What was not read stays so."""
    with data_tree(products) as tree:
        for path in products:
            for name, variable in tree[path].to_dataset().data_vars.items():
                assert not variable.variable._in_memory or name == "time_bounds"


def test_closing_a_tree_closes_all(tmp_path: Path, products: dict[str, object]) -> None:
    """Files are open until the tree is closed, those of products that are not in the tree too; twice is once."""

    class Other:
        closed = 0

        def close(self) -> None:
            self.closed += 1

    other = Other()
    tree = data_tree({**products, "other/x": other, "plots/x": b"picture"})
    assert len(products) == open_files(tmp_path)
    assert {"cloudmask", "elda"} == set(tree.children)

    tree.close()
    tree.close()
    assert (open_files(tmp_path), other.closed) == (0, 1)


def test_one_that_fails_to_close_keeps_none_open(tmp_path: Path, products: dict[str, object]) -> None:
    """An error when one product is closed comes out, after all others were closed."""

    class Broken:
        def close(self) -> None:
            msg = "disk is gone"
            raise OSError(msg)

    tree = data_tree({"other/x": Broken(), **products, "other/y": Broken()})
    with pytest.raises(OSError, match="disk is gone"):
        tree.close()

    assert open_files(tmp_path) == 0


def test_trees_of_products_are_grafted(tmp_path: Path, products: dict[str, object]) -> None:
    """A product that is a tree itself, as files with groups are, is a branch."""
    branch = xr.DataTree.from_dict({"low": xr.Dataset({"x": 1}), "high": xr.Dataset({"x": 2})})
    with data_tree({**products, "eldamwl/a": branch}) as tree:
        assert tree["eldamwl/a/high/x"].item() == 2
    assert open_files(tmp_path) == 0


def test_nothing_is_an_empty_tree() -> None:
    """Of no products the tree is empty."""
    with data_tree({}) as tree:
        assert not tree.children


def test_a_product_under_another_is_refused(tmp_path: Path, products: dict[str, object]) -> None:
    """A product below another would have its coordinates; it is refused, and nothing is closed."""
    path, product = next(iter(products.items()))
    with pytest.raises(InvalidInput, match=f"{path}/x would lie below {path}"):
        data_tree({path: product, f"{path}/x": product})

    assert len(products) == open_files(tmp_path)
    assert isinstance(product, xr.Dataset)
    assert np.asarray(product["altitude"]).size
    for one in products.values():
        one.close()  # type: ignore[attr-defined]


def test_an_xarray_without_trees_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Too old an xarray, and none, are told with the line that installs one; offering the tree needs none."""
    monkeypatch.delattr(xr, "DataTree")
    with pytest.raises(MissingLibrary, match=r"2024\.10 or newer.*pip install --upgrade"):
        data_tree({})
    monkeypatch.setitem(sys.modules, "xarray", None)
    with pytest.raises(MissingLibrary, match="pip install 'scckit-products"):
        data_tree({})
    assert "xarray" in Registry(strict=True).trees()
