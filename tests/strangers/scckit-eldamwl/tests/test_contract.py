"""ELDAmwl keeps the contract of product kinds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

pytest.importorskip(
    "scckit_eldamwl", reason="strangers are tested in an environment of their own: tox run -e strangers"
)

import h5py
import numpy as np
from scckit_eldamwl import ELDAMWL, synthetic

from scckit.plugins import ProductKind
from scckit.testing.contracts import ProductKindContract


def without(name: str) -> Callable[[Path], None]:
    """Make a fault: there is no such group or variable."""

    def damage(path: Path) -> None:
        with h5py.File(path, "r+") as file:
            del file[name]

    return damage


def holding(name: str, change: Callable[[np.ndarray], object]) -> Callable[[Path], None]:
    """Make a fault: a variable holds something else."""

    def damage(path: Path) -> None:
        with h5py.File(path, "r+") as file:
            file[name][...] = change(file[name][...])

    return damage


def of_another_measurement(path: Path) -> None:
    """Change the ID."""
    with h5py.File(path, "r+") as file:
        file.attrs["measurement_ID"] = "20181018oh00"


class TestEldamwl(ProductKindContract):
    """``ProductKindContract`` holds for ELDAmwl."""

    def make_kind(self) -> ProductKind:
        """Return the kind."""
        return ELDAMWL

    def write_product(self, folder: Path) -> Path:
        """Write a small file, with a person in it whose like is not in real ones."""
        path = synthetic.write(folder)
        with h5py.File(path, "r+") as file:
            file.attrs["PI"] = "Seeded Principal"
        return path

    def write_large(self, folder: Path) -> Path | None:
        """Write a file with long profiles."""
        return synthetic.write(folder, levels=20_000)

    def faults(self) -> Mapping[str, Callable[[Path], None]]:
        """Damage a file in each of the ways that ``verify`` has a code for."""
        return {
            "no metadata": without("meta_data"),
            "no metadata of one product": without("meta_data/extinction_532"),
            "no error": without("lowres_products/error_backscatter"),
            "no altitude": without("highres_products/altitude"),
            "no values": holding("lowres_products/extinction", lambda values: values * np.nan),
            "altitudes that fall": holding("lowres_products/altitude", lambda values: values[:, ::-1]),
            "another measurement": of_another_measurement,
        }
