"""What comes after a download: an archive unpacked and checked, its largest member in little memory, a product opened."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from .figures import MB, Limit, Line, Section, Spread
from .processes import figures_of

__all__ = ["measure"]

_FILES: Final = 20
_FILE: Final = 2 * MB
_LARGE: Final = 500 * MB
_PROCESSES: Final = 3
_NAME: Final = "aky_000_0532_{:07d}_202603212000_202603212100_20260321aky2000_elda_v5.3.0.nc"
_AS_FAST: Final = Limit("at least", 1, "×")
_OPENS: Final = Limit("at most", 1.3, "×")
_MORE_MEMORY: Final = Limit("at most", 32, " MB")


def measure() -> Section:
    """Measure it."""
    with TemporaryDirectory(prefix="scckit-bench-") as name:
        many, large = Path(name) / "many.zip", Path(name) / "large.zip"
        _make_archive(many, _FILES, _FILE)
        _make_archive(large, 1, _LARGE)
        seconds = {
            what: Spread.of(taken) for what, taken in figures_of("products_client", "times", name, str(many)).items()
        }
        peaks = {
            what: Spread.of(
                [figures_of("products_client", what, name, str(large))["peak"][0] for _ in range(_PROCESSES)]
            )
            for what in ("idle", "large")
        }
    return Section(
        (
            Line(
                f"an archive of {_FILES} files of {_FILE // MB} MB unpacked: names, CRCs and limits checked, SHA-256, fsync",
                seconds["unpack"].show("ms", 1000),
                "`ZipFile.extractall`, then SHA-256 of the files",
                seconds["by hand"].show("ms", 1000),
                seconds["by hand"].median / seconds["unpack"].median,
                "× as fast",
                _AS_FAST,
            ),
            _opening(
                "an ELDA product opened by a client: `client.products.open`",
                seconds,
                "open by client",
                "h5netcdf",
                _OPENS,
            ),
            _opening("an ELDA product opened, plugins looked for: `scckit.open_product`", seconds, "open", "h5netcdf"),
            _opening(
                "an ELDA product opened by a client: `client.products.open`", seconds, "open by client", "netcdf4"
            ),
            Line(
                f"peak memory: unpacking a member of {_LARGE // MB} MB",
                peaks["large"].show("MB", 1 / MB),
                "the same process before",
                peaks["idle"].show("MB", 1 / MB),
                (peaks["large"].median - peaks["idle"].median) / MB,
                " MB more",
                _MORE_MEMORY,
            ),
        ),
        (
            "the engine `netcdf4` is faster, but threads that open files with it at a time crash Python: docs/decisions.md",
        ),
    )


def _opening(what: str, seconds: Mapping[str, Spread], ours: str, engine: str, limit: Limit | None = None) -> Line:
    return Line(
        what,
        seconds[ours].show("ms", 1000),
        f'`xarray.open_dataset(…, engine="{engine}")`',
        seconds[engine].show("ms", 1000),
        seconds[ours].median / seconds[engine].median,
        "× the time",
        limit,
    )


def _make_archive(path: Path, files: int, size: int) -> None:
    """Make an archive as the SCC does: deflated, one folder; half of each file can be compressed away."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(files):
            with archive.open(f"20260321aky2000/{_NAME.format(number)}", "w") as member:
                for _ in range(size // MB):
                    member.write(os.urandom(MB // 2) + bytes(MB // 2))
