"""A server as a mirror sees it, in memory: measurements that come, change and go, and downloads that may fail."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta

from attrs import define, evolve, field

from scckit.archive.unpack import ArchiveSink
from scckit.batches import Outcome, OutcomeState
from scckit.errors import LocalFileError, SCCError
from scckit.mirror.update import Job, Server, Window
from scckit.models.ids import MeasurementID
from scckit.models.measurement import Measurement, Module, Status
from scckit.models.products import ProductFile

from ..kinds import TextKind

URL = "https://scc.example/"
KINDS = {name: TextKind(name) for name in ("elda", "elpp")}
BEGIN = datetime(2021, 3, 1, tzinfo=UTC)


def identity(number: int) -> str:
    """Name a measurement by its number: one for each hour."""
    begin = BEGIN + timedelta(hours=number)
    return f"{begin:%Y%m%d}aky{begin:%H}00"


@define
class Thing:
    """A measurement on the server: what its row says, and the files of each kind."""

    measurement: Measurement
    files: Mapping[str, Mapping[str, bytes]]


@define
class Fake:
    """The server; what happens to it is for the tests to say. Of ``names`` reruns each names its files differently."""

    things: dict[str, Thing] = field(factory=dict)
    fails: dict[str, SCCError] = field(factory=dict)
    breaks: dict[str, SCCError] = field(factory=dict)
    stop_after: int | None = None
    ticks: int = 0
    names: int = 3
    asked: list[tuple[str, tuple[str, ...]]] = field(factory=list)
    looked_up: list[str] = field(factory=list)
    before_fetch: Callable[[Job], None] = lambda _: None
    after_fetch: Callable[[Job], None] = lambda _: None

    def make(self, number: int, status: Status = Status.OK, *, copies: int = 1, station: str = "aky") -> str:
        """Let the server have made a measurement, anew if it is there: new moment, new content, new names."""
        self.ticks += 1
        name = identity(number)
        begin = BEGIN + timedelta(hours=number)
        measurement = Measurement(
            MeasurementID(name),
            modules={name: Module(status) for name in KINDS},
            station=station,
            start=begin,
            stop=begin + timedelta(hours=1),
            updated=BEGIN + timedelta(days=400, minutes=self.ticks),
        )
        made = status is Status.OK
        files = {
            kind: {
                f"{kind}_{name}_{copy}_{self.ticks % self.names}.txt": f"{kind} {name} {self.ticks} {copy}".encode()
                for copy in range(copies)
            }
            for kind in KINDS
            if made
        }
        self.things[name] = Thing(measurement, files)
        return name

    def queue(self, id: str) -> None:
        """Let a measurement be waiting on the server."""
        thing = self.things[id]
        self.ticks += 1
        thing.measurement = evolve(thing.measurement, is_queued=True)

    def server(self) -> Server:
        """Return it as a mirror sees it."""
        return Server(URL, self._search, self._find, self._fetch)

    def _search(self, window: Window) -> Iterable[Measurement]:
        for name in sorted(self.things, reverse=True):
            one = self.things.get(name)
            start = one.measurement.start if one is not None else None
            if one is None or start is None or start < window.start or (window.stop and start >= window.stop):
                continue
            if window.station in {None, one.measurement.station}:
                yield one.measurement

    def _find(self, id: str) -> Measurement | None:
        self.looked_up.append(id)
        thing = self.things.get(id)
        return None if thing is None else thing.measurement

    def _fetch(self, jobs: Iterator[Job]) -> Generator[Outcome, None, None]:
        done = 0
        for job in jobs:
            name = job.measurement.id
            if self.stop_after is not None and done >= self.stop_after:
                yield Outcome(name, OutcomeState.NOT_TRIED, error=LocalFileError("the disk is full"))
                continue
            done += 1
            self.asked.append((name, job.kinds))
            self.before_fetch(job)
            if name in self.fails:
                yield Outcome(name, OutcomeState.FAILED, error=self.fails[name])
                continue
            if name in self.breaks:  # the first archive comes, the second does not
                self._download(evolve(job, kinds=job.kinds[:1]))
                yield Outcome(name, OutcomeState.FAILED, error=self.breaks[name])
                continue
            files = self._download(job)
            self.after_fetch(job)
            yield Outcome(name, OutcomeState.FETCHED if files else OutcomeState.ABSENT, files=files)

    def _download(self, job: Job) -> tuple[ProductFile, ...]:
        thing = self.things[job.measurement.id]
        files: list[ProductFile] = []
        for kind in job.kinds:
            if kind not in thing.files:
                continue
            sink = ArchiveSink(job.into, job.measurement.id, [KINDS[kind]]).noting(
                server=URL, route=KINDS[kind].route, when=BEGIN, measurement=job.measurement
            )
            sink.begin()
            sink.write(archive(thing.files[kind]))
            files += sink.commit()
        return tuple(files)


def archive(files: Mapping[str, bytes]) -> bytes:
    """Make a zip archive."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as whole:
        for name, content in files.items():
            whole.writestr(name, content)
    return buffer.getvalue()
