"""scckit beside the other clients of the SCC and bare urllib3: the same work, on one emulator, each in a process of its own."""

from __future__ import annotations

import json
import os
import shutil
import sys
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final
from urllib.request import urlopen

from scckit_emulator.synthetic import write_raw

from .figures import MB, Chart, Grid, Limit, Line, Section, Spread
from .peers_server import LATENCY, SENT
from .processes import figures_of, serving

__all__ = ["measure"]

_MEASUREMENTS: Final = 400
_WANTED: Final = 40
_SIZE: Final = 200 * MB
_MEMBER: Final = "aky_000_0000437_202403212000_202403212100_elda_v5.3.0.nc"
_LATE: Final = 0.05
_OURS: Final = "scckit"
_PEERS: Final = ("scc-access", "pollyxt-pipelines", "gfatpy")
_ALL: Final = (_OURS, *_PEERS)
_BARE: Final = "urllib3"
#: Work, what it is called, and how often each client does it.
_MANY: Final = f"download of {_WANTED} measurements × 5 products"
_WORK: Final[Mapping[str, tuple[str, int, Sequence[str]]]] = {
    "sign_in": ("sign-in", 7, (*_ALL, _BARE)),
    # The two others have no search that goes beyond the first page.
    "search": (f"search of {_MEASUREMENTS} measurements", 5, (_OURS, "pollyxt-pipelines", _BARE)),
    "large": ("download of a product of 200 MB, kept as archive", 5, (*_ALL, _BARE)),
    "upload": ("upload of a file of 200 MB", 5, (*_ALL, _BARE)),
    # Not before the others, which let the modules be compiled.
    "import": ("import of the client, and one made", 7, (*_ALL, _BARE)),
}
_WORKERS: Final = {1: f"{_OURS}, one worker", 4: _OURS, 8: f"{_OURS}, eight workers"}
_BARE_WORKERS: Final = {1: _BARE, 4: f"{_BARE}, four threads", 8: f"{_BARE}, eight threads"}
_MANY_CLIENTS: Final = (*_WORKERS.values(), *_PEERS, *_BARE_WORKERS.values())
_MANY_ROUNDS: Final = 3
#: Seconds and bytes, by client.
Figures = Mapping[str, Mapping[str, Spread]]
_LIMITS: Final = {4: Limit("at least", 3, "×"), 8: Limit("at least", 5, "×")}


def measure() -> Section:
    """Measure it."""
    with TemporaryDirectory(prefix="scckit-bench-") as name:
        folder = Path(name)
        _make_files(folder)
        with serving("peers_server", str(_MEASUREMENTS), str(folder / "product.zip")) as told:
            given = {
                **json.loads(told),
                "raw": str(folder / f"{SENT}.nc"),
                "folder": str(folder / "work"),
                "measurements": _MEASUREMENTS,
                "ids": [],
            }
            given["ids"] = _finished(given)
            figures = {work: _figures(work, given, rounds, names) for work, (_, rounds, names) in _WORK.items()}
            many = {}
            for latency in (0.0, _LATE):
                with _late(given, latency):
                    many[latency] = _figures("many", given, _MANY_ROUNDS, _MANY_CLIENTS)
    rows = {what: figures[work] for work, (what, _, _) in _WORK.items()}
    for latency, found in many.items():
        rows |= dict(_many_rows(f"{_MANY}, {1000 * latency:.0f} ms of latency", found))
    late = {name: each["seconds"] for name, each in many[_LATE].items()}
    return Section(
        tuple(_wanted_line(workers, limit, late) for workers, limit in _LIMITS.items()),
        (
            "each figure of a comparison of clients is that of a process of its own",
            "scckit's downloads are checked, have a checksum and are forced to the disk, which no other client does",
            "where scckit uploads, its look into the file is switched off, which no other client has",
            "the other clients do one thing at a time, whatever the number of workers; urllib3 has as many threads",
        ),
        (Chart(f"{_MANY}, {1000 * _LATE:.0f} ms of latency", "s", late),),
        (
            _grid("Milliseconds of each client, and times those of scckit", rows, "seconds", 1000),
            _grid("Peak memory of each client's process in MB, and times that of scckit", rows, "peak", 1 / MB),
        ),
    )


