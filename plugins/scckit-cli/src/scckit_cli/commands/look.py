"""Looking around: ``search``, ``show``, ``constants``, ``systems``, ``ancillary``. Nothing is changed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Final, Literal

import typer

from scckit.errors import InvalidInput
from scckit_cli.app import AsCSV, AsJSON, AsPlain, From, Since, Station, Troubles, Until, items, state_of
from scckit_cli.rows import Form, Row, fields_of, form_of, show
from scckit_cli.talk import say

if TYPE_CHECKING:
    from scckit.models import Measurement, System

__all__ = ["COLUMNS", "COMMANDS", "MODULES", "MORE", "measurement_row"]

MODULES: Final = ("hirelpp", "cloudmask", "elpp", "elda", "eldec", "elic", "elquick")
COLUMNS: Final = ("id", "station", "start", "stop", "phase", "upload", *MODULES)
#: What only programs get of a measurement.
MORE: Final = ("system", "created", "updated")

#: What a narrow terminal does without, so that each heading is whole.
_SPARE: Final = ("stop", "station", "upload", "phase", "elquick", "elic", "cloudmask", "hirelpp")

_CONSTANTS: Final = (
    *("measurement_id", "system_id", "channel_id", "product_id", "detection_wavelength", "lidar_constant"),
    *("lidar_constant_stat_err", "profile_start", "profile_end"),
)
#: ``if_center``, the centre of the interference filter, is what a channel detects.
_CHANNELS: Final = (
    *("system", "station", "name", "configuration"),
    *("channel", "emission_wavelength", "if_center", "scattering_mechanism", "detection_mode"),
)


def search(
    context: typer.Context,
    start: Annotated[
        str,
        typer.Argument(
            metavar="START", help="Year, month, day, or moment (UTC) to begin with: 2021, 2021-03, 2021-03-07."
        ),
    ],
    stop: Annotated[
        str | None,
        typer.Argument(metavar="STOP", help="End, exclusive; by default the end of that year, month or day."),
    ] = None,
    station: Station = None,
    ids: Annotated[bool, typer.Option("--ids", help="Print the IDs alone.")] = False,
    as_json: AsJSON = False,
    as_csv: AsCSV = False,
    as_plain: AsPlain = False,
) -> None:
    """Search for measurements by their begin."""
    form = form_of(as_json=as_json, as_csv=as_csv, as_plain=as_plain)
    state = state_of(context)
    with state.client() as scc:
        found = scc.measurements.search(start, stop, station=state.station(station))
        if ids:
            count = show(({"id": one.id} for one in found), ("id",), Form.PLAIN if form is Form.TABLE else form)
        else:
            rows = (measurement_row(one) for one in found)
            count = show(rows, COLUMNS, form, more=MORE, signs=("upload", *MODULES), spare=_SPARE)
    if form is Form.TABLE and not ids:
        say(f"{count} measurement{'s' * (count != 1)}")


def measurement_row(measurement: Measurement) -> Row:
    """Make a row of a measurement: statuses in words, by module; modules that are new come last."""
    one = measurement
    row: Row = {name: getattr(one, name) for name in ("id", "station", "start", "stop", "phase")}
    row["upload"] = None if one.upload is None else one.upload.status
    row.update({name: one.modules[name].status if name in one.modules else None for name in MODULES})
    row.update({name: getattr(one, name) for name in MORE})
    row.update({name: module.status for name, module in sorted(one.modules.items()) if name not in MODULES})
    return row


def show_measurements(
    context: typer.Context,
    ids: Annotated[
        list[str] | None, typer.Argument(metavar="ID...", help="Measurement IDs, or - for standard input.")
    ] = None,
    file: From = None,
    since: Since = None,
    until: Until = None,
    station: Station = None,
    as_json: AsJSON = False,
    as_csv: AsCSV = False,
    as_plain: AsPlain = False,
) -> None:
    """Show measurements: where each module stands, and how it ended."""
    from scckit.errors import SCCError

    form = form_of(as_json=as_json, as_csv=as_csv, as_plain=as_plain)
    state = state_of(context)

    def rows() -> Iterator[Row]:
        for item in wanted:
            try:
                yield from _modules(scc.measurements.get(str(getattr(item, "id", item))))
            except SCCError as error:
                troubles.note(str(getattr(item, "id", item)), error)

    with state.client() as scc:
        wanted = items(state, scc, ids or (), file=file, since=since, until=until, station=station)
        troubles = Troubles(context, len(wanted))
        columns = ("id", "phase", "module", "status", "exit_code", "description")
        show(rows(), columns, form, more=_FACTS, signs=("status",))
    troubles.leave()


_FACTS: Final = ("station", "system", "start", "stop", "created", "updated")


def _modules(measurement: Measurement) -> Iterator[Row]:
    """Make a row of each module; the measurement's own facts are in each."""
    one = measurement
    facts = {name: getattr(one, name) for name in _FACTS}
    modules = ({"upload": one.upload} if one.upload is not None else {}) | dict(one.modules)
    for name, module in modules.items():
        ended = module.exit
        yield {
            "id": one.id,
            "phase": one.phase,
            "module": name,
            "status": module.status,
            "exit_code": None if ended is None else ended.exit_code,
            "description": None if ended is None else ended.description,
            **facts,
        }


