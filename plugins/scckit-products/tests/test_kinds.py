"""The kinds as a plugin: what is offered, which files belong to whom, and that offering costs no library."""

from __future__ import annotations

import pickle
import subprocess
import sys
from datetime import UTC, datetime
from importlib import import_module

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scckit.models import ProductName
from scckit.plugins import JoinsFiles, ProductKind, Registry

KINDS = {kind.name: kind for kind in Registry(strict=True).product_kinds()}
PARTS = {
    "hirelpp": "hirelpp",
    "cloudscreen": "cloudmask",
    "elpp": "elpp",
    "elda": "elda",
    "eldec": "eldec",
    "elic": "elic",
}
ROUTES = {
    "raw": "download-raw/",
    "hirelpp": "download-hirelpp/",
    "cloudmask": "download-cloudmask/",
    "elpp": "download-preprocessed/",
    "elda": "download-optical/",
    "eldec": "download-optical/",
    "elic": "download-elic/",
    "elquick": "download-elquick/",
    "plots": "download-plots/",
}


def owners(name: str) -> set[str]:
    """Return the names of the kinds that own a file, other than raw, which owns all."""
    return {kind.name for kind in KINDS.values() if kind.owns(name)} - {"raw"}


def test_the_plugins_are_found_and_whole() -> None:
    """A registry that looks for plugins finds each kind as a plugin of its own name, and the tree."""
    registry = Registry(strict=True)

    assert set(ROUTES) == set(KINDS)
    assert {"elda", "eldec"} == {kind.name for kind in registry.kinds(["optical"])}
    assert {*ROUTES, "xarray"} <= {report.name for report in registry.reports()}
    assert "xarray" in registry.trees()


@pytest.mark.parametrize("name", ROUTES)
def test_each_kind_comes_alone(name: str) -> None:
    """The module of a kind offers that kind and no other."""
    registry = Registry(discover=False, strict=True)
    registry.register(import_module(f"scckit_products.{name}"), name)

    assert [name] == [kind.name for kind in registry.product_kinds()]


def test_kinds_with_times_join_files() -> None:
    """Raw files and pictures have no times along which they could be joined; all others do."""
    assert set(ROUTES) - {"raw", "plots", "elquick"} == {
        name for name, kind in KINDS.items() if isinstance(kind, JoinsFiles)
    }


@pytest.mark.parametrize("name", ROUTES)
def test_each_kind_fulfils_the_protocol(name: str) -> None:
    """Each kind is a product kind with its route, and can be pickled to where it is used."""
    kind = KINDS[name]

    assert isinstance(kind, ProductKind)
    assert ROUTES[name] == kind.route == pickle.loads(pickle.dumps(kind)).route


@pytest.mark.parametrize(
    ("name", "owner"),
    [
        ("sir_009_0000985_202007081800_202007081900_20200708sir8018_hirelpp_v5.2.1.nc", "hirelpp"),
        ("sir_202007081800_202007081900_20200708sir8018_cloudscreen_v5.2.1.nc", "cloudmask"),
        ("hpb_000_0000324_201810172100_201810172300_20181017oh00_elpp_v5.3.0.nc", "elpp"),
        ("20181228oh00_0000379.nc", "elpp"),
        ("20170216oh00_584.nc", "elpp"),
        ("hpb_000_0355_0000378_202006302200_202006302359_20200630hpb2200_elda_v5.1.2.nc", "elda"),
        ("pid291_pot1207092259.b355.nc", "elda"),
        ("aky_006_0355_0001234_202103070930_202103071030_20210307aky0935_eldec_v5.2.7.nc", "eldec"),
        ("sir_000_0000975_202007081800_202007081900_20200708sir8018_elic_v5.2.1.nc", "elic"),
        ("hpb_012_0000598_201810172100_201810172300_20181017oh00_ELDAmwl_v0.0.1.nc", None),
        ("hpb_010_1064_0000330_202006302200_202006302300_20200630hpb2200_ltool_v5.2.1.nc", None),
        ("20170227ino1123.nc", None),
        ("elda.nc", None),
        ("", None),
    ],
)
def test_real_names_have_their_owner(name: str, owner: str | None) -> None:
    """A file belongs to the kind of its module and to no other; a module without a kind belongs to none."""
    assert ({owner} if owner else set()) == owners(name)
    assert bool(name) == KINDS["raw"].owns(name)


@given(st.sampled_from(sorted(PARTS)), st.booleans(), st.integers(0, 16), st.none() | st.sampled_from([355, 532, 1064]))
def test_the_module_decides(part: str, upper: bool, product_type: int, wavelength: int | None) -> None:
    """Whatever else the name says, and in whatever case, its module part tells the owner."""
    moment = datetime(2021, 3, 7, 9, 30, tzinfo=UTC)
    name = ProductName.build(
        station="aky",
        product_type=product_type,
        wavelength=wavelength,
        product_id=12,
        start=moment,
        stop=moment,
        measurement_id="20210307aky0930",
        module=part.upper() if upper else part,
        version="5.2.7",
    )

    assert {PARTS[part]} == owners(name.text)


@pytest.mark.parametrize("name", ["x.png", "X.PNG", "hpb_elda_v5.1.2.png", "a.jpeg", "b.gif", "c.svg"])
def test_pictures_belong_to_the_kinds_of_pictures(name: str) -> None:
    """A picture belongs to plots and quicklooks, which come by different routes, even if its name holds a module."""
    assert {"plots", "elquick"} == owners(name)


@given(st.text())
def test_any_name_is_answered(name: str) -> None:
    """Telling the owner never raises."""
    owners(name)


def test_offering_the_kinds_imports_no_library() -> None:
    """Without any library of the extra the kinds are offered and names are sorted."""
    code = """
import sys
for library in ("xarray", "h5netcdf", "h5py", "scipy", "numpy"):
    sys.modules[library] = None
from scckit.plugins import Registry
kinds = Registry(strict=True).kinds(["optical", "raw", "plots"])
assert kinds[0].owns("hpb_000_0355_0000378_202006302200_202006302359_20200630hpb2200_elda_v5.1.2.nc")
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
