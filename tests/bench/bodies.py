"""A product of 200 MB down and a file of 200 MB up, over loopback: the memory that it takes, and how fast it is."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Mapping
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Final

from .figures import MB, Limit, Line, Section, Spread
from .processes import figures_of, serving

__all__ = ["measure"]

_SIZE: Final = 200 * MB
_PROCESSES: Final = 3
#: Bytes a second of a fast line to the SCC, 1 Gbit/s.
_LINE: Final = 125 * MB
_MEMBER: Final = "aky_000_0000437_202603212000_202603212100_elda_v5.3.0.nc"
_MORE_MEMORY: Final = Limit("at most", 32, " MB")
_OF_BARE_LOOP: Final = Limit("at least", 0.8, "×")
_NAMES: Final = {
    "download": "download of a product of 200 MB, checked and kept as archive",
    "unpack": "download of a product of 200 MB, checked and unpacked",
    "upload": "upload of a file of 200 MB",
}
_AT_LINE: Final = "where the server gives 1 Gbit/s,"
_AGAINST: Final = {
    "loop": "bare urllib3 loop into a file: no checksum, no fsync, no look into the archive",
    "forced": "the same bare loop, with fsync",
    "extracted": "the same bare loop, then `ZipFile.extractall`, without fsync",
    "checked": "the same by hand: urllib3 loop, SHA-256, fsync, `ZipFile.testzip`",
    "sent": "urllib3 with the open file as body",
}


def measure() -> Section:
    """Measure it."""
    with TemporaryDirectory(prefix="scckit-bench-") as name:
        archive, folder = Path(name) / "product.zip", Path(name) / "work"
        _make_archive(archive)
        folder.mkdir()
        with serving("bodies_server", str(archive), str(_LINE)) as base_url:
            line = _rates(figures_of("bodies_client", "line", base_url, str(folder), str(archive)))
        with serving("bodies_server", str(archive), "0") as base_url:
            arguments = (base_url, str(folder), str(archive))
            memory = {
                what: [figures_of("bodies_client", what, *arguments)["peak"][0] for _ in range(_PROCESSES)]
                for what in ("idle", *_NAMES)
            }
            rates = _rates(figures_of("bodies_client", "rates", *arguments))
    return Section(
        (
            *(_memory_line(what, memory) for what in _NAMES),
            _rate_line(f"{_AT_LINE} {_NAMES['download']}", line, "download", "loop", _OF_BARE_LOOP),
            _rate_line(f"{_AT_LINE} {_NAMES['unpack']}", line, "unpack", "extracted", _OF_BARE_LOOP),
            _rate_line(_NAMES["download"], rates, "download", "loop", _OF_BARE_LOOP),
            _rate_line(_NAMES["download"], rates, "download", "forced", _OF_BARE_LOOP),
            _rate_line(_NAMES["unpack"], rates, "unpack", "extracted"),
            _rate_line(_NAMES["download"], rates, "download", "checked"),
            _rate_line("the transport alone, in the same bare loop", rates, "transport", "loop"),
            _rate_line(_NAMES["upload"], rates, "upload", "sent"),
        ),
    )


def _make_archive(archive: Path) -> None:
    """Make an archive whose one member cannot be compressed, and is not."""
    with zipfile.ZipFile(archive, "w") as opened, opened.open(_MEMBER, "w") as member:
        for _ in range(_SIZE // MB):
            member.write(os.urandom(MB))


def _rates(seconds: Mapping[str, list[float]]) -> dict[str, Spread]:
    return {what: Spread.of([_SIZE / MB / one for one in taken]) for what, taken in seconds.items()}


def _memory_line(what: str, memory: Mapping[str, list[float]]) -> Line:
    return Line(
        f"peak memory: {_NAMES[what]}",
        Spread.of(memory[what]).show("MB", 1 / MB),
        "a client that only signs in",
        Spread.of(memory["idle"]).show("MB", 1 / MB),
        (median(memory[what]) - median(memory["idle"])) / MB,
        " MB more",
        _MORE_MEMORY,
    )


def _rate_line(what: str, rates: Mapping[str, Spread], ours: str, theirs: str, limit: Limit | None = None) -> Line:
    return Line(
        f"throughput: {what}",
        rates[ours].show("MB/s"),
        _AGAINST[theirs],
        rates[theirs].show("MB/s"),
        rates[ours].median / rates[theirs].median,
        "× as fast",
        limit,
    )
