"""Draws the gallery: a picture of each kind of product, and what the page says of it. The build of the documentation calls it.

Real files are looked for in the folder that SCCKIT_REAL_DATA names, else in ``../shared/real-data`` beside the repository; of
kinds without a real file one is written by ``scckit_emulator.synthetic``. Nothing of a file's attributes gets into the page
but what the kind's summary tells: no person's name is among it.

``python docs/gallery.py FOLDER`` draws it alone.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Final

from scckit.plugins import Draws, ProductKind, Registry
from scckit_emulator import synthetic

#: Environment variable: folder of real files.
REAL_DATA: Final = "SCCKIT_REAL_DATA"

_ID: Final = "20210307aky0930"
_START: Final = datetime(2021, 3, 7, 9, 30, tzinfo=UTC)
_STOP: Final = datetime(2021, 3, 7, 10, 30, tzinfo=UTC)
_SCENE: Final = synthetic.Scene(measurement_id=_ID, start=_START, stop=_STOP)
_CHANNELS: Final = (
    synthetic.SignalChannel(8740, "355", 355, 355),
    synthetic.SignalChannel(8741, "387", 355, 387),
    synthetic.SignalChannel(8742, "532", 532, 532),
    synthetic.SignalChannel(8744, "1064", 1064, 1064),
)

#: What writes a synthetic file of a kind into a folder, by the name of the kind.
_WRITERS: Final[Mapping[str, Callable[[Path], Path]]] = MappingProxyType(
    {
        "raw": lambda folder: synthetic.write_raw(folder / f"{_ID}.nc", measurement_id=_ID, start=_START, stop=_STOP),
        "hirelpp": lambda folder: synthetic.write_hirelpp(folder, _SCENE, product_id=379, channels=_CHANNELS),
        "cloudmask": lambda folder: synthetic.write_cloudscreen(folder, _SCENE),
        "elpp": lambda folder: synthetic.write_elpp(
            folder, _SCENE, product_id=377, product_type=0, channels=_CHANNELS[:2]
        ),
        "elda": lambda folder: synthetic.write_elda(folder, _SCENE, product_id=378, product_type=0, wavelength=355),
        "eldec": lambda folder: synthetic.write_eldec(folder, _SCENE, product_id=380, wavelength=532),
        "elic": lambda folder: synthetic.write_elic(
            folder, _SCENE, product_id=379, product_type=synthetic.HIGH_RESOLUTION, channels=_CHANNELS
        ),
        "elquick": lambda folder: synthetic.write_quicklook(folder, _SCENE, wavelength=1064),
        "plots": lambda folder: synthetic.write_plot(folder, _SCENE, product_id=378, product_type=0, wavelength=355),
    }
)


def real_files() -> list[Path]:
    """Return the real files that are there, sorted by name."""
    beside = Path(__file__).resolve().parents[2] / "shared" / "real-data"
    folder = Path(os.environ.get(REAL_DATA) or beside)
    return sorted((path for path in folder.rglob("*.nc") if path.is_file()), key=lambda path: path.name)


def draw(folder: Path) -> None:
    """Draw all pictures into a folder, with ``pictures.md``, which shows them.

    Raises:
        KeyError: There is neither a real file of an installed kind nor anything that writes one.
    """
    folder.mkdir(parents=True, exist_ok=True)
    registry = Registry(strict=True)
    real = real_files()
    parts = []
    with tempfile.TemporaryDirectory() as temporary:
        for kind in registry.product_kinds():
            mine = _first(kind, real, registry)
            path = mine or _WRITERS[kind.name](Path(temporary))
            parts.append(_part(kind, path, folder, origin="synthetic" if mine is None else "real"))
    (folder / "pictures.md").write_text("\n".join(parts), encoding="utf-8")


def _first(kind: ProductKind, files: Iterable[Path], registry: Registry) -> Path | None:
    """Return the first file that is of a kind and of no other: ``raw`` owns all names."""
    others = [one for one in registry.product_kinds() if one.name not in {kind.name, "raw"}]
    mine = (path for path in files if kind.owns(path.name) and not any(one.owns(path.name) for one in others))
    return next(mine, None)


def _part(kind: ProductKind, path: Path, folder: Path, *, origin: str) -> str:
    picture = folder / f"{kind.name}{path.suffix if not isinstance(kind, Draws) else '.png'}"
    if isinstance(kind, Draws):
        code = f'scckit.plot_product("{path.name}").savefig("{picture.name}", dpi=110)'
        kind.plot(path).savefig(picture, dpi=110)
    else:
        # A name tells the kind of a picture only together with the download that it came by.
        code = f'(file,) = scc.products.download("{_ID}", ["{kind.name}"])\nscckit.open_product(file)  # its bytes'
        shutil.copyfile(path, picture)
    summary = kind.summary(path)
    return f"## {kind.name}\n\n*{origin.capitalize()}:* {summary}\n\n```python\n{code}\n```\n\n![{summary}]({picture.name})\n"


if __name__ == "__main__":
    draw(Path(sys.argv[1]))
