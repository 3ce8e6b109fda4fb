"""``mirror``: a folder that has what the server has, kept so by one line in a crontab."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from scckit.errors import InvalidInput
from scckit_cli.app import AsJSON, Station, Workers, state_of
from scckit_cli.rows import Form, Row, show, write
from scckit_cli.talk import say

if TYPE_CHECKING:
    from scckit import Mirror
    from scckit.mirror import Report

__all__ = ["COMMANDS"]


def mirror(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(help="The folder; it is made if it is not there.")],
    since: Annotated[str | None, typer.Option("--since", metavar="DATE", help="Fetch what began from then on.")] = None,
    until: Annotated[
        str | None, typer.Option("--until", metavar="DATE", help="End of that, exclusive; by default none.")
    ] = None,
    station: Station = None,
    kinds: Annotated[
        str | None, typer.Option("--kinds", help="Kinds of products, such as elda,hirelpp; by default all.")
    ] = None,
    keep_versions: Annotated[
        bool, typer.Option("--keep-versions", help="Keep files that the server made anew.")
    ] = False,
    workers: Workers = 4,
    status: Annotated[bool, typer.Option("--status", help="Say where the mirror stands; asks no server.")] = False,
    verify: Annotated[bool, typer.Option("--verify", help="Compare each file with what came; asks no server.")] = False,
    repair: Annotated[
        bool, typer.Option("--repair", help="Make the catalogue agree with the files; asks no server.")
    ] = False,
    query: Annotated[bool, typer.Option("--query", help="Print the files as CSV; asks no server.")] = False,
    as_json: AsJSON = False,
) -> None:
    """Keep a folder as the server is: fetch what is new or was made anew since the last run, and say what changed."""
    import scckit

    chosen = [
        name for name, given in (("status", status), ("verify", verify), ("repair", repair), ("query", query)) if given
    ]
    if len(chosen) + (since is not None and not query) != 1:
        msg = "say what to do: --since DATE to fetch, or one of --status, --verify, --repair, --query"
        raise InvalidInput(msg)
    state = state_of(context)
    names = None if kinds is None else [one.strip() for one in kinds.split(",") if one.strip()]
    if chosen and not (folder / "scckit-mirror.sqlite").exists() and not repair:
        msg = f"{folder} is no mirror; scckit mirror {folder} --since DATE makes one"
        raise InvalidInput(msg)
    with scckit.Mirror(folder) as here:
        if query:
            here.query(names, since=since, until=until, station=station).write_csv(sys.stdout)
        elif chosen:
            _told(here, chosen[0], as_json=as_json)
        elif since is not None:
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
            _report(report, as_json=as_json)


def _told(here: Mirror, what: str, *, as_json: bool) -> None:
    if what == "status":
        import attrs

        found = attrs.asdict(here.status())
        if as_json:
            show([found], list(found), Form.JSON)
        else:
            show([{"what": name, "value": value} for name, value in found.items()], ("what", "value"), Form.TABLE)
        return
    findings = list(here.verify() if what == "verify" else here.repair())
    rows: list[Row] = [{"path": one.path, "problem": one.problem, "detail": one.detail} for one in findings]
    show(rows, ("path", "problem", "detail"), Form.JSON if as_json else Form.TABLE)
    if not findings:
        say("all files are as they came" if what == "verify" else "the catalogue agrees with the files")
    if any(one.problem != "unknown" for one in findings):
        raise typer.Exit(1)


def _report(report: Report, *, as_json: bool) -> None:
    rows: list[Row] = [
        {"measurement": one.measurement, "what": one.what, "files": one.files, "bytes": one.size, "detail": one.detail}
        for one in report.changes
    ]
    show(rows, ("measurement", "what", "files", "bytes", "detail"), Form.JSON if as_json else Form.TABLE)
    counts = ", ".join(f"{count} {what}" for what, count in report.counts.items())
    say(
        f"{report.seen} measurements on the server: {report.unchanged} unchanged{', ' + counts if counts else ''};"
        f" {report.files} files came, {report.size / 1e6:.1f} MB"
    )
    if report.stopped:
        say(f"stopped: {report.stopped}; run again to go on")
    if not report.is_complete:
        raise typer.Exit(1)
    write("")


COMMANDS: Final[Mapping[str, Callable[..., None]]] = {"mirror": mirror}
