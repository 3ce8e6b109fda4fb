"""``mirror``: a folder that has what the server has, kept so by one line in a crontab."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from scckit.errors import InvalidInput
from scckit_cli.app import AsCSV, AsJSON, AsPlain, Kinds, Station, Workers, kinds_of, state_of
from scckit_cli.rows import Form, Row, fields_of, form_of, show
from scckit_cli.talk import say

if TYPE_CHECKING:
    from scckit import Mirror
    from scckit.mirror import MirroredFiles, Report

__all__ = ["COMMANDS"]


def mirror(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(readable=False, help="The folder; it is made if it is not there.")],
    since: Annotated[str | None, typer.Option("--since", metavar="DATE", help="Fetch what began from then on.")] = None,
    until: Annotated[
        str | None, typer.Option("--until", metavar="DATE", help="End of that, exclusive; by default none.")
    ] = None,
    station: Station = None,
    kinds: Kinds = None,
    keep_versions: Annotated[
        bool, typer.Option("--keep-versions", help="Keep files that the server made anew.")
    ] = False,
    workers: Workers = 4,
    status: Annotated[bool, typer.Option("--status", help="Say where the mirror stands; asks no server.")] = False,
    verify: Annotated[bool, typer.Option("--verify", help="Compare each file with what came; asks no server.")] = False,
    repair: Annotated[
        bool, typer.Option("--repair", help="Make the catalogue agree with the files; asks no server.")
    ] = False,
    query: Annotated[bool, typer.Option("--query", help="List the files; asks no server.")] = False,
    as_json: AsJSON = False,
    as_csv: AsCSV = False,
    as_plain: AsPlain = False,
) -> None:
    """Keep a folder as the server is: fetch what is new or was made anew since the last run, and say what changed."""
    import scckit

    form = form_of(as_json=as_json, as_csv=as_csv, as_plain=as_plain)
    chosen = [
        name for name, given in (("status", status), ("verify", verify), ("repair", repair), ("query", query)) if given
    ]
    if len(chosen) > 1:
        msg = f"only one at a time of {', '.join(f'--{name}' for name in chosen)}"
        raise InvalidInput(msg)
    if len(chosen) + (since is not None and not query) != 1:
        msg = "say what to do: --since DATE to fetch, or one of --status, --verify, --repair, --query"
        raise InvalidInput(msg)
    state = state_of(context)
    names = kinds_of(kinds)
    if chosen and not (folder.is_dir() if repair else (folder / "scckit-mirror.sqlite").exists()):
        msg = f"{folder} is no mirror; scckit mirror {folder} --since DATE makes one"
        raise InvalidInput(msg)
    with scckit.Mirror(folder) as here:
        if query:
            _queried(here.query(names, since=since, until=until, station=state.station(station)), form)
        elif chosen:
            _told(here, chosen[0], form)
        elif since is not None:
            state.resumes = True
            with state.client() as scc:
                report = here.update(
                    scc,
                    since,
                    until,
                    station=state.station(station),
                    kinds=names,
                    keep_versions=keep_versions,
                    workers=workers,
                )
            _report(report, form)


def _queried(files: MirroredFiles, form: Form) -> None:
    import attrs

    from scckit.mirror import MirroredFile

    columns = ("measurement", "kind", "start", "stop", "path")
    show((attrs.asdict(one) for one in files), columns, form, more=fields_of(MirroredFile))
    if form is Form.TABLE:
        say(f"{len(files)} file{'s' * (len(files) != 1)}")


def _told(here: Mirror, what: str, form: Form) -> None:
    if what == "status":
        import attrs

        found = attrs.asdict(here.status())
        if form is Form.TABLE:
            show([{"what": name, "value": value} for name, value in found.items()], ("what", "value"), form)
        else:
            show([found], list(found), form)
        return
    findings = list(here.verify() if what == "verify" else here.repair())
    rows: list[Row] = [{"path": one.path, "problem": one.problem, "detail": one.detail} for one in findings]
    show(rows, ("path", "problem", "detail"), form)
    if not findings:
        say("all files are as they came" if what == "verify" else "the catalogue agrees with the files")
    if any(one.problem != "unknown" for one in findings):
        raise typer.Exit(1)


def _report(report: Report, form: Form) -> None:
    rows: list[Row] = [
        {"measurement": one.measurement, "what": one.what, "files": one.files, "bytes": one.size, "detail": one.detail}
        for one in report.changes
    ]
    show(rows, ("measurement", "what", "files", "bytes", "detail"), form)
    counts = ", ".join(f"{count} {what}" for what, count in report.counts.items())
    say(
        f"{report.seen} measurements on the server: {report.unchanged} unchanged{', ' + counts if counts else ''};"
        f" {report.files} files came, {report.size / 1e6:.1f} MB"
    )
    if report.stopped:
        say(f"scckit: stopped: {report.stopped}; run again to go on")
    if not report.is_complete:
        raise typer.Exit(1)


COMMANDS: Final[Mapping[str, Callable[..., None]]] = {"mirror": mirror}