def constants(
    context: typer.Context,
    start: Annotated[str, typer.Argument(metavar="START", help="Year, month, day, or moment (UTC) to begin with.")],
    stop: Annotated[str | None, typer.Argument(metavar="STOP", help="End, exclusive.")] = None,
    station: Station = None,
    as_json: AsJSON = False,
    as_csv: AsCSV = False,
    as_plain: AsPlain = False,
) -> None:
    """Search for lidar constants by the begin of their profiles."""
    form = form_of(as_json=as_json, as_csv=as_csv, as_plain=as_plain)
    state = state_of(context)
    with state.client() as scc:
        import attrs

        from scckit.models import LidarConstant

        found = scc.constants.search(start, stop, station=state.station(station))
        rows = (attrs.asdict(one) for one in found)
        more = fields_of(LidarConstant)
        count = show(rows, _CONSTANTS, form, more=more, spare=("profile_end", "product_id"))
    if form is Form.TABLE:
        say(f"{count} lidar constant{'s' * (count != 1)}")


def systems(
    context: typer.Context,
    numbers: Annotated[list[str], typer.Argument(metavar="NUMBER...", help="Numbers of systems, as given at upload.")],
    as_json: AsJSON = False,
    as_csv: AsCSV = False,
    as_plain: AsPlain = False,
) -> None:
    """Show systems (lidar configurations) with their channels."""
    form = form_of(as_json=as_json, as_csv=as_csv, as_plain=as_plain)
    from scckit.errors import SCCError
    from scckit.models import Channel

    wanted = [_number(text) for text in dict.fromkeys(numbers)]
    troubles = Troubles(context, len(wanted))

    def found() -> Iterator[System]:
        for number in wanted:
            try:
                yield scc.systems.export(number)
            except SCCError as error:
                troubles.note(str(number), error)

    with state_of(context).client() as scc:
        more = [name for name in fields_of(Channel) if name != "id"]
        show(_channels(found()), _CHANNELS, form, more=more)
    troubles.leave()


def _number(text: str) -> int:
    if not (text.isascii() and text.isdecimal()):
        msg = f"a system has a number, such as 437; found {text!r}"
        raise InvalidInput(msg)
    return int(text)


def _channels(found: Iterable[System]) -> Iterator[Row]:
    import attrs

    for one in found:
        facts = {"system": one.id, "station": one.station, "name": one.name, "configuration": one.configuration}
        for channel in one.channels or (None,):
            values = {} if channel is None else attrs.asdict(channel)
            yield {**facts, "channel": values.pop("id", None), **values}


def ancillary(
    context: typer.Context,
    names: Annotated[list[str], typer.Argument(metavar="NAME...", help="Names of files.")],
    kind: Annotated[
        Literal["sounding", "overlap", "lidar_ratio"], typer.Option("--kind", help="What they are.")
    ] = "sounding",
    as_json: AsJSON = False,
    as_csv: AsCSV = False,
    as_plain: AsPlain = False,
) -> None:
    """Find out whether the SCC has ancillary files; exits with 4 if one is missing."""
    form = form_of(as_json=as_json, as_csv=as_csv, as_plain=as_plain)
    missing: list[str] = []
    bases = [_base(name) for name in names]

    def rows() -> Iterator[Row]:
        for base in bases:
            found = scc.ancillary.find(base, kind)
            there = found is not None and not found.is_missing
            status = "unknown" if found is None else found.status
            if not there:
                missing.append(base)
            yield {"filename": base, "kind": kind, "there": there, "status": status, "id": found and found.id}

    with state_of(context).client() as scc:
        show(rows(), ("filename", "kind", "there", "status"), form)
    if missing:
        raise typer.Exit(4)


def _base(path: str) -> str:
    name = path.replace("\\", "/").rpartition("/")[2]
    if not name:
        msg = f"an ancillary file has a name, such as rs_20210307aky09.nc; found {path!r}"
        raise InvalidInput(msg)
    return name


COMMANDS: Final[Mapping[str, Callable[..., None]]] = {
    "search": search,
    "show": show_measurements,
    "constants": constants,
    "systems": systems,
    "ancillary": ancillary,
}
