"""One run of a mirror against a server: look at the window, fetch what differs, note what came of it.

What makes a difference is what the server says, its moment of the last change above all, and never the clock on this side.
All of the catalogue is changed in the thread that runs this; only the downloads are elsewhere.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, suppress
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Final

from attrs import define, evolve, field, frozen

from scckit.archive.files import measured, telling
from scckit.archive.manifest import State
from scckit.errors import LocalFileError, SCCError
from scckit.mirror.catalogue import Catalogue, FileRow, Holding, MeasurementRow
from scckit.mirror.layout import Layout
from scckit.mirror.models import Change, Changes, Report, What
from scckit.mirror.recovery import recover, remove_doomed
from scckit.models.kinds import ProductKind
from scckit.models.measurement import Measurement, Phase, Status
from scckit.models.products import ProductFile

if TYPE_CHECKING:
    from scckit.batches import Outcome

__all__ = ["Job", "Server", "Update", "Window", "state_text", "state_words"]

#: Measurements that are noted in one transaction: those of a page of the server's list.
_GROUP: Final = 100

_SAME_DISK: Final = "an executor must write to the same disk, and nobody else may remove what a run fetches"

_UNFINISHED: Final = frozenset({Phase.DELAYED, Phase.QUEUED, Phase.PROCESSING, Phase.NOT_STARTED})


@frozen
class Window:
    """What a run looks at: measurements by their begin, and kinds of products by their names."""

    start: datetime
    stop: datetime | None
    station: str | None
    kinds: Mapping[str, ProductKind]


@frozen
class Job:
    """Products to be fetched: of this measurement, as the list showed it, of these kinds, into this folder."""

    measurement: Measurement
    kinds: tuple[str, ...]
    into: Path


@frozen
class Server:
    """What a run needs of a server.

    Attributes:
        url: Its base URL.
        search: Gives the measurements of a window, page after page.
        find: Gives the measurement of an ID, None if there is none.
        fetch: Does jobs, and gives an outcome for each; takes jobs as it needs them, in the calling thread. When it is
            closed nothing of it is under way any more.
    """

    url: str
    search: Callable[[Window], Iterable[Measurement]]
    find: Callable[[str], Measurement | None]
    fetch: Callable[[Iterator[Job]], Generator[Outcome, None, None]]


@define
class _Doing:
    """A measurement that is being fetched: why, and which files were given a second place before it may replace them.

    Attributes:
        job: What is fetched.
        why: What it is if it comes.
        state: The state that is noted then.
        old: The files of these kinds that the catalogue knows.
        others: Those that it does not know: when each was written, by its path.
        kept: The second places, by path.
    """

    job: Job
    why: What
    state: str | None
    old: tuple[FileRow, ...]
    others: Mapping[str, datetime]
    kept: dict[str, str] = field(factory=dict)


@define
class Update:
    """One run; used once.

    Attributes:
        server: What it looks at.
        catalogue: Where it notes what it sees and does.
        layout: Where the files are.
        window: What it looks at there.
        keep_versions: Keep files that are replaced.
        now: The clock on this side, for notes alone.
    """

    server: Server
    catalogue: Catalogue
    layout: Layout
    window: Window
    keep_versions: bool
    now: Callable[[], float]
    _run: int = 0
    _seen: int = 0
    _unchanged: int = 0
    _stopped: str = ""
    _is_read: bool = False
    _doing: dict[str, _Doing] = field(factory=dict)

    def run(self) -> Report:
        """Do it.

        Raises:
            LocalFileError: The catalogue cannot be used, it is that of another server, or the folder was moved meanwhile.
            SCCError: The window cannot be looked at.
        """
        self._require_place()
        self._require_server()
        self._run = self.catalogue.begin_run(self._asked(), self._moment())
        lock = self.layout.lock(self._run)
        try:
            self._heal()
            # Whatever happens here, no download is under way any more when what was begun is given up.
            with closing(self.server.fetch(self._jobs())) as outcomes:
                for outcome in outcomes:
                    self._settle(outcome)
            if not self._is_read and not self._stopped:
                self._stopped = "the list was not read to its end"
            if not self._stopped:
                self._look_for_gone()
            return self._report()
        finally:
            try:
                if self.layout.is_here():  # elsewhere, the next run does what it does after a kill
                    self._give_up()
                    self.catalogue.end_run(self._run, self._moment())
            finally:
                lock.close()

    def _require_server(self) -> None:
        known = self.catalogue.fact("server")
        if known == self.server.url:
            return
        # Nothing has come of a server that was not reached, or was another than was meant.
        if known is not None and self._is_in_use():
            msg = (
                f"{self.layout.root} is a mirror of {known}; {self.server.url} was asked for. Use a folder for each server;"
                " nothing was changed"
            )
            raise LocalFileError(msg)
        self.catalogue.note("server", self.server.url)

    def _is_in_use(self) -> bool:
        return self.catalogue.has_measurements() or any(map(self.layout.is_alive, self.layout.runs()))

    def _require_place(self) -> None:
        if not self.layout.is_here():
            msg = (
                f"{self.layout.root} was moved or removed while the mirror was at work; nothing more was done, run again in"
                " the new place"
            )
            raise LocalFileError(msg)

    def _asked(self) -> dict[str, object]:
        window = self.window
        return {
            "start": window.start.isoformat(),
            "stop": None if window.stop is None else window.stop.isoformat(),
            "station": window.station,
            "kinds": list(window.kinds),
            "keep_versions": self.keep_versions,
        }

    def _moment(self) -> datetime:
        return datetime.fromtimestamp(self.now(), UTC)

    def _report(self) -> Report:
        counts = self.catalogue.counts(self._run)
        return Report(
            self._run,
            self._seen,
            self._unchanged,
            {what: count for what, (count, _, _) in counts.items()},
            sum(files for _, files, _ in counts.values()),
            sum(size for *_, size in counts.values()),
            self._stopped,
            Changes(self.catalogue.changes, self._run),
        )

    # -- what was left behind ---------------------------------------------------------------------------------------------

    def _heal(self) -> None:
        """Take over what killed runs were fetching, and remove what was to be removed."""
        claims = self.catalogue.claims()
        # Looked at after the claims: a run shows that it is at work before it claims anything.
        runs = {*self.layout.runs(), *(run for _, run in claims)}
        dead = {run for run in runs if not self.layout.is_alive(run)}
        for measurement, run in claims:
            if run in dead:
                with self.catalogue.changing():
                    # Not if another run has taken it over since the claims were read.
                    if self.catalogue.release(measurement, run):
                        self._recover(measurement, keeps=self.catalogue.keeps(run))
        self._remove_doomed()

    def _recover(self, measurement: str, *, keeps: bool) -> None:
        # What cannot be read is left as it is, and told by the download that comes next.
        with suppress(LocalFileError):
            recover(self.catalogue, self.layout, measurement, keeps=keeps)

    def _remove_doomed(self) -> None:
        if not self.catalogue.doomed():
            return
        with self.catalogue.changing():
            for path, words in remove_doomed(self.catalogue, self.layout):
                self.catalogue.amend(self._run, self.layout.owner(path), "failed", words)

    def _give_up(self) -> None:
        """Let go of what was begun and not finished."""
        for measurement in self._doing:
            with self.catalogue.changing():
                self._recover(measurement, keeps=self.keep_versions)
        self._doing.clear()
        self._remove_doomed()

    # -- looking ----------------------------------------------------------------------------------------------------------

    def _jobs(self) -> Iterator[Job]:
        found = iter(self.server.search(self.window))
        before: set[str] = set()
        while self._goes_on() and (group := list(islice(found, _GROUP))):
            # A list that has moved between two pages shows the last ones of the first page again, or any that changed.
            new = {one.id: one for one in group if one.id not in before and one.id not in self._doing}
            before = {one.id for one in group}
            with self.catalogue.changing():
                wanted = [one for one in new.values() if self._wants(one) and self._claimed(one.id)]
            for measurement in wanted:
                if not self._goes_on():
                    return
                self._require_place()
                try:
                    doing = self._begun(measurement)
                except LocalFileError as error:
                    self._settle_failure(measurement.id, str(error))
                else:
                    if doing is not None:
                        yield doing.job
        self._is_read = self._goes_on()

    def _goes_on(self) -> bool:
        return not self._stopped

    def _wants(self, measurement: Measurement) -> bool:
        """Note what the server says of a measurement, and tell whether something is to be fetched of it."""
        self._seen += 1
        self.catalogue.see(_row(measurement), self._run)
        if measurement.phase in _UNFINISHED:
            self._note(measurement.id, "pending", detail=f"it is {measurement.phase.value}")
            return False
        differing = self._differing(measurement)
        self._unchanged += not differing
        return bool(differing)

    def _begun(self, measurement: Measurement) -> _Doing | None:
        """Get ready to fetch what differs; None if nothing does."""
        doing = self._plan(measurement)
        if doing is not None:
            self._doing[measurement.id] = doing
            self._keep(doing)
        return doing

    def _plan(self, measurement: Measurement) -> _Doing | None:
        """Say what is to be fetched, as it is now: another run may have been faster since the list was read."""
        kinds = self._differing(measurement)
        if not kinds:
            self.catalogue.release(measurement.id, self._run)
            self._unchanged += 1
            return None
        state = state_text(measurement)
        held = self.catalogue.holdings(measurement.id)
        is_there = self.layout.has(measurement.id)
        if is_there and not held:
            with self.catalogue.changing():  # of a catalogue that was lost, or of a download by hand
                self._recover(measurement.id, keeps=True)
            held = self.catalogue.holdings(measurement.id)
        old = [held[kind] for kind in kinds if kind in held]
        job = Job(measurement, tuple(kinds), self.layout.month(measurement.id))
        files = tuple(file for one in old for file in one.files)
        others = self._others(job, frozenset(file.path for file in files)) if is_there else {}
        return _Doing(job, _why(old, state), state if State.of(measurement).tells else None, files, others)

    def _others(self, job: Job, known: frozenset[str]) -> dict[str, datetime]:
        found = {}
        for kind in job.kinds:
            for path in self.layout.files(job.measurement.id, kind):
                if (relative := self.layout.relative(path)) not in known:
                    with telling("look at", path):
                        found[relative] = datetime.fromtimestamp(path.stat().st_mtime, UTC)
        return found

    def _differing(self, measurement: Measurement) -> list[str]:
        """Return the kinds of which something else is here than the server has."""
        state = state_text(measurement)
        held = self.catalogue.holdings(measurement.id)
        return [kind for kind in self._made(measurement) if not self._stands(held.get(kind), state)]

    def _made(self, measurement: Measurement) -> list[str]:
        """Return the kinds that there may be: what a module has not run for is not asked for."""
        modules = measurement.modules
        return [
            kind
            for kind, one in self.window.kinds.items()
            if one.module is None or one.module not in modules or modules[one.module].status is not Status.NOT_RUN
        ]

    def _missed(self, doing: _Doing, came: frozenset[str]) -> list[str]:
        """Return the kinds that did not come although the server says that they were made: the next run asks again."""
        kinds, modules = self.window.kinds, doing.job.measurement.modules
        # An archive may hold files of one kind and none of the other that it is for (ELDA, ELDEC), and a module's status
        # is explained by any product of it that came: nobody knows whether there are plots of each ELDA.
        routes = {kinds[kind].route for kind in came}
        explained = {kinds[kind].module for kind in came}
        return [
            kind
            for kind in doing.job.kinds
            if kinds[kind].route not in routes
            and kinds[kind].module not in explained
            and (module := modules.get(kinds[kind].module or "")) is not None
            and module.status is Status.OK
        ]

    def _stands(self, holding: Holding | None, state: str) -> bool:
        """Tell whether what is here is what the server has; a look at the files' lengths only, ``verify`` reads them."""
        if holding is None or holding.state != state:
            return False
        return all(_length(self.layout.path(file.path)) == file.size for file in holding.files)

    def _claimed(self, measurement: str) -> bool:
        by = self.catalogue.claim(measurement, self._run)
        if by != self._run and not self.layout.is_alive(by):
            self._recover(measurement, keeps=self.catalogue.keeps(by))
            self.catalogue.release(measurement, by)
            by = self.catalogue.claim(measurement, self._run)
        if by != self._run:
            self._note(measurement, "elsewhere", detail=f"run {by} is fetching it")
        return by == self._run

    def _keep(self, doing: _Doing) -> None:
        """Give what may be replaced a second place; when it was replaced, what is there tells whether it is to stay.

        Raises:
            LocalFileError: That is not possible, so nothing may be replaced.
        """
        came = {file.path: file.fetched for file in doing.old}
        for relative, when in (*came.items(), *doing.others.items()):
            path = self.layout.path(relative)
            if _length(path) is None:
                continue
            with telling("read", path), path.open("rb"):
                pass  # before it is replaced: what somebody has changed must be told from what came
            with self.catalogue.changing():
                kept = self.layout.keep(relative, when)
                self.catalogue.undoom([kept])  # a run that left it there did not replace anything; this one may
            doing.kept[relative] = kept

    # -- noting what came -------------------------------------------------------------------------------------------------

    def _settle(self, outcome: Outcome) -> None:
        self._require_place()
        doing = self._doing[outcome.item]
        state = str(outcome.state)
        words = "" if outcome.error is None else str(outcome.error)
        if state in {"fetched", "kept", "absent"}:
            try:
                self._settle_files(doing, outcome.files)
            except LocalFileError as error:
                self._settle_failure(outcome.item, str(error))
        else:
            self._settle_failure(outcome.item, words, tried=state == "failed")
            if state == "not tried" and not self._stopped:
                self._stopped = words or "it was stopped"

    def _settle_failure(self, identity: str, words: str, *, tried: bool = True) -> None:
        """Note what went wrong; of several archives, some may have come and replaced files before."""
        with self.catalogue.changing():
            self._recover(identity, keeps=self.keep_versions)
            self.catalogue.release(identity, self._run)
            if tried:
                self.catalogue.fail(identity, words)
                self._note(identity, "failed", detail=words)
        self._doing.pop(identity, None)
        self._remove_doomed()

    def _settle_files(self, doing: _Doing, files: Sequence[ProductFile]) -> None:
        """Note the files that are the current ones now, and those that they have replaced.

        Raises:
            LocalFileError: What came is not here, or what was replaced cannot be read.
        """
        for file in files:
            if _length(file.path) != file.size:
                msg = f"{file.path} was fetched and did not arrive; {_SAME_DISK}"
                raise LocalFileError(msg)
        identity = doing.job.measurement.id
        row = self.catalogue.measurement(identity)
        came = {self.layout.relative(file.path): file for file in files}
        kinds = frozenset(file.kind for file in files)
        missed = self._missed(doing, kinds)
        with self.catalogue.changing():
            for old in doing.old:
                self._settle_old(doing, old, came.get(old.path), is_missed=old.kind in missed, came=old.kind in kinds)
            for path in doing.others:
                self._settle_other(doing, path, came.get(path), row)
            for path, file in came.items():
                came_now = FileRow(path, identity, file.kind, file.size, file.sha256 or "", self._moment())
                self.catalogue.put(came_now.named(row))
            for kind in doing.job.kinds:
                if kind not in missed:
                    self.catalogue.hold(identity, kind, doing.state)
            words = _asked_again(missed)
            why: What = "failed" if missed else doing.why if files else "absent"
            self.catalogue.fail(identity, words or None)
            self.catalogue.release(identity, self._run)
            self._note(identity, why, len(files), sum(file.size for file in files), words)
        del self._doing[identity]
        self._remove_doomed()

    def _settle_old(self, doing: _Doing, old: FileRow, new: ProductFile | None, *, is_missed: bool, came: bool) -> None:
        """Note what became of a file that was the current one; its kind came, or was missed, or there is none of it."""
        kept = self._kept(doing, old)
        is_edited = kept is not None and kept.sha256 != old.sha256
        # What the server has none of any more stays here; only what came in its place replaces it.
        leaves = came and new is None
        # Somebody has changed it, and the server has nothing in its place: from now on it is somebody's own.
        theirs = is_edited and new is None and not is_missed
        if kept is not None:
            is_replaced = leaves or (new is not None and new.sha256 != kept.sha256)
            self._settle_kept(kept, stays=theirs or (is_replaced and (is_edited or self.keep_versions)))
        lost = new is None and not is_missed and _length(self.layout.path(old.path)) is None  # on both sides
        if leaves or theirs or lost:
            self.catalogue.drop(old.path)
        if leaves:
            self.catalogue.doom(old.path)

    def _settle_other(self, doing: _Doing, path: str, new: ProductFile | None, row: MeasurementRow | None) -> None:
        """Note what became of a file that the catalogue did not know: what was replaced stays as an earlier version."""
        kind = PurePosixPath(path).parts[-2]
        kept = self._kept(doing, FileRow(path, doing.job.measurement.id, kind, 0, "", doing.others[path]))
        if kept is not None:
            self._settle_kept(kept.named(row), stays=new is not None and new.sha256 != kept.sha256)

    def _kept(self, doing: _Doing, old: FileRow) -> FileRow | None:
        """Return what is in the second place of a file now: somebody may have changed it until it was replaced."""
        place = doing.kept.get(old.path)
        if place is None:
            return None
        path = self.layout.path(place)
        with telling("read", path):
            size, digest = measured(path)
        return evolve(old, path=place, size=size, sha256=digest, current=False)

    def _settle_kept(self, kept: FileRow, *, stays: bool) -> None:
        if stays:
            self.catalogue.put(kept)
        else:
            self.catalogue.doom(kept.path)

    def _note(self, identity: str, what: What, files: int = 0, size: int = 0, detail: str = "") -> None:
        self.catalogue.change(self._run, Change(identity, what, files, size, detail))

    # -- what the server has no more --------------------------------------------------------------------------------------

    def _look_for_gone(self) -> None:
        """Find what the server has deleted.

        Each is asked for by its ID, since a list that changes while it is read, page after page, may pass over a row.
        """
        window = self.window
        for identity in self.catalogue.unseen(window.start, window.stop, window.station, self._run):
            try:
                found = self.server.find(identity)
            except SCCError as error:
                self._stopped = f"it is not known whether {identity} was deleted: {error}"
                return
            with self.catalogue.changing():
                if found is not None:
                    self.catalogue.see(_row(found), self._run)  # its begin may be another one now
                else:
                    self.catalogue.miss(identity, self._run)
                    self._note(identity, "gone", detail="the server has deleted it; its files stay here")


def state_text(measurement: Measurement) -> str:
    """Write down all that tells whether the products of a measurement have changed, as the server's list shows it.

    The numbers behind the statuses are left out: one source has them and another has not.
    """
    return state_words(State.of(measurement))


def state_words(state: State) -> str:
    """Write a state down as ``state_text`` does."""
    updated = None if state.updated is None else state.updated.isoformat()
    modules = {name: module.status for name, module in state.modules.items()}
    return json.dumps([updated, state.phase, modules], separators=(",", ":"))


def _row(measurement: Measurement) -> MeasurementRow:
    one = measurement
    return MeasurementRow(one.id, one.station, one.system, one.start, one.stop, state_text(one))


def _why(old: Sequence[Holding], state: str) -> What:
    if not old or not any(one.files for one in old):
        return "new"
    return "healed" if all(one.state in {state, None} for one in old) else "changed"


def _asked_again(missed: Sequence[str]) -> str:
    if not missed:
        return ""
    names = ", ".join(missed)
    return f"the server says that it has made {names}, and has nothing to download of that; the next run asks again"


def _length(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return None
    except OSError:
        return -1