def _make_files(folder: Path) -> None:
    """Make an archive that cannot be compressed, and a raw file whose end no reader looks at."""
    with zipfile.ZipFile(folder / "product.zip", "w") as opened, opened.open(_MEMBER, "w") as member:
        for _ in range(_SIZE // MB):
            member.write(os.urandom(MB))
    start = datetime(2026, 3, 21, 20, tzinfo=UTC)
    raw = write_raw(folder / f"{SENT}.nc", measurement_id=SENT, start=start, stop=start + timedelta(hours=1))
    with raw.open("ab") as file:
        for _ in range(_SIZE // MB):
            file.write(os.urandom(MB))


def _finished(given: Mapping[str, Any]) -> list[str]:
    """Return IDs of measurements that have all products, and let the server make these: that is not to be measured."""
    import scckit  # not above: this process is not one of those that are measured

    account = (given[name] for name in ("http_user", "http_password", "username", "password"))
    kinds = ("hirelpp", "cloudmask", "elpp", "elda", "elic")
    with scckit.connect(given["base_url"], credentials=scckit.Credentials(*account)) as scc:
        found = [
            measurement.id
            for measurement in scc.measurements.search("2022", "2023")
            if all(measurement.modules[kind].status is scckit.Status.OK for kind in kinds)
        ][:_WANTED]
        with TemporaryDirectory() as folder:
            scc.products.download_many(found, kinds, into=folder).raise_for_failures()
    return found


@contextmanager
def _late(given: Mapping[str, Any], seconds: float) -> Iterator[None]:
    def be(late: float) -> None:
        with urlopen(f"{given['base_url'].rstrip('/')}{LATENCY}{late}"):  # noqa: S310 - our own loopback
            pass

    be(seconds)
    try:
        yield
    finally:
        be(0.0)


def _figures(work: str, given: Mapping[str, Any], rounds: int, names: Sequence[str]) -> dict[str, dict[str, Spread]]:
    """Let clients do some work in turn; return seconds and peak memory by client."""
    found: dict[str, dict[str, list[float]]] = {name: {"seconds": [], "peak": []} for name in names}
    folder = Path(given["folder"])
    for number in range(rounds):
        # Another one begins each round: what comes after a slow one may find the disk busy.
        for name in (*names[number % len(names) :], *names[: number % len(names)]):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            os.sync()  # nor should it wait for what the one before has written
            told = figures_of("peers_client", name, work, json.dumps(given))
            for what in told:
                found[name][what] += told[what]
        sys.stderr.write(f"  {work}: round {number + 1} of {rounds}\n")
    return {name: {what: Spread.of(values) for what, values in each.items()} for name, each in found.items()}


def _many_rows(what: str, found: Figures) -> Iterator[tuple[str, Figures]]:
    """Give a row for each number of workers, in which all clients have their own names."""
    for workers, name in _WORKERS.items():
        row = {_OURS: found[name], **{peer: found[peer] for peer in _PEERS}, _BARE: found[_BARE_WORKERS[workers]]}
        yield f"{what}, {workers} worker{'s' * (workers > 1)}", row


def _wanted_line(workers: int, limit: Limit, late: Mapping[str, Spread]) -> Line:
    fastest = min(_PEERS, key=lambda name: late[name].median)
    ours, theirs = late[_WORKERS[workers]], late[fastest]
    what = f"{_MANY}, {1000 * _LATE:.0f} ms of latency, {workers} workers"
    ratio = theirs.median / ours.median
    return Line(
        what, ours.show("s"), f"{fastest}, the fastest other client", theirs.show("s"), ratio, "× as fast", limit
    )


def _grid(title: str, rows: Mapping[str, Figures], which: str, factor: float) -> Grid:
    return Grid(
        title,
        (*_ALL, _BARE),
        {work: {name: each[which].times(factor) for name, each in row.items()} for work, row in rows.items()},
    )
