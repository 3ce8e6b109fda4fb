"""Work for the SCC, and what comes of it: ``upload``, ``wait``, ``download``, ``rerun``, ``delete``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

import typer

from scckit.errors import InvalidInput
from scckit_cli.app import From, Since, Station, Until, Workers, Yes, failed, items, state_of
from scckit_cli.rows import write
from scckit_cli.talk import say

if TYPE_CHECKING:
    from scckit import Client, SCCError, UploadItem

__all__ = ["COMMANDS"]

#: Hours, by the upload form (scc-interface.md 2.2).
_LONGEST_DELAY: Final = 96

_IDs = Annotated[list[str] | None, typer.Argument(metavar="ID...", help="Measurement IDs, or - for standard input.")]
_Kinds = Annotated[str | None, typer.Option("--kinds", help="Kinds of products, such as elda,hirelpp; by default all.")]
_Timeout = Annotated[float, typer.Option("--timeout", help="Longest wait for each, in hours.")]


def upload(
    context: typer.Context,
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Raw SCC netCDF files.")],
    system: Annotated[
        int | None, typer.Option("--system", help="Number of the system; by default the profile's.")
    ] = None,
    sounding: Annotated[
        Path | None, typer.Option("--sounding", help="Sounding file, for one FILE; by default the one beside it.")
    ] = None,
    overlap: Annotated[Path | None, typer.Option("--overlap", help="Overlap file.")] = None,
    lidar_ratio: Annotated[Path | None, typer.Option("--lidar-ratio", help="Lidar ratio file.")] = None,
    delay: Annotated[int, typer.Option("--delay", help="Hours to wait before the processing, 0 to 96.")] = 0,
    replace: Annotated[bool, typer.Option("--replace", help="Delete what the SCC has of the same ID.")] = False,
    wait: Annotated[bool, typer.Option("--wait", help="Wait until each is finished.")] = False,
    download: Annotated[
        Path | None, typer.Option("--download", metavar="DIR", help="Wait, then download all products.")
    ] = None,
    timeout: _Timeout = 6.0,
    workers: Workers = 4,
    yes: Yes = False,
) -> None:
    """Check raw files, upload them with the soundings beside them, and go on after a failure."""
    state = state_of(context)
    number = state.profile.system if system is None else system
    if number is None:
        msg = "name the system with --system NUMBER; scckit login --system NUMBER keeps one for the profile"
        raise InvalidInput(msg)
    if not 0 <= delay <= _LONGEST_DELAY:
        msg = f"--delay is in hours, 0 to {_LONGEST_DELAY}; found {delay}"
        raise InvalidInput(msg)
    if sounding is not None and len(files) > 1:
        msg = "--sounding goes with one FILE; the soundings of several are found beside them"
        raise InvalidInput(msg)
    if replace:
        state.confirm(f"Delete what the SCC has of these {len(files)}, if it has any?", yes=yes)
    again = f"scckit upload --system {number}" + _repeated(delay=delay, replace=replace, wait=wait, download=download)
    with state.client() as scc:
        uploads = [_item(path, sounding, overlap, lidar_ratio) for path in files]
        outcomes = scc.measurements.upload_many(uploads, system=number, delay=delay, replace=replace, workers=workers)
        arrived: list[str] = []
        for outcome in outcomes:
            if outcome.receipt is not None:
                arrived.append(outcome.receipt.id)
                say(f"{outcome.item}: sent as {outcome.receipt.id}")
            elif outcome.state.value == "kept":
                arrived.append(Path(outcome.item).name.partition(".")[0])
                say(f"{outcome.item}: {outcome.error}")
        worst = None
        if wait or download is not None:
            worst = _waited(scc, arrived, timeout)
        if download is not None and arrived:
            worst = _downloaded(scc, arrived, None, download, "verify", workers) or worst
        elif not wait:
            write("".join(f"{one}\n" for one in arrived))
    failed(outcomes, again)
    if worst is not None:
        _leave(worst)


def _repeated(*, delay: int, replace: bool, wait: bool, download: Path | None) -> str:
    import shlex

    words = [f"--delay {delay}" * bool(delay), "--replace --yes" * replace, "--wait" * wait]
    words.append("" if download is None else f"--download {shlex.quote(str(download))}")
    return "".join(f" {word}" for word in words if word)


def _item(path: Path, sounding: Path | None, overlap: Path | None, lidar_ratio: Path | None) -> UploadItem:
    from scckit import UploadItem

    return UploadItem(path, sounding if sounding is not None else _beside(path), overlap, lidar_ratio)


def _beside(raw: Path) -> Path | None:
    """Return the sounding file that a raw file names, if it lies beside it (scc-interface.md 8)."""
    import scckit

    try:
        (kind,) = scckit.plugins.Registry().kinds(["raw"])
        named = kind.header(raw).get("Sounding_File_Name")
    except (scckit.SCCError, OSError):
        return None  # what is wrong with the file is told when it is checked
    sounding = raw.with_name(Path(str(named)).name) if named else None
    if sounding is None or not sounding.is_file():
        return None
    say(f"{raw}: with the sounding {sounding.name}, which lies beside it")
    return sounding


def wait(
    context: typer.Context,
    ids: _IDs = None,
    file: From = None,
    since: Since = None,
    until: Until = None,
    station: Station = None,
    timeout: _Timeout = 6.0,
) -> None:
    """Wait until measurements are finished; exits with 8 if one is not in time."""
    state = state_of(context)
    with state.client() as scc:
        wanted = items(state, scc, ids or (), file=file, since=since, until=until, station=station)
        worst = _waited(scc, [_name(one) for one in wanted], timeout)
    if worst is not None:
        _leave(worst)


def _waited(scc: Client, ids: list[str], hours: float) -> list[SCCError] | None:
    """Wait for each; print its ID and phase; return the errors."""
    from scckit import SCCError

    errors = []
    for one in ids:
        try:
            measurement = scc.measurements.wait(one, timeout=hours * 3600)
        except SCCError as error:
            say(f"{one}: {error}")
            errors.append(error)
            continue
        modules = ", ".join(f"{name} {module.status.value}" for name, module in measurement.modules.items())
        write(f"{one}\t{measurement.phase.value}\t{modules}\n")
    return errors or None


def download(
    context: typer.Context,
    ids: _IDs = None,
    file: From = None,
    since: Since = None,
    until: Until = None,
    station: Station = None,
    kinds: _Kinds = None,
    into: Annotated[Path, typer.Option("--into", "-d", metavar="DIR", help="Folder for the products.")] = Path(),
    existing: Annotated[
        Literal["verify", "skip", "replace", "fail"],
        typer.Option("--existing", help="What to do with files that are here."),
    ] = "verify",
    archives: Annotated[bool, typer.Option("--archives", help="Keep the archives as they come.")] = False,
    workers: Workers = 4,
) -> None:
    """Download products, check them, and print the paths of the files."""
    state = state_of(context)
    with state.client() as scc:
        wanted = items(state, scc, ids or (), file=file, since=since, until=until, station=station)
        worst = _downloaded(scc, wanted, kinds, into, existing, workers, unpack=not archives)
    if worst is not None:
        _leave(worst)


def _downloaded(
    scc: Client, wanted: list[Any], kinds: str | None, into: Path, existing: Any, workers: int, *, unpack: bool = True
) -> list[SCCError] | None:
    """Download; print paths, say what failed and how to repeat it; return the errors."""
    import shlex

    names = None if kinds is None else [one.strip() for one in kinds.split(",") if one.strip()]
    outcomes = scc.products.download_many(wanted, names, into=into, unpack=unpack, existing=existing, workers=workers)
    write("".join(f"{file.path}\n" for one in outcomes for file in one.files))
    counts = ", ".join(f"{count} {state}" for state, count in outcomes.counts.items())
    say(f"{len(outcomes)} measurement{'s' * (len(outcomes) != 1)}: {counts or 'nothing to do'}")
    again = f"scckit download --into {shlex.quote(str(into))}" + (f" --kinds {shlex.quote(kinds)}" if kinds else "")
    try:
        failed(outcomes, again)
    except typer.Exit:
        return [one.error for one in outcomes if one.error is not None and one.state.value != "kept"]
    return None


def rerun(
    context: typer.Context,
    ids: _IDs = None,
    file: From = None,
    since: Since = None,
    until: Until = None,
    station: Station = None,
    part: Annotated[Literal["all", "elpp", "elda"], typer.Option("--part", help="Where to begin again.")] = "all",
    yes: Yes = False,
) -> None:
    """Restart the processing of measurements, which replaces their products on the server."""
    _each(
        context,
        ids,
        (file, since, until, station),
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
) -> None:
    """Delete measurements with their products from the server, for good."""
    _each(
        context,
        ids,
        (file, since, until, station),
        "Delete for good",
        yes,
        "deleted",
        lambda scc, one: scc.measurements.delete(one, related=related),
    )


def _each(
    context: typer.Context,
    ids: list[str] | None,
    search: tuple[Path | None, str | None, str | None, str | None],
    question: str,
    yes: bool,
    done: str,
    act: Callable[[Client, str], None],
) -> None:
    """Change one measurement after the other, after a look at what they are; go on after a failure."""
    from scckit import SCCError

    state = state_of(context)
    file, since, until, station = search
    errors: list[SCCError] = []
    left = []
    with state.client() as scc:
        wanted = [
            _name(one) for one in items(state, scc, ids or (), file=file, since=since, until=until, station=station)
        ]
        if wanted:
            shown = ", ".join(wanted[:5]) + (f" and {len(wanted) - 5} more" if len(wanted) > 5 else "")  # noqa: PLR2004 - as many as are listed
            state.confirm(f"{question} {shown}?", yes=yes)
        for one in wanted:
            try:
                act(scc, one)
            except SCCError as error:
                say(f"{one}: {error}")
                errors.append(error)
                left.append(one)
            else:
                write(f"{one}\t{done}\n")
    if errors:
        if len(wanted) > 1:
            say(f"{len(left)} of {len(wanted)} failed: {' '.join(left)}")
        _leave(errors)


def _name(item: Any) -> str:
    return str(getattr(item, "id", item))


def _leave(errors: list[SCCError]) -> None:
    from scckit_cli.statuses import status_of_all

    raise typer.Exit(int(status_of_all(errors)))


COMMANDS: Final[Mapping[str, Callable[..., None]]] = {
    "upload": upload,
    "wait": wait,
    "download": download,
    "rerun": rerun,
    "delete": delete,
}
