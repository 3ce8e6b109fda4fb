"""Work for the SCC, and what comes of it: ``upload``, ``wait``, ``download``, ``rerun``, ``delete``."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

import typer

from scckit.errors import InvalidInput
from scckit_cli.app import (
    AsCSV,
    AsJSON,
    AsPlain,
    From,
    Kinds,
    Since,
    Station,
    Troubles,
    Until,
    Workers,
    Yes,
    items,
    kinds_of,
    state_of,
)
from scckit_cli.commands.look import COLUMNS, MODULES, MORE, measurement_row
from scckit_cli.rows import Form, Row, form_of, show
from scckit_cli.talk import say

if TYPE_CHECKING:
    from scckit import Client, Outcomes, UploadItem
    from scckit.models import ProductKind

__all__ = ["COMMANDS"]

#: Hours, by the upload form (scc-interface.md 2.2).
_LONGEST_DELAY: Final = 96

#: Names that a question lists.
_ASKED: Final = 5

_IDs = Annotated[list[str] | None, typer.Argument(metavar="ID...", help="Measurement IDs, or - for standard input.")]
_Timeout = Annotated[float, typer.Option("--timeout", metavar="HOURS", help="Longest wait for all, in hours.")]

#: In so many seconds each of several that are waited for has its turn, but for the next line.
_ROUND: Final = 30.0

#: No turn has fewer seconds, so that many are not looked at more often than few; and a wait that sees the end at its first
#: look has seen it twice before that.
_TURN: Final = 6.0

#: For so many seconds the API may not know a new measurement yet (scc-interface.md 4.7).
_GRACE: Final = 120.0

#: A wait of so many seconds is a look.
_LAST_LOOK: Final = 0.001

#: Seconds that are enough for the second look at what is finished.
_CONFIRMING: Final = 10.0


def upload(
    context: typer.Context,
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", readable=False, help="Raw SCC netCDF files.")],
    system: Annotated[
        int | None, typer.Option("--system", metavar="N", help="Number of the system; by default the profile's.")
    ] = None,
    sounding: Annotated[
        Path | None,
        typer.Option(
            "--sounding", metavar="FILE", readable=False, help="Sounding, for one FILE; by default the one beside it."
        ),
    ] = None,
    overlap: Annotated[
        Path | None, typer.Option("--overlap", metavar="FILE", readable=False, help="Overlap file.")
    ] = None,
    lidar_ratio: Annotated[
        Path | None, typer.Option("--lidar-ratio", metavar="FILE", readable=False, help="Lidar ratio file.")
    ] = None,
    delay: Annotated[
        int, typer.Option("--delay", metavar="HOURS", help="Hours to wait before the processing, 0 to 96.")
    ] = 0,
    replace: Annotated[bool, typer.Option("--replace", help="Delete what the SCC has of the same ID.")] = False,
    wait: Annotated[bool, typer.Option("--wait", help="Wait until each is finished.")] = False,
    download: Annotated[
        Path | None, typer.Option("--download", metavar="DIR", readable=False, help="Wait, then download all products.")
    ] = None,
    timeout: _Timeout = 6.0,
    workers: Workers = 4,
    yes: Yes = False,
    as_json: AsJSON = False,
    as_csv: AsCSV = False,
    as_plain: AsPlain = False,
) -> None:
    """Check raw files, upload them with the soundings beside them, and print the IDs; goes on after a failure."""
    form = form_of(as_json=as_json, as_csv=as_csv, as_plain=as_plain)
    state = state_of(context)
    number = state.profile.system if system is None else system
    if number is None:
        msg = "name the system with --system NUMBER; scckit login --system NUMBER keeps one for the profile"
        raise InvalidInput(msg)
    if not 0 <= delay <= _LONGEST_DELAY:
        msg = f"--delay is in hours, 0 to {_LONGEST_DELAY}; found {delay}"
        raise InvalidInput(msg)
    limit = _seconds(timeout)
    raws = _raws(files, look=sounding is None)
    if sounding is not None and len(raws) > 1:
        msg = "--sounding goes with one FILE; the soundings of several are found beside them"
        raise InvalidInput(msg)
    if replace:
        state.confirm(f"Delete what the SCC has of {_listed([one.path.name for one in raws])}, if it has any?", yes=yes)
    troubles = Troubles(context, len(raws))
    with state.client() as scc:
        state.resumes = not replace
        for one in raws:
            if one.note and sounding is None:
                say(one.note)
        scc.sign_in()  # once for all, see ``items``
        uploads = [one.upload(sounding, overlap, lidar_ratio) for one in raws]
        outcomes = scc.measurements.upload_many(uploads, system=number, delay=delay, replace=replace, workers=workers)
        arrived = list(_arrived(raws, outcomes, troubles))
        if not wait and download is None:
            show(arrived, ("id", "file", "state"), form, line=lambda row: str(row["id"]))
        else:
            ids = {str(row["id"]): str(row["file"]) for row in arrived}
            # What was sent is there: once more the same line waits for it, and does not send it again.
            after = Troubles(context, len(ids), names=ids, without=("replace", "yes"))
            waited = _waiting(scc, list(ids), limit, state.clock, after)
            if download is None:
                _show_waited(waited, form)
            else:
                # Each is downloaded as soon as it is finished, while the others are waited for.
                finished = (str(row["id"]) for row in waited)
                products = _downloading(scc, finished, None, download, "verify", workers, after)
                show(products, _FILE_COLUMNS, form, line=lambda row: str(row["path"]))
            after.tell()
            troubles.errors.extend(after.errors)
    troubles.leave()


def _arrived(raws: Sequence[_Raw], outcomes: Outcomes, troubles: Troubles) -> Iterator[Row]:
    """Give the measurements that the SCC has now; tell what it had before, and what failed."""
    for one, outcome in zip(raws, outcomes, strict=True):
        row: Row = {"id": one.id, "file": outcome.item, "state": outcome.state}
        if outcome.receipt is not None:
            yield {**row, "id": outcome.receipt.id}
        elif outcome.state.value == "kept":
            say(f"{outcome.item}: the SCC has {one.id} already, and keeps it; --replace replaces it")
            yield row
        elif outcome.state.value == "not tried" or outcome.error is None:
            troubles.leave_out(outcome.item)
        else:
            troubles.note(outcome.item, outcome.error)


class _Raw:
    """A raw file that was named: its ID, and the sounding that it names."""

    def __init__(self, path: Path, kind: ProductKind) -> None:
        from scckit import SCCError

        self.path = path
        header: Mapping[str, object] = {}
        with suppress(SCCError, OSError):  # what is wrong with the file is told when it is checked
            header = kind.header(path)
        self.id = header.get("Measurement_ID")
        named = header.get("Sounding_File_Name")
        self.sounding = path.with_name(Path(str(named)).name) if named else None

    @property
    def note(self) -> str:
        """What people should know of its sounding, or nothing."""
        if self.sounding is None:
            return ""
        if self.sounding.is_file():
            return f"{self.path}: with the sounding {self.sounding.name}, which lies beside it"
        return (
            f"{self.path}: names the sounding {self.sounding.name}, which does not lie beside it; the SCC must have it"
        )

    def upload(self, sounding: Path | None, overlap: Path | None, lidar_ratio: Path | None) -> UploadItem:
        """Return it with what goes with it."""
        from scckit import UploadItem

        if sounding is None and self.sounding is not None and self.sounding.is_file():
            sounding = self.sounding
        return UploadItem(self.path, sounding, overlap, lidar_ratio)


def _raws(files: Sequence[Path], *, look: bool) -> list[_Raw]:
    """Return the raw files among some; soundings of others among them go with those (scc-interface.md 8).

    Raises:
        InvalidInput: Two are the same measurement, and which of them the SCC would have in the end nobody knows.
    """
    from scckit.plugins import Registry

    (kind,) = Registry().kinds(["raw"])
    found = [_Raw(path, kind) for path in dict.fromkeys(files)]
    soundings = {one.sounding for one in found} if look else set()
    raws = [one for one in found if one.id is not None or one.path not in soundings]
    known: dict[str, Path] = {}
    for one in raws:
        if one.id is not None and (other := known.setdefault(str(one.id), one.path)) != one.path:
            msg = f"{other} and {one.path} are both the measurement {one.id}; give one of them"
            raise InvalidInput(msg)
    return raws


def wait(
    context: typer.Context,
    ids: _IDs = None,
    file: From = None,
    since: Since = None,
    until: Until = None,
    station: Station = None,
    timeout: _Timeout = 6.0,
    as_json: AsJSON = False,
    as_csv: AsCSV = False,
    as_plain: AsPlain = False,
) -> None:
    """Wait until measurements are finished; exits with 8 if one is not in time."""
    form = form_of(as_json=as_json, as_csv=as_csv, as_plain=as_plain)
    limit = _seconds(timeout)
    state = state_of(context)
    state.resumes = True
    with state.client() as scc:
        wanted = [
            _name(one) for one in items(state, scc, ids or (), file=file, since=since, until=until, station=station)
        ]
        troubles = Troubles(context, len(wanted))
        _show_waited(_waiting(scc, wanted, limit, state.clock, troubles), form)
    troubles.leave()


def _seconds(hours: float) -> float:
    """Return the limit of a wait.

    Raises:
        InvalidInput: It is none.
    """
    if not (math.isfinite(hours) and hours > 0):
        msg = f"--timeout is in hours, more than 0; found {hours:g}"
        raise InvalidInput(msg)
    return hours * 3600


def _waiting(
    scc: Client, ids: Sequence[str], limit: float, clock: Callable[[], float], troubles: Troubles
) -> Iterator[Row]:
    """Wait for all, at most for ``limit`` seconds; give the row of each as soon as it is finished."""
    from scckit import SCCError
    from scckit.errors import MeasurementNotFound, WaitTimeout

    begun, slept = clock(), 0.0
    left = dict.fromkeys(ids)
    late: dict[str, WaitTimeout] = {}
    while left:
        share = max(_ROUND / len(left), _TURN)
        for one in list(left):
            # A clock that stands still while we sleep (a laptop's, a test's) must not make the wait endless.
            rest = limit - max(clock() - begun, slept)
            # At the limit each still gets a look, so that what was finished in time is not told as late.
            turn = limit if len(ids) == 1 else max(min(share, rest), _LAST_LOOK)
            turned = clock()
            try:
                found = scc.measurements.wait(one, timeout=turn)
                if turn < rest and clock() - turned >= turn:  # it may have been finished at the last look alone
                    found = scc.measurements.wait(one, timeout=min(_CONFIRMING, rest))
            except WaitTimeout as error:
                slept += turn
                if rest <= turn:
                    del left[one]
                    text = str(error).replace(f" after {turn:g} s of", f" after {limit:g} s of")
                    late[one] = WaitTimeout(text)
            except MeasurementNotFound as error:
                slept += turn
                if rest <= turn or limit - rest + turn >= _GRACE:
                    del left[one]
                    troubles.note(one, error)
            except SCCError as error:
                del left[one]
                troubles.note(one, error)
            else:
                del left[one]
                yield measurement_row(found)
    for one in ids:
        if one in late:
            troubles.note(one, late[one])


def _show_waited(rows: Iterator[Row], form: Form) -> None:
    def line(row: Row) -> str:
        modules = (f"{name} {getattr(row[name], 'value', '')}" for name in MODULES if row.get(name) is not None)
        return f"{row['id']}\t{getattr(row['phase'], 'value', '')}\t{', '.join(modules)}"

    show(rows, COLUMNS, form, more=MORE, line=line)


def download(
    context: typer.Context,
    ids: _IDs = None,
    file: From = None,
    since: Since = None,
    until: Until = None,
    station: Station = None,
    kinds: Kinds = None,
    into: Annotated[
        Path, typer.Option("--into", "-d", metavar="DIR", readable=False, help="Folder for the products.")
    ] = Path(),
    existing: Annotated[
        Literal["verify", "skip", "replace", "fail"],
        typer.Option("--existing", help="What to do with files that are here."),
    ] = "verify",
    archives: Annotated[bool, typer.Option("--archives", help="Keep the archives as they come.")] = False,
    workers: Workers = 4,
    as_json: AsJSON = False,
    as_csv: AsCSV = False,
    as_plain: AsPlain = False,
) -> None:
    """Download products, check them, and print the paths of the files."""
    form = form_of(as_json=as_json, as_csv=as_csv, as_plain=as_plain)
    state = state_of(context)
    state.resumes = existing != "replace"
    names = kinds_of(kinds)
    with state.client() as scc:
        if names is not None:
            scc.registry.kinds(names)  # a wrong name is told once, before anything is asked
        wanted = items(state, scc, ids or (), file=file, since=since, until=until, station=station)
        troubles = Troubles(context, len(wanted))
        rows = _downloading(scc, wanted, names, into, existing, workers, troubles, unpack=not archives)
        show(rows, _FILE_COLUMNS, form, line=lambda row: str(row["path"]))
    troubles.leave()


_FILE_COLUMNS: Final = ("measurement_id", "kind", "path", "size")


def _downloading(
    scc: Client,
    wanted: Iterable[Any],
    kinds: list[str] | None,
    into: Path,
    existing: Any,
    workers: int,
    troubles: Troubles,
    *,
    unpack: bool = True,
) -> Iterator[Row]:
    """Download; give the files, and say what came of it."""
    outcomes = scc.products.download_many(wanted, kinds, into=into, unpack=unpack, existing=existing, workers=workers)
    for one in outcomes:
        for file in one.files:
            yield {"measurement_id": one.item, "kind": file.kind, "path": file.path, "size": file.size}
    counts = ", ".join(f"{count} {state}" for state, count in outcomes.counts.items())
    say(f"{len(outcomes)} measurement{'s' * (len(outcomes) != 1)}: {counts or 'nothing to do'}")
    for one in outcomes:
        if one.state.value == "not tried":
            troubles.leave_out(one.item)
        elif one.error is not None:
            troubles.note(one.item, one.error, repeat=one.is_failure)


def rerun(
    context: typer.Context,
    ids: _IDs = None,
    file: From = None,
    since: Since = None,
    until: Until = None,
    station: Station = None,
    part: Annotated[Literal["all", "elpp", "elda"], typer.Option("--part", help="Where to begin again.")] = "all",
    yes: Yes = False,
    as_json: AsJSON = False,
    as_csv: AsCSV = False,
    as_plain: AsPlain = False,
) -> None:
    """Restart the processing of measurements, which replaces their products on the server."""
    _each(
        context,
        (ids or (), file, since, until, station),
        form_of(as_json=as_json, as_csv=as_csv, as_plain=as_plain),
        f"Restart the processing ({part}) of",
        yes,
        "restarted",
        lambda scc, one: scc.measurements.rerun(one, part),
    )


def delete(
    context: typer.Context,
    ids: _IDs = None,
    file: From = None,
    since: Since = None,
    until: Until = None,
    station: Station = None,
    related: Annotated[
        bool, typer.Option("--related", help="Delete the measurements too that depend on them.")
    ] = False,
    yes: Yes = False,
    as_json: AsJSON = False,
    as_csv: AsCSV = False,
    as_plain: AsPlain = False,
) -> None:
    """Delete measurements with their products from the server, for good."""
    _each(
        context,
        (ids or (), file, since, until, station),
        form_of(as_json=as_json, as_csv=as_csv, as_plain=as_plain),
        "Delete for good",
        yes,
        "deleted",
        lambda scc, one: scc.measurements.delete(one, related=related),
    )


def _each(
    context: typer.Context,
    places: tuple[Sequence[str], Path | None, str | None, str | None, str | None],
    form: Form,
    question: str,
    yes: bool,
    done: str,
    act: Callable[[Client, str], None],
) -> None:
    """Change one measurement after the other, after a look at what they are; go on after a failure."""
    from scckit import SCCError

    state = state_of(context)
    ids, file, since, until, station = places

    def rows() -> Iterator[Row]:
        for one in wanted:
            try:
                act(scc, one)
            except SCCError as error:
                troubles.note(one, error)
            except KeyboardInterrupt:  # the request may have gone out; what the server made of it nobody knows here
                say(f"{one}: interrupted, it may be {done} already; scckit show {one} tells")
                raise
            else:
                yield {"id": one, "state": done}

    with state.client() as scc:
        wanted = [_name(one) for one in items(state, scc, ids, file=file, since=since, until=until, station=station)]
        if wanted:
            state.confirm(f"{question} {_listed(wanted)}?", yes=yes)
        troubles = Troubles(context, len(wanted))
        show(rows(), ("id", "state"), form, line=lambda row: f"{row['id']}\t{row['state']}")
    troubles.leave()


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _ASKED} more" if len(names) > _ASKED else ""
    return f"{', '.join(names[:_ASKED])}{more}"


def _name(item: Any) -> str:
    return str(getattr(item, "id", item))


COMMANDS: Final[Mapping[str, Callable[..., None]]] = {
    "upload": upload,
    "wait": wait,
    "download": download,
    "rerun": rerun,
    "delete": delete,
}
