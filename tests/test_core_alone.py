"""The core needs nothing but its three dependencies, and its layers hold."""

from __future__ import annotations

import pickle
import subprocess
import sys

import pytest

import scckit
from scckit import errors
from scckit.errors import SCCError

BLOCKED = (
    "urllib3",
    "parsel",
    "lxml",
    "xarray",
    "numpy",
    "h5netcdf",
    "scipy",
    "django",
    "vcr",
    "hypothesis",
    "pytest",
    "requests",
)


def test_the_core_imports_without_any_plugins_library() -> None:
    """With all those libraries blocked every module of the core imports, and so do the tools for tests that need none."""
    script = f"""
import sys
class Block:
    def find_spec(self, name, path=None, target=None):
        if name.partition('.')[0] in {BLOCKED!r}:
            raise ImportError('blocked: ' + name)
sys.meta_path.insert(0, Block())
import importlib, pkgutil, scckit, scckit.testing
for module in pkgutil.walk_packages(scckit.__path__, 'scckit.'):
    if not module.name.startswith('scckit.testing.'):
        importlib.import_module(module.name)
for name in scckit.testing.__all__:
    getattr(scckit.testing, name)
"""
    subprocess.run([sys.executable, "-c", script], check=True)


def test_all_public_names_are_there() -> None:
    """Each public name is found at its first use, is listed, and one that is none is an AttributeError."""
    assert [name for name in scckit.__all__ if not hasattr(scckit, name)] == []
    assert set(scckit.__all__) <= set(dir(scckit))
    assert sorted(scckit._HOMES) == sorted(scckit.__all__)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = scckit.nothing


def test_importing_the_package_imports_no_client() -> None:
    """``import scckit`` is cheap: the client and what it needs come with the first name that is used."""
    script = (
        "import sys, scckit; assert 'scckit.client' not in sys.modules and 'attrs' not in sys.modules; scckit.connect"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


@pytest.mark.parametrize("name", errors.__all__)
def test_every_error_is_in_the_tree_and_survives_pickling(name: str) -> None:
    """Each error has its place in the drawn tree, derives from the root, and is the same after pickling."""
    kind = getattr(errors, name)
    error = kind("what happened")
    error.extra = 1
    copy = pickle.loads(pickle.dumps(error))

    assert issubclass(kind, SCCError)
    assert name in (errors.__doc__ or "")
    assert (str(copy), copy.extra, type(copy)) == ("what happened", 1, kind)
