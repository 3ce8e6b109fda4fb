"""The process that unpacks and opens. Arguments: what to do, an empty folder, the archive.

What to do: ``times``, to time unpacking and opening in turn with the same done by hand; ``large``, to unpack once and tell
the memory that it took; ``idle``, to tell the memory without.
"""

from __future__ import annotations

import gc
import hashlib
import shutil
import sys
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import xarray as xr

import scckit
from scckit.archive import unpack
from scckit_emulator.synthetic import Scene, write_elda

from .figures import alternate
from .processes import give, peak_memory

__all__: list[str] = []

_ROUNDS: Final = 15
_CHUNK: Final = 256 * 1024
_SCENE: Final = Scene(
    measurement_id="20260321aky2000",
    station="aky",
    start=datetime(2026, 3, 21, 20, tzinfo=UTC),
    stop=datetime(2026, 3, 21, 21, tzinfo=UTC),
)


def _unpack(archive: Path, target: Path) -> None:
    unpack(archive, target, accept=lambda _: True)


def _by_hand(archive: Path, target: Path) -> None:
    with zipfile.ZipFile(archive) as opened:
        opened.extractall(target)
    for path in target.rglob("*.nc"):
        digest = hashlib.sha256()
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                digest.update(chunk)


def _times(folder: Path, archive: Path) -> dict[str, list[float]]:
    target = folder / "target"
    client = scckit.connect(
        credentials=scckit.Credentials("a", "b", "c", "d"), environ={"SCCKIT_BASE_URL": "http://127.0.0.1:9/"}
    )
    product = write_elda(folder, _SCENE, product_id=437, product_type=0, wavelength=532)

    def prepare() -> None:
        shutil.rmtree(target, ignore_errors=True)
        gc.collect()

    unpacking = {"unpack": lambda: _unpack(archive, target), "by hand": lambda: _by_hand(archive, target)}
    opening = {
        "open": lambda: scckit.open_product(product).close(),
        "open by client": lambda: client.products.open(product).close(),
        "h5netcdf": lambda: xr.open_dataset(product, engine="h5netcdf").close(),
        "netcdf4": lambda: xr.open_dataset(product, engine="netcdf4").close(),
    }
    return {**alternate(_ROUNDS, unpacking, prepare), **alternate(3 * _ROUNDS, opening)}


def _main(what: str, folder: Path, archive: Path) -> None:
    if what == "times":
        give(_times(folder, archive))
        return
    if what == "large":
        _unpack(archive, folder / "target")
    give({"peak": [peak_memory()]})


if __name__ == "__main__":
    _main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
